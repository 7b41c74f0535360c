"""Reads what another host answered. Nothing that is in a pickle is called or imported here: classes become inert
stand-ins that show what came, but for a few built-in ones that can do no harm.

`core` is the agent's own namespace.
"""
import io
import sys

PY2 = core.PY2
text_type = core.text_type
number = (int, long) if PY2 else (int,)  # noqa: F821
OLD_NAMES = {"__builtin__": "builtins", "exceptions": "builtins", "copy_reg": "copyreg", "UserDict": "collections"}


class Inert(object):
    """Stands for an instance of a class of another host: its attributes can be read, its items looked at."""

    __slots__ = ("_args", "_fields", "_items", "_pairs", "_repr")
    _module = _name = ""

    def __new__(cls, *args, **kwargs):
        self = object.__new__(cls)
        self._args, self._fields = args, kwargs
        self._items, self._pairs, self._repr = [], [], None
        return self

    def __init__(self, *args, **kwargs):
        pass

    def __getattr__(self, name):
        if name[:2] == "__":
            raise AttributeError(name)
        fields = object.__getattribute__(self, "_fields")
        if name == "args" and name not in fields:
            return self._args
        try:
            return fields[name]
        except KeyError:
            raise AttributeError("%s of another host has no attribute %s" % (self._name, name))

    def __dir__(self):
        return sorted(self._fields)

    # What an unpickler does to the instance at hand.

    def __setstate__(self, state):
        for part in state if type(state) is tuple and len(state) == 2 else (state,):
            if isinstance(part, dict):
                self._fields.update((native(key), value) for key, value in part.items())
            elif part is not None:
                self._fields["state"] = part

    def append(self, item):
        self._items.append(item)

    def extend(self, items):
        self._items.extend(items)

    add = append

    def __setitem__(self, key, value):
        self._pairs.append((key, value))

    # What a reader may want.

    def __getitem__(self, key):
        pairs = self._mapping()
        if pairs is None:
            return self._sequence()[key]
        for known, value in reversed(pairs):
            if known == key:
                return value
        raise KeyError(key)

    def __len__(self):
        pairs = self._mapping()
        return len(self._sequence() if pairs is None else pairs)

    def __iter__(self):
        pairs = self._mapping()
        return iter(self._sequence() if pairs is None else [key for key, _ in pairs])

    def __bool__(self):
        return True

    __nonzero__ = __bool__

    def _mapping(self):
        """Its pairs, if it seems to be a mapping."""
        if self._pairs:
            return self._pairs
        return list(self._args[0].items()) if len(self._args) == 1 and type(self._args[0]) is dict else None

    def _sequence(self):
        """Its items; of a tuple with names, its fields."""
        if self._items:
            return self._items
        args = self._args
        return args[0] if len(args) and type(args[0]) in (list, tuple) else args

    def __eq__(self, other):
        return (
            isinstance(other, Inert)
            and (self._module, self._name, self._repr) == (other._module, other._name, other._repr)
            and (self._args, self._fields) == (other._args, other._fields)
            and (self._items, self._pairs) == (other._items, other._pairs)
        )

    def __ne__(self, other):
        return not self == other

    def __hash__(self):
        return hash((self._module, self._name))

    def __repr__(self):
        if self._repr is not None:
            return self._repr
        key = id(self), core.thread.get_ident()
        if key in showing:
            return self._name + "(...)"
        showing.add(key)
        try:
            parts = [repr(arg) for arg in self._args]
            parts += ["%s=%r" % field for field in sorted(self._fields.items())]
            parts += [repr(self._items)] if self._items else []
            parts += ["{%s}" % ", ".join("%r: %r" % pair for pair in self._pairs)] if self._pairs else []
            return "%s(%s)" % (self._name, ", ".join(parts))
        finally:
            showing.discard(key)

    def __reduce__(self):
        """On to the controller as what it stands for, where that can be said, else as its words."""
        if self._fields and not (self._args or self._items or self._pairs or self._repr):
            return _dataclass, (text(self._module), text(self._name)), self._fields
        return opaque(), (text(self._module), text(self._name), text(repr(self)))

    def __reduce_ex__(self, protocol):
        return self.__reduce__()


