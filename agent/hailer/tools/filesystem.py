"""The tool FileSystem. `core` is the agent's own namespace."""
import errno
import os
import re
import stat

tool = core.module("hailer.tool")
atomic = core.module("hailer.atomic")

LARGEST = 128 << 20  # what a call can answer; files of any size are fetched

StatResult = tool.record(__name__, "StatResult", "path exists size mode uid gid mtime is_file is_dir is_symlink link_target")


class FileSystem(tool.Tool):
    """Files of the host. What changes something says whether it did, and a second run of it changes nothing.

    With check=True nothing is touched: the answer says what would change, text as a unified diff. Files are written beside
    the old one, and then put in its place; its mode and owner are kept. A symbolic link is not followed unless follow=True.
    """

    @staticmethod
    def read_bytes(path):
        """The content of a file, as bytes."""
        with open(os.path.expanduser(path), "rb") as file:
            data = file.read(LARGEST + 1)
        if len(data) > LARGEST:
            raise IOError(errno.EFBIG, "it has more than %d MiB: fetch it instead" % (LARGEST >> 20), path)
        return data

    @staticmethod
    def read_str(path, encoding="utf-8", errors="strict"):
        """The content of a file, as text."""
        return FileSystem.read_bytes(path).decode(encoding, errors)

    @staticmethod
    def glob(path, pattern):
        """The paths below a folder that match, sorted; `**` stands for any number of folders. None there: []."""
        if pattern.startswith("/") or not pattern:
            raise ValueError("a pattern is relative to the folder, not %r" % (pattern,))
        folder = os.path.normpath(os.path.expanduser(str(path)))
        parts = [part for part in pattern.split("/") if part not in ("", ".")]
        return sorted(set(matches(folder, parts)))

    @staticmethod
    def tail(path, lines=10):
        """The last lines of a file."""
        return core.module("hailer.follow").tail(os.path.expanduser(path), lines)

    @staticmethod
    def follow(path, lines=0, wait=False, poll=0.25):
        """The lines that are written to a file from now on, and `lines` of those there; a stream until it is cancelled.

        A file that is rotated, replaced or cut is followed on. wait: for a file that is not there yet. poll: how often to look, in
        seconds.
        """
        return core.module("hailer.follow").follow(path, lines, wait, poll)

    @staticmethod
    def stat(path):
        """What is known of a path, as a StatResult; nothing there is no error. A symbolic link is not followed."""
        path = os.path.expanduser(path)
        found = atomic.look(path)
        if found is None:
            return StatResult(path, False, None, None, None, None, None, False, False, False, None)
        kind, target = found.st_mode, None
        if stat.S_ISLNK(kind):
            target = os.readlink(path)
        return StatResult(path, True, found.st_size, stat.S_IMODE(kind), found.st_uid, found.st_gid, found.st_mtime,
                          stat.S_ISREG(kind), stat.S_ISDIR(kind), stat.S_ISLNK(kind), target)

    @staticmethod
    def write(path, content, mode=None, owner=None, group=None, follow=False, in_place=False, check=False):
        """Makes this the content of a file: a str, written as UTF-8, or bytes. A Change.

        mode: as 0o640 or "0640"; without it that of the old file is kept, and a new one gets 0644. owner, group: by name or
        number. in_place: where a file cannot be replaced, as those that an engine mounts into a container, write into it.
        """
        if not isinstance(content, (bytes, bytearray)):
            content = tool.text_of(content, "content").encode("utf-8")
        return atomic.write(path, bytes(content), mode, owner, group, follow, in_place, check)

    @staticmethod
    def line_in_file(path, line, regexp=None, strip=True, create=False, match=0, follow=False, check=False):
        """Sees to it that a text file has this line; the unified diff of what changed, "" where nothing did.

        regexp: lines in which it is found are replaced, the first one, or with match=LineInFileMatch.ALL every one; where there is
        none, the line is added at the end, unless it is there. strip: blanks around lines do not count. create: a file that
        is not there is made.
        """
        return core.module("hailer.lines").line_in_file(os.path.expanduser(path), line, regexp, strip, create, match, follow,
                                                         check)

    @staticmethod
    def directory(path, mode=None, owner=None, group=None, follow=False, check=False):
        """Sees to it that a folder is there, and those above it; a Change. mode: of the last one, 0755 if it is new."""
        path = os.path.abspath(os.path.expanduser(path))
        mode, uid, gid = atomic.mode_of(mode), atomic.user_id(owner), atomic.group_id(group)
        found = atomic.look(path)
        link = bool(found) and stat.S_ISLNK(found.st_mode)
        if link:
            found = os.stat(path)
        if found and not stat.S_ISDIR(found.st_mode):
            raise OSError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), path)
        if found:
            words = atomic.described(found, mode, uid, gid)
            if words and link and not follow:
                raise OSError(errno.ELOOP, "it is a symbolic link to %s, which is not followed unless follow=True says so"
                              % os.readlink(path), path)
            path = os.path.realpath(path)
            if words and not check:
                atomic.settle(path, found, mode, uid, gid)
            return tool.Change(atomic.shown(path), bool(words), words)
        missing = absent_above(path)
        if not check:
            for folder in missing:
                make(folder, 0o700 if folder == path else 0o755)
            atomic.settle(path, os.lstat(path), 0o755 if mode is None else mode, uid, gid)
        return tool.Change(atomic.shown(path), True, u"".join(u"+ folder %s\n" % atomic.shown(one) for one in missing))

    @staticmethod
    def symlink(path, target, check=False):
        """Sees to it that a path is a symbolic link to the target, as it is written; a Change. A file there is replaced."""
        path = os.path.abspath(os.path.expanduser(path))
        found = atomic.look(path)
        if found and stat.S_ISLNK(found.st_mode) and os.readlink(path) == target:
            return tool.Change(atomic.shown(path), False, u"")
        words = u"+ link %s -> %s\n" % (atomic.shown(path), atomic.shown(target))
        if found:
            if stat.S_ISDIR(found.st_mode):
                raise OSError(errno.EISDIR, "a folder is not replaced by a link", path)
            words = u"- %s\n" % kind_of(path, found) + words
        if not check:
            files = core.module("hailer.files")
            temporary = os.path.join(os.path.dirname(path), ".%s.%s~" % (os.path.basename(path)[:200], files.token()))
            os.symlink(target, temporary)
            try:
                os.rename(temporary, path)
            except BaseException:
                files.discard(temporary)
                raise
            atomic.sync(os.path.dirname(path))
        return tool.Change(atomic.shown(path), True, words)

    @staticmethod
    def absent(path, recursive=False, check=False):
        """Sees to it that nothing is there; a Change. A folder that is not empty goes with recursive=True alone."""
        path = os.path.abspath(os.path.expanduser(path))
        found = atomic.look(path)
        if found is None:
            return tool.Change(atomic.shown(path), False, u"")
        if path == "/":
            raise ValueError("everything is not to be removed")
        return core.module("hailer.removal").absent(path, found, recursive, check)


