"""The tool Sysctl. `core` is the agent's own namespace."""
import errno
import os
import re

tool = core.module("hailer.tool")
atomic = core.module("hailer.atomic")

ROOT, FOLDER, NAME = "/proc/sys", "/etc/sysctl.d", "99-hailer.conf"
KEY = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_/.:@-]*\Z")

Result = tool.record(__name__, "Result", "key value changed diff", tool.Truth)


class Sysctl(tool.Tool):
    """Settings of the kernel: at once, in /proc/sys, and for the next start, in a file of /etc/sysctl.d."""

    @staticmethod
    def get(key):
        """The value that holds now, as a str."""
        tool.need_linux("Sysctl.get")
        with open(place(key)) as file:
            return tool.text_of(file.read().strip(), "the value")

    @staticmethod
    def present(key, value, name=NAME, check=False):
        """Sees to it that a key has this value, now and from the next start on; a Result.

        A key that the kernel does not have now, since a module is not loaded, is written to the file alone, with a warning.
        """
        return Sysctl.converge({key: value}, name, check)[0]

    @staticmethod
    def converge(values, name=NAME, check=False):
        """The same for all keys of a dict: a list of Results, in the order of the keys."""
        tool.need_linux("Sysctl.converge")
        values = sorted((key, written(value)) for key, value in values.items())
        path, old = content(name)
        new, results = old, []
        for key, value in values:
            now = current(key)
            kept, new = new, entered(new, key, value)
            words = u"running %s = %s -> %s\n" % (key, now, value) if now is not None and not same(now, value) else u""
            lines = u"%s: %s = %s\n" % (path, key, value) if kept != new else u""
            results.append((key, value, words, lines))
        if not check and any(words or lines for _, _, words, lines in results):
            tool.need_root("Sysctl.present")
            for key, value, words, _ in results:
                if words:
                    set_now(key, value)
            if new != old:
                if not os.path.isdir(FOLDER):
                    core.module("hailer.filesystem").FileSystem.directory(FOLDER)
                atomic.write(path, new.encode("utf-8"))
        for key, _, _, _ in results:
            if current(key) is None:
                core.warn("the kernel has no %s now: it stands in %s alone" % (key, path))
        return [Result(key, value, bool(words or lines), words + lines) for key, value, words, lines in results]

    @staticmethod
    def absent(key, name=NAME, check=False):
        """Takes a key out of the file; a Change. The value that holds now stays."""
        path, old = content(name)
        place(key)
        new = u"".join(line for line in old.splitlines(True) if key_of(line) != dotted(key))
        if new == old:
            return tool.Change(path, False, u"")
        if not new.strip():
            return core.module("hailer.filesystem").FileSystem.absent(path, check=check)
        return atomic.write(path, new.encode("utf-8"), check=check)


def place(key):
    """Where the kernel shows a key. As sysctl(8) has it: what stands first, dot or slash, is the separator."""
    key = str(key)
    if not KEY.match(key) or ".." in key:
        raise ValueError("%r is no key such as net.ipv4.ip_forward" % (key,))
    return os.path.join(ROOT, dotted(key).replace(".", "\0").replace("/", ".").replace("\0", "/"))


def dotted(key):
    """A key with dots between its parts; a dot inside of a part is a slash."""
    first = re.search("[./]", key)
    if first and first.group() == "/":
        return key.replace("/", "\0").replace(".", "/").replace("\0", ".")
    return key


def current(key):
    try:
        with open(place(key)) as file:
            return tool.text_of(file.read().strip(), "the value")
    except (IOError, OSError):
        return None


def set_now(key, value):
    try:
        with open(place(key), "w") as file:
            file.write(str(value) + "\n")
    except (IOError, OSError) as error:
        if error.errno == errno.EROFS:
            raise OSError(error.errno, "the kernel's settings cannot be changed from here: in a container its engine sets them",
                          place(key))
        raise


def written(value):
    if isinstance(value, bool):
        value = int(value)
    value = value.decode("utf-8") if isinstance(value, bytes) else u"%s" % (value,)
    if not value.strip() or u"\n" in value:
        raise ValueError("%r is no value of a key" % (str(value),))
    return value.strip()


def same(one, other):
    return one.split() == other.split()


def content(name):
    """(path, text) of a file of settings."""
    if "/" in name or not name.endswith(".conf") or name.startswith("."):
        raise ValueError("%r is no name of a file in %s: it ends in .conf" % (str(name), FOLDER))
    path = os.path.join(FOLDER, name)
    found = atomic.place(path)[1]
    return path, atomic.read(path).decode("utf-8") if found else u""


def key_of(line):
    """The key that a line sets, in its dotted form."""
    words = line.strip()
    if not words or words[0] in u"#;" or u"=" not in words:
        return None
    return dotted(words.split(u"=", 1)[0].strip().lstrip(u"-"))


def entered(text, key, value):
    """The text of a file with that setting: in its line, or at the end; remarks and other keys stay."""
    lines, done = [], False
    for line in text.splitlines(True):
        if key_of(line) == dotted(key):
            if done:
                continue
            done = True
            if not same(line.split(u"=", 1)[1], value):
                line = u"%s = %s\n" % (dotted(key), value)
        lines.append(line)
    if not done:
        if lines and not lines[-1].endswith(u"\n"):
            lines[-1] += u"\n"
        lines.append(u"%s = %s\n" % (dotted(key), value))
    return u"".join(lines)