class Named(Inert):
    """Stands for a tuple with names: its values come one by one, and are its fields."""

    __slots__ = ()
    _names = ()

    def append(self, item):
        if len(self._items) < len(self._names):
            self._fields[self._names[len(self._items)]] = item
        self._items.append(item)

    def extend(self, items):
        for item in items:
            self.append(item)

    def __repr__(self):
        return "%s(%s)" % (self._name, ", ".join("%s=%r" % pair for pair in zip(self._names, self._items)))

    def __reduce__(self):
        names = tuple(text(name) for name in self._names)
        return _named, (text(self._module), text(self._name), names), None, iter(self._items)


showing = set()  # stand-ins whose repr is being made


def _dataclass(module, name):
    """Stands for an instance with fields. It is never called: the controller reads its name alone."""


def _named(module, name, fields):
    """Stands for a tuple with names, in the same way."""


for stand in (_dataclass, _named):
    stand.__module__ = "hailer"
    setattr(sys.modules["hailer"], stand.__name__, stand)


def opaque():
    return core.module("hailer.values")._opaque


def text(value):
    return value if isinstance(value, text_type) else value.decode("utf-8", "replace")


def native(value):
    """A name as this Python writes it."""
    return value.encode("ascii", "replace") if PY2 and isinstance(value, text_type) else value


def stand_in(module, name, base=Inert, **members):
    name = native(name)
    module = "__main__" if native(module).startswith("__shipped_") else module
    short = name.split(".")[-1]
    return type(short, (base,), dict(members, __slots__=(), _module=native(module), _name=short))


def checked(module, name, kind, *allowed):
    """Makes a `kind` of arguments of the allowed types; of any others a stand-in. `kind` may be a way to get it."""
    stand = stand_in(module, name)

    def make(*args):
        if len(args) <= 3 and all(type(arg) in allowed for arg in args):
            try:
                return kind(*args)
            except Exception:
                pass
        return stand(*args)

    return make


def encoded(words, codec="latin-1"):
    if native(codec) not in ("latin1", "latin-1", "utf-8", "utf8"):
        raise ValueError(codec)
    return words.encode(codec)


def fraction(*parts):
    import fractions

    if len(parts) == 1:  # digits alone: an exponent could ask for a number of any size
        parts = [int(part) for part in parts[0].split("/")]
    return fractions.Fraction(*parts)


def decimal(words):
    import decimal

    return decimal.Decimal(words)


def ordered(pairs=()):
    import collections

    return collections.OrderedDict(pairs)


def moment(name):
    def make(*parts):
        import datetime

        kind = getattr(datetime, name)
        if name not in ("timedelta", "timezone") and isinstance(parts[0], text_type):
            parts = (parts[0].encode("utf-8", "strict" if PY2 else "surrogateescape"),) + parts[1:]  # 2.7's bytes
        return kind(*parts)

    return make


def moment_types():
    import datetime

    return tuple(getattr(datetime, name) for name in ("timedelta", "timezone") if hasattr(datetime, name))


def known(module, name):
    """The harmless class of that name, or what makes an instance of it; None for any other."""
    words = (text_type, str)
    if module == "builtins":
        if name in ("set", "frozenset"):
            return checked(module, name, {"set": set, "frozenset": frozenset}[name], list, tuple)
        if name == "bytearray":
            return checked(module, name, lambda *args: bytearray(encoded(*args) if args and type(args[0]) is
                                                                 text_type else b"".join(args)), bytes, *words)
        if name == "bytes":
            return checked(module, name, lambda: b"")
        if name == "complex":
            return checked(module, name, complex, float, *number)
        if name in ("range", "xrange"):
            return checked(module, name, range if not PY2 else xrange, *number)  # noqa: F821
        if name == "slice":
            return checked(module, name, slice, type(None), *number)
    elif (module, name) == ("_codecs", "encode"):
        return checked(module, name, encoded, *words)
    elif (module, name) == ("collections", "OrderedDict"):
        return checked(module, name, ordered, list, tuple)
    elif (module, name) == ("decimal", "Decimal"):
        return checked(module, name, decimal, *words)
    elif (module, name) == ("fractions", "Fraction"):
        return checked(module, name, fraction, *(words + number))
    elif module == "datetime" and name in ("date", "time", "datetime", "timedelta", "timezone"):
        return checked(module, name, moment(name), bytes, *(words + number + moment_types()))
    elif (module, name) == ("uuid", "UUID") and importable(module):
        return uuid_class()
    return None


