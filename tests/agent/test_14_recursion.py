# coding: utf-8
"""Hosts that host code opens: tunnels, what goes wrong with them, and how deep they may go."""
import sys
import time
import unittest

from case import ReachCase
from client import PY2
from controller import Controller, other_python

OTHER = other_python()


class Tunnels(ReachCase):
    def setUp(self):
        self.agent.verbs[:] = []

    def test_nothing_is_fetched_until_it_is_used(self):
        agent = Controller().boot()
        agent.call("import hailer\nhasattr(hailer, 'nothing')")
        self.assertEqual(agent.modules, [])
        self.assertEqual(agent.call("hailer.DEPTH_LIMIT").value, 2)
        self.assertIn("tunnel", agent.modules)
        agent.end()

    def test_every_way_to_import(self):
        names = "BaseTunnel, Tunnel, SSH, Local, Docker, Podman, Kube, NSenter, Sudo, Su, Doas, Command, Group, " \
            "GroupResult, ErrorResult, Queue, AsyncResult, NotCompleted, RemoteException, DepthLimitExceeded, facts"
        self.value("from hailer import " + names)
        self.value("from hailer.group import Group as G\nassert G is Group")
        self.value("import hailer.tunnel, hailer.queue, hailer.facts\nassert hailer.tunnel.SSH is SSH is Tunnel")
        self.value("from hailer import *\nassert hailer.queue.Queue is Queue")
        self.assertEqual(self.error("import hailer.nothing")["type"].replace("ModuleNotFound", "Import"), "ImportError")
        self.assertEqual(self.error("from hailer import nothing")["type"], "ImportError")

    def test_a_call(self):
        self.value("from hailer import Local\nimport os\nt = Local('a')")
        self.assertEqual(self.agent.verbs, [])
        here, there = self.value("os.getpid(), t.call(os.getpid)")
        self.assertNotEqual(here, there)
        self.assertEqual(self.value("t.call(os.getpid)"), there)
        self.assertEqual([verb[0] for verb in self.agent.verbs], ["open", "call", "call"])
        self.assertEqual(self.agent.verbs[0][1:], (None, {"kind": "local", "name": "a"}, "a"))
        self.assertEqual(self.value("t.path, t.host, t.connected, repr(t)"), (["a"], "a", True, "Local('a')"))

    def test_close_and_again(self):
        self.value("from hailer import Local\nimport os")
        first = self.value("with Local('b') as t: pid = t.call(os.getpid)\npid")
        with self.assertRaises(OSError):
            import os

            os.kill(first, 0)
        self.assertFalse(self.value("t.connected"))
        self.assertNotEqual(self.value("t.call(os.getpid)"), first)

    def test_a_tunnel_that_nobody_holds_is_closed(self):
        self.value("from hailer import Local\nimport os\nLocal('gone').call(os.getpid)\nLocal('c').call(os.getpid)")
        self.agent.until(lambda: [verb[0] for verb in self.agent.verbs].count("close") >= 1)

    def test_errors(self):
        source = "from hailer import Local, RemoteException\nt = Local('d')\ndef f(x):\n    return 1 / x\n" \
            "try:\n    t.call(f, 0)\nexcept RemoteException as e:\n    got = e\n"
        got = self.value(source + "got.type, got.message, got.traceback, got.host, str(got)")
        self.assertEqual((got[0], got[3]), ("ZeroDivisionError", "d"))
        self.assertIn("zero", got[1])
        self.assertIn('File "<shipped f>", line 2, in f\n    return 1 / x', got[2])
        self.assertEqual(got[2].count("File"), 1, got[2])
        self.assertTrue(got[4].startswith("host d raised ZeroDivisionError: "), got[4])
        error = self.error("t.call(f, 0)")
        self.assertEqual((error["type"], error["module"]), ("RemoteException", "hailer.failure"))
        self.assertNotIn("hailer/", error["text"])

    def test_a_host_that_cannot_be_opened(self):
        source = "from hailer import SSH, RemoteException\ntry:\n    SSH('web1').call(len, '')\n" \
            "except RemoteException as e:\n    got = e.host, e.stage, e.why, e.said, str(e)\ngot"
        got = self.value(source)
        self.assertEqual(got[:4], ("web1", "start", "there is no ssh here", "its own words\n"))
        self.assertEqual(got[4], "host web1 could not be reached (start): there is no ssh here\n    its own words")

    def test_the_hops(self):
        source = "from hailer import *\ndef hop(t):\n    try:\n        t.connect()\n    except RemoteException: pass\n"
        self.value(source + "bastion = Local('bastion')")
        for tunnel, hop in (
            ("SSH('h')", {"kind": "ssh", "host": "h"}),
            ("SSH('h', 'u', '22', identity='i', ssh_options=['-v'], python='p')",
             {"kind": "ssh", "host": "h", "user": "u", "port": 22, "identity": "i", "ssh_options": ["-v"], "python": "p"}),
            ("Docker('c')", {"kind": "docker", "container": "c"}),
            ("Docker('c', 'image', rm=False)", {"kind": "docker-run", "image": "image", "name": "c", "rm": False}),
            ("Podman('c')", {"kind": "podman", "container": "c"}),
            ("Kube('p', namespace='n')", {"kind": "kube", "pod": "p", "namespace": "n"}),
            ("NSenter(17)", {"kind": "nsenter", "pid": 17}),
            ("NSenter('web')", {"kind": "nsenter", "container": "web"}),
            ("Su('u')", {"kind": "su", "user": "u"}),
            ("Doas()", {"kind": "doas", "user": "root"}),
            ("Command('kubectl exec -i \"a b\"')", {"kind": "cmd", "words": ["kubectl", "exec", "-i", "a b"]}),
        ):
            self.agent.verbs[:] = []
            self.value("hop(%s)" % tunnel)
            self.assertEqual(self.agent.verbs[0][1:3], (None, hop))
        self.value("hop(Docker('app', via=bastion))")
        self.assertEqual(self.agent.verbs[-1][2], {"kind": "docker", "container": "app"})
        self.assertIsInstance(self.agent.verbs[-1][1], int)
        self.assertEqual(self.value("Docker('app', via=bastion).path"), ["bastion", "app"])

    def test_through_another(self):
        self.value("from hailer import *\na = Local('outer')\nb = Sudo('u', via=a)\nc = Local('in', through=b)")
        self.assertEqual(self.value("c.call(len, 'xy'), c.path, b.host"), (2, ["outer", "u@outer", "in"], "u@outer"))
        self.assertEqual(self.error("Local('x', via=a, through=a)")["type"], "TypeError")
        self.assertEqual(self.error("Local('x', via='a')")["type"], "TypeError")

    def test_equality_is_by_address(self):
        self.value("from hailer import *")
        self.assertEqual(
            self.value("SSH('a') == SSH('a'), SSH('a') != SSH('a', 'u'), SSH('x') == Docker('x'), len({SSH('a'), SSH('a')})"),
            (True, True, False, 1),
        )
        self.assertEqual(self.value("Docker('x', via=SSH('a')) == Docker('x', via=SSH('b'))"), False)

    def test_two_calls_share_one_tunnel(self):
        self.value("from hailer import *\nimport os\nt = Local('shared')")
        calls = [self.agent.start("t.call(os.getpid)") for _ in range(5)]
        self.assertEqual(len(set(self.agent.finish(call).value for call in calls)), 1)
        self.assertEqual([verb[0] for verb in self.agent.verbs].count("open"), 1)

    def test_calls_from_threads_of_the_user(self):
        self.value("import threading\nfrom hailer import *\nt, got = Local('threads'), []\n"
                   "ts = [threading.Thread(target=lambda n=n: got.append(t.call(len, 'x' * n))) for n in range(8)]\n"
                   "for one in ts: one.start()\nfor one in ts: one.join()")
        self.assertEqual(self.value("sorted(got)"), list(range(8)))

    @unittest.skipIf(PY2, "2.7 has no coroutines")
    def test_calls_from_a_coroutine(self):
        self.value("from hailer import *\nt = Local('loop')\nasync def f(): return t.call(len, 'abc')")
        self.assertEqual(self.value("await f()" if sys.version_info >= (3, 8) else "f()"), 3)

    def test_a_lost_link_is_told_and_the_next_call_opens_another(self):
        self.value("from hailer import *\nimport os, time\nt = Local('lost')\nt.connect()")
        call = self.agent.start("t.call(time.sleep, 60)")
        self.agent.wait(0.2)
        child = [child for child in self.agent.targets.values() if child.path == ["lost"]][0]
        child.process.kill()
        error = self.agent.finish(call).error
        self.assertEqual((error["type"], error["message"]), ("RemoteException", "host lost: the link was lost"))
        self.assertGreater(self.value("t.call(os.getpid)"), 0)

    @unittest.skipIf(OTHER is None, "there is no Python of the other major version")
    def test_between_2_and_3(self):
        self.value("from hailer import *\nt = Local('other', python=%r)" % OTHER)
        self.value("def f(*a):\n    import sys\n    return sys.version_info[0], a\n")
        self.assertEqual(self.value("t.call(f, u'\\xe9', 1, 2.5, None, True, [1], {u'k': (1, 2)}, 1 << 80)"),
                         (2 if not PY2 else 3, (u"\xe9", 1, 2.5, None, True, [1], {u"k": (1, 2)}, 1 << 80)))
        self.assertEqual(self.value("t.call(f, bytearray(b'\\xff\\x00'))[1][0]"), bytearray(b"\xff\x00"))
        self.assertEqual(self.value("repr(t.call(f, 'native')[1][0]).lstrip('u')"), "'native'")
        self.assertEqual(self.value("t.call(f, b'\\xff\\xfe')[1][0] == b'\\xff\\xfe'"), True)
        self.assertEqual(self.value("t.call(f, {1}, frozenset([2]))[1]"), ({1}, frozenset([2])))
        self.value("import datetime\nd = datetime.datetime(2026, 7, 8, 1, 2, 3, 456)")
        self.assertTrue(self.value("t.call(f, d, datetime.date(200, 1, 2))[1] == (d, datetime.date(200, 1, 2))"))
        error = self.error("def g():\n    raise ValueError(u'\\xe9')\nt.call(g)")
        self.assertIn(u"host other raised ValueError", error["message"])


