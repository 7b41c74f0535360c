"""Groups and queues: many hosts at once, and each one's failure its own."""
import time
import unittest

from case import ReachCase
from controller import Controller


class Groups(ReachCase):
    @classmethod
    def setUpClass(cls):
        super(Groups, cls).setUpClass()
        cls.agent.call("from hailer import *\nimport os, time\ng = Group([Local(n) for n in 'abc'])", "<setup>")

    def test_all_at_once_from_one_thread(self):
        self.value("g.connect()")
        # Each host waits until all three are there.
        self.value("import tempfile\nd = tempfile.mkdtemp()\ndef meets(folder):\n    import os, time\n"
                   "    open('%s/%d' % (folder, os.getpid()), 'w').close()\n    end = time.time() + 40\n"
                   "    while len(os.listdir(folder)) < 3 and time.time() < end:\n        time.sleep(0.01)\n"
                   "    return len(os.listdir(folder))")
        self.assertEqual(self.value("r = g.call(meets, d)\nlist(r.items())"), [("a", 3), ("b", 3), ("c", 3)])
        self.assertEqual(self.value("len(set(g.call(os.getpid).values()))"), 3)

    def test_one_failure_is_an_error_result(self):
        self.value("def f(p):\n    import os\n    return 1 // (os.getpid() - p)\npids = g.call(os.getpid)")
        got = self.value("r = g.call(f, pids['b'])\n[h for h, _ in r.successful()], [(h, e.type, e.host, e.msg, e.tb) for h, e in "
                         "r.failures()], sorted(r.iteritems())[0]")
        self.assertEqual(got[0], ["a", "c"])
        host, kind, of, msg, trace = got[1][0]
        self.assertEqual((host, kind, of), ("b", "ZeroDivisionError", "b"))
        self.assertIn("return 1 //", trace)
        self.assertIn("b raised ZeroDivisionError", msg)
        error = self.error("r.raise_failures()")
        self.assertEqual(error["type"], "RemoteException")
        self.assertTrue(error["message"].startswith("1/3 hosts had failures:\n\n[b] host b raised"), error["message"])
        self.assertIs(self.value("g.call(os.getpid).raise_failures()"), None)

    def test_never_none_when_all_fail(self):
        self.value("bad = Group(['web1', 'web2'])\nr = bad.call(os.getpid)")
        self.assertEqual(self.value("[(h, type(v).__name__) for h, v in r.items()], sorted(bad.connection_errors)"),
                         ([("web1", "ErrorResult"), ("web2", "ErrorResult")], ["web1", "web2"]))
        count = len(self.agent.verbs)
        self.value("bad.call(os.getpid)")
        self.assertEqual(len(self.agent.verbs), count)
        self.value("bad.connect()")
        self.assertEqual(len(self.agent.verbs), count + 2)

    def test_a_function_that_cannot_go_raises_at_once(self):
        self.assertIn("cannot be sent", self.error("Group(['x']).call(len, open('/dev/null'))")["message"])

    def test_with_and_close(self):
        self.assertEqual(self.value("with Group([Local('w1'), Local('w2')]) as w:\n    c = [t.connected for t in w.tunnels]\n"
                                    "c, [t.connected for t in w.tunnels]"), ([True, True], [False, False]))

    def test_filter(self):
        self.value("pids = g.call(os.getpid)\ndef is_b():\n    import os\n    return os.getpid() == pids['b']")
        self.assertEqual(self.value("repr(g.filter(is_b)), [t.host for t in g.filter(is_b, exclude=True).tunnels]"),
                         ("Group([Local('b')])", ["a", "c"]))
        self.assertEqual(self.error("Group(['nowhere']).filter(is_b)")["type"], "RemoteException")

    def test_operators(self):
        self.value("a, b, c = g.tunnels\nab, bc = Group([a, b]), Group([b, c])\nnames = lambda x: ''.join(t.host for t in x.tunnels)")
        for source, hosts in (
            ("ab | bc", "abc"), ("bc + ab", "bca"), ("ab & bc", "b"), ("ab - bc", "a"), ("ab ^ bc", "ac"), ("a | b", "ab"),
            ("a + bc", "abc"), ("ab - b", "a"), ("bc.union(a)", "bca"), ("ab.intersection(b)", "b"),
            ("ab.difference(bc)", "a"), ("a.symmetric_difference(ab)", "b"), ("Group([a, Local('a'), ab])", "ab"),
        ):
            self.assertEqual(self.value("names(%s)" % source), hosts, source)
        self.assertEqual(self.error("ab | 3")["type"], "TypeError")
        self.value("bad = Group(['web1'])\nbad.connect()")
        self.assertEqual(self.value("list((ab | bad).connection_errors), list((bad - bad).connection_errors)"), (["web1"], []))

    def test_hosts_of_one_name_are_told_apart(self):
        self.assertEqual(self.value("list(Group([Local('x'), Sudo(name='x')]).call(len, ''))"),
                         ["Local('x')", "Sudo('x')"])
        self.assertEqual(self.value("list(Group([Local('x', via=g.tunnels[0]), Local('x', via=g.tunnels[1])]).call(len, ''))"),
                         ["a/x", "b/x"])

    def test_an_interrupt_loses_no_connection(self):
        self.value("pids = g.call(os.getpid)")
        count = len(self.agent.verbs)
        call = self.agent.start("g.call(time.sleep, 60)")
        self.agent.until(lambda: len(self.agent.verbs) == count + 3)
        begun = time.time()
        self.agent.cancel(call)
        self.assertEqual(self.agent.finish(call).tag, 2)
        self.assertLess(time.time() - begun, 30)
        self.assertTrue(self.value("g.call(os.getpid) == pids"))

    def test_an_interrupt_during_connects(self):
        call = self.agent.start("half = Group([Local('h1'), Local('never'), Local('h2')])\nhalf.connect()")
        up = lambda: [child.path[0] for child in self.agent.targets.values() if not child.opening]
        self.agent.until(lambda: {"h1", "h2"}.issubset(up()))
        self.agent.wait(0.3)
        self.agent.cancel(call)
        self.assertEqual(self.agent.finish(call).tag, 2)
        self.assertEqual(self.value("[t.connected for t in half.tunnels]"), [True, False, True])

    def test_many(self):
        self.value("many = Group([Local('m%d' % n) for n in range(12)])")
        self.assertEqual(self.value("sum(many.call(len, 'abc').values())"), 36)
        self.value("many.close()")


