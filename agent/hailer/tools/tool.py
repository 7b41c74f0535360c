"""What every tool is made of: the class Tool, typed results, and refusals on hosts that lack what is needed.

`core` is the agent's own namespace.
"""
import errno
import os
import sys
import types

SBIN = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")
unmade = object()


class Kind(type):
    """The class of tools: a method is used on the tool itself, and keeps its state as long as the link lives."""

    def __new__(kind, name, bases, members, **keywords):
        if "__init__" in members:
            raise TypeError("__init__ cannot be defined in a Tool: %s keeps its state in class attributes" % name)
        made = type.__new__(kind, name, bases, members, **keywords)
        for word, member in members.items():
            if isinstance(member, staticmethod):
                tag(member.__get__(None, made), made, word)
        return made

    def __init__(cls, name, bases, members, **keywords):
        type.__init__(cls, name, bases, members)

    def __call__(cls):
        """The one instance of this tool on this link, which plain methods get as `self`."""
        one = cls.__dict__.get("_one", unmade)
        if one is unmade:
            one = type.__call__(cls)
            type.__setattr__(cls, "_one", one)
        return one

    def __getattribute__(cls, name):
        value = type.__getattribute__(cls, name)
        if name[:2] != "__" and isinstance(value, (types.FunctionType, types.MethodType)):
            for base in type.__getattribute__(cls, "__mro__"):
                if name in base.__dict__:
                    plain = base.__dict__[name]
                    return bound(cls, name, plain) if isinstance(plain, types.FunctionType) else value
        return value


def bound(cls, name, function):
    """A plain method as it is called on its class: with that class's one instance, unless one is handed in."""

    def method(*args, **keywords):
        if args and isinstance(args[0], cls):
            return function(*args, **keywords)
        return function(cls(), *args, **keywords)

    method.__name__ = str(name)
    method.__doc__ = function.__doc__
    method.__module__ = function.__module__
    method.__wrapped__ = function
    tag(method, cls, name)
    return method


def tag(function, cls, name):
    """Says of which tool a function is, so that it can be shipped by the tool's name and its own."""
    try:
        function._tool = cls, name
    except AttributeError:
        pass  # something else that can be called


Tool = Kind("Tool", (object,), {
    "__module__": __name__,
    "__doc__": """A class of functions for hosts: static, class and plain methods, also asynchronous ones and generators.

    A plain method is called on the class, and gets the class's one instance on this link: what it keeps in itself or in its
    class is there for the next call. A Tool has no __init__.
    """,
})


# ---------------------------------------------------------------- typed results


class Record(object):
    """A result with named fields. It is told to the controller as such, by every Python in the same way."""

    __slots__ = ()

    def __reduce_ex__(self, protocol):
        fields = self._fields
        told = tuple(core.text_type(part) for part in (type(self).__module__, type(self).__name__))
        names = tuple(core.text_type(name) for name in fields)
        return _named, told + (names,), None, iter([getattr(self, name) for name in fields])

    def __copy__(self):
        return self

    def __deepcopy__(self, memo):
        return self


def _named(module, name, fields):
    """Stands for a tuple with names. It is never called: the controller reads its name alone."""


if not hasattr(sys.modules["hailer"], "_named"):
    sys.modules["hailer"]._named = _named
_named = sys.modules["hailer"]._named
_named.__module__ = "hailer"


def record(module, name, fields, base=Record):
    """A class of results: a frozen dataclass where this Python has them, else a named tuple."""
    fields = fields.split()
    members = {"__module__": module, "_fields": tuple(fields)}
    try:
        import dataclasses
    except ImportError:
        import collections

        return type(name, (base, collections.namedtuple(name, fields)), dict(members, __slots__=()))
    made = dataclasses.make_dataclass(name, fields, bases=(base,), namespace=members, frozen=True)
    made.__module__ = module  # newer ones name that of the caller instead
    return made


class Truth(Record):
    """A result that is true where something changed."""

    __slots__ = ()

    def __bool__(self):
        return bool(self.changed)

    __nonzero__ = __bool__


# What a tool did to one thing, or would do under check=True: whether it changed, and what, as a unified diff.
Change = record(__name__, "Change", "path changed diff", Truth)


# ---------------------------------------------------------------- refusals


class Unsupported(NotImplementedError):
    """This host lacks what the operation needs; the message names it."""


def system():
    """What this host calls itself: "Debian GNU/Linux 12 (bookworm)"."""
    for path in ("/etc/os-release", "/usr/lib/os-release"):
        try:
            with open(path) as file:
                for line in file:
                    if line.startswith("PRETTY_NAME="):
                        return line.split("=", 1)[1].strip().strip("\"'")
        except (IOError, OSError):
            pass
    return os.uname()[0]


def refuse(what, needed):
    raise Unsupported("%s needs %s, which this host (%s) does not have" % (what, needed, system()))


def find_program(name):
    """The path of a program, or None. The folders of administrators are looked into, whatever PATH says."""
    if "/" in name:
        return name if os.access(name, os.X_OK) else None
    for folder in os.environ.get("PATH", "").split(":") + list(SBIN):
        path = os.path.join(folder or ".", name)
        if os.path.isfile(path) and os.access(path, os.X_OK):
            return path
    return None


def need_program(name, what):
    """The path of a program that `what`, such as "Service.start", cannot do without."""
    return find_program(name) or refuse(what, "the program " + name)


def need_file(path, what):
    if not os.path.exists(path):
        refuse(what, path)
    return path


def need_linux(what):
    if not sys.platform.startswith("linux"):
        raise Unsupported("%s needs Linux; this host is %s" % (what, sys.platform))


def need_root(what):
    if os.geteuid():
        import pwd

        try:
            name = pwd.getpwuid(os.geteuid()).pw_name
        except KeyError:
            name = "?"
        raise OSError(errno.EPERM, "%s needs root, and this agent runs as %s (uid %d): reach the host by way of sudo"
                      % (what, name, os.geteuid()))


# ---------------------------------------------------------------- arguments


def options(given, **known):
    """The keyword-only arguments of a method: 2.7 has no such thing of its own."""
    for name in given:
        if name not in known:
            raise TypeError("unexpected keyword argument %r; there are %s" % (name, ", ".join(sorted(known))))
    return dict(known, **given)


def text_of(words, what):
    """Text of an argument that may be bytes on 2.7."""
    if isinstance(words, core.text_type):
        return words
    if isinstance(words, bytes) and core.PY2:
        return words.decode("utf-8")
    raise TypeError("%s is to be a str, not %s" % (what, type(words).__name__))
