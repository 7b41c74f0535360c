"""Pickles that say more than the plain pickler's: what cannot be pickled becomes `hailer._opaque(module, type, repr)`, and
named tuples, dataclasses and enums tell the names of their parts.

Sent to a host with the first value that holds an instance of a class. `core` is the agent's own namespace.
"""
import io
import sys

REPR = 2000  # characters of a repr
DEPTH = 200  # of what is walked by hand
PLAIN = frozenset((type(None), bool, int, float, bytes, bytearray, core.text_type))
HEAP = 1 << 9  # flag of a class that a class statement made


def _opaque(module, name, words):
    """Stands for a value that was not sent. It is never called: the controller reads its name alone."""
    return None


def _named(module, name, fields):
    """Stands for a named tuple, in the same way; its values are appended."""


def _dataclass(module, name):
    """Stands for a dataclass; its state are its fields."""


def _enum(module, name, member, value):
    """Stands for a member of an enum."""


for stand in (_opaque, _named, _dataclass, _enum):
    stand.__module__ = "hailer"
    # Two threads may load this text at once, of which one is kept: both must mean the same, or it is opaque itself.
    sys.modules["hailer"].__dict__.setdefault(stand.__name__, stand)
_opaque, _named, _dataclass = [getattr(sys.modules["hailer"], name) for name in ("_opaque", "_named", "_dataclass")]


def dump(value):
    """The pickle of a value; never fails but by running out of memory. From now on it is the core's own."""
    if type(value) in PLAIN:
        return plain(value, 2 if core.PY2 else 4)
    for way in (typed, by_reducer, by_walking):
        try:
            return way(value)
        except KeyboardInterrupt:
            raise
        except BaseException:
            pass
    return plain(Stand(opaque(value)), 2)


# ---------------------------------------------------------------- names of parts


def names_of(kind):
    return u"%s" % (kind.__module__ or ""), u"%s" % getattr(kind, "__qualname__", kind.__name__)


def tell_tuple(value):
    return _named, names_of(type(value)) + (tuple(u"%s" % name for name in value._fields),), None, iter(tuple(value))


def tell_dataclass(value):
    return _dataclass, names_of(type(value)), dict(vars(value))


def tell_member(value):
    if not isinstance(value._name_, str):  # flags that have no name together
        return value.__reduce_ex__(4)
    return _enum, names_of(type(value)) + (value._name_, value._value_)


def teller(kind):
    """What tells the parts of an instance of a class with their names; None where the plain pickle says enough."""
    enum = sys.modules.get("enum")
    if enum and issubclass(kind, enum.Enum):
        return tell_member
    if kind.__reduce_ex__ is not object.__reduce_ex__ or kind.__reduce__ is not object.__reduce__:
        return None  # it knows how it wants to be told
    if issubclass(kind, tuple):
        fields = getattr(kind, "_fields", None)
        return tell_tuple if isinstance(fields, tuple) and all(isinstance(name, str) for name in fields) else None
    return tell_dataclass if hasattr(kind, "__dataclass_fields__") and all_in_dict(kind) else None


def all_in_dict(kind):
    """Whether its __dict__ is all that there is to an instance: it is of no built-in type, and has no slots or state of its own."""
    written = all(base is object or base.__flags__ & HEAP for base in kind.__mro__)
    has_state = getattr(kind, "__getstate__", None) is not getattr(object, "__getstate__", None)
    return written and kind.__dictoffset__ and not has_state and not any("__slots__" in vars(base) for base in kind.__mro__)


class Table(object):
    """How the C pickler takes instances apart: it asks for their class, and does as ever on a KeyError."""

    def __getitem__(self, kind):
        way = teller(kind)
        return way or sys.modules["copyreg"].dispatch_table[kind]


def typed_of_3(value, protocol=4):
    import _pickle

    out = io.BytesIO()
    pickler = _pickle.Pickler(out, protocol)
    pickler.dispatch_table = Table()
    pickler.dump(value)
    return out.getvalue()


def typed_of_2(value, protocol=2):
    """2.7's pickler cannot be told: where its pickle names such a class, one of a copy is made, with stand-ins."""
    import cPickle

    data = cPickle.dumps(value, protocol)
    for kind in classes_in(data):
        if kind is not object and teller(kind):
            return cPickle.dumps(copied(value, {}, 0), protocol)
    return data


