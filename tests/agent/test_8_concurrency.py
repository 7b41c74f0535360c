"""Many calls at once: none waits for another that lasts, and credit bounds what is under way."""
import sys
import time
import unittest

from case import Case
from client import PY2, WINDOW, Agent


class Concurrency(Case):
    def test_fifty_calls_at_once(self):
        # Each waits until all are there.
        self.agent.call("there = []")
        source = "import time\nthere.append(%d)\nend = time.time() + 40\n" \
            "while len(there) < 50 and time.time() < end: time.sleep(0.01)\nlen(there)"
        calls = [self.agent.start(source % n) for n in range(50)]
        self.assertEqual([self.agent.finish(call).value for call in calls], [50] * 50)

    def test_sleepers_do_not_hold_up_a_quick_call(self):
        source = "import time\nend = time.time() + 40\nwhile 'woken' not in globals() and time.time() < end: time.sleep(0.05)\n'slept'"
        sleepers = [self.agent.start(source) for _ in range(64)]
        self.assertEqual(self.agent.call("'quick'").value, "quick")
        self.assertEqual([self.agent.replies[sleeper].tag for sleeper in sleepers], [None] * 64)
        self.agent.call("woken = True")
        for sleeper in sleepers:
            self.assertEqual(self.agent.finish(sleeper).value, "slept")

    def test_more_calls_than_threads(self):
        calls = [self.agent.start("import time\ntime.sleep(0.3)\n%d" % n) for n in range(300)]
        self.assertEqual([self.agent.finish(call).value for call in calls], list(range(300)))

    def test_pings_are_answered_beside_a_big_result_and_a_busy_loop(self):
        big = self.agent.start("b'x' * (30 << 20)")
        first, worst = time.time(), 0
        while self.agent.replies[big].tag is None:
            begun = time.time()
            self.agent.ping()
            worst = max(worst, time.time() - begun)
        self.assertEqual(len(self.agent.finish(big).value), 30 << 20)
        # On a machine with much else to do all of it takes longer.
        self.assertLess(worst, max(1.0, (time.time() - first) / 2))
        loop = self.agent.start("import time\nend = time.time() + 40\nwhile 'enough' not in globals() and time.time() < end: pass")
        self.agent.ping()
        self.assertIs(self.agent.replies[loop].tag, None)
        self.agent.call("enough = True")
        self.agent.finish(loop)

    def test_a_call_that_runs_other_code_meanwhile(self):
        waits = self.agent.start("import time\nend = time.time() + 10\n"
                                 "while 'told' not in globals() and time.time() < end: time.sleep(0.005)\ntold")
        self.agent.ping()
        self.agent.call("told = 'by another call'")
        self.assertEqual(self.agent.finish(waits).value, "by another call")

    def test_the_main_thread_runs_calls_again_after_one_that_lasted(self):
        source = "import threading\nthreading.current_thread().__class__.__name__"
        self.agent.call("import time\ntime.sleep(0.1)")
        self.agent.call("1")
        self.assertEqual(self.agent.call(source).value, "_MainThread")

    def test_items_of_a_thread_that_the_call_started(self):
        reply = self.agent.call("import threading\nt = threading.Thread(target=lambda: emit('from a thread'))\nt.start()\nt.join()")
        self.assertEqual(reply.items, ["from a thread"])


