# coding: utf-8
"""Every kind of value arrives as what it is."""
import sys
import unittest

from case import Case
from client import PY2, Opaque


class Values(Case):
    def test_scalars(self):
        for source in ("None", "True", "False", "0", "-1", "2**31", "-2**31 - 1", "2**63", "-2**200", "1.5", "-0.0",
                       "1e308", "float('inf')", "''", "'x' * 70000", "b''", "(1+2j)"):
            expected = eval(source)
            got = self.value(source)
            self.assertEqual(repr(got), repr(expected), source)
            self.assertIs(type(got), type(expected), source)
        self.assertNotEqual(*[self.value("float('nan')")] * 2)

    def test_text(self):
        self.assertEqual(self.value(u"u'\\xe9\\U0001f600\\x00'"), u"\xe9\U0001f600\x00")
        self.assertEqual(self.value(u"u'\u00e9'"), u"\u00e9")
        self.assertEqual(self.value("b'\\x00\\xff' * 128"), b"\x00\xff" * 128)
        if not PY2:
            self.assertEqual(self.value("'\\udc80'"), "\udc80")

    def test_containers(self):
        for source in ("[]", "()", "(1,)", "set()", "{3, 4}", "frozenset([1])", "{1: 2, None: 3, (1, 2): 'x'}",
                       "[[[]], {'k': (1, {2})}]", "list(range(100000))", "bytearray(b'x')"):
            self.assertEqual(self.value(source), eval(source), source)

    def test_deep_shared_and_cyclic(self):
        deep = self.value("x = []\nfor i in range(100): x = [x]\nx")
        for _ in range(100):
            deep = deep[0]
        self.assertEqual(deep, [])
        shared = self.value("x = []\n[x, x]")
        self.assertIs(shared[0], shared[1])
        cycle = self.value("x = []\nx.append(x)\nx")
        self.assertIs(cycle[0], cycle)

    def test_deeper_than_pickle_goes_is_an_answer(self):
        reply = self.agent.call("x = []\nfor i in range(100000): x = [x]\nx")
        self.assertIn(reply.tag, (0, 1))
        self.assertEqual(self.value("1"), 1)

    def test_library_types(self):
        for source in ("datetime.datetime(2020, 1, 2, 3, 4, 5)", "decimal.Decimal('1.50')", "uuid.UUID(int=5)",
                       "fractions.Fraction(1, 3)", "collections.OrderedDict([(1, 2)])", "datetime.timedelta(1, 2)"):
            module = source.split(".")[0]
            expected = eval(source, {module: __import__(module)})
            self.assertEqual(self.value("import %s\n%s" % (module, source)), expected, source)

    def test_own_classes_keep_their_fields(self):
        got = self.value("class Disk(object):\n    def __init__(self): self.free = 1\nDisk()")
        self.assertEqual((type(got).__name__, got.free), ("Disk", 1))

    def test_the_last_expression_is_the_value_and_names_stay(self):
        self.assertIs(self.value("kept = 5"), None)
        self.assertEqual(self.value("kept + 1"), 6)
        self.assertEqual(self.value("def f():\n    return kept\nf()"), 5)
        self.assertEqual(self.value("if __name__ == '__main__': chosen = 1\nchosen"), 1)
        self.assertIs(self.value(""), None)
        self.assertIs(self.value("# nothing"), None)

    def test_generators_stream_and_return(self):
        reply = self.agent.call("def g():\n    yield 1\n    yield [2]\ng()")
        self.assertEqual((reply.items, reply.value), ([1, [2]], None))
        if not PY2:
            self.assertEqual(self.value("def g():\n    yield 1\n    return 7\ng()"), 7)
        reply = self.agent.call("for i in range(3): emit(i)")
        self.assertEqual(reply.items, [0, 1, 2])
        reply = self.agent.call("progress(1, 2, u'x'); progress(0.5); warn(u'careful'); 3")
        self.assertEqual((reply.progress, reply.warnings), ([(1, 2, u"x"), (0.5, None, None)], [u"careful"]))
        self.assertEqual(self.agent.call("from hailer import emit as e\ne(1)").items, [1])

    @unittest.skipIf(PY2, "2.7 has no coroutines")
    def test_coroutines(self):
        self.assertEqual(self.value("import asyncio\nasync def f():\n    await asyncio.sleep(0.01)\n    return 5\nf()"), 5)
        reply = self.agent.call("async def g():\n    yield 1\n    yield 2\ng()")
        self.assertEqual(reply.items, [1, 2])
        if sys.version_info >= (3, 8):
            self.assertEqual(self.value("x = await f()\nx + await f()"), 10)

    def test_installed_packages_can_be_imported_although_site_ran_late(self):
        self.assertTrue(self.value("import os\nbool(os.__file__)"))
        self.assertIsNot(self.value("help is None"), None)
        self.assertGreater(len(self.value("import sys\nsys.path")), 1)

    def test_named_tuples_keep_their_names(self):
        source = ("import collections\nP = collections.namedtuple('P', 'x y')\nclass Q(P):\n    pass\n"
                  "shared = P(1, 2)\n[shared, {'k': (Q([3], P(4, 5)),)}, shared]")
        for _ in range(2):
            first, inside, second = self.value(source)
            self.assertEqual((first.kind, first.names, list(first)), ("__main__.P", ("x", "y"), [1, 2]))
            self.assertIs(first, second)
            self.assertEqual((inside["k"][0].kind, inside["k"][0].fields["y"].fields), ("__main__.Q", {"x": 4, "y": 5}))
        self.assertEqual(self.value("import pickle\npickle.loads(pickle.dumps(shared, 2)) == shared"), True)

    @unittest.skipIf(PY2, "2.7 has no enum")
    def test_members_of_enums_keep_their_names(self):
        got = self.value("import enum, re\nclass C(enum.Enum):\n    RED = 'r'\nclass F(enum.IntFlag):\n    A = 1\n    B = 2\n"
                         "[C.RED, F.A, re.I, {C.RED: C.RED}]")
        self.assertEqual(got[:2], [("_enum", "__main__", "C", "RED", "r"), ("_enum", "__main__", "F", "A", 1)])
        self.assertEqual(got[2][3:], ("IGNORECASE", 2))
        self.assertEqual(got[3], {got[0]: got[0]})
        self.assertEqual(self.agent.call("F.A | F.B").tag, 0)

    @unittest.skipIf(sys.version_info < (3, 7), "there are no dataclasses")
    def test_dataclasses_are_told_as_such(self):
        got = self.value("import dataclasses\n@dataclasses.dataclass\nclass D:\n    a: int\n    b: object = None\n"
                         "@dataclasses.dataclass(frozen=True)\nclass E(D if False else object):\n    c: int = 5\n"
                         "d = D(1)\nd.b = d\n[d, E(), lambda: 1]")
        self.assertEqual((got[0].kind, got[0].state["a"]), ("__main__.D", 1))
        self.assertIs(got[0].state["b"], got[0])
        self.assertEqual((got[1].kind, got[1].state), ("__main__.E", {"c": 5}))
        self.assertEqual(type(got[2]), Opaque)
        reply = self.agent.call("@dataclasses.dataclass\nclass S(list):\n    n: int = 1\ns = S()\ns.append(7)\ns")
        self.assertEqual(reply.tag, 0)
        self.assertNotIn(b"_dataclass", reply.message)  # its items would be missing

    def test_plain_values_need_no_module_of_ours(self):
        from client import Agent

        agent = Agent().boot()
        agent.call("1"), agent.call("{'a': [1, 2.5, None, u'x', (1,)]}"), agent.call("list(range(300))")
        self.assertEqual(agent.modules, [])
        agent.end()


class Opaques(Case):
    def test_what_cannot_be_pickled_is_told_so_and_the_rest_stays(self):
        got = self.value("import threading\n[1, lambda: 2, threading.Lock(), {'k': open('/dev/null')}, (i for i in [])]")
        self.assertEqual(got[0], 1)
        # 2.7 takes a file for something that can be pickled: an instance without state arrives.
        opaques = [got[1], got[2], got[4]] + ([] if PY2 else [got[3]["k"]])
        self.assertTrue(all(type(opaque) is Opaque for opaque in opaques), got)
        self.assertIn("lambda", got[1][2])

    def test_a_broken_repr_or_reduce_is_survived(self):
        got = self.value("class B(object):\n    def __repr__(self): raise ValueError('no')\n"
                         "    def __reduce__(self): raise KeyError('x')\n[B(), 1]")
        self.assertEqual(got[1], 1)
        self.assertIn("ValueError", got[0][2])
