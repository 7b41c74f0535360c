"""A file on its way in: what there is of it lies beside its goal, and takes its place when it is whole, on the disk, verified.

Its name does not change from one transfer to the next, so that one that was cut goes on from there. It is locked while
it is written, and one that somebody else may have made is left alone. `core` is the agent's own namespace.
"""
import errno
import fcntl
import hashlib
import os
import stat

files = core.module("hailer.files")
FLAGS = os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK


def failed(error, path):
    """The error, as that of the path that a person knows."""
    text = path if core.PY2 else os.fsdecode(path)
    told = IOError(error.errno, error.strerror or str(error), text)
    told.__suppress_context__ = True
    return told


def digest(fd):
    """(size, hash) of all that there is from the beginning; it stands at the end then."""
    os.lseek(fd, 0, os.SEEK_SET)
    found, size = hashlib.sha256(), 0
    while True:
        data = os.read(fd, files.PIECE)
        if not data:
            return size, found
        found.update(data)
        size += len(data)


def name(goal):
    folder, last = os.path.split(goal)
    return os.path.join(folder, b"." + last[:200] + b".hailer~")


class Part(object):
    """An open, locked file of ours, beside `goal`."""

    def __init__(self, goal, path, fd):
        self.goal, self.path, self.fd = goal, path, fd
        self.size, self.found = 0, hashlib.sha256()

    def write(self, data):
        self.found.update(data)
        self.size += len(data)
        view = memoryview(data)
        try:
            while len(view):
                view = view[os.write(self.fd, view):]
        except OSError as error:
            raise failed(error, self.goal)

    def restart(self):
        os.ftruncate(self.fd, 0)
        os.lseek(self.fd, 0, os.SEEK_SET)
        self.size, self.found = 0, hashlib.sha256()

    def settle(self, mode, before):
        """Takes its place. `before` is what the system says of the file that it replaces, whose owner it keeps if it may."""
        try:
            if before is not None and before.st_uid != os.geteuid():
                try:
                    os.fchown(self.fd, before.st_uid, before.st_gid)
                except OSError:
                    pass
            os.fchmod(self.fd, mode)
            os.fsync(self.fd)
            os.rename(self.path, self.goal)
        except OSError as error:
            raise failed(error, self.goal)
        os.close(self.fd)

    def discard(self):
        try:
            os.unlink(self.path)
        except OSError:
            pass
        os.close(self.fd)


def left(goal):
    """What an earlier transfer left, if it is ours and nobody writes it; else None."""
    path = name(goal)
    try:
        fd = os.open(path, FLAGS)
    except OSError:
        return None
    about = os.fstat(fd)
    ours = (stat.S_ISREG(about.st_mode) and about.st_uid == os.geteuid() and about.st_nlink == 1
            and not about.st_mode & 0o077)
    if not ours or not lock(fd, path):
        os.close(fd)
        return None
    part = Part(goal, path, fd)
    part.size, part.found = digest(fd)
    return part


def begin(goal):
    """A new one. Where the usual name is somebody else's, under another, which no later transfer goes on from."""
    path = name(goal)
    for path in (path, path[:-1] + b"." + files.token().encode("ascii") + b"~"):
        try:
            fd = os.open(path, FLAGS | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError as error:
            if error.errno == errno.EEXIST:
                continue
            raise failed(error, goal)
        if lock(fd, path):
            return Part(goal, path, fd)
        os.close(fd)
    raise IOError(errno.EBUSY, "another transfer writes this file", goal)


def lock(fd, path):
    """Whether it is ours alone now, and still the file of that name."""
    if core.PY2:
        fcntl.fcntl(fd, fcntl.F_SETFD, fcntl.FD_CLOEXEC)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return os.fstat(fd).st_ino == os.lstat(path).st_ino
    except (IOError, OSError) as error:
        return error.errno in (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP)  # a file system without locks
