# coding: utf-8
"""Tools: in scope without import, loaded when named; and classes of one's own."""
import sys
import unittest

from case import Case, ReachCase
from client import PY2, Agent

COUNTER = """
class Counter(Tool):
    total = 0
    def add(self, n=1):
        '''Adds.'''
        self.total += n
        return self.total
    @classmethod
    def made(cls):
        cls.total += 100
        return cls.__name__
    @staticmethod
    def plus(a, b=2):
        return a + b
    def items(self):
        for n in range(3):
            yield n
    def who(self):
        return type(self).__name__
class Derived(Counter):
    def add(self, n=1):
        return super(Derived, self).add(n) * 10
    def both(self, n):
        return Counter.who(self), self.who()
"""


class Scope(Case):
    def test_a_tool_is_loaded_when_it_is_named_and_not_before(self):
        agent = Agent().boot()
        agent.call("1")
        self.assertEqual(agent.modules, [])
        self.assertEqual(agent.call("def f():\n    return [Exec.command('true').rc for _ in [1]]\nf()").value, [0])
        self.assertIn("commands", agent.modules)
        count = len(agent.modules)
        agent.call("f(), bool(Exec), bool(Quit)")
        self.assertEqual(len(agent.modules), count)
        agent.end()

    def test_the_users_own_names_win(self):
        agent = Agent().boot()
        self.assertEqual(agent.call("Exec = 5\ndef process(): return 6\nExec, process()").value, (5, 6))
        self.assertEqual(agent.call("Exec, process()").value, (5, 6))
        self.assertEqual(agent.call("def f(Tool=1):\n    Quit = 2\n    return Tool, Quit\nf()").value, (1, 2))
        agent.end()

    def test_modules_import_them(self):
        self.assertEqual(self.value("from hailer import Tool as T, process as p\nimport hailer\n"
                                    "hailer.Exec.command('true').rc, T.__name__, p('true').rc"), (0, "Tool", 0))
        agent = Agent().boot()
        self.assertIs(agent.call("from hailer import *\n'Exe' + 'c' in dir()").value, False)
        self.assertNotIn("commands", agent.modules)
        agent.end()