def matches(folder, parts):
    """The paths below a folder that match the parts of a pattern. Links to folders are not gone through by `**`."""
    if not parts:
        yield folder
        return
    first, rest = parts[0], parts[1:]
    if first == "**":
        for path in matches(folder, rest) if os.path.isdir(folder) else ():
            yield path
    names = entries(folder)
    pattern = re.compile(translated(first))
    for name in names:
        path = name if folder == "." else os.path.join(folder, name)
        if first == "**":
            if os.path.isdir(path) and not os.path.islink(path):
                for found in matches(path, parts):
                    yield found
        elif pattern.match(name) and (not rest or os.path.isdir(path)):
            for found in matches(path, rest):
                yield found


def translated(pattern):
    import fnmatch

    return fnmatch.translate(pattern)


def entries(folder):
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []


def absent_above(path):
    """The folders that are missing on the way to a path, outermost first."""
    missing = []
    while not os.path.isdir(path):
        if atomic.look(path):
            raise OSError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), path)
        missing.append(path)
        path = os.path.dirname(path)
    return missing[::-1]


def make(folder, mode):
    """A new folder with exactly this mode."""
    os.mkdir(folder, 0o700)
    os.chmod(folder, mode)


def kind_of(path, found):
    """What is there, in a word."""
    if stat.S_ISLNK(found.st_mode):
        return u"link %s -> %s" % (atomic.shown(path), atomic.shown(os.readlink(path)))
    kind = u"folder" if stat.S_ISDIR(found.st_mode) else u"file" if stat.S_ISREG(found.st_mode) else u"special file"
    return u"%s %s" % (kind, atomic.shown(path))
