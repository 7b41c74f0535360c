"""Takes in a function that another host shipped, and runs it.

The text that defines it runs in a module of its own, whose name is not `__main__`. `core` is the agent's namespace.
"""
import binascii
import io
import itertools
import sys

numbers = itertools.count(1)
landed = []  # (name, call) of the modules that hold shipped text: what they define must be found while results are sent


def _receive(name, futures, text, pickles):
    """Runs the text, and then the call that the first pickle says: `(function, args, keywords)`.

    The others are values that the text names as `_value(number)`.
    """
    core.sources[name] = text
    module = type(sys)(module_name())
    space = module.__dict__
    space["_value"] = lambda number: load(pickles[number], space)
    exec(compile(text, name, "exec", flags(futures), True), space)
    function, args, keywords = load(pickles[0], space)
    sys.modules[module.__name__] = module
    value = function(*args, **keywords)
    if hasattr(type(value), "__anext__"):
        raise TypeError("an asynchronous generator cannot answer another host: collect its items, and return the list")
    return list(value) if type(value) is core.generator else value


def module_name():
    """A new name. Modules of calls that are over are let go."""
    call = core.running.get(core.thread.get_ident())
    running = list(core.running.values())
    with core.guard:
        for known in landed[:]:
            if known[1] not in running:
                landed.remove(known)
                sys.modules.pop(known[0], None)
        name = "__shipped_%d__" % next(numbers)
        landed.append((name, call))
    return name


def flags(futures):
    """Of the `__future__`s that the text was written with, those that this Python knows."""
    import __future__

    found = 0
    for name in futures:
        found |= getattr(__future__, name).compiler_flag if hasattr(__future__, name) else 0
    return found


def load(data, space):
    def persistent(said):
        return found(said, space)

    data = binascii.a2b_base64(data)
    if core.PY2:
        import cPickle

        unpickler = cPickle.Unpickler(io.BytesIO(data))
        unpickler.persistent_load = persistent
    else:
        import _pickle

        class Unpickler(_pickle.Unpickler):
            def persistent_load(self, said):
                return persistent(said)

        unpickler = Unpickler(io.BytesIO(data), encoding="utf-8")
    return unpickler.load()


def found(said, space):
    """What the shipping side named instead of sending it; see ship.py."""
    kind, what = said[:2]
    if kind == "defined":
        return space[what]
    if kind == "module":
        __import__(what)
        return sys.modules[what]
    if kind == "member":
        return getattr(what, said[2])
    return what.encode("latin-1")  # bytes of 2.7 that are no text
