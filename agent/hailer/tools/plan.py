"""What a tool does to a host: programs that it runs and files that it replaces; with `check` they are only told.

`core` is the agent's own namespace.
"""
import errno
import os
import stat
import time

SAID = 4000  # bytes of what a program said that an error repeats: its end
tool = core.module("hailer.tool")
process = core.module("hailer.child").process

# What a step did to one thing, or would do under check=True.
Change = tool.record(__name__, "Change", "name changed diff", tool.Truth)


def environment(**more):
    """The host's own, so that a proxy is kept, but in plain English, and with the folders where root's programs lie."""
    found = dict(os.environ, LC_ALL="C.UTF-8", **more)
    found.pop("LANGUAGE", None)
    found["PATH"] = ":".join([found.get("PATH") or "/usr/bin"] + list(tool.SBIN))
    return found


def ask(*command, **more):
    """(status, output, errors) of a program that changes nothing, or whose changes the caller sees to."""
    done = process(*command, capture_output=True, env=environment(**more))
    return done.returncode, core.native(done.stdout), core.native(done.stderr)


def failed(what, status, *said):
    """The error of a program that failed: what it was to do, how it ended, and its last words."""
    words = "\n".join(text.strip() for text in said if text and text.strip())
    if len(words) > SAID:
        words = "...\n" + words[-SAID:].split("\n", 1)[-1]
    ending = "exit code %d" % status if status >= 0 else "killed by signal %d" % -status
    return RuntimeError("%s failed (%s)%s" % (what, ending, ":\n" + words if words else ", and said nothing"))


class Plan(object):
    """The steps of one change. `changed` is whether there were any; `diff` tells them."""

    def __init__(self, check=False):
        self.check = check
        self.changed = False
        self.told = []

    @property
    def diff(self):
        return "".join(self.told)

    def result(self, name):
        return Change(name, self.changed, self.diff)

    def tell(self, text):
        """A step that is none of those below."""
        self.changed = True
        self.told.append(text + "\n")

    def run(self, what, *command):
        """Runs a program that changes something; a RuntimeError says what it said when it fails."""
        self.tell("$ " + " ".join([os.path.basename(command[0])] + [quoted(word) for word in command[1:]]))
        if not self.check:
            status, out, errors = ask(*command)
            if status:
                raise failed(what, status, errors or out)

    def write(self, path, data, mode, owner=(0, 0), name=None):
        """Puts a file in place as a whole, unless it is there as it is to be. `name` is what it is called in what is told."""
        name = name or path
        old, now = read(path, name)
        if old != data:
            self.told.append(difference(name, old or b"", data))
        if now is None or (now.st_uid, now.st_gid) != owner or stat.S_IMODE(now.st_mode) != mode:
            self.told.append("%s: mode %04o, owner %d:%d\n" % ((name, mode) + owner))
        elif old == data:
            return
        self.changed = True
        if not self.check:
            allowed(path)
            replace(path, data, mode, owner)

    def remove(self, path):
        """Removes a file that may be there."""
        old, now = read(path, path)
        if now is None:
            return
        self.changed = True
        self.told.append(difference(path, old, b""))
        if not self.check:
            allowed(path)
            os.unlink(path)


def allowed(path):
    """Says so early where this user may not write there."""
    if not os.access(os.path.dirname(path), os.W_OK):
        tool.need_root("a change of " + path)


def read(path, name):
    """(content, status) of a plain file; (None, None) where there is nothing. Anything else is refused: a link too,
    since root would write where somebody else may have pointed it."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        if error.errno == errno.ENOENT:
            return None, None
        if error.errno == errno.ELOOP:
            raise OSError(errno.ELOOP, "it is a symbolic link, which is not followed", name)
        raise OSError(error.errno, os.strerror(error.errno), name)
    try:
        now = os.fstat(fd)
        if not stat.S_ISREG(now.st_mode):
            raise OSError(errno.EINVAL, "it is not a plain file", name)
        parts = []
        while True:
            part = os.read(fd, 1 << 16)
            parts.append(part)
            if not part:
                return b"".join(parts), now
    finally:
        os.close(fd)


def replace(path, data, mode, owner):
    """Writes a file beside, and moves it into place: nobody ever sees a part of it, or one that more may read."""
    folder, name = os.path.split(path)
    # The point in front keeps it from being read: by run-parts, apt, sudo, and the shell's *.
    beside = os.path.join(folder, ".%s.hailer-%d-%x" % (name, os.getpid(), int(time.time() * 1000000)))
    fd = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        try:
            view = memoryview(data)
            while len(view):
                view = view[os.write(fd, view):]
            os.fchown(fd, *owner)
            os.fchmod(fd, mode)
            os.fsync(fd)
        finally:
            os.close(fd)
        os.rename(beside, path)
    except BaseException:
        os.unlink(beside)
        raise
    settle(folder)


def settle(folder):
    """Sees to it that a new name in a folder outlives a power cut."""
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def text_of(data):
    """The text of a file, of which no byte is lost, whatever it is."""
    return data if core.PY2 else data.decode("utf-8", "surrogateescape")


def bytes_of(text):
    return bytes(text) if core.PY2 else text.encode("utf-8", "surrogateescape")


def difference(name, old, new):
    """What changes in a file: the lines from the first to the last that differs."""
    old, new = [core.native(data).splitlines() for data in (old, new)]
    start = end = 0
    while start < min(len(old), len(new)) and old[start] == new[start]:
        start += 1
    while end < min(len(old), len(new)) - start and old[-1 - end] == new[-1 - end]:
        end += 1
    lines = ["-" + line for line in old[start:len(old) - end]] + ["+" + line for line in new[start:len(new) - end]]
    return "--- %s\n+++ %s\n@@ -%d +%d @@\n" % (name, name, start + 1, start + 1) + "".join(line + "\n" for line in lines)


def quoted(word):
    """A word as one would type it to a shell."""
    plain = word and all(c.isalnum() or c in "@%+=:,./_-" for c in word)
    return word if plain else "'" + word.replace("'", "'\\''") + "'"
