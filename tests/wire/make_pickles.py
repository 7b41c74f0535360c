# -*- coding: utf-8 -*-
"""Writes golden pickles of this interpreter, with what the interpreter itself says of the values.

    for python in ~/.pyenv/versions/*/bin/python; do $python tests/wire/make_pickles.py tests/wire/golden; done

golden/3.13-4.pickle holds the pickles one after another; golden/3.13-4.tsv a line for each: name, length,
type, repr (JSON strings). Instances that a pickle alone does not describe are told as the agent tells them.
"""
from __future__ import unicode_literals

import collections
import datetime
import decimal
import fractions
import io
import json
import os
import pickle
import sys
import time
import types
import uuid

try:
    import cPickle as c_pickle
    import copy_reg as copyreg
except ImportError:
    c_pickle = pickle
    import copyreg

PY3 = sys.version_info[0] == 3

# The globals that the agent's reducer names; they are never called.
hailer = types.ModuleType(str("hailer"))
for _name in ("_opaque", "_dataclass", "_named", "_enum"):
    def _hook(*args):
        raise TypeError("inert")
    _hook.__name__ = _hook.__qualname__ = str(_name)
    _hook.__module__ = str("hailer")
    setattr(hailer, _name, _hook)
sys.modules["hailer"] = hailer

Point = collections.namedtuple(str("Point"), str("x y"))
copyreg.pickle(Point, lambda point: (
    hailer._named, ("__main__", "Point", point._fields), None, iter(point)))


class Thing(object):
    def __init__(self):
        self.free = 1
        self.name = "x"

    def __repr__(self):
        return "<__main__.Thing free=1, name='x'>"


class Slots(object):
    __slots__ = ("free",)

    def __init__(self):
        self.free = 1

    def __repr__(self):
        return "<__main__.Slots free=1>"


class Broken(Exception):
    pass


class Lock(object):
    def __repr__(self):
        return "<Lock \u00e9>" if PY3 else b"<Lock>"


copyreg.pickle(Lock, lambda lock: (hailer._opaque, ("__main__", "Lock", repr(lock))))


def values():
    yield "none", None
    yield "true", True
    yield "false", False
    for number in (0, 1, 255, 256, 65535, 65536, -1, 2 ** 31 - 1, 2 ** 31, -2 ** 31, 2 ** 63 - 1, -2 ** 63,
                   2 ** 63, 2 ** 64, -2 ** 64, 2 ** 200, -2 ** 200, 10 ** 40):
        yield "int %d" % number, number
    for number in (0.0, -0.0, 1.5, 1e16, 1e15, 1e-4, 1e-5, 1e300, 0.1, float("inf"), float("-inf"), float("nan")):
        yield "float %r" % number, number
    yield "empty str", ""
    yield "str", "h\u00e9llo \u65e5\u672c \U0001f600"
    yield "quotes", "it's"
    yield "both quotes", "it's \"x\""
    yield "controls", "a\tb\nc\rd\\e\x00\x1b\x7f\x85\xa0\xad\u200b\u2028\ufeff"
    yield "long str", "x" * 300
    if PY3:
        yield "surrogate", "\udc80x"
    yield "list", [1, "two", [3.0]]
    yield "empty list", []
    yield "tuple", (1, 2)
    yield "one", (1,)
    yield "empty tuple", ()
    yield "four", (1, 2, 3, 4)
    yield "dict", {"a": [1]}
    yield "int keys", {1: None}
    yield "set", set([1, 2])
    yield "empty set", set()
    yield "frozenset", frozenset([1])
    yield "empty frozenset", frozenset()
    yield "long list", list(range(2500))
    cycle = []
    cycle.append(cycle)
    yield "cycle", cycle
    knot = {}
    knot["me"] = (knot,)
    yield "knot", knot
    if PY3:
        yield "bytes", b"\x00it's\xff"
        yield "empty bytes", b""
        yield "long bytes", b"\xff" * 300
    yield "bytearray", bytearray(b"a\xff")
    yield "empty bytearray", bytearray()
    yield "complex", 1 + 2j
    yield "imaginary", 2j
    yield "odd complex", complex(-0.0, -1.5)
    yield "range", range(3) if PY3 else xrange(3)  # noqa: F821
    yield "range by", range(0, 10, 3) if PY3 else xrange(0, 10, 3)  # noqa: F821
    yield "class", int
    yield "error", ValueError("x")
    yield "bare error", KeyError()
    yield "own error", Broken("x", 1)
    yield "thing", Thing()
    yield "slots", Slots()
    yield "point", Point(1, "y")
    yield "opaque", Lock()
    yield "date", datetime.date(2020, 1, 2)
    yield "old date", datetime.date(1900, 1, 2)
    yield "time", datetime.time(1, 2)
    yield "time micro", datetime.time(1, 2, 3, 4)
    yield "datetime", datetime.datetime(2020, 1, 2, 3, 4)
    yield "datetime micro", datetime.datetime(2020, 1, 2, 3, 4, 0, 6)
    yield "timedelta", datetime.timedelta(1, 2, 3)
    yield "no timedelta", datetime.timedelta(0)
    yield "decimal", decimal.Decimal("1.50")
    yield "fraction", fractions.Fraction(-3, 4)
    yield "whole fraction", fractions.Fraction(5)
    yield "uuid", uuid.UUID(int=2 ** 127 + 5)
    yield "ordered", collections.OrderedDict([("a", 1), ("b", 2)])
    yield "empty ordered", collections.OrderedDict()
    yield "defaultdict", collections.defaultdict(list, {"a": [1]})
    yield "counter", collections.Counter("abb")
    yield "empty counter", collections.Counter()
    yield "deque", collections.deque([1, 2])
    yield "bounded deque", collections.deque([1, 2], 5)
    yield "time tuple", time.gmtime(0)
    if PY3:
        for pair in of_python_3():
            yield pair


