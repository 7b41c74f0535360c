# coding: utf-8
"""Errors arrive with type, words, the user's lines, and what led to them."""
import sys
import unittest

from case import Case
from client import PY2


class Errors(Case):
    def test_type_message_and_lines(self):
        error = self.error("def f(x):\n    return 1 / x\n\nf(0)")
        self.assertEqual(error["type"], "ZeroDivisionError")
        self.assertIn("zero", error["message"])
        frames = [(line, function, source) for _, line, function, source in error["frames"]]
        self.assertEqual(frames, [(4, "<module>", "f(0)"), (2, "f", "return 1 / x")])
        self.assertIn('File "<run>", line 2, in f', error["text"])
        self.assertNotIn("hailer", error["text"])

    def test_every_base_of_exceptions_is_a_result(self):
        for kind in ("SystemExit", "KeyboardInterrupt", "GeneratorExit", "Exception", "BaseException"):
            self.assertEqual(self.error("raise %s(u'x')" % kind)["type"], kind)
        self.assertEqual(self.value("1"), 1)

    def test_own_errors(self):
        error = self.error("class Two(Exception):\n    def __init__(self, a, b): self.b = b\nraise Two(1, 2)")
        self.assertEqual((error["type"], error["module"]), ("Two", "__main__"))
        error = self.error("def f():\n    class Local(Exception): pass\n    raise Local('x')\nf()")
        self.assertTrue(error["type"].endswith("Local"))

    def test_an_error_that_cannot_say_itself(self):
        error = self.error("class Mute(Exception):\n    def __str__(self): raise RuntimeError('no')\nraise Mute()")
        self.assertIn("RuntimeError", error["message"])

    def test_text_that_is_no_text(self):
        error = self.error("raise ValueError(b'\\xff\\xfe')")
        self.assertEqual(error["type"], "ValueError")
        self.assertEqual(self.error(u"raise ValueError(u'\\xe9')")["message"], u"\xe9")

    def test_syntax_errors_have_their_place(self):
        error = self.error("x = 1\ny = = 2")
        self.assertEqual((error["type"], error["frames"][-1][1]), ("SyntaxError", 2))
        self.assertEqual(error["frames"][-1][3].strip(), "y = = 2")
        self.assertIs(error["context"], None)

    def test_an_endless_recursion_is_bounded(self):
        error = self.error("def f(): f()\nf()")
        self.assertIn(error["type"], ("RecursionError", "RuntimeError"))
        self.assertLess(len(error["frames"]), 200)
        self.assertLess(len(error["text"]), 50000)

    @unittest.skipIf(PY2, "2.7 keeps no chain")
    def test_cause_and_context(self):
        error = self.error("try:\n    1/0\nexcept Exception as e:\n    raise KeyError('x') from e")
        self.assertEqual(error["cause"]["type"], "ZeroDivisionError")
        error = self.error("try:\n    1/0\nexcept Exception:\n    {}['x']")
        self.assertEqual(error["context"]["type"], "ZeroDivisionError")
        error = self.error("try:\n    1/0\nexcept Exception:\n    raise KeyError('x') from None")
        self.assertTrue(error["suppress"])
        error = self.error("a, b = KeyError('a'), KeyError('b')\na.__cause__ = b\nb.__cause__ = a\nraise a")
        self.assertEqual(error["cause"]["type"], "KeyError")

    @unittest.skipIf(sys.version_info < (3, 11), "groups and notes came with 3.11")
    def test_groups_and_notes(self):
        error = self.error("e = ExceptionGroup('g', [ValueError('a'), KeyError('b')])\ne.add_note('n')\nraise e")
        self.assertEqual([member["type"] for member in error["group"]], ["ValueError", "KeyError"])
        self.assertEqual(error["notes"], ["n"])

    def test_an_error_in_library_code_shows_its_lines(self):
        error = self.error("import json\njson.loads('x')")
        self.assertTrue(any("json" in file for file, _, _, source in error["frames"]), error["frames"])
        self.assertTrue(error["frames"][-1][3])

    def test_an_error_in_the_middle_of_a_stream(self):
        reply = self.agent.call("def g():\n    yield 1\n    raise ValueError('x')\ng()")
        self.assertEqual((reply.items, reply.error["type"]), ([1], "ValueError"))
