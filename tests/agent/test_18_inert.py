"""What another host answers is read without running anything of it."""
import os
import struct
import unittest

from case import ReachCase
from client import PY2

MARK = "/tmp/hailer-inert-test-%d" % os.getpid()


def text(words):
    data = words.encode("utf-8")
    return b"X" + struct.pack("<I", len(data)) + data


def call(module, name, *args):
    return b"c" + module.encode() + b"\n" + name.encode() + b"\n(" + b"".join(args) + b"tR"


HOSTILE = {
    "system": call("os", "system", text("touch " + MARK)),
    "posix": call("posix", "system", text("touch " + MARK)),
    "eval": call("builtins", "eval", text("open(%r, 'w')" % MARK)),
    "eval of 2.7": call("__builtin__", "eval", text("open(%r, 'w')" % MARK)),
    "open": call("io", "open", text(MARK), text("w")),
    "getattr": call("builtins", "getattr", b"cos\nsystem\n", text("__call__")),
    "getattr chain": call("builtins", "getattr", call("builtins", "__import__", text("os")), text("system")) +
    b"(" + text("touch " + MARK) + b"tR",
    "subprocess": call("subprocess", "Popen", b"(" + text("touch") + text(MARK) + b"l"),
    "core": call("hailer.files", "begin_put", text(MARK)),
    "receive": call("hailer", "_receive", text("n"), b")", text("open(%r, 'w')" % MARK), b"]"),
    "setstate": call("m", "C") + b"}(" + text("__setstate__") + b"cos\nsystem\nu" + b"b" + text("touch " + MARK) + b"b",
    "class": call("m", "C") + b"}(" + text("__class__") + b"cos\nsystem\nub",
    "slots": call("m", "C") + b"N}(" + text("__class__") + b"cos\nsystem\nu\x86b",
    "inst": b"(" + text("touch " + MARK) + b"ios\nsystem\n",
    "obj": b"(cos\nsystem\n" + text("touch " + MARK) + b"o",
    "newobj": b"cos\nsystem\n(" + text("touch " + MARK) + b"t\x81",
    "codecs": call("_codecs", "encode", text("x"), text("rot13")),
    "reconstructor": call("copy_reg", "_reconstructor", b"cos\nsystem\n", b"c__builtin__\nobject\n", text("x")),
    "attribute of ours": b"chailer.group\nGroupResult\nN}(" + text("successful") + text("gone") + b"u\x86b",
    "code": b"c_codecs\nencode\nN}(" + text("__code__") + text("gone") + b"u\x86b",
    "big set": call("builtins", "set", call("builtins", "range", b"J\xff\xff\xff\x7f")),
    "big bytes": call("builtins", "bytearray", b"J\xff\xff\xff\x7f"),
    "big fraction": call("fractions", "Fraction", text("1e999999999")),
    "persistent": text("x") + b"Q",
    "extension": b"\x82\x01",
    "nothing": b"",
    "short": b"X\xff\xff\xff\x7fabc",
}


