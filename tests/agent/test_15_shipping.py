# coding: utf-8
"""Functions on other hosts: what goes along with them, and what cannot."""
import unittest

from case import ReachCase
from client import PY2


class Shipping(ReachCase):
    @classmethod
    def setUpClass(cls):
        super(Shipping, cls).setUpClass()
        cls.agent.call("from hailer import *\nt = Local('a')", "<setup>")

    def test_a_function_and_what_it_names(self):
        self.value(
            "import os.path\nimport xml.dom.minidom\nfrom math import sqrt\nFACTOR = 3\n"
            "def helper(x):\n    return x * FACTOR\n\n# a comment\n"
            "def main(x, y=FACTOR):\n    '''Words.'''\n    return helper(x) + y, sqrt(16), os.path.basename('/a/b'), "
            "xml.dom.minidom.Document.__name__\n"
        )
        self.assertEqual(self.value("t.call(main, 2)"), (9, 4.0, "b", "Document"))
        self.value("FACTOR = 5")
        self.assertEqual(self.value("t.call(main, 2)[0]"), 15)

    def test_by_name(self):
        self.assertEqual(self.value("import math\nt.call(math.sqrt, 9), t.call(len, 'abc'), t.call(str.upper, 'x'), "
                                    "t.call('a-b'.split, '-'), t.call(sorted, [2, 1], key=abs)"),
                         (3.0, 3, "X", ["a", "b"], [1, 2]))
        self.assertEqual(self.value("import datetime\nt.call(datetime.date.fromordinal, 1)").year, 1)
        self.assertEqual(self.value("import functools\nt.call(functools.partial(max, 7, key=abs), -9)"), -9)

    def test_recursive_and_mutual(self):
        self.value("def even(n): return n == 0 or odd(n - 1)\ndef odd(n): return n != 0 and even(n - 1)")
        self.assertEqual(self.value("t.call(even, 10), t.call(odd, 10)"), (True, False))

    def test_decorators_are_kept(self):
        self.value(
            "import functools\ndef twice(by):\n    def wrap(f):\n        @functools.wraps(f)\n"
            "        def inner(*a):\n            return [f(*a)] * by\n        return inner\n"
            "    return wrap\n\n@twice(\n    by=2)\ndef f(x):\n    return x\n"
        )
        self.assertEqual(self.value("f(1), t.call(f, 1)"), ([1, 1], [1, 1]))

    def test_classes(self):
        self.value("import collections\nclass Base(object):\n    z = 1\n\n    class Inner(object):\n        pass\n\n"
                   "class Point(Base):\n    def __init__(self, x):\n        self.x = x\n    def more(self):\n"
                   "        return self.x + self.z\n    @classmethod\n    def made(cls):\n        return cls(7)\n")
        self.assertEqual(self.value("def f(p): return p.more()\nt.call(f, Point(4))"), 5)
        self.assertEqual(self.value("t.call(Point(5).more)"), 6)
        self.assertEqual(self.value("p = t.call(Point.made)\np.x, type(p).__name__, repr(p)"), (7, "Point", "Point(x=7)"))
        self.assertEqual(self.value("def g(): return [Point(n) for n in range(3)]\n[p.x for p in t.call(g)]"), [0, 1, 2])

    def test_classes_that_no_class_statement_made(self):
        self.value("import collections\nPair = collections.namedtuple(\n    'Pair',\n    'a b')\ndef f(p): return Pair(p.b, p.a)")
        self.assertEqual(self.value("p = t.call(f, Pair(1, 2))\np[0], p[1], len(p), type(p).__name__"), (2, 1, 2, "Pair"))
        if not PY2:
            self.value("class Again: x = 1")
            self.value("class Again: x = 2\ndef f(): return Again.x")
            self.assertEqual(self.value("t.call(f)"), 2)

    def test_a_function_that_was_renamed(self):
        self.value("def f(x): return x\nf.__name__ = 'other'\ndef g(x): return f(x)")
        self.assertEqual(self.value("t.call(f, 1), t.call(g, 2)"), (1, 2))

    def test_lambdas(self):
        self.assertEqual(self.value("t.call(lambda x: x + 1, 2)"), 3)
        self.assertEqual(self.value("a, b = (lambda x, y=(1, 2): {x: y[1]}), (lambda: 'b')\nt.call(a, 1), t.call(b)"),
                         ({1: 2}, "b"))
        self.assertEqual(self.value("f = [lambda: u'\\xe9,', lambda:\\\n  lambda a, b: a][0]\nt.call(f)"), u"\xe9,")
        self.assertEqual(self.value(u"'\xe9'; f = lambda x: (x if x else\n  0)\nt.call(f, 3)"), 3)
        self.assertEqual(self.value("def outer(k):\n    return lambda x: x * k\nt.call(outer(3), 2)"), 6)
        self.assertEqual(self.value("t.call(sorted, [3, 1], key=lambda n: -n)"), [3, 1])

    def test_closures(self):
        self.value("def outer(k, words):\n    def helper(n):\n        return n + 1\n    def inner(x):\n"
                   "        text = '''a\n  b'''\n        return helper(x) * k, words, text\n    return inner\n")
        self.assertEqual(self.value("t.call(outer(2, ['w']), 3)"), (8, ["w"], "a\n  b"))
        self.value("def outer(k):\n    def fact(n):\n        return k if n == 0 else n * fact(n - 1)\n    return fact\n")
        self.assertEqual(self.value("t.call(outer(2), 3)"), 12)
        self.value("def outer():\n    import os\n    if True:\n        def inner():\n            return os.sep\n"
                   "    else:\n        pass\n    return inner\n")
        self.assertEqual(self.value("t.call(outer())"), "/")

    def test_what_cannot_go_is_named(self):
        for source, words in (
            ("import threading\nlock = threading.Lock()\ndef f(): return lock\nt.call(f)", "lock, which f names,"),
            ("def o():\n    import threading\n    l = threading.Lock()\n    def f(): return l\n    return f\nt.call(o())",
             "l, which f holds,"),
            ("t.call(3)", "3 is no function"),
            ("t.call(len, open('/dev/null'))", "cannot be sent"),
            ("exec('def g(): pass')\nt.call(g)", "no longer known"),
        ):
            error = self.error(source)
            self.assertIn(words, error["message"])
            self.assertIn(error["type"], ("TypeError", "NotShippable"))
            self.assertIn("File \"<run", error["text"])

    def test_a_source_that_changed_is_not_mistaken(self):
        self.agent.call("def f(): return 1", "<same>")
        self.agent.call("def g(): return 2", "<same>")
        self.assertIn("has changed", self.error("t.call(f)")["message"])
        self.assertEqual(self.value("t.call(g)"), 2)

    def test_main_is_another_there(self):
        self.assertEqual(self.value("def f():\n    global kept\n    kept = 1\n    return __name__\n"
                                    "t.call(f) not in ('__main__', None)"), True)
        self.assertEqual(self.value("def g():\n    import __main__\n    return hasattr(__main__, 'kept')\nt.call(g)"), False)

    def test_strings_and_bytes(self):
        self.value("def kind(x): return type(x).__name__, x")
        for words in ("'abc'", "u'\\xe9'", "b'\\xff\\x00'", "''", "u'\\ud800'" if PY2 else "u'\\U0001f600'"):
            self.assertTrue(self.value("t.call(kind, %s)[1] == %s" % (words, words)), words)

    def test_futures(self):
        self.value("from __future__ import division\ndef f(): return 1 / 2\n")
        self.assertEqual(self.value("t.call(f)"), 0.5)

    def test_generators_and_streams(self):
        self.assertEqual(self.value("def g(n):\n    for i in range(n):\n        yield i\nt.call(g, 3), t.call(g, 0)"),
                         ([0, 1, 2], []))
        self.assertEqual(self.value("def g():\n    emit(1)\n    progress(1, 2)\n    return 'end'\nt.call(g)"), "end")
        reply = self.agent.call("def w():\n    warn('careful')\nt.call(w)", "<warning>")
        self.assertEqual(reply.warnings, [u"a: careful"])

    @unittest.skipIf(PY2, "2.7 has no coroutines")
    def test_coroutines(self):
        self.assertEqual(self.value("import asyncio\nasync def f(x):\n    await asyncio.sleep(0)\n    return x\nt.call(f, 4)"), 4)

    def test_big_arguments_and_results(self):
        self.value("def f(x): return x + x")
        self.assertEqual(self.value("len(t.call(f, u'x' * (5 << 20)))"), 10 << 20)

    def test_recursion_from_shipped_text(self):
        self.value("def leaf(x):\n    return x * scale\nscale = 10\n"
                   "def mid(x):\n    from hailer import Local\n    return Local('leaf').call(leaf, x), Group([Local('l2')]).call(leaf, x)\n")
        self.assertEqual(self.value("r = t.call(mid, 2)\nr[0], dict(r[1]), type(r[1]).__name__, list(r[1].successful())"),
                         (20, {"l2": 20}, "GroupResult", [("l2", 20)]))

    def test_a_traceback_shows_shipped_lines(self):
        self.value("def low(x):\n    raise KeyError(x)\ndef high(x):\n    low(x)\n")
        text = self.value("try:\n    t.call(high, 'k')\nexcept RemoteException as e:\n    got = e.traceback\ngot")
        self.assertIn("low(x)\n", text)
        self.assertIn("raise KeyError(x)\nKeyError: ", text)
        self.assertNotIn("_receive", text)

    def test_nothing_is_left_there(self):
        self.value("def f(): return 1\nfor _ in range(20):\n    r = t.call(f)")
        count = "def n():\n    import sys\n    return len([m for m in sys.modules if m.startswith('__shipped_')])\nt.call(n)"
        self.assertEqual(self.value(count), 1)
