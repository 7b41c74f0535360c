"""put and fetch: whole or not at all, with the mode that was asked for, and never much in memory."""
import hashlib
import os
import shutil
import tempfile
import time

from case import ReachCase


class Files(ReachCase):
    @classmethod
    def setUpClass(cls):
        super(Files, cls).setUpClass()
        cls.agent.call("from hailer import *\nt = Local('a')\ng = Group([Local('a'), Local('b')])", "<setup>")

    def setUp(self):
        self.folder = os.path.realpath(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)
        self.value("d = %r" % (self.folder + "/"))

    def write(self, name, data):
        with open(os.path.join(self.folder, name), "wb") as file:
            file.write(data)
        return hashlib.sha256(data).hexdigest()

    def read(self, name):
        with open(os.path.join(self.folder, name), "rb") as file:
            return file.read()

    def test_sizes(self):
        for size in (0, 1, 131071, 131072, 131073, 262144, 3000000):
            data = (os.urandom(1000) * (size // 1000 + 1))[:size]
            sha256 = self.write("from", data)
            there, here = os.path.join(self.folder, "there"), os.path.join(self.folder, "back")
            self.assertEqual(self.value("t.put(d + 'from', d + 'there')"), {
                "remote_path": there, "local_path": os.path.join(self.folder, "from"), "size": size, "sha256": sha256})
            self.assertEqual(self.read("there"), data)
            self.assertEqual(self.value("t.fetch(d + 'there', d + 'back')"),
                             {"remote_path": there, "local_path": here, "size": size, "sha256": sha256})
            self.assertEqual(self.read("back"), data)
        self.assertEqual(sorted(os.listdir(self.folder)), ["back", "from", "there"])

    def test_modes(self):
        self.write("from", b"x")
        for mode in (0o644, 0o755, 0o600, 0o4711):
            self.value("t.put(d + 'from', d + 'to', %d)" % mode)
            self.assertEqual(os.stat(os.path.join(self.folder, "to")).st_mode & 0o7777, mode)
        os.chmod(os.path.join(self.folder, "from"), 0o640)
        self.value("t.fetch(d + 'to', d + 'from')")
        self.assertEqual(os.stat(os.path.join(self.folder, "from")).st_mode & 0o7777, 0o640)

    def test_without_a_name(self):
        self.write("from", b"words")
        put = self.value("t.put(d + 'from')")
        fetched = self.value("t.fetch(%r)" % put["remote_path"])
        with open(fetched["local_path"], "rb") as file:
            self.assertEqual(file.read(), b"words")
        os.unlink(put["remote_path"])
        os.unlink(fetched["local_path"])

    def test_what_fails_leaves_things_as_they_were(self):
        self.write("kept", b"old")
        os.mkdir(os.path.join(self.folder, "folder"))
        self.assertIn("No such file", self.error("t.fetch(d + 'missing', d + 'kept')")["message"])
        self.assertIn("directory", self.error("t.put(d + 'kept', d + 'folder')")["message"])
        self.assertIn("No such file", self.error("t.put(d + 'missing', d + 'kept')")["message"])
        self.assertIn("No such file", self.error("t.put(d + 'kept', d + 'no/such')")["message"])
        self.assertIn("plain file", self.error("t.fetch('/dev/zero', d + 'kept')")["message"])
        self.assertEqual(sorted(os.listdir(self.folder)), ["folder", "kept"])
        self.assertEqual(self.read("kept"), b"old")

    def test_a_link_stays_a_link(self):
        self.write("real", b"old")
        self.write("from", b"new")
        os.symlink("real", os.path.join(self.folder, "link"))
        self.value("t.put(d + 'from', d + 'link')")
        self.assertTrue(os.path.islink(os.path.join(self.folder, "link")))
        self.assertEqual(self.read("real"), b"new")

    def test_a_file_without_a_size(self):
        self.value("t.fetch('/proc/self/cmdline', d + 'cmdline')")
        self.assertIn(b"python", self.read("cmdline"))

    def test_a_file_that_grows(self):
        self.write("log", b"line\n" * 200000)
        call = self.agent.start("import threading, time\nstop = []\ndef grow():\n    while not stop:\n"
                                "        with open(d + 'log', 'a') as f: f.write('more\\n')\n        time.sleep(0.001)\n"
                                "threading.Thread(target=grow).start()\nr = t.fetch(d + 'log', d + 'copy')\nstop.append(1)\nr['size']")
        self.assertGreaterEqual(self.agent.finish(call).value, 1000000)

    def test_interrupted(self):
        self.write("kept", b"old")
        with open(os.path.join(self.folder, "big"), "wb") as file:
            file.truncate(200 << 20)
        for source in ("t.put(d + 'big', d + 'kept')", "t.fetch(d + 'big', d + 'kept')"):
            call = self.agent.start(source)
            end = time.time() + 5
            while time.time() < end and len(os.listdir(self.folder)) < 3:
                self.agent.ping()
            self.agent.cancel(call)
            self.assertEqual(self.agent.finish(call).tag, 2, source)
            self.value("t.call(len, '')")  # it goes on; and by now the piece that nobody wanted is gone
            self.assertEqual(self.read("kept"), b"old")
            end = time.time() + 5
            while time.time() < end and len(os.listdir(self.folder)) > 2:
                self.value("t.call(len, '')")
            self.assertEqual(sorted(os.listdir(self.folder)), ["big", "kept"], source)

    def test_memory_is_bounded(self):
        with open(os.path.join(self.folder, "big"), "wb") as file:
            file.truncate(72 << 20)
        peak = "[int(l.split()[1]) for l in open('/proc/self/status') if l.startswith('VmHWM')][0]"
        before = self.value(peak)
        self.value("t.put(d + 'big', d + 'to')['size'], t.fetch(d + 'big', d + 'back')['size']")
        self.assertLess(self.value(peak) - before, 65000)

    def test_groups(self):
        self.write("from", b"words")
        put = self.value("g.put(d + 'from', d + 'to')")
        self.assertEqual(self.value("[(h, r['size']) for h, r in g.fetch(d + 'to', d + 'got-{host}').items()]"),
                         [("a", 5), ("b", 5)])
        self.assertEqual(self.read("got-b"), b"words")
        self.assertEqual(self.error("g.fetch(d + 'to', d + 'one')")["type"], "ValueError")
        self.assertTrue(put)
