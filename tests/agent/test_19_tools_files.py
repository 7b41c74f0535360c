# coding: utf-8
"""The tool FileSystem: what it says is what it did, a second run changes nothing, and check=True touches nothing."""
import os
import shutil
import stat
import tempfile
import time
import unittest

from case import Case
from client import PY2

ROOT = os.getuid() == 0


class Files(Case):
    def setUp(self):
        self.home = os.path.realpath(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.home)
        self.agent.call("home = u%r\npath = home + '/file'" % self.home)
        self.path = self.home + "/file"

    def put(self, data, path=None):
        with open(path or self.path, "wb") as file:
            file.write(data)

    def get(self, path=None):
        with open(path or self.path, "rb") as file:
            return file.read()

    def mode(self, path=None):
        return stat.S_IMODE(os.lstat(path or self.path).st_mode)

    def change(self, source):
        """What a mutator says: to a check, which touches nothing, to a run, and to a second one."""
        before = self.snapshot()
        checked = self.value(source[:-1] + ", check=True)")
        self.assertEqual(self.snapshot(), before)
        first = self.value(source)
        self.assertEqual((checked.kind, list(checked)), (first.kind, list(first)))
        after = self.snapshot()
        second = self.value(source)
        self.assertEqual((second.fields["changed"], second.fields["diff"]), (False, u""))
        self.assertEqual(self.snapshot(), after)
        return first.fields

    def snapshot(self):
        """All that is there, with inodes and times."""
        found = []
        for folder, folders, names in os.walk(self.home):
            for name in sorted(folders + names):
                about = os.lstat(os.path.join(folder, name))
                found.append((folder, name, about.st_ino, about.st_mode, about.st_mtime, about.st_size, about.st_uid))
        return found

    # ------------------------------------------------ write

    def test_a_new_file(self):
        change = self.change("FileSystem.write(path, u'one\\n\\xe9')")
        self.assertEqual((change["path"], change["changed"]), (self.path, True))
        self.assertEqual(change["diff"], u"--- /dev/null\n+++ %s\n@@ -0,0 +1,2 @@\n+one\n+\xe9\n\\ No newline at end of file\n"
                         % self.path)
        self.assertEqual((self.get(), self.mode()), (u"one\n\xe9".encode("utf-8"), 0o644))

    def test_mode_and_owner_are_kept(self):
        self.put(b"a\nb\nc\n")
        os.chmod(self.path, 0o4751)
        if ROOT:
            os.chown(self.path, 12345, 54321)
            os.chmod(self.path, 0o4751)
        change = self.change("FileSystem.write(path, 'a\\nB\\nc\\n')")
        self.assertEqual(change["diff"], "--- %s\n+++ %s\n@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n" % (self.path, self.path))
        self.assertEqual(self.mode(), 0o4751)
        if ROOT:
            self.assertEqual((os.stat(self.path).st_uid, os.stat(self.path).st_gid), (12345, 54321))

    def test_mode_and_owner_alone(self):
        self.put(b"x")
        inode = os.stat(self.path).st_ino
        change = self.change("FileSystem.write(path, 'x', mode='0600')")
        self.assertEqual((change["diff"], self.mode(), os.stat(self.path).st_ino), ("mode 0644 -> 0600\n", 0o600, inode))
        if ROOT:
            change = self.change("FileSystem.write(path, 'x', owner='daemon', group=7)")
            self.assertIn("group 0 -> 7", change["diff"])
            self.assertEqual(os.stat(self.path).st_gid, 7)
        self.assertIn("no user nobody-here", self.error("FileSystem.write(path, 'x', owner='nobody-here')")["message"])

    def test_bytes_and_big_ones(self):
        self.assertIn("Binary file", self.change("FileSystem.write(path, bytearray([255, 0, 1]))")["diff"])
        self.assertEqual(self.get(), b"\xff\x00\x01")
        self.value("FileSystem.write(path, b'x' * 5000000)")
        self.assertEqual(self.get(), b"x" * 5000000)
        self.assertEqual(self.error("FileSystem.write(path, 5)")["type"], "TypeError")

    def test_a_link_is_not_followed_unless_that_is_said(self):
        self.put(b"kept", self.home + "/target")
        os.symlink("target", self.path)
        error = self.error("FileSystem.write(path, 'x')")
        self.assertIn("follow=True", error["message"])
        self.assertEqual(self.get(self.home + "/target"), b"kept")
        self.change("FileSystem.write(path, 'x', follow=True)")
        self.assertEqual((os.readlink(self.path), self.get(self.home + "/target")), ("target", b"x"))

    def test_what_cannot_be_written_leaves_nothing_behind(self):
        for source in ("FileSystem.write(home, 'x')", "FileSystem.write(home + '/no/file', 'x')",
                       "FileSystem.write('/dev/null', 'x')", "FileSystem.write(home + '/' + 'n' * 300, 'x')",
                       "FileSystem.write('/proc/self/status', 'x')"):
            self.assertIn("rror", self.error(source)["type"], source)
        self.assertEqual(os.listdir(self.home), [])

    def test_a_reader_never_sees_half_of_it(self):
        self.value("FileSystem.write(path, 'a' * 1000000)")
        with open(self.path, "rb") as old:
            self.value("FileSystem.write(path, 'b' * 1000000)")
            self.assertEqual(old.read(), b"a" * 1000000)
        self.assertEqual(os.listdir(self.home), ["file"])

    # ------------------------------------------------ line_in_file

    def line(self, arguments):
        """The diff, after it was seen that check=True touches nothing and that a second run changes nothing."""
        source = "FileSystem.line_in_file(path, %s)" % arguments
        before = self.snapshot()
        checked = self.value(source[:-1] + ", check=True)")
        self.assertEqual(self.snapshot(), before)
        diff = self.value(source)
        self.assertEqual(checked, diff)
        after = self.snapshot()
        self.assertEqual(self.value(source), u"")
        self.assertEqual(self.snapshot(), after)
        return diff

    def test_a_line_is_appended_once(self):
        self.put(b"a\n b \n")
        self.assertEqual(self.line("line='b'"), u"")
        self.assertIn(u"+c\n", self.line("line='c'"))
        self.assertEqual(self.get(), b"a\n b \nc\n")
        self.line("line='b', strip=False")
        self.assertEqual(self.get(), b"a\n b \nc\nb\n")

    def test_the_end_of_the_file_stays_as_it_is(self):
        self.put(b"a\nb")
        self.line("line='c'")
        self.assertEqual(self.get(), b"a\nb\nc")
        self.put(b"")
        self.line("line='c'")
        self.assertEqual(self.get(), b"c")

    def test_a_missing_file(self):
        error = self.error("FileSystem.line_in_file(path, line='x')")
        self.assertIn(error["type"], ("FileNotFoundError", "IOError"))
        self.assertIn("File %s does not exist" % self.path, error["message"])
        self.line("line='x', create=True")
        self.assertEqual(self.get(), b"x")

    def test_lines_that_match_are_replaced(self):
        self.put(b"a=1\nb=2\na=3\n")
        self.line("line='a=9', regexp='^a='")
        self.assertEqual(self.get(), b"a=9\nb=2\na=3\n")
        self.line("line='a=9', regexp='^a=', match=LineInFileMatch.ALL")
        self.assertEqual(self.get(), b"a=9\nb=2\na=9\n")
        self.line("line='z', regexp='^nothing'")
        self.assertEqual(self.get(), b"a=9\nb=2\na=9\nz\n")  # and not again: see line()

    def test_line_ends_separators_and_bytes_stay(self):
        self.put(u"a\r\nb\u2028c\x0bd\r\n".encode("utf-8") + b"\xff\xfe\r\n")
        self.line("line='new'")
        self.assertEqual(self.get(), u"a\r\nb\u2028c\x0bd\r\n".encode("utf-8") + b"\xff\xfe\r\nnew\r\n")
        self.line(u"line='A', regexp='^a$'")
        self.assertTrue(self.get().startswith(b"A\r\nb"))
        self.assertIn("no newline", self.error("FileSystem.line_in_file(path, line='a\\nb')")["message"])

    def test_a_link_is_not_followed_here_either(self):
        self.put(b"a\n", self.home + "/target")
        os.symlink("target", self.path)
        self.assertIn("follow=True", self.error("FileSystem.line_in_file(path, line='x')")["message"])
        self.line("line='x', follow=True")
        self.assertEqual(self.get(self.home + "/target"), b"a\nx\n")

    # ------------------------------------------------ folders, links, nothing

    def test_folders(self):
        change = self.change("FileSystem.directory(home + '/a/b', mode=0o700)")
        self.assertEqual(change["diff"], u"+ folder %s/a\n+ folder %s/a/b\n" % (self.home, self.home))
        self.assertEqual((self.mode(self.home + "/a"), self.mode(self.home + "/a/b")), (0o755, 0o700))
        self.assertIs(self.value("FileSystem.directory(home + '/a/b').changed"), False)  # its mode is kept
        self.assertEqual(self.change("FileSystem.directory(home + '/a/b', mode=0o750)")["diff"], "mode 0700 -> 0750\n")
        os.symlink("a", self.home + "/link")
        self.assertIs(self.value("FileSystem.directory(home + '/link').changed"), False)
        self.assertIn("follow=True", self.error("FileSystem.directory(home + '/link', mode=0o700)")["message"])
        self.put(b"")
        self.assertIn("rror", self.error("FileSystem.directory(path)")["type"])
        self.assertIn("rror", self.error("FileSystem.directory(path + '/below')")["type"])

    def test_links(self):
        self.assertEqual(self.change("FileSystem.symlink(path, 'nowhere')")["diff"], u"+ link %s -> nowhere\n" % self.path)
        self.change("FileSystem.symlink(path, '/etc')")
        self.assertEqual(os.readlink(self.path), "/etc")
        self.put(b"x", self.home + "/plain")
        self.assertIn("- file", self.change("FileSystem.symlink(home + '/plain', 'file')")["diff"])
        os.mkdir(self.home + "/folder")
        self.assertIn("rror", self.error("FileSystem.symlink(home + '/folder', 'x')")["type"])

    def test_absent(self):
        self.put(b"x")
        self.assertEqual(self.change("FileSystem.absent(path)")["diff"], "- file %s\n" % self.path)
        os.makedirs(self.home + "/tree/below")
        self.put(b"x", self.home + "/tree/below/file")
        self.put(b"kept", self.path)
        os.symlink(self.home, self.home + "/tree/link")
        self.assertIn("recursive=True", self.error("FileSystem.absent(home + '/tree')")["message"])
        change = self.change("FileSystem.absent(home + '/tree', recursive=True)")
        self.assertIn("- %s/tree/below/file\n" % self.home, change["diff"])
        self.assertEqual((os.listdir(self.home), self.get()), (["file"], b"kept"))
        os.symlink(self.home, self.home + "/link")
        self.change("FileSystem.absent(home + '/link', recursive=True)")
        self.assertEqual(self.get(), b"kept")
        self.assertEqual(self.error("FileSystem.absent('/', recursive=True)")["type"], "ValueError")
        os.mkdir(self.home + "/empty")
        self.change("FileSystem.absent(home + '/empty')")

    # ------------------------------------------------ reading

    def test_reading(self):
        self.put(u"\xe9\r\n".encode("utf-8"))
        self.assertEqual(self.value("FileSystem.read_str(path), FileSystem.read_bytes(path)"),
                         (u"\xe9\r\n", u"\xe9\r\n".encode("utf-8")))
        self.assertIn(self.error("FileSystem.read_str(home + '/none')")["type"], ("FileNotFoundError", "IOError"))
        self.assertIn("processor", self.value("FileSystem.read_str('/proc/cpuinfo')"))

    def test_stat(self):
        self.put(b"abc")
        os.symlink("file", self.home + "/link")
        got = self.value("FileSystem.stat(path)")
        self.assertEqual(got.kind, "hailer.filesystem.StatResult")
        self.assertEqual(got.names, ("path", "exists", "size", "mode", "uid", "gid", "mtime", "is_file", "is_dir", "is_symlink",
                                     "link_target"))
        self.assertEqual((got.fields["size"], got.fields["mode"], got.fields["is_file"]), (3, 0o644, True))
        got = self.value("FileSystem.stat(home + '/link')").fields
        self.assertEqual((got["is_symlink"], got["is_file"], got["link_target"]), (True, False, "file"))
        self.assertEqual(self.value("s = FileSystem.stat(home + '/none')\ns.exists, s.size, s.is_dir"), (False, None, False))

    def test_glob(self):
        os.makedirs(self.home + "/b/c")
        os.makedirs(self.home + "/.a")
        for name in ("b/c/x.py", "b/y.py", "z.py", ".a/h.py", "b/c/.w"):
            self.put(b"", self.home + "/" + name)
        os.symlink("..", self.home + "/b/up")

        def glob(pattern):
            return [path[len(self.home) + 1:] for path in self.value("FileSystem.glob(home, %r)" % pattern)]

        self.assertEqual(glob("*.py"), ["z.py"])
        self.assertEqual(glob("**/*.py"), [".a/h.py", "b/c/x.py", "b/y.py", "z.py"])
        self.assertEqual(glob("*/c/*"), ["b/c/.w", "b/c/x.py"])
        self.assertEqual(glob("b/[xy].py"), ["b/y.py"])
        self.assertEqual(glob("**/c/**/x.py"), ["b/c/x.py"])
        self.assertEqual(self.value("FileSystem.glob(home + '/none', '*')"), [])
        self.assertEqual(self.error("FileSystem.glob(home, '/etc/*')")["type"], "ValueError")

    def test_tail(self):
        self.put(b"".join(b"%d\n" % n if not PY2 else "%d\n" % n for n in range(100000)) + b"end")
        self.assertEqual(self.value("FileSystem.tail(path, 3)"), [u"99998", u"99999", u"end"])
        self.assertEqual(self.value("len(FileSystem.tail(path, 100)), len(FileSystem.tail(path, 10 ** 9))"), (100, 100001))
        self.assertEqual(self.value("FileSystem.tail(path, 0)"), [])
        self.put(b"")
        self.assertEqual(self.value("FileSystem.tail(path)"), [])

    # ------------------------------------------------ follow

    def follow(self, arguments=""):
        channel = self.agent.start("FileSystem.follow(path, poll=0.02%s)" % arguments)
        self.addCleanup(self.stop, channel)
        return self.agent.replies[channel]

    def stop(self, channel):
        self.agent.cancel(channel)
        self.assertEqual(self.agent.finish(channel).tag, 2)

    def append(self, data):
        with open(self.path, "ab") as file:
            file.write(data)

    def expect(self, reply, lines):
        self.agent.until(lambda: len(reply.items) >= len(lines) or reply.tag is not None)
        self.assertEqual(reply.items, lines)

    def test_follow_goes_on_through_rotation_and_truncation(self):
        self.put(b"old 1\nold 2\n")
        reply = self.follow(", lines=1")
        self.expect(reply, [u"old 2"])
        self.append(b"new 1\nhal")
        self.expect(reply, [u"old 2", u"new 1"])
        self.append(b"f\r\n")
        self.expect(reply, [u"old 2", u"new 1", u"half"])
        os.rename(self.path, self.path + ".1")
        with open(self.path + ".1", "ab") as old:  # who writes still has it open
            old.write(b"late\nunfinished")
        seen = [u"old 2", u"new 1", u"half", u"late"]
        self.expect(reply, seen)
        self.put(b"rotated\n", self.path + ".new")
        os.rename(self.path + ".new", self.path)
        seen += [u"unfinished", u"rotated"]
        self.expect(reply, seen)
        self.append(b"longer than what comes\n")
        seen += [u"longer than what comes"]
        self.expect(reply, seen)
        with open(self.path, "r+b") as file:
            file.truncate(0)
            file.write(b"cut\n")
        seen += [u"cut"]
        self.expect(reply, seen)

    def test_follow_begins_at_the_end_and_waits_only_if_that_is_said(self):
        self.assertIn(self.error("FileSystem.follow(path)")["type"], ("FileNotFoundError", "IOError"))
        reply = self.follow(", wait=True")
        self.agent.wait(0.1)
        self.put(b"first\n")
        self.expect(reply, [u"first"])
        later = self.follow()
        other = self.follow(", lines=5")
        self.expect(other, [u"first"])
        end = time.time() + 20
        while not later.items and time.time() < end:  # it may begin a little later
            self.append(b"second\n")
            self.agent.wait(0.05)
        self.assertEqual(set(later.items), {u"second"})


if __name__ == "__main__":
    unittest.main()