class Inert(ReachCase):
    @classmethod
    def setUpClass(cls):
        super(Inert, cls).setUpClass()
        cls.agent.call("from hailer import *\nt = Local('a')\nimport hailer.tunnel\nload = hailer.tunnel.inert.load", "<setup>")

    def test_hostile_pickles_do_nothing(self):
        for name, body in sorted(HOSTILE.items()):
            for head in (b"\x80\x02", b"\x80\x04"):
                data = head + body + b"."
                source = "try:\n    r = type(load(%r)).__name__\nexcept Exception as e:\n    r = 'error'\nr" % data
                if PY2:
                    source = source.replace("load(", "load(b''+")
                self.value(source)
                self.assertFalse(os.path.exists(MARK), name)
        self.assertEqual(self.value("list(GroupResult({1: 2}).successful())"), [(1, 2)])
        self.assertEqual(self.value("t.call(len, 'alive')"), 5)

    def test_they_come_as_what_they_would_have_called(self):
        data = b"\x80\x02" + HOSTILE["system"] + b"."
        self.assertEqual(self.value("v = load(%r)\nrepr(v).replace(\"(u'\", \"('\"), type(v).__name__" % data),
                         ("system('touch %s')" % MARK, "system"))

    def test_harmless_types_are_themselves(self):
        self.value(
            "import datetime, decimal, fractions, collections, uuid\n"
            "class D(datetime.tzinfo): pass\n"
            "def back(x): return x\n"
            "values = [{1, 2}, frozenset([3]), 1 + 2j, bytearray(b'\\xff'), slice(1, None, 2), b'\\xff\\x00', (), u'\\xe9', 1 << 99,\n"
            "  collections.OrderedDict([(2, 1), (1, 2)]), datetime.date(2026, 1, 2), datetime.time(1, 2),\n"
            "  datetime.datetime(2026, 1, 2, 3, 4, 5, 6), datetime.timedelta(1, 2, 3), decimal.Decimal('1.50'),\n"
            "  fractions.Fraction(-1, 3), uuid.UUID(int=5), float('inf')]\n"
        )
        got = self.value("[(repr(v), repr(b)) for v, b in [(v, t.call(back, v)) for v in values] if v != b]")
        self.assertEqual(got, [])
        self.assertEqual(self.value("[v for v in values if type(t.call(back, v)).__name__ != type(v).__name__]"), [])
        self.assertEqual(self.value("list(t.call(range, 3)), isinstance(t.call(back, values[16]), uuid.UUID)"), ([0, 1, 2], True))
        if not PY2:
            self.assertTrue(self.value("d = datetime.datetime(2026, 1, 2, tzinfo=datetime.timezone.utc)\nt.call(back, d) == d"))

    def test_stand_ins(self):
        self.value("import collections\nclass Point(object):\n    def __init__(self): self.x, self.y = 1, [2]\n"
                   "class Words(dict): pass\nPair = collections.namedtuple('Pair', 'a b')\n"
                   "def f():\n    w = Words()\n    w['k'] = 'v'\n    import collections, os\n    "
                   "return Point(), w, collections.deque([1, 2]), collections.defaultdict(int, {1: 2}), os.stat('/'), "
                   "collections.Counter('aab')\n")
        self.value("p, w, d, dd, st, co = t.call(f)")
        self.assertEqual(self.value("p.x, p.y, repr(p), w['k'], len(w), list(w), list(d), dd[1], st[0] > 0, co['a']"),
                         (1, [2], "Point(x=1, y=[2])", "v", 1, ["k"], [1, 2], 2, True, 2 if not PY2 else 2))
        self.assertEqual(self.error("p.nothing")["type"], "AttributeError")
        self.assertTrue(self.value("t.call(f)[0] == p and not t.call(f)[0] != p"))

    def test_what_cannot_be_pickled_there_says_its_words(self):
        self.assertIn("function", self.value("def f():\n    return [lambda: 1, 2]\nr = t.call(f)\nrepr(r[0])"))
        self.assertEqual(self.value("r[1]"), 2)

    def test_on_to_the_controller(self):
        self.value("class Point(object):\n    def __init__(self): self.x = 1\ndef f(): return Point()\nr = t.call(f)")
        reply = self.agent.call("r")
        self.assertEqual(reply.tag, 0)
        self.assertIn(b"_dataclass", reply.message)
        self.assertIn(b"Point", reply.message)
        reply = self.agent.call("Group([t, SSH('nowhere')]).call(f)")
        self.assertEqual(reply.tag, 0, reply.message)
        self.assertIn(b"GroupResult", reply.message)

    def test_cycles_and_shared_parts(self):
        self.assertTrue(self.value("def f():\n    a = []\n    a.append(a)\n    b = {}\n    return a, b, b\n"
                                   "a, b, c = t.call(f)\na[0] is a and b is c"))


@unittest.skipIf(not PY2, "Python 3 reads these itself")
class NewerPickles(unittest.TestCase):
    def test_opcodes_of_protocol_4(self):
        from client import Agent

        agent = Agent().boot()
        agent.call("import hailer\nload = __import__('hailer').tunnel.inert.load")
        for body, value in (
            (b"\x8c\x02\xc3\xa9", u"\xe9"), (b"C\x02\xff\x00", b"\xff\x00"), (b"\x8f(K\x01K\x02\x90", {1, 2}),
            (b"(K\x01\x91", frozenset([1])), (b"\x8c\x01a\x94h\x00\x86", (u"a", u"a")),
            (b"\x8d\x01\0\0\0\0\0\0\0x", u"x"), (b"\x8e\x01\0\0\0\0\0\0\0x", b"x"), (b"B\x01\0\0\0x", b"x"),
        ):
            self.assertEqual(agent.call("load(%r)" % (b"\x80\x04\x95\0\0\0\0\0\0\0\0" + body + b".")).value, value)
        agent.end()


