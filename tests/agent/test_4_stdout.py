"""Nothing that code or its children write can reach the wire."""
from case import Case


class Stdout(Case):
    def test_print_belongs_to_its_call(self):
        reply = self.agent.call("from __future__ import print_function\nprint('one', 2)\nprint('no end', end='')")
        self.assertEqual(reply.printed, b"one 2\nno end")

    def test_descriptors_and_children_go_to_stderr(self):
        source = ("import os, subprocess\nos.write(1, b'raw\\n')\nos.system('echo system')\n"
                  "subprocess.call(['sh', '-c', 'echo child; echo other >&2; cat'])\n7")
        self.assertEqual(self.value(source), 7)
        for words in (b"raw\n", b"system\n", b"child\n", b"other\n"):
            self.agent.stderr(words)

    def test_c_code_and_a_forked_child_cannot_write_frames(self):
        source = ("import os\npid = os.fork()\nif pid == 0:\n    print('from the child')\n    os._exit(0)\n"
                  "os.waitpid(pid, 0)\npid > 0")
        reply = self.agent.call(source)
        self.assertIs(reply.value, True)
        self.assertEqual(self.value("2"), 2)

    def test_children_do_not_hold_the_wire(self):
        fds = self.value("import os, subprocess\n"
                         "p = subprocess.Popen(['ls', '/proc/self/fd'], stdout=subprocess.PIPE, close_fds=False)\n"
                         "p.communicate()[0].decode().split()")
        self.assertTrue(all(int(fd) < 60 for fd in fds), fds)

    def test_standard_input_is_empty(self):
        self.assertEqual(self.value("import os\nos.read(0, 10)"), b"")

    def test_much_output_beside_a_result(self):
        reply = self.agent.call("for i in range(20000): print('line %d' % i)")
        self.assertEqual(reply.tag, 0)
        self.assertEqual(reply.printed.count(b"\n"), 20000)

    def test_print_from_two_calls_at_once_is_not_mixed(self):
        source = "import time\nfor i in range(50):\n    print('%s')\n    time.sleep(0.001)"
        one, two = self.agent.start(source % "one"), self.agent.start(source % "two")
        self.assertEqual(self.agent.finish(one).printed, b"one\n" * 50)
        self.assertEqual(self.agent.finish(two).printed, b"two\n" * 50)

    def test_a_daemon_that_keeps_its_descriptors_does_not_keep_the_wire(self):
        from client import Agent

        agent = Agent().boot()
        agent.call("import os\nif os.fork() == 0:\n    os.setsid()\n    import time\n    time.sleep(3)\n    os._exit(0)")
        agent.end(2)
