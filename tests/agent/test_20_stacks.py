"""Where running calls stand, told without stopping them."""
import sys
import time
import unittest

from case import Case


class Stacks(Case):
    def stands(self, source, words):
        """What is told of a call once it holds these words; the call is cancelled then."""
        channel = self.agent.start(source, "<run 7>")
        end = time.time() + 20
        while True:
            told = self.value("stacks('<run 7>')") or u""
            if words in told or time.time() > end:
                break
            time.sleep(0.02)
        self.agent.cancel(channel)
        self.agent.finish(channel)
        self.assertIn(words, told)
        return told

    def test_nothing_runs(self):
        self.assertIsNone(self.value("stacks()"))

    def test_a_call_that_waits_in_the_system(self):
        told = self.stands("import time\ndef work():\n    time.sleep(1000)\nwork()", u"work  <run 7>:3  time.sleep(1000)")
        lines = told.split("\n")
        self.assertEqual(lines[-1], u"<module>  <run 7>:4  work()")
        self.assertNotIn(u"hailer/", told)

    def test_a_call_that_computes(self):
        self.stands("def spin():\n    while True:\n        pass\nspin()", u"spin  <run 7>:")

    @unittest.skipIf(sys.version_info < (3, 8), "no top-level await")
    def test_a_coroutine_that_waits(self):
        told = self.stands("import asyncio\nasync def inner():\n    await asyncio.sleep(1000)\nasync def outer():\n    await inner()\n"
                           "await outer()", u"inner  <run 7>:3  await asyncio.sleep(1000)")
        self.assertIn(u"outer  <run 7>:5  await inner()", told)

    def test_all_calls_but_the_one_that_asks(self):
        channel = self.agent.start("import time\ntime.sleep(1000)", "<run 8>")
        end = time.time() + 20
        told = u""
        while u"<run 8>:2" not in told and time.time() < end:
            told = self.value("stacks()") or u""
        self.assertIn(u"<run 8>:\n<module>  <run 8>:2  time.sleep(1000)", told)
        self.agent.cancel(channel)
        self.agent.finish(channel)


if __name__ == "__main__":
    unittest.main()
