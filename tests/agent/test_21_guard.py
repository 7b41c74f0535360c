# coding: utf-8
"""The guard rail: a guarded call may look and change nothing, and nothing but guarded calls is held."""
import os
import shutil
import sys
import tempfile
import unittest

from case import Case, ReachCase
from client import Agent

TOO_OLD = sys.version_info < (3, 8) or not hasattr(sys, "addaudithook")


def wrapped(source, name="<run 7>"):
    """As the console sends a guarded call."""
    return "__import__('hailer')._core.module('hailer.guard').run(%r, %r)" % (name, source)


class Guarded(Case):
    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.file = os.path.join(self.folder, "file")
        with open(self.file, "w") as file:
            file.write("text")

    def tearDown(self):
        shutil.rmtree(self.folder)

    def guarded(self, source):
        return self.agent.call(wrapped(source.replace("FILE", repr(self.file)).replace("FOLDER", repr(self.folder))),
                               "hailer/guard.py")

    def refused(self, source):
        error = self.guarded(source).error
        self.assertEqual(error["type"], "Refused", "%s\n%s" % (source, error["text"]))
        self.assertIn(u"the guard rail refuses", error["message"])
        return error


@unittest.skipIf(TOO_OLD, "a Python that is too old is told so, and never runs unguarded: see OldPython")
class Rail(Guarded):
    def test_looking_is_allowed(self):
        self.assertEqual(self.guarded("open(FILE).read()").value, u"text")
        self.assertEqual(self.guarded("import os, pathlib\nos.listdir(FOLDER), pathlib.Path(FILE).stat().st_size, 6 * 7").value,
                         ([u"file"], 4, 42))
        self.assertEqual(self.guarded("import os, socket, platform, json\nopen(os.devnull, 'w').write('x')").value, 1)
        for module in ("asyncio", "ctypes", "subprocess", "sqlite3", "logging", "tempfile", "urllib.request"):
            self.assertEqual(self.guarded("import %s; 1" % module).value, 1, module)
        self.assertEqual(self.guarded("sqlite3.connect(':memory:').execute('select 1').fetchone()").value, (1,))

    def test_what_changes_files_is_refused_and_changes_none(self):
        for source in (
            "open(FILE, 'w')", "open(FILE, 'ab')", "open(FILE, 'r+')", "open(FILE + '.new', 'x')",
            "import io; io.open(FILE, 'w')", "import os; os.open(FILE, os.O_WRONLY)", "os.open(FILE, os.O_RDONLY | os.O_TRUNC)",
            "import pathlib; pathlib.Path(FILE).write_text('x')", "pathlib.Path(FILE).unlink()",
            "import os; os.remove(FILE)", "os.rename(FILE, FILE + '.x')", "os.replace(FILE, FILE + '.x')",
            "os.mkdir(FILE + '.d')", "os.rmdir(FOLDER)", "os.link(FILE, FILE + '.l')", "os.symlink(FILE, FILE + '.l')",
            "os.truncate(FILE, 0)", "os.chmod(FILE, 0)", "os.chown(FILE, 1, 1)", "os.utime(FILE)",
            "import shutil; shutil.rmtree(FOLDER)", "shutil.copy(FILE, FILE + '.c')",
            "import sqlite3; sqlite3.connect(FILE)",
        ):
            self.refused(source)
        self.assertEqual(os.listdir(self.folder), ["file"])
        self.assertEqual(self.guarded("open(FILE).read()").value, u"text")

    def test_programs_signals_sockets_and_ctypes_are_refused(self):
        for source in (
            "import subprocess; subprocess.run(['true'])", "import os; os.system('true')", "os.popen('true')", "os.fork()",
            "os.posix_spawn('/bin/true', ['true'], {})", "os.execv('/bin/true', ['true'])", "import pty; pty.spawn('true')",
            "process('true')",
            "import os; os.kill(os.getpid(), 0)", "os.killpg(os.getpgrp(), 0)",
            "import socket; socket.socket().connect(('127.0.0.1', 9))", "socket.socket().bind(('127.0.0.1', 0))",
            "socket.socket(type=socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', 9))",
            "import ctypes; ctypes.CDLL(None).getpid()", "ctypes.CDLL('libc.so.6')",
            "import syslog; syslog.syslog('x')",
        ):
            self.refused(source)

    def test_an_error_has_the_lines_of_the_code_and_none_of_ours(self):
        error = self.refused("def f():\n    open(FILE, 'w')\nf()")
        self.assertEqual([frame[:3] for frame in error["frames"]], [(u"<run 7>", 3, u"<module>"), (u"<run 7>", 2, u"f")])
        self.assertEqual(error["module"], u"hailer")
        self.assertEqual(self.guarded("1 +").error["type"], "SyntaxError")

    def test_streams_coroutines_and_threads_are_guarded_too(self):
        self.refused("def items():\n    yield 1\n    open(FILE, 'w')\nitems()")
        self.refused("async def work():\n    open(FILE, 'w')\nawait work()")
        threads = ("import threading, _thread\nseen = []\n"
                   "def work():\n    try:\n        open(FILE, 'w')\n    except PermissionError as error:\n"
                   "        seen.append(type(error).__name__)\n    else:\n        seen.append('written')\n"
                   "one = threading.Thread(target=work); one.start(); one.join()\n"
                   "def inner():\n    two = threading.Thread(target=work); two.start(); two.join()\n"
                   "three = threading.Thread(target=inner); three.start(); three.join()\n"
                   "seen")
        self.assertEqual(self.guarded(threads).value, [u"Refused", u"Refused"])

    def test_what_a_value_does_when_it_is_told_is_guarded(self):
        source = ("class Sly(object):\n    def __reduce__(self):\n        open(FILE, 'w')\n        return int, ()\nSly()")
        self.guarded(source)
        self.assertEqual(self.guarded("open(FILE).read()").value, u"text")

    def test_code_that_catches_the_refusal_goes_on(self):
        self.assertEqual(self.guarded("try:\n    open(FILE, 'w')\nexcept OSError as error:\n    word = 'no'\nword").value, u"no")

    def test_names_of_the_session_are_shared_and_other_calls_are_not_held(self):
        write = "open(%r, 'w').write('more')" % self.file
        self.agent.call("kept = 5")
        self.assertEqual(self.guarded("kept + 1").value, 6)
        self.assertEqual(self.agent.call(write).value, 4)
        held = self.agent.start(wrapped("import time\nemit(1)\ntime.sleep(1000)"))
        self.agent.until(lambda: self.agent.replies[held].items)
        self.assertEqual(self.agent.call(write).value, 4, "beside a guarded one")
        self.assertEqual(self.agent.call("import subprocess; subprocess.call(['true'])").value, 0)
        self.assertEqual(self.agent.call("import threading\nt = threading.Thread(target=lambda: %s)\nt.start(); t.join()\n"
                                         "open(%r).read()" % (write, self.file)).value, u"more")
        self.agent.cancel(held)
        self.assertEqual(self.agent.finish(held).tag, 2)
        self.refused("open(FILE, 'w')")

    def test_a_guarded_call_is_cancelled_on_whatever_thread(self):
        calls = [self.agent.start(wrapped("import time\nemit(1)\nwhile True:\n    time.sleep(0.01)")) for _ in range(3)]
        self.agent.until(lambda: all(self.agent.replies[call].items for call in calls))
        for call in calls:
            self.agent.cancel(call)
        for call in calls:
            self.assertEqual(self.agent.finish(call).tag, 2)

    def test_the_first_calls_may_come_at_once(self):
        for _ in range(5):
            agent = Agent().boot()
            try:
                calls = [agent.start(wrapped("import time\nemit(1)\ntime.sleep(0.01)\nopen('/tmp/x', 'w')")) for _ in range(4)]
                self.assertEqual([agent.finish(call).error["type"] for call in calls], [u"Refused"] * 4)
                lock = agent.call("__import__('_thread').allocate_lock()")
                self.assertEqual(lock.value[:2], (u"_thread", u"lock"))
            finally:
                agent.end()

    def test_a_hook_of_the_host_that_is_against_it_lets_nothing_run(self):
        agent = Agent().boot()
        try:
            agent.call("import sys\ndef against(event, arguments):\n"
                       "    if event == 'sys.addaudithook': raise RuntimeError('no')\nsys.addaudithook(against)")
            for _ in range(2):
                error = agent.call(wrapped("emit('ran')")).error
                self.assertIn(u"could not be put up", error["message"])
        finally:
            agent.end()


@unittest.skipIf(TOO_OLD, "see OldPython")
class Reaching(ReachCase):
    def test_hosts_are_not_reached_past_it(self):
        source = "from hailer import Local\nLocal().call(lambda: open('/dev/null', 'w'))"
        self.assertIn(u"refuses hailer.reach", self.run_it(wrapped(source)).error["message"])


@unittest.skipIf(not TOO_OLD, "this Python can be guarded")
class OldPython(Guarded):
    def test_nothing_runs_unguarded(self):
        reply = self.guarded("open(FILE, 'w')")
        self.assertTrue(reply.error["message"])
        with open(self.file) as file:
            self.assertEqual(file.read(), "text")