class Credit(unittest.TestCase):
    def test_a_generator_faster_than_the_reader_waits(self):
        agent = Agent(credit=False).boot()
        call = agent.start("made = []\ndef g():\n    for i in range(1000):\n        made.append(i)\n        yield 'x' * 10000\ng()")
        time.sleep(0.5)
        made = agent.call("len(made)").value
        self.assertLessEqual(made, WINDOW // 10000 + 3)
        self.assertEqual(agent.call("1").value, 1)
        agent.credit = True
        from client import CREDIT, frame
        import struct

        agent.write(frame(CREDIT, 0, call, struct.pack(">I", 20 << 20)))
        self.assertEqual(len(agent.finish(call).items), 1000)
        agent.end()

    def test_a_result_larger_than_the_window_waits_and_a_small_call_does_not(self):
        agent = Agent(credit=False).boot()
        call = agent.start("'x' * (1 << 20)")
        self.assertEqual(agent.call("1").value, 1)
        self.assertIs(agent.replies[call].tag, None)
        from client import CREDIT, frame
        import struct

        agent.write(frame(CREDIT, 0, call, struct.pack(">I", 2 << 20)))
        self.assertEqual(len(agent.finish(call).value), 1 << 20)
        agent.end()


class Cancel(Case):
    def cancelled(self, source, wait=0.1):
        call = self.agent.start(source)
        time.sleep(wait)
        begun = time.time()
        self.agent.cancel(call)
        reply = self.agent.finish(call)
        self.assertLess(time.time() - begun, 30)
        return reply.tag

    def test_a_sleep_a_loop_and_a_read(self):
        self.assertEqual(self.cancelled("import time\ntime.sleep(60)"), 2)
        self.assertEqual(self.cancelled("while True: pass"), 2)
        self.assertEqual(self.cancelled("import os\nr, w = os.pipe()\nos.read(r, 1)"), 2)
        self.assertEqual(self.agent.call("1").value, 1)

    def test_one_call_of_two(self):
        other = self.agent.start("import time\nend = time.time() + 40\nwhile 'over' not in globals() and time.time() < end: time.sleep(0.01)\n'whole'")
        self.agent.ping()
        self.assertEqual(self.cancelled("while True: pass"), 2)
        self.agent.call("over = True")
        self.assertEqual(self.agent.finish(other).value, "whole")

    def test_code_that_catches_the_interrupt_may_answer(self):
        call = self.agent.start("import time\ntry:\n    emit(1)\n    time.sleep(60)\nexcept KeyboardInterrupt:\n    x = 'tidied'\nx")
        self.agent.begun(call)
        self.agent.cancel(call)
        self.assertEqual(self.agent.finish(call).value, "tidied")

    def test_a_cancel_that_comes_too_late_hurts_nothing(self):
        for _ in range(200):
            call = self.agent.start("1")
            self.agent.cancel(call)
            self.assertIn(self.agent.finish(call).tag, (0, 2))
        self.assertEqual(self.agent.call("'alive'").value, "alive")

    def test_a_stream(self):
        self.assertEqual(self.cancelled("def g():\n    import time\n    while True:\n        time.sleep(0.01)\n        yield 1\ng()"), 2)

    def test_names_are_kept(self):
        self.agent.call("kept = [1]")
        call = self.agent.start("kept.append(2)\nemit(1)\nwhile True: pass")
        self.agent.begun(call)
        self.agent.cancel(call)
        self.agent.finish(call)
        self.assertEqual(self.agent.call("kept").value, [1, 2])

    @unittest.skipIf(PY2, "2.7 has no coroutines")
    def test_a_coroutine(self):
        self.assertEqual(self.cancelled("import asyncio\nasync def f(): await asyncio.sleep(60)\nf()", 0.4), 2)
        self.assertEqual(self.agent.call("1").value, 1)

    def test_hard(self):
        agent = Agent().boot()
        call = agent.start("import time\ntime.sleep(60)")
        agent.ping()
        agent.cancel(call, hard=True)
        agent.process.wait()
        agent.end()


class Cost(unittest.TestCase):
    def test_an_idle_agent_is_small_and_sleeps(self):
        agent = Agent().boot()
        agent.call("1")
        time.sleep(0.6)
        ticks = "open('/proc/self/schedstat').read().split()[2]"
        before = int(agent.call(ticks).value)
        time.sleep(1)
        after = int(agent.call(ticks).value)
        self.assertLess(after - before, 100, "it woke %d times in an idle second" % (after - before))
        resident = int(agent.call("[l.split()[1] for l in open('/proc/self/status') if l.startswith('VmRSS')][0]").value)
        self.assertLess(resident, 16000, "%d kB" % resident)
        agent.end()
