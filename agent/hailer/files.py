"""The far side of put() and fetch(): files in pieces. `core` is the agent's own namespace."""
import binascii
import errno
import hashlib
import os
import stat

PIECE = 131072  # bytes that travel in one call


def token():
    """A word that makes the name of a temporary file unlike any other; whoever made it up can have the file removed."""
    return binascii.b2a_hex(os.urandom(8)).decode("ascii")


def names(path, token):
    """(temporary path, path) for a new file; without a path both are the same new name."""
    if path is None:
        path = os.path.join(os.environ.get("TMPDIR") or "/tmp", "hailer-" + token)  # the module tempfile may be missing
        return path, path
    path = os.path.abspath(os.path.expanduser(path))
    folder, name = os.path.split(os.path.realpath(path))
    return os.path.join(folder, ".%s.%s~" % (name[:200], token)), path


def begin_put(path, token):
    """Creates the temporary file, beside the one that it will replace; the names of both."""
    temporary, path = names(path, token)
    if os.path.isdir(path):
        raise IOError(errno.EISDIR, os.strerror(errno.EISDIR), path)
    os.close(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    return temporary, path


def stop_put(path, token):
    discard(names(path, token)[0])


def write(path, at, data):
    """Writes a piece (base64) at its place."""
    with open(path, "r+b") as file:
        file.seek(at)
        file.write(binascii.a2b_base64(data))


def end_put(temporary, path, mode, size, sha256):
    """Puts the file in its place, once it is whole and on the disk."""
    found = digest(temporary)
    if found != (size, sha256):
        discard(temporary)
        raise IOError("%s arrived damaged: %d bytes of %d" % (path, found[0], size))
    settle(temporary, os.path.realpath(path), mode)


def settle(temporary, path, mode):
    file = os.open(temporary, os.O_RDONLY)
    try:
        if mode is not None:
            os.fchmod(file, mode)
        os.fsync(file)
    finally:
        os.close(file)
    if temporary != path:
        os.rename(temporary, path)
    folder = os.open(os.path.dirname(path) or ".", os.O_RDONLY)
    try:
        os.fsync(folder)
    except OSError:
        pass  # some file systems have no such thing
    finally:
        os.close(folder)


def discard(path):
    try:
        os.unlink(path)
    except OSError:
        pass


def digest(path, most=1 << 62):
    """(size, sha256) of a file, or of its first bytes."""
    found = hashlib.sha256()
    size = 0
    with open(path, "rb") as file:
        while True:
            data = file.read(min(PIECE, most - size))
            if not data:
                return size, found.hexdigest()
            found.update(data)
            size += len(data)


def begin_fetch(path):
    """(path, size as the file system says, first piece, its sha256)."""
    path = os.path.abspath(os.path.expanduser(path))
    with open(path, "rb") as file:
        about = os.fstat(file.fileno())
        if not stat.S_ISREG(about.st_mode):
            raise IOError(errno.EINVAL, "only a plain file can be fetched", path)
        data = file.read(PIECE)
        return path, about.st_size, bytearray(data), hashlib.sha256(data).hexdigest()


def read(path, at):
    with open(path, "rb") as file:
        file.seek(at)
        return bytearray(file.read(PIECE))