def classes_in(data):
    """The classes that a pickle of 2.7 may name: each stands there as "cmodule", "name" and a mark, with newlines between."""
    for mark in ("\nq", "\nr"):
        end = data.find(mark)
        while end >= 0:
            words = data[max(0, end - 400):end].split("\n")
            for module in parts(words[-2]) if len(words) > 1 else ():
                kind = getattr(sys.modules.get(module), words[-1], None)
                if isinstance(kind, type):
                    yield kind
            end = data.find(mark, end + 1)


def parts(word):
    """What stands behind each c."""
    return [word[at + 1:] for at, letter in enumerate(word) if letter == "c"]


typed = typed_of_2 if core.PY2 else typed_of_3
plain = core.pickler()
core.dump = dump


# ---------------------------------------------------------------- what cannot be pickled


def opaque(value):
    kind = type(value)
    try:
        words = repr(value)
        words = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    except BaseException as error:
        words = u"<its __repr__ raised %s>" % type(error).__name__
    if len(words) > REPR:
        words = words[:REPR] + u"..."
    module = getattr(kind, "__module__", "") or ""
    return _opaque, (u"%s" % module, u"%s" % getattr(kind, "__qualname__", kind.__name__), words)


class Stand(object):
    """Pickles as what another value is told as."""

    def __init__(self, reduced):
        self.reduced = reduced

    def __reduce__(self):
        return tuple(iter(part) if type(part) is list else part for part in self.reduced)


def reduced(value):
    """How pickle would take it apart; the opaque where it would fail to. Classes and functions go by name."""
    if isinstance(value, type) or callable(value) and hasattr(value, "__qualname__"):
        module, name = getattr(value, "__module__", None), getattr(value, "__qualname__", "")
        found = sys.modules.get(module)
        for part in name.split("."):
            found = getattr(found, part, None)
        return NotImplemented if found is value else opaque(value)
    way = teller(type(value))
    if way:
        return way(value)
    try:
        way = value.__reduce_ex__(4)
        if isinstance(way, str):
            return way if getattr(sys.modules.get(type(value).__module__), way, None) is value else opaque(value)
        return way
    except BaseException:
        return opaque(value)


def by_reducer(value):
    """The C pickler, asking us about everything that is not of a built-in type."""
    import _pickle

    out = io.BytesIO()
    if sys.version_info >= (3, 8):

        class Pickler(_pickle.Pickler):
            def reducer_override(self, value):
                return reduced(value)

        pickler = Pickler(out, 4)
    else:

        class All(object):
            def __getitem__(self, kind):
                return reduced

            get = None

        pickler = _pickle.Pickler(out, 4)
        pickler.dispatch_table = All()
    pickler.dump(value)
    return out.getvalue()


def by_walking(value):
    """A copy in which what cannot be pickled is replaced, made by hand: for 2.7, and where the pickler gives up."""
    return plain(copied(value, {}, 0), 2 if core.PY2 else 4)


def copied(value, seen, depth):
    kind = type(value)
    if id(value) in seen:
        return seen[id(value)][0]
    if depth > DEPTH:
        return Stand(opaque(value))
    if kind is list:
        copy = []
        seen[id(value)] = copy, value
        copy.extend(copied(item, seen, depth + 1) for item in value)
    elif kind is dict:
        copy = {}
        seen[id(value)] = copy, value
        for key, item in list(value.items()):
            copy[copied(key, seen, depth + 1)] = copied(item, seen, depth + 1)
    elif kind in (tuple, set, frozenset):
        copy = kind(copied(item, seen, depth + 1) for item in value)
        seen[id(value)] = copy, value
    elif teller(kind) is tell_tuple:
        copy = Stand(tell_tuple(value)[:3] + ([copied(item, seen, depth + 1) for item in value],))
        seen[id(value)] = copy, value
    elif teller(kind) is tell_dataclass:
        copy = Stand(None)
        seen[id(value)] = copy, value  # before its parts, among which it may be
        function, names, state = tell_dataclass(value)
        copy.reduced = function, names, copied(state, seen, depth + 1)
    elif not core.PY2 and teller(kind) is tell_member:
        copy = Stand(tell_member(value))
        seen[id(value)] = copy, value
    else:
        try:
            plain(value, 2 if core.PY2 else 4)
            copy = value
        except KeyboardInterrupt:
            raise
        except BaseException:
            copy = Stand(opaque(value))
        seen[id(value)] = copy, value
    return copy