class Own(Case):
    def test_methods_of_every_kind(self):
        self.value(COUNTER)
        self.assertEqual(self.value("Counter.add(), Counter.add(5), Counter.total"), (1, 6, 0))
        self.assertEqual(self.value("Counter.add()"), 7)  # what it keeps lasts as long as the link
        self.assertEqual(self.value("Counter.made(), Counter.total, Derived.made()"), ("Counter", 100, "Derived"))
        self.assertEqual(self.value("Counter.plus(1), Counter.plus(b=1, a=3), Counter().add.__doc__, Counter.add.__doc__"),
                         (3, 4, "Adds.", "Adds."))
        self.assertEqual(self.agent.call("Counter.items()").items, [0, 1, 2])
        self.assertIs(self.value("Counter() is Counter()"), True)

    def test_inheritance(self):
        self.value(COUNTER)
        self.assertEqual(self.value("Derived.who(), Counter.who(), Derived.add(2), Derived.both(1), Derived.plus(5)"),
                         ("Derived", "Counter", 20, ("Derived", "Derived"), 7))

    def test_the_rules(self):
        error = self.error("class Bad(Tool):\n    def __init__(self): pass\n")
        self.assertEqual(error["type"], "TypeError")
        self.assertIn("__init__ cannot be defined in a Tool", error["message"])
        self.assertEqual(self.error("class E(Tool):\n    def m(self): return self.n\nE.m()")["type"], "AttributeError")
        self.assertEqual(self.error("class F(Tool): pass\nF.nothing()")["type"], "AttributeError")
        self.assertEqual(self.error("F(1)")["type"], "TypeError")
        self.assertIn("def m(self): 1/0", self.error("class G(Tool):\n    def m(self): 1/0\nG.m()")["text"])

    def test_same_name_in_two_modules(self):
        self.value("import sys\nfor n, home in enumerate(('one', 'two')):\n    m = type(sys)(home)\n    sys.modules[home] = m\n"
                   "    exec('from hailer import Tool\\nclass Same(Tool):\\n    def say(self): return %d' % n, m.__dict__)")
        self.assertEqual(self.value("import one, two\none.Same.say(), two.Same.say()"), (0, 1))

    @unittest.skipIf(PY2, "2.7 has no coroutines")
    def test_asynchronous_methods(self):
        self.value("import asyncio\nclass A(Tool):\n    n = 1\n    async def wait(self, x):\n        await asyncio.sleep(0)\n"
                   "        return self.n + x\n    async def stream(self):\n        for n in (4, 5):\n            yield n\n"
                   "    @staticmethod\n    async def still(): return 8\n    @classmethod\n    async def of(cls): return cls.n\n")
        self.assertEqual(self.value("A.wait(2)"), 3)
        self.assertEqual(self.agent.call("A.stream()").items, [4, 5])
        self.assertEqual((self.value("A.still()"), self.value("A.of()")), (8, 1))

    def test_what_a_host_lacks_is_named(self):
        self.value("from hailer import tool, Unsupported\nclass S(Tool):\n    def go(self): return tool.need_program('no-such', 'S.go')")
        error = self.error("S.go()")
        self.assertEqual(error["type"], "Unsupported")
        self.assertRegex(error["message"], "^S.go needs the program no-such, which this host .+ does not have$")
        self.assertIs(self.value("try:\n    S.go()\nexcept NotImplementedError:\n    r = True\nr"), True)
        self.assertIn("S.go needs /no/file", self.error("tool.need_file('/no/file', 'S.go')")["message"])
        self.assertEqual(self.value("tool.need_program('sh', 'S.go')[-3:]"), "/sh")

    def assertRegex(self, *given):
        import re

        text, pattern = given[-2:]
        self.assertTrue(re.search(pattern, text), text)

    @unittest.skipIf(PY2, "2.7 has no enum")
    def test_enums_inside_and_outside(self):
        self.value("import enum\nclass Outside(enum.IntEnum):\n    ON = 1\nclass E(Tool):\n    class Inside(enum.Enum):\n"
                   "        RED = 'r'\n    def get(self, which=Outside.ON):\n        return [which.name, self.Inside.RED.value]")
        self.assertEqual(self.value("E.get(), E.Inside.RED.value"), (["ON", "r"], "r"))

    def test_results_are_the_same_on_every_python(self):
        got = self.value("from hailer import tool\n[tool.Change('/x', True, '')]")[0]
        self.assertEqual((got.kind, got.names, list(got)), ("hailer.tool.Change", ("path", "changed", "diff"), ["/x", True, ""]))
        self.assertEqual(self.value("c = tool.Change(path='/x', changed=False, diff='')\nbool(c), c.path, c == c, repr(c)"),
                         (False, "/x", True, "Change(path='/x', changed=False, diff='')"))
        self.assertEqual(self.error("c.path = 'y'")["type"] in ("FrozenInstanceError", "AttributeError"), True)
        self.assertEqual(self.value("import copy\ncopy.deepcopy([c])[0] is c"), True)


class Shipped(ReachCase):
    def test_tools_go_to_hosts_that_code_opens(self):
        self.value("from hailer import Local\nt = Local('a')")
        self.assertEqual(self.value("t.call(Exec.command, 'echo', 'there').stdout"), u"there\n")
        self.value(COUNTER)
        self.assertEqual(self.value("t.call(Counter.plus, 1), t.call(Counter.made), t.call(Counter.add, 4)"), (3, "Counter", 4))
        self.assertEqual(self.value("def f():\n    return process('echo', 'x', capture_output=True)\n"
                                    "r = t.call(f)\nr.rc, r.stdout, r.args"), (0, b"x\n", ("echo", "x")))
        self.assertEqual(self.value("r").fields, {"args": ("echo", "x"), "rc": 0, "stdout": b"x\n", "stderr": b""})
        self.assertEqual(self.value("def g():\n    return Local('b').call(f)\nfrom hailer import Local\nt.call(g).rc"), 0)


if __name__ == "__main__":
    unittest.main()
