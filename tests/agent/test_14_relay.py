"""Programs that the agent starts and relays (the way to hosts behind it)."""
import os
import struct
import time

from case import Case
from client import CANCEL, CLOSE, CREDIT, DATA, MORE, OPEN, WINDOW, Agent, frame, load

BYTES, STDERR, TERMINAL = 0, 2, 3


class Program(object):
    """A relayed program, as the controller sees it."""

    def __init__(self, agent, words, terminal=False, credit=True):
        self.agent = agent
        self.channel, agent.next = agent.next, agent.next + 2
        self.said = {BYTES: b"", STDERR: b"", TERMINAL: b""}
        self.tag = self.message = None
        self.granted, self.credit = WINDOW, credit
        agent.programs = getattr(agent, "programs", {})
        agent.programs[self.channel] = self
        agent.frame = lambda *words: self.take(*words)
        body = b"\0".join([b"1" if terminal else b"0"] + [word.encode() for word in words])
        agent.write(frame(OPEN, 1, self.channel, body))

    def take(self, kind, flags, channel, body):
        program = self.agent.programs.get(channel)
        if program is None:
            return Agent.frame(self.agent, kind, flags, channel, body)
        if kind == DATA:
            program.said[flags] += body
            if program.credit:
                self.agent.write(frame(CREDIT, 0, channel, struct.pack(">I", len(body))))
        elif kind == CREDIT:
            program.granted += struct.unpack(">I", body)[0]
        elif kind == CLOSE:
            assert not flags & MORE
            program.tag, program.message = flags, body

    def write(self, data, tag=BYTES):
        for at in range(0, len(data), 32768):
            part = data[at:at + 32768]
            self.agent.until(lambda: self.granted >= len(part))
            self.granted -= len(part)
            self.agent.write(frame(DATA, tag, self.channel, part))

    def shut(self):
        self.agent.write(frame(DATA, BYTES, self.channel))

    def end(self):
        self.agent.until(lambda: self.tag is not None)
        return load(self.message) if self.tag == 0 else self.message


class Relay(Case):
    def program(self, *words, **how):
        return Program(self.agent, words, **how)

    def test_pipes_and_exit_codes_pass_through(self):
        program = self.program("sh", "-c", "cat; echo bad >&2; exit 7")
        program.write(b"\0\xffin")
        program.shut()
        self.assertEqual(program.end(), 7)
        self.assertEqual((program.said[BYTES], program.said[STDERR]), (b"\0\xffin", b"bad\n"))

    def test_a_signal_is_a_negative_number(self):
        self.assertEqual(self.program("sh", "-c", "kill -9 $$").end(), -9)

    def test_what_cannot_be_started_is_refused_with_the_reason(self):
        for words, reason in ((["no-such-program"], b"there is no program no-such-program"), (["/etc"], b"/etc cannot be started")):
            program = self.program(*words)
            self.assertIn(reason, program.end())
            self.assertEqual(program.tag, 3)
        self.assertEqual(self.value("1"), 1)

    def test_what_cannot_be_started_leaves_nothing_open(self):
        count = "import os\nlen(os.listdir('/proc/self/fd'))"
        self.program("no-such-program", terminal=True).end()
        before = self.value(count)
        for terminal in (False, True) * 10:
            self.program("no-such-program", terminal=terminal).end()
        self.assertEqual(self.value(count), before)

    def test_an_end_is_told_though_others_write_on_for_ever(self):
        for _ in range(3):
            program = self.program("sh", "-c", "yes & exit 3")
            self.assertEqual(program.end(), 3)

    def test_a_stop_that_comes_while_it_starts_leaves_nothing_behind(self):
        mark = "61.%d" % os.getpid()
        self.agent.start("import time; time.sleep(1.5)")  # the main thread is busy: others start what comes
        for wait in range(0, 40, 3):
            program = self.program("sleep", mark)
            time.sleep(wait / 20000.0)
            self.agent.write(frame(CANCEL, 0, program.channel))
            program.end()
            self.assertEqual((program.tag, program.message), (2, b"\x80\x02N."), wait)
        deadline = time.time() + 20
        while time.time() < deadline and self.left(mark):
            time.sleep(0.05)
        self.assertEqual(self.left(mark), [])

    @staticmethod
    def left(mark):
        found = []
        for name in os.listdir("/proc"):
            try:
                with open("/proc/%s/cmdline" % name, "rb") as file:
                    words = file.read().split(b"\0")
            except (IOError, OSError):
                continue
            if words[:2] == [b"sleep", mark.encode()]:
                found.append(name)
        return found

    def test_megabytes_pass_both_ways_unchanged(self):
        data = os.urandom(1 << 16) * 48
        program = self.program("cat")
        program.write(data)
        program.shut()
        self.assertEqual(program.end(), 0)
        self.assertTrue(program.said[BYTES] == data)

    def test_without_credit_a_program_waits_and_calls_go_on(self):
        program = self.program("sh", "-c", "exec yes", credit=False)
        self.agent.until(lambda: len(program.said[BYTES]) == WINDOW)
        self.assertEqual(self.value("1 + 1"), 2)
        time.sleep(0.2)
        self.agent.take()
        self.assertEqual(len(program.said[BYTES]), WINDOW)
        self.agent.write(frame(CANCEL, 0, program.channel))
        self.agent.until(lambda: program.tag is not None)
        self.assertEqual(program.tag, 2)

    def test_a_terminal_of_its_own_takes_questions_and_answers(self):
        words = ("sh", "-c", "printf 'name? ' >/dev/tty; read name </dev/tty; cat; echo got $name")
        program = self.program(*words, terminal=True)
        self.agent.until(lambda: b"name? " in program.said[TERMINAL])
        program.write(b"kept apart\n")
        program.write(b"me\n", TERMINAL)
        program.shut()
        self.assertEqual(program.end(), 0)
        self.assertEqual(program.said[BYTES], b"kept apart\ngot me\n")

    def test_a_program_whose_pipes_outlive_it_is_over_all_the_same(self):
        begun = time.time()
        self.assertEqual(self.program("sh", "-c", "sleep 60 & exit 3").end(), 3)
        self.assertLess(time.time() - begun, 40)

    def test_many_at_once(self):
        programs = [self.program("sh", "-c", "cat") for _ in range(40)]
        for number, program in enumerate(programs):
            program.write(b"%d" % number)
            program.shut()
        for number, program in enumerate(programs):
            self.assertEqual(program.end(), 0)
            self.assertEqual(program.said[BYTES], b"%d" % number)

    def test_nothing_of_it_outlives_a_cancel(self):
        program = self.program("sh", "-c", "echo $$; exec sleep 600")
        self.agent.until(lambda: program.said[BYTES].endswith(b"\n"))
        pid = int(program.said[BYTES])
        self.agent.write(frame(CANCEL, 0, program.channel))
        self.agent.until(lambda: program.tag is not None)
        end = time.time() + 20
        while os.path.exists("/proc/%d" % pid) and time.time() < end:
            time.sleep(0.01)
        self.assertFalse(os.path.exists("/proc/%d" % pid))

    def test_signals_that_python_ignores_are_not_ignored_by_programs(self):
        program = self.program("sh", "-c", "grep SigIgn /proc/self/status")
        self.assertEqual(program.end(), 0)
        self.assertEqual(int(program.said[BYTES].split()[1], 16) & (1 << 12), 0)
