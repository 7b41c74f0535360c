"""Boots wherever a Python does, and says so where it cannot."""
import os
import resource
import shutil
import tempfile
import unittest

from client import NONCE, PY2, Agent


class Boot(unittest.TestCase):
    def works(self, **how):
        agent = Agent(**how).boot()
        try:
            self.assertEqual(agent.call("1 + 1").value, 2)
            self.assertEqual(agent.call("u'\\xe9'").value, u"\xe9")
            agent.call("import sys\nsys.stderr.write('ok\\n')")
            return agent.hello
        finally:
            agent.end()

    def test_the_hello_says_who_is_there(self):
        import sys

        hello = self.works()
        self.assertEqual(hello["python"], "%d.%d.%d" % sys.version_info[:3])
        self.assertEqual(int(hello["uid"]), os.getuid())
        self.assertTrue(os.path.isabs(hello["executable"]))

    def test_a_core_that_is_not_compressed(self):
        self.works(raw=True)

    def test_environments(self):
        for extra in ({"LANG": "C"}, {"LC_ALL": "POSIX"}, {"PYTHONSTARTUP": "/nonexistent", "PYTHONINSPECT": "1"},
                      {"PYTHONPATH": "/nonexistent", "PYTHONHOME": "/nonexistent"}, {"PYTHONWARNINGS": "error"}):
            self.works(env=dict({"PATH": os.environ["PATH"]}, **extra))
        self.works(env={})

    def test_a_working_directory_with_traps(self):
        folder = tempfile.mkdtemp()
        try:
            for name in ("struct", "zlib", "select", "os", "hailer", "_pickle"):
                with open(os.path.join(folder, name + ".py"), "w") as file:
                    file.write("raise SystemExit('the trap %s')\n" % name)
            self.works(cwd=folder)
        finally:
            shutil.rmtree(folder)

    def test_descriptors(self):
        self.works(before=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (100, 100)))
        self.works(before=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (32, 32)))

        def non_blocking():
            import fcntl

            fcntl.fcntl(0, fcntl.F_SETFL, fcntl.fcntl(0, fcntl.F_GETFL) | os.O_NONBLOCK)

        self.works(before=non_blocking)

    def test_a_closed_standard_error(self):
        agent = Agent(before=lambda: os.close(2)).boot()
        self.assertEqual(agent.call("import sys\nsys.stderr.write('x\\n')\nprint('y')\n3").value, 3)
        agent.end()

    def test_interrupts_that_were_ignored_are_heard_again(self):
        import signal

        agent = Agent(before=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN)).boot()
        call = agent.start("import time\ntime.sleep(60)")
        agent.ping()
        agent.cancel(call)
        self.assertEqual(agent.finish(call).tag, 2)
        agent.end()

    def test_bytes_that_come_one_by_one(self):
        agent = Agent()
        for at in range(0, len(agent.core), 97):
            agent.write(agent.core[at:at + 97])
        for at in range(len(NONCE)):
            agent.write(NONCE[at:at + 1])
        self.assertEqual(agent.call("2").value, 2)
        agent.end()

    def test_a_damaged_core_is_told_and_not_run(self):
        agent = Agent()
        agent.write(b"x" * len(agent.core))
        agent.process.wait()
        self.assertEqual(agent.process.returncode, 5)
        self.assertIn(b"damaged", agent.process.stderr.read())
        agent.end()

    def test_nothing_is_written(self):
        folder = tempfile.mkdtemp()
        try:
            self.works(cwd=folder, env={"PATH": os.environ["PATH"], "HOME": folder, "TMPDIR": folder})
            self.assertEqual(os.listdir(folder), [])
        finally:
            shutil.rmtree(folder)

    def test_stage_zero_passes_every_login_shell_at_hand(self):
        import subprocess
        import sys

        from client import payload

        stage0 = payload("stage0.py").decode("ascii")
        line = "%s -ESs -c '%s'" % (sys.executable, stage0)
        shells = [name for name in ("sh", "bash", "dash", "zsh", "fish", "csh", "tcsh") if found(name)]
        self.assertIn("sh", shells)
        for shell in shells:
            process = subprocess.Popen([shell, "-c", line], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                       stderr=subprocess.PIPE)
            out, err = process.communicate(payload("core.zlib") + NONCE)
            self.assertIn(b"\nhailer0 ", out, (shell, err))
            self.assertIn(NONCE, out, (shell, err))
            self.assertEqual(process.returncode, 0, (shell, err))


def found(name):
    return any(os.access(os.path.join(folder, name), os.X_OK) for folder in os.environ["PATH"].split(":"))
