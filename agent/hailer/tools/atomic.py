"""Writes files so that no reader ever sees half of one: beside the old one, onto the disk, and then in its place.

Mode, owner and extended attributes of what was there are kept. `core` is the agent's own namespace.
"""
import errno
import os
import stat

tool = core.module("hailer.tool")
files = core.module("hailer.files")
diff = core.module("hailer.diff")

COMPARED = 64 << 20  # a longer file is written anew without being compared


def write(path, data, mode=None, owner=None, group=None, follow=False, in_place=False, check=False):
    """Makes this the content of a file; a Change. See FileSystem.write."""
    path, found = place(path, follow)
    uid, gid = user_id(owner), group_id(group)
    mode = mode_of(mode)
    if found is None:
        old = None
        folder = os.path.dirname(path)
        if not os.path.isdir(folder):
            raise OSError(errno.ENOENT, "there is no folder for it", path)
    else:
        old = read(path) if found.st_size <= COMPARED else b""
    words = u"" if old == data else diff.of_bytes(shown(path), old, data)
    words += described(found, mode, uid, gid) if found else u""
    change = tool.Change(shown(path), old != data or bool(words), words)
    if change.changed and not check:
        if old != data:
            replace(path, data, found, mode, uid, gid, in_place)
        else:
            settle(path, found, mode, uid, gid)
    return change


def place(path, follow=False):
    """(absolute path, what is there or None): where a file is to be written."""
    path = os.path.abspath(os.path.expanduser(path))
    found = look(path)
    if found and stat.S_ISLNK(found.st_mode):
        if not follow:
            raise OSError(errno.ELOOP, "it is a symbolic link to %s, which is not followed unless follow=True says so"
                          % os.readlink(path), path)
        path = os.path.realpath(path)
        found = look(path)
    if found and stat.S_ISDIR(found.st_mode):
        raise OSError(errno.EISDIR, os.strerror(errno.EISDIR), path)
    if found and not stat.S_ISREG(found.st_mode):
        raise OSError(errno.EINVAL, "it is no plain file", path)
    return path, found


def look(path):
    try:
        return os.lstat(path)
    except OSError as error:
        if error.errno not in (errno.ENOENT, errno.ENOTDIR):
            raise
        return None


def shown(path):
    return path.decode("utf-8", "replace") if isinstance(path, bytes) else path


def read(path):
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
        return file.read()


def described(found, mode, uid, gid):
    """What changes of mode and owner, a line each."""
    lines = []
    if mode is not None and stat.S_IMODE(found.st_mode) != mode:
        lines.append(u"mode %04o -> %04o\n" % (stat.S_IMODE(found.st_mode), mode))
    if uid is not None and found.st_uid != uid:
        lines.append(u"owner %d -> %d\n" % (found.st_uid, uid))
    if gid is not None and found.st_gid != gid:
        lines.append(u"group %d -> %d\n" % (found.st_gid, gid))
    return u"".join(lines)


def replace(path, data, found, mode=None, uid=None, gid=None, in_place=False):
    """Writes a file beside this one, and puts it in its place."""
    temporary = files.names(path, files.token())[0]
    file = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        try:
            put(file, data)
            own(file, path, found, uid, gid)
            if found:
                copy_attributes(path, temporary)
            os.fchmod(file, mode if mode is not None else stat.S_IMODE(found.st_mode) if found else 0o644)
            os.fsync(file)
        finally:
            os.close(file)
        try:
            os.rename(temporary, path)
        except OSError as error:
            if error.errno != errno.EBUSY:
                raise
            if not in_place:
                raise OSError(errno.EBUSY, "it is a mount point, as in containers: in_place=True writes into it", path)
            write_into(path, data)
            settle(path, os.lstat(path), mode, uid, gid)
            files.discard(temporary)
    except BaseException:
        files.discard(temporary)
        raise
    sync(os.path.dirname(path))


def put(file, data):
    view = memoryview(data)
    while len(view):
        view = view[os.write(file, view):]


def sync(folder):
    """Sees to it that the names in a folder are on the disk."""
    folder = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(folder)
    except OSError:
        pass  # some file systems have no such thing
    finally:
        os.close(folder)


def own(file, path, found, uid, gid):
    """Gives an open file its owner: the one that is wanted, or that of what it will replace."""
    now = os.fstat(file)
    uid = uid if uid is not None else found.st_uid if found else now.st_uid
    gid = gid if gid is not None else found.st_gid if found else now.st_gid
    if (uid, gid) != (now.st_uid, now.st_gid):
        try:
            os.fchown(file, uid, gid)
        except OSError as error:
            raise OSError(error.errno, "it cannot be given the owner %d:%d: %s" % (uid, gid, error.strerror), path)


def copy_attributes(path, to):
    """Extended attributes, such as access lists and security labels, as far as they can be set. Not on 2.7."""
    if hasattr(os, "listxattr"):
        try:
            for name in os.listxattr(path, follow_symlinks=False):
                os.setxattr(to, name, os.getxattr(path, name, follow_symlinks=False), follow_symlinks=False)
        except OSError:
            pass


def write_into(path, data):
    """Where a file cannot be replaced. For a moment it is not whole."""
    file = os.open(path, os.O_WRONLY | os.O_TRUNC | os.O_NOFOLLOW)
    try:
        put(file, data)
        os.fsync(file)
    finally:
        os.close(file)


def settle(path, found, mode, uid, gid):
    """Sets mode and owner of what is there; a link that somebody put there meanwhile is not followed."""
    file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        own(file, path, found, uid, gid)
        os.fchmod(file, stat.S_IMODE(found.st_mode) if mode is None else mode)
    finally:
        os.close(file)


# ---------------------------------------------------------------- arguments


def mode_of(mode):
    """0o640 of 0o640 or "0640"."""
    return int(mode, 8) if isinstance(mode, (str, core.text_type)) else mode


def user_id(owner):
    """The number of a user that is given by number or name."""
    return numbered(owner, "user", lambda name: __import__("pwd").getpwnam(name).pw_uid)


def group_id(group):
    return numbered(group, "group", lambda name: __import__("grp").getgrnam(name).gr_gid)


def numbered(name, what, find):
    if name is None or isinstance(name, int) and not isinstance(name, bool):
        return name
    try:
        return find(str(name))
    except KeyError:
        if str(name).isdigit():
            return int(name)
        raise LookupError("this host has no %s %s" % (what, name))
