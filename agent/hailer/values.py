"""Pickles of values that the plain pickler refuses: what cannot be pickled becomes `hailer._opaque(module, type, repr)`,
and the rest of the value stays as it is.

Sent to a host when it is first needed. `core` is the agent's own namespace.
"""
import sys

REPR = 2000  # characters of a repr
DEPTH = 200  # of what is walked by hand


def _opaque(module, name, words):
    """Stands for a value that was not sent. It is never called: the controller reads its name alone."""
    return None


_opaque.__module__ = "hailer"
# Two threads may load this text at once, of which one is kept: both must mean the same function, or it is opaque itself.
_opaque = sys.modules["hailer"].__dict__.setdefault("_opaque", _opaque)


def dump(value):
    """The pickle of a value; never fails but by running out of memory."""
    for way in (by_reducer, by_walking):
        try:
            return way(value)
        except KeyboardInterrupt:
            raise
        except BaseException:
            pass
    return core.pickler()(Stand(value), 2)


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
    """Pickles as the opaque of another value."""

    def __init__(self, value):
        self.reduced = opaque(value)

    def __reduce__(self):
        return self.reduced


def reduced(value):
    """How pickle would take it apart; the opaque where it would fail to. Classes and functions go by name."""
    if isinstance(value, type) or callable(value) and hasattr(value, "__qualname__"):
        module, name = getattr(value, "__module__", None), getattr(value, "__qualname__", "")
        found = sys.modules.get(module)
        for part in name.split("."):
            found = getattr(found, part, None)
        return NotImplemented if found is value else opaque(value)
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
    import io

    out = io.BytesIO()
    if sys.version_info >= (3, 8):

        class Pickler(_pickle.Pickler):
            def reducer_override(self, value):
                return reduced(value)

        pickler = Pickler(out, 4)
    else:

        class Table(object):
            def __getitem__(self, kind):
                return reduced

            get = None

        pickler = _pickle.Pickler(out, 4)
        pickler.dispatch_table = Table()
    pickler.dump(value)
    return out.getvalue()


def by_walking(value):
    """A copy in which what cannot be pickled is replaced, made by hand: for 2.7, and where the pickler gives up."""
    return core.pickler()(copied(value, {}, 0), 2 if core.PY2 else 4)


def copied(value, seen, depth):
    kind = type(value)
    if id(value) in seen:
        return seen[id(value)][0]
    if depth > DEPTH:
        return Stand(value)
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
    else:
        try:
            core.pickler()(value, 2 if core.PY2 else 4)
            copy = value
        except KeyboardInterrupt:
            raise
        except BaseException:
            copy = Stand(value)
        seen[id(value)] = copy, value
    return copy
