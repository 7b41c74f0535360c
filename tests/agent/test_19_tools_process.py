# coding: utf-8
"""process() and Exec: programs end with their call, and never touch the wire; and Quit."""
import os
import time
import unittest

from case import Case
from client import Agent

# Starts what ignores TERM, tells its number, and waits for ever.
STUBBORN = "trap '' TERM; echo $$; sleep 1000 & wait; wait"


def alive(pid):
    """Whether it runs; a zombie does not."""
    try:
        with open("/proc/%d/stat" % pid) as file:
            return file.read().rsplit(")", 1)[1].split()[0] not in "ZX"
    except (IOError, OSError):
        return False


def gone(*pids):
    end = time.time() + 20
    while any(map(alive, pids)) and time.time() < end:
        time.sleep(0.02)
    return not any(map(alive, pids))


class Process(Case):
    @classmethod
    def setUpClass(cls):
        super(Process, cls).setUpClass()
        # The waits are what they are for; here it counts what comes after them.
        cls.agent.call("from hailer import child\nchild.GRACE = child.LINGER = 0.3")

    def test_a_result_has_named_fields(self):
        got = self.value("process('sh', '-c', 'echo out; echo err >&2; exit 3', capture_output=True)")
        self.assertEqual((got.kind, got.names), ("hailer.child.CompletedProcess", ("args", "rc", "stdout", "stderr")))
        self.assertEqual(got[1:], [3, b"out\n", b"err\n"])
        self.assertEqual(self.value("r = process('sh', '-c', 'echo out; echo err >&2; exit 3', capture_output=True)\n"
                                    "r.rc, r.returncode, r.stdout, r.stderr, r.args[0]"), (3, 3, b"out\n", b"err\n", "sh"))

    def test_what_it_says_goes_nowhere_unless_it_is_asked_for(self):
        reply = self.agent.call("r = process('sh', '-c', 'echo out; echo err >&2')\nr.rc, r.stdout, r.stderr")
        self.assertEqual((reply.value, reply.printed), ((0, None, None), b""))

    def test_input(self):
        self.assertEqual(self.value("process('cat', stdin='a\\nb', capture_output=True, text=True).stdout"), u"a\nb")
        self.assertEqual(self.value("process('cat', stdin=b'\\xff\\x00', capture_output=True).stdout"), b"\xff\x00")
        self.assertEqual(self.value("process('cat', capture_output=True).stdout"), b"")
        self.assertEqual(self.value("len(process('cat', stdin=b'x' * 3000000, capture_output=True).stdout)"), 3000000)
        self.assertEqual(self.value("process('true', stdin=b'x' * 3000000).rc"), 0)

    def test_text_is_text_whatever_the_bytes(self):
        self.assertEqual(self.value("process('printf', 'a\\\\377b', capture_output=True, text=True).stdout"), u"a\ufffdb")

    def test_environment_folder_and_shell(self):
        self.assertEqual(self.value("process('/usr/bin/env', env={'A': 'b'}, capture_output=True).stdout"), b"A=b\n")
        self.assertEqual(self.value("process('pwd', cwd='/', capture_output=True).stdout"), b"/\n")
        self.assertEqual(self.value("process('echo $1 $(echo two)', 'zero', 'one', shell=True, capture_output=True).stdout"),
                         b"one two\n")

    def test_failures_say_what_the_program_said(self):
        error = self.error("process('sh', '-c', 'echo some words >&2; exit 4', check=True)")
        self.assertEqual(error["type"], "CalledProcessError")
        self.assertEqual(error["message"], "`sh -c echo some words >&2; exit 4` ended with status 4: some words")
        self.assertNotIn("hailer/", error["text"])
        self.assertIn("signal 9", self.error("process('sh', '-c', 'kill -9 $$', check=True)")["message"])
        self.assertTrue(self.value("import subprocess\ntry:\n    process('false', check=True)\n"
                                   "except subprocess.CalledProcessError as e:\n    r = e.returncode\nr"))
        missing = self.error("process('no-such-program')")
        self.assertIn(missing["type"], ("FileNotFoundError", "OSError"))
        self.assertIn("no-such-program", missing["message"])
        self.assertIn("words of a command", self.error("process()")["message"])
        self.assertIn("'capture'; there are", self.error("process('true', capture=True)")["message"])

    def test_lines_stream_as_they_come(self):
        reply = self.agent.call("process('sh', '-c', 'echo one; echo two; printf three', stream=True).stdout")
        self.assertEqual((reply.value, reply.printed), (None, b"one\ntwo\nthree\n"))
        channel = self.agent.start("process('sh', '-c', 'echo first; cat /proc/$$/stat | cut -d\" \" -f1; exec sleep 1000', "
                                   "stream=emit, text=True)")
        reply = self.agent.replies[channel]
        self.agent.until(lambda: len(reply.items) == 2)  # though the program goes on
        self.agent.cancel(channel)
        self.agent.finish(channel)
        self.assertEqual((reply.items[0], reply.tag), (u"first", 2))
        self.assertTrue(gone(int(reply.items[1])))

    def test_streamed_output_can_be_kept_too(self):
        reply = self.agent.call("process('echo', 'x', stream=True, capture_output=True).stdout")
        self.assertEqual((reply.value, reply.printed), (b"x\n", b"x\n"))

    def test_a_callback_that_raises_ends_the_program(self):
        error = self.error("def f(line):\n    raise KeyError(int(line))\nprocess('sh', '-c', 'echo $$; exec sleep 1000', stream=f)")
        self.assertEqual(error["type"], "KeyError")
        self.assertTrue(gone(int(error["message"])))

    def test_too_much_to_keep_is_an_error(self):
        error = self.error("process('sh', '-c', 'yes | head -c 100000000', capture_output=True)")
        self.assertIn("64 MiB", error["message"])

    def test_a_timeout_ends_all_of_the_group(self):
        begun = time.time()
        error = self.error("try:\n    process('sh', '-c', %r, capture_output=True, timeout=0.3)\n"
                           "except Exception as e:\n    kept = e\n    raise" % STUBBORN)
        self.assertLess(time.time() - begun, 15)
        self.assertEqual(error["type"], "TimeoutExpired")
        self.assertIn("0.3 s", error["message"])
        self.assertTrue(gone(int(self.value("kept.output").split()[0])))

    def test_a_cancel_ends_all_of_the_group(self):
        words = "process('sh', '-c', %r, stream=emit)" % STUBBORN
        # Beside another call too, where no signal reaches the thread, and no ctypes is needed.
        for beside in (None, "process('sleep', '1000')"):
            other = self.agent.start(beside) if beside else None
            channel = self.agent.start(words)
            reply = self.agent.replies[channel]
            self.agent.until(lambda: reply.items)
            self.agent.cancel(channel)
            self.agent.finish(channel)
            self.assertEqual(reply.tag, 2, reply.message)
            self.assertEqual(reply.warnings, [])
            self.assertTrue(gone(int(reply.items[0])))
            if other:
                self.assertIsNone(self.agent.replies[other].tag)
                self.agent.cancel(other)
                self.assertEqual(self.agent.finish(other).tag, 2)
        self.assertEqual(self.value("1"), 1)

    def test_a_cancel_is_heard_though_the_link_closes_at_once(self):
        for _ in range(5):
            agent = Agent().boot()
            channel = agent.start("process('sh', '-c', 'echo $$; sleep 1000 & wait', stream=emit)")
            reply = agent.replies[channel]
            agent.until(lambda: reply.items)
            agent.cancel(channel)
            agent.end()
            self.assertTrue(gone(int(reply.items[0])))

    def test_a_background_program_does_not_hold_up_its_starter(self):
        begun = time.time()
        out = self.value("process('sh', '-c', 'sleep 1000 & echo $!', capture_output=True).stdout")
        self.assertLess(time.time() - begun, 15)
        self.assertTrue(alive(int(out)))  # it was meant to go on
        os.kill(int(out), 9)

    def test_children_have_neither_the_wire_nor_a_terminal(self):
        listing = self.value("process('ls', '-l', '/proc/self/fd', capture_output=True, text=True).stdout")
        links = [line.split(" -> ")[1] for line in listing.splitlines() if " -> " in line]
        self.assertEqual([link for link in links if "/proc/" not in link][0], "/dev/null")
        self.assertEqual(len([link for link in links if link.startswith("pipe:")]), 2, listing)
        reply = self.agent.call("process('sh', '-c', 'echo poison; echo poison >&2; exec 3>&1; echo poison >&3')")
        self.assertEqual(reply.value.fields["rc"], 0)

    def test_many_at_once(self):
        channels = [self.agent.start("process('sh', '-c', 'sleep 0.2; echo %d', capture_output=True).stdout" % n)
                    for n in range(20)]
        self.assertEqual([int(self.agent.finish(channel).value) for channel in channels], list(range(20)))
        self.assertEqual(self.value("len(child.stops)"), 0)

    def test_no_descriptor_and_no_process_is_left(self):
        count = "import os\nlen(os.listdir('/proc/self/fd'))"
        self.value("process('true')")
        before = self.value(count)
        for _ in range(5):
            self.value("process('cat', stdin=b'x', capture_output=True)")
            self.error("process('sleep', '9', timeout=0.01)")
            self.error("process('no-such-program')")
        self.assertEqual(self.value(count), before)
        self.assertEqual(self.value("process('ps', '--ppid', str(os.getpid()), '-o', 'stat=', capture_output=True, text=True)"
                                    ".stdout.count('Z')"), 0)


class ExecAndQuit(Case):
    def test_exec(self):
        self.assertEqual(self.value("Exec.command('echo', 'a b').stdout"), u"a b\n")
        self.assertEqual(self.value("Exec.shell('echo a | tr a b').stdout"), u"b\n")
        self.assertEqual(self.value("Exec.shell('exit 5', check=False).rc"), 5)
        self.assertEqual(self.value("Exec.command('cat', stdin='x', text=False).stdout"), b"x")
        error = self.error("Exec.shell('echo words >&2; exit 5')")
        self.assertEqual((error["type"], error["message"]), ("CalledProcessError",
                         "`echo words >&2; exit 5` ended with status 5: words"))

    def test_quit_answers_before_it_ends_the_agent(self):
        agent = Agent().boot()
        self.assertIs(agent.call("Quit.exit(7)").value, None)
        self.assertEqual(agent.process.wait(), 7)
        for pipe in (agent.process.stdin, agent.process.stdout, agent.process.stderr):
            pipe.close()


if __name__ == "__main__":
    unittest.main()
