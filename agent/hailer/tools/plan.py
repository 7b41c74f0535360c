"""What a tool does to a host: programs that it runs and files that it replaces; with `check` they are only told.

`core` is the agent's own namespace.
"""
import errno
import os
import stat

SAID = 4000  # bytes of what a program said that an error repeats: its end
atomic = core.module("hailer.atomic")
diff = core.module("hailer.diff")
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
        return u"".join(part if isinstance(part, core.text_type) else part.decode("utf-8", "replace") for part in self.told)

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

    def write(self, path, data, mode, owner=(0, 0), name=None, replace=None):
        """Puts a file in place as a whole, unless it is there as it is to be.

        `name` is what it is called in what is told, and `replace` another way to put it there than atomic.replace().
        """
        name = name or path
        old, now = read(path, name)
        if old != data:
            self.told.append(diff.of_bytes(name, old, data))
        if now is None or (now.st_uid, now.st_gid) != owner or stat.S_IMODE(now.st_mode) != mode:
            self.told.append("%s: mode %04o, owner %d:%d\n" % ((name, mode) + owner))
        elif old == data:
            return
        self.changed = True
        if not self.check and replace:
            replace(path, data, mode, owner)
        elif not self.check:
            allowed(path)
            atomic.replace(path, data, now, mode, *owner)

    def remove(self, path):
        """Removes a file that may be there."""
        old, now = read(path, path)
        if now is None:
            return
        self.changed = True
        self.told.append(diff.of_bytes(path, old, b""))
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


def text_of(data):
    """The text of a file, of which no byte is lost, whatever it is."""
    return data if core.PY2 else data.decode("utf-8", "surrogateescape")


def bytes_of(text):
    return bytes(text) if core.PY2 else text.encode("utf-8", "surrogateescape")


def quoted(word):
    """A word as one would type it to a shell."""
    plain = word and all(c.isalnum() or c in "@%+=:,./_-" for c in word)
    return word if plain else "'" + word.replace("'", "'\\''") + "'"