class Depth(unittest.TestCase):
    def test_the_fork_bomb(self):
        agent = Controller().boot()
        source = "from hailer import Local, DepthLimitExceeded\ndef bomb(n):\n    import hailer\n    hailer.DEPTH_LIMIT += 1\n" \
            "    try:\n        return Local('h%d' % n).call(bomb, n + 1)\n    except DepthLimitExceeded as e:\n" \
            "        return str(e)\nbomb(1)"
        self.assertEqual(agent.call(source).value, "the limit of 2 hosts is exceeded at h1 -> h2 -> h3")
        self.assertEqual([verb[0] for verb in agent.verbs], ["open", "call", "open", "call", "open"])
        agent.end()


class Cancel(ReachCase):
    def cancelled(self, source, after=0.3):
        call = self.agent.start(source)
        self.agent.wait(after)
        begun = time.time()
        self.agent.cancel(call)
        reply = self.agent.finish(call)
        self.assertLess(time.time() - begun, 30)
        return reply

    def test_a_call_is_stopped_there_too(self):
        self.value("from hailer import *\nimport os, time\nt = Local('a')\npid = t.call(os.getpid)")
        reply = self.cancelled("t.call(time.sleep, 60)")
        self.assertEqual(reply.tag, 2, reply.message)
        self.assertEqual(self.value("t.call(os.getpid) == pid"), True)

    def test_beside_another_call(self):
        other = self.agent.start("import time\ntime.sleep(1)\n'whole'")
        time.sleep(0.05)
        self.value("from hailer import *\nimport time\nt = Local('b')\nt.connect()")
        self.assertEqual(self.cancelled("t.call(time.sleep, 60)").tag, 2)
        self.assertEqual(self.agent.finish(other).value, "whole")

    def test_a_connect(self):
        self.value("from hailer import *")
        call = self.agent.start("never = Local('never')\nnever.connect()")
        self.agent.until(lambda: self.agent.verbs[-1:] and self.agent.verbs[-1][-1] == "never")
        self.agent.cancel(call)
        self.assertEqual(self.agent.finish(call).tag, 2)
        self.assertEqual(self.value("never.close()\nnever.connected"), False)

    def test_a_close_is_bounded_in_time(self):
        self.value("from hailer import *\nimport hailer.tunnel, time\nhailer.tunnel.CLOSING = 0.5\nt = Local('deaf')\nt.connect()")
        answers, Controller.do_close = Controller.do_close, lambda controller, relay, target: None
        try:
            took = self.value("begun = time.time()\nt.close()\ntime.time() - begun")
            self.assertTrue(0.4 < took < 30, took)
            took = self.value("g = Group([Local('x'), Local('y')]).connect()\nbegun = time.time()\ng.close()\ntime.time() - begun")
            self.assertTrue(0.4 < took < 30, took)
        finally:
            Controller.do_close = answers
            self.value("hailer.tunnel.CLOSING = 5")
        self.assertEqual(self.value("t.connected, t.call(len, 'again')"), (False, 5))

    def test_code_may_tidy_up_over_its_tunnels(self):
        self.value("from hailer import *\nimport time\nt = Local('c')\nt.connect()")
        call = self.agent.start("try:\n    emit(1)\n    t.call(time.sleep, 60)\nexcept KeyboardInterrupt:\n    x = t.call(len, 'tidy')\nx")
        self.agent.begun(call)
        self.agent.cancel(call)
        self.assertEqual(self.agent.finish(call).value, 4)


if __name__ == "__main__":
    sys.exit("run.py runs the tests")