class Queues(ReachCase):
    @classmethod
    def setUpClass(cls):
        super(Queues, cls).setUpClass()
        cls.agent.call("from hailer import *\nimport os, time\na, b = Local('a'), Local('b')\ng = Group([a, b])", "<setup>")

    def test_order_for_a_host_and_none_between_hosts(self):
        self.value("log = []\nq = Queue()\ndef note(w):\n    return lambda value: log.append(w)\n"
                   "q.connect(g)\n"
                   "q.call(a, time.sleep, 0.4).with_callback(note('a1'))\nq.call(a, len, '').with_callback(note('a2'))\n"
                   "q.call(b, len, '').with_callback(note('b1'))\nq.call(b, len, '').with_callback(note('b2'))\nq.run()")
        self.assertEqual(self.value("log"), ["b1", "b2", "a1", "a2"])

    def test_values(self):
        self.assertEqual(self.error("q = Queue()\nr = q.call(a, len, 'xy')\nr.value")["type"], "NotCompleted")
        self.assertEqual(self.value("s = q.call(g, len, 'x')\nq.run()\nr.value, dict(s.value), type(s.value).__name__"),
                         (2, {"a": 1, "b": 1}, "GroupResult"))
        self.assertEqual(self.error("r.with_callback(len)")["type"], "ValueError")
        self.assertEqual(self.error("q.call('a', len, '')")["type"], "TypeError")
        self.assertEqual(self.value("r = q.call(a, len, 3)\nq.run()\nr.value.type"), "TypeError")

    def test_callbacks_add_more(self):
        self.value("q = Queue()\ngot = []\ndef more(n):\n    got.append(n)\n    if n < 5:\n        "
                   "q.call(b if n % 2 else a, len, 'x' * (n + 1)).with_callback(more)\n"
                   "q.call(a, len, 'x').with_callback(more)\nq.run()")
        self.assertEqual(self.value("got"), [1, 2, 3, 4, 5])

    def test_a_bad_callback_is_reported_and_stops_nothing(self):
        self.value("q = Queue()\nq.call(a, len, '').with_callback(lambda v: 1 // 0)\nr = q.call(a, len, 'x')\nq.run()")
        self.assertEqual(self.value("r.value"), 1)
        self.assertIn(b"a callback of a queue failed", self.agent.stderr(b"ZeroDivisionError"))

    def test_what_follows_a_failed_connect_fails_cleanly(self):
        self.value("q = Queue()\nx = SSH('web1')\nrs = [q.call(x, len, ''), q.put(x, '/etc/hostname'), q.call(a, len, '')]\nq.run()")
        self.assertEqual(self.value("[getattr(r.value, 'msg', r.value) for r in rs]"),
                         ["host web1 could not be reached (start): there is no ssh here\n    its own words"] * 2 + [0])
        self.assertEqual([verb[0] for verb in self.agent.verbs if verb[-1] == "web1"], ["open"])

    def test_files(self):
        self.value("import tempfile\nd = tempfile.mkdtemp()\nopen(d + '/x', 'w').write('words')\nq = Queue()\n"
                   "q.put(g, d + '/x', d + '/y')\nr = q.fetch(g, d + '/y', d + '/{host}')\nq.run()")
        self.assertEqual(self.value("sorted(os.listdir(d)), r.value['a']['size']"), (["a", "b", "x", "y"], 5))

    def test_an_interrupt_leaves_what_has_not_begun(self):
        count = len(self.agent.verbs)
        call = self.agent.start("q = Queue()\nr = q.call(a, time.sleep, 60)\ns = q.call(a, len, 'x')\nq.run()")
        self.agent.until(lambda: len(self.agent.verbs) > count)
        self.agent.cancel(call)
        self.assertEqual(self.agent.finish(call).tag, 2)
        self.assertEqual(self.value("r.value.type"), "KeyboardInterrupt")
        self.assertEqual(self.error("s.value")["type"], "NotCompleted")
        self.assertEqual(self.value("q.run()\ns.value"), 1)


class Facts(unittest.TestCase):
    def test_facts(self):
        import sys

        agent = Controller().boot()
        agent.call("from hailer import Local, facts\nt = Local('a')")
        value = agent.call("t.call(facts.python_version), t.call(facts.python_version, short=True)").value
        self.assertEqual(value, (list(sys.version_info), list(sys.version_info)[:2]))
        self.assertEqual(agent.call("t.call(facts.python_executable)").value, agent.call("import sys\nsys.executable").value)
        address, routes = agent.call("t.call(facts.ip), t.call(facts.routes)").value
        self.assertTrue(address is None or address.count(".") == 3, address)
        with open("/proc/net/route") as file:
            self.assertEqual(len(routes), len(file.readlines()) - 1)
        for route in routes:
            self.assertTrue(route["destination"] == "default" or "/" in route["destination"], route)
        agent.end()
