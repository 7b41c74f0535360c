# coding: utf-8
"""Records of logging: they travel with level, logger, time and text; how much of them is set on the host."""
import time
import unittest

from case import Case
from client import Agent, PY2


def told(records):
    return [(record[1], record[2], record[4]) for record in records]


class Slow(Agent):
    """A controller far away: an agent has nothing to read for a while, and does what it does then."""

    def message(self, kind, flags, channel, body):
        time.sleep(0.4)
        Agent.message(self, kind, flags, channel, body)


class FarAway(unittest.TestCase):
    def test_an_import_that_waits_keeps_nobody_from_reading(self):
        agent = Slow().boot()
        channel = agent.start("import logging\nlogging.warning('whole')\n'through'")
        self.assertEqual(agent.finish(channel, 20).value, u"through")
        self.assertEqual(told(agent.replies[channel].records), [(u"WARNING", u"root", u"whole")])
        agent.end()


class Fresh(unittest.TestCase):
    """Each with an agent of its own: logging is set up once in a process."""

    def setUp(self):
        self.agent = Agent().boot()

    def tearDown(self):
        self.agent.end()

    def logged(self, source):
        reply = self.agent.call(source)
        self.assertEqual(reply.tag, 0, reply.message)
        return told(reply.records)

    def test_nothing_imports_it_at_start(self):
        self.assertEqual(self.agent.call("import sys\n'logging' in sys.modules").value, False)
        self.assertNotIn("logs", self.agent.modules)

    def test_without_any_set_up_warnings_and_worse_arrive(self):
        code = "import logging\nlog = logging.getLogger('app.db')\nlog.info('no')\nlog.warning('a %s', 'b')\n" \
               "logging.error(u'\\xe9')\nlog.log(35, 'own')"
        before = time.time()
        reply = self.agent.call(code)
        self.assertEqual(told(reply.records), [(u"WARNING", u"app.db", u"a b"), (u"ERROR", u"root", u"\xe9"),
                                               (u"Level 35", u"app.db", u"own")])
        number, _, _, moment, _, dropped = reply.records[0]
        self.assertEqual((number, dropped), (30, 0))
        self.assertTrue(before - 60 < moment < time.time() + 60)
        self.assertEqual((reply.printed, self.agent.errors), (b"", b""))

    def test_what_people_set_up_holds(self):
        self.assertEqual(self.logged("import logging\nlogging.basicConfig(level=logging.INFO, format='%(asctime)s %(message)s')\n"
                                     "logging.info('a')\nlogging.debug('no')"), [(u"INFO", u"root", u"a")])
        self.assertEqual(self.logged(
            "class Own(logging.Formatter):\n    def format(self, record): return 'own ' + record.getMessage()\n"
            "logging.getLogger().handlers[0].setFormatter(Own())\nlogging.info('b')"), [(u"INFO", u"root", u"own b")])
        self.assertEqual(self.logged("logging.getLogger().handlers[0].setLevel(logging.ERROR)\nlogging.warning('no')"), [])
        # A handler that writes elsewhere is left alone.
        self.assertEqual(self.agent.call("import io\nto = io.BytesIO() if str is bytes else io.StringIO()\n"
                                         "log = logging.getLogger('aside')\nlog.propagate = False\n"
                                         "log.addHandler(logging.StreamHandler(to))\nlog.warning('x')\nto.getvalue()").value,
                         u"x\n" if not PY2 else b"x\n")

    def test_a_library_that_imports_it_is_caught_too(self):
        code = "import sys\ntext = 'import logging.handlers\\nlogging.getLogger(__name__).warning(\"from it\")'\n" \
               "lib = type(sys)('lib')\nsys.modules['lib'] = lib\nexec(text, lib.__dict__)"
        self.assertEqual(self.logged(code), [(u"WARNING", u"lib", u"from it")])

    def test_the_module_is_the_one_that_it_always_is(self):
        self.assertEqual(self.agent.call("import logging, logging.config, sys\nimport inspect\n"
                                         "type(logging.__loader__).__module__ if str is not bytes else 'hailer', "
                                         "sys.modules['logging'] is logging, 'def basicConfig' in inspect.getsource(logging)"
                                         ).value[1:], (True, True))

    def test_tracebacks_are_in_the_text(self):
        records = self.logged("import logging\ntry:\n    1 // 0\nexcept ZeroDivisionError:\n    logging.exception('it failed')")
        self.assertEqual(records[0][:2], (u"ERROR", u"root"))
        self.assertTrue(records[0][2].startswith(u"it failed\nTraceback ") and
                        u"ZeroDivisionError" in records[0][2].splitlines()[-1], records)

    def test_a_long_text_is_cut(self):
        text = self.logged("import logging\nlogging.warning(u'\\xe9' * 100000)")[0][2]
        self.assertTrue(15990 < len(text) < 16010 and text.endswith(u" ..."), (len(text), text[-9:]))

    def test_outside_of_calls_they_travel_on_the_link(self):
        self.agent.call("import logging, threading\nlogging.warning\n"
                        "threading.Timer(0.2, lambda: logging.getLogger('later').error('x')).start()")
        self.agent.until(lambda: self.agent.records or self.agent.ping() is None)
        self.assertEqual(told(self.agent.records), [(u"ERROR", u"later", u"x")])

    def test_a_record_that_cannot_be_made_stops_nothing(self):
        reply = self.agent.call("import logging\nlogging.warning('%d', 'x')\n1")
        self.assertEqual((reply.value, reply.records), (1, []))
        self.agent.stderr(b"TypeError")

    def test_a_forked_child_writes_text(self):
        self.agent.call("import logging, os\npid = os.fork()\nif not pid:\n    logging.warning('of the child')\n    os._exit(0)\n"
                        "os.waitpid(pid, 0)")
        self.agent.stderr(b"of the child")

    def test_no_credit_never_stops_a_call_for_long(self):
        self.agent.credit = False
        began = time.time()
        reply = self.agent.call("import logging\nfor n in range(2000): logging.warning('%d %s', n, 'x' * 1000)\nNone")
        self.assertEqual(reply.tag, 0)
        self.assertTrue(1.9 < time.time() - began < 60, time.time() - began)
        self.assertTrue(100 < len(reply.records) < 300, len(reply.records))
        records = self.agent.call("logging.warning('after')").records
        self.assertEqual(records[-1][5], 2000 - len(reply.records))


class Levels(Case):
    def test_the_tool(self):
        self.assertEqual(told(self.run_it("Logger.log('warning', 'a %s', 1)\nLogger.log('info', 'no')").records),
                         [(u"WARNING", u"root", u"a 1")])
        self.assertEqual(self.value("Logger.level()"), u"WARNING")
        reply = self.run_it("Logger.level('debug')")
        self.assertEqual((reply.value, reply.records), (u"DEBUG", []))
        self.assertEqual(told(self.run_it("import logging\nlogging.getLogger('x').debug('now')").records),
                         [(u"DEBUG", u"x", u"now")])
        self.assertEqual(self.value("Logger.level('ERROR', 'x'), Logger.level(logger='x'), Logger.level()"),
                         (u"ERROR", u"ERROR", u"DEBUG"))
        self.assertEqual(told(self.run_it("Logger.set_log_level('Error')").records)[0][0], u"INFO")
        self.assertEqual(self.value("Logger.level()"), u"ERROR")
        error = self.error("Logger.set_log_level('loud')")
        self.assertEqual(error["type"], "ValueError")
        self.assertTrue(error["message"].startswith("Invalid log level: loud"), error["message"])


if __name__ == "__main__":
    unittest.main()