def importable(module):
    """Whether this Python has it; a small one may not."""
    try:
        __import__(module)
        return True
    except ImportError:
        return False


# A pickle can set attributes of a class that it can name: so it is given a new one each time.


def uuid_class():
    import uuid

    class UUID(uuid.UUID):
        __slots__ = ()

        def __setstate__(self, state):
            value = state["int"]
            if type(value) not in number or not 0 <= value < 1 << 128:
                raise ValueError("no UUID")
            object.__setattr__(self, "int", value)
            if hasattr(uuid, "SafeUUID"):
                object.__setattr__(self, "is_safe", uuid.SafeUUID.unknown)

        def __reduce__(self):
            return uuid.UUID, (str(self),)

    return UUID


def group_result():
    kind = core.module("hailer.group").GroupResult

    def reduce(self, protocol):  # on to another host as what it stands for
        return kind, (list(self.items()),)

    return type("GroupResult", (kind,), {"__setstate__": lambda self, state: None, "__reduce_ex__": reduce})


def error_result():
    kind = core.module("hailer.failure").ErrorResult

    def set_state(self, state):
        for name in ("msg", "tb", "type", "host"):
            setattr(self, name, state.get(name))

    def reduce(self, protocol):
        copyreg = __import__("copy_reg" if PY2 else "copyreg")

        return copyreg._reconstructor, (kind, object, None), dict(vars(self))

    return type("ErrorResult", (kind,), {"__setstate__": set_state, "__reduce_ex__": reduce})


def reconstructor():
    """copyreg's way to say what class an instance is of."""

    def make(kind, base=None, state=None):
        if isinstance(kind, type) and issubclass(kind, Inert):
            return kind(*() if state is None else (state,))
        return kind.__new__(kind)

    return make


def find_class(module, name):
    module, name = native(module), native(name)
    module = OLD_NAMES.get(module, module)
    if module == "hailer":
        return told(name)
    if (module, name) == ("copyreg", "_reconstructor"):
        return reconstructor()
    if (module, name) == ("hailer.group", "GroupResult"):
        return group_result()
    if (module, name) == ("hailer.failure", "ErrorResult"):
        return error_result()
    return known(module, name) or stand_in(module, name)


def told(form):
    """What the agent over there said of a class, instead of naming it."""

    def make(module, name, *rest):
        stand = stand_in(module, name)
        if form == "_opaque" and len(rest) == 1:
            made = stand()
            made._repr = native(rest[0]) if not isinstance(rest[0], bytes) else rest[0].decode("utf-8", "replace")
            return made
        if form == "_named" and len(rest) == 1 and type(rest[0]) is tuple:
            return stand_in(module, name, Named, _names=tuple(native(field) for field in rest[0]))()
        return stand(*rest)

    return make


def load(data):
    """The value that a pickle of another host says."""
    if PY2:
        return load_old(data)
    import _pickle

    class Unpickler(_pickle.Unpickler):
        def find_class(self, module, name):
            return find_class(module, name)

    try:
        return Unpickler(io.BytesIO(data), encoding="utf-8", errors="strict").load()
    except UnicodeDecodeError:
        pass
    # 2.7 sent strings that are no text: they stay bytes, the others become str. Only the slow unpickler can do both.
    import pickle

    class Slow(pickle._Unpickler):
        def find_class(self, module, name):
            return find_class(module, name)

        def _decode_string(self, value):
            try:
                return value.decode("utf-8")
            except UnicodeDecodeError:
                return value

    return Slow(io.BytesIO(data)).load()


def load_old(data):
    if data[1:2] > b"\x02":
        return core.module("hailer.inert_py2").load(data, find_class)
    import cPickle
    import cStringIO

    unpickler = cPickle.Unpickler(cStringIO.StringIO(data))
    unpickler.find_global = find_class
    return unpickler.load()