def of_python_3():
    import enum
    import pathlib
    utc = datetime.timezone.utc
    yield "utc", utc
    yield "zone", datetime.timezone(datetime.timedelta(seconds=-3600), "CET")
    yield "datetime utc", datetime.datetime(2020, 1, 2, 3, 4, 5, tzinfo=utc)
    yield "datetime fold", datetime.datetime(2020, 1, 2, 3, 4, fold=1, tzinfo=utc)
    yield "path", pathlib.PosixPath("/a/b c")
    yield "relative path", pathlib.PurePosixPath("a/b")
    yield "here", pathlib.PurePosixPath(".")
    yield "root", pathlib.PurePosixPath("/")
    yield "ellipsis", Ellipsis
    yield "not implemented", NotImplemented
    yield "none type", type(None)
    yield "slice", slice(1, None, 2)
    yield "terminal", os.terminal_size((80, 24))

    class Color(enum.Enum):
        RED = 1

        def __repr__(self):
            return "Color.RED"

    Color.__qualname__ = "Color"
    globals()["Color"] = Color
    copyreg.pickle(Color, lambda member: (
        hailer._enum, ("__main__", "Color", member.name, member.value)))
    yield "enum", Color.RED
    if sys.version_info >= (3, 7):
        import dataclasses
        disk = dataclasses.make_dataclass("Disk", [("free", int), ("name", str)], namespace={"__module__": "__main__"})
        disk.__module__ = "__main__"
        globals()["Disk"] = disk
        copyreg.pickle(disk, lambda it: (hailer._dataclass, ("__main__", "Disk"), dict(it.__dict__)))
        yield "dataclass", disk(1, "x")


def type_name(value):
    kind = type(value)
    module = kind.__module__
    name = getattr(kind, "__qualname__", kind.__name__)
    if module in ("builtins", "__builtin__", "exceptions"):
        return {"unicode": "str", "long": "int", "xrange": "range"}.get(name, name)
    return "%s.%s" % (module, name)


def main(folder):
    for protocol in (2, 4) if PY3 else (2,):
        stem = os.path.join(folder, "%d.%d-%d" % (sys.version_info[0], sys.version_info[1], protocol))
        with io.open(stem + ".pickle", "wb") as pickles, io.open(stem + ".tsv", "w", encoding="ascii") as table:
            for name, value in values():
                data = c_pickle.dumps(value, protocol)
                pickles.write(data)
                shown = repr(value)
                shown = shown if PY3 else shown.decode("latin-1")
                table.write("\t".join([name, "%d" % len(data), json.dumps(type_name(value)), json.dumps(shown)]) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
