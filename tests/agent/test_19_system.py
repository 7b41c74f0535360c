# coding: utf-8
"""What the tools that change a system work out before they touch it. That they do it: tests/tools_system.rs, on real hosts."""
import unittest

from case import Case

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJNKQ0ZqJXbTqOZ0t0P9d1X1n0l2Vr9bE0iH8hE0oZfP"
OTHER = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAQ0ZqJXbTqOZ0t0P9d1X1n0l2Vr9bE0iH8hE0oZfP"


class System(Case):
    def module(self, name):
        """Its functions, called in the agent."""
        self.agent.call("import sys\n%s = sys.modules['hailer']._core.module('hailer.%s')" % (name, name))
        return lambda function, *words: self.value("%s.%s(*%r)" % (name, function, words))

    def test_the_lines_of_keys(self):
        keys = self.module("keys")
        merged = lambda text, wanted, exclusive=False, absent=False: keys("merged", text, wanted, exclusive, absent)
        self.assertEqual(merged("", [KEY]), KEY + "\n")
        self.assertEqual(merged(KEY, [KEY]), KEY)
        self.assertEqual(merged("# x\n" + KEY, [OTHER]), "# x\n%s\n%s\n" % (KEY, OTHER))
        self.assertEqual(merged("no-pty %s a\n%s b\n" % (KEY, KEY), [KEY + " c"]), KEY + " c\n")
        self.assertEqual(merged("#%s\nnonsense\n" % KEY, [KEY]), "#%s\nnonsense\n%s\n" % (KEY, KEY))
        self.assertEqual(merged("%s\n%s\n" % (KEY, OTHER), [KEY + " x"], absent=True), OTHER + "\n")
        self.assertEqual(merged("%s\n%s\n" % (KEY, OTHER), [OTHER], exclusive=True), OTHER + "\n")
        self.assertEqual(merged("\n%s\n" % KEY, [KEY], exclusive=True), "\n%s\n" % KEY)
        for line in (KEY, 'command="a \\" b",no-pty %s c' % KEY, "no-pty\t%s" % KEY):
            self.assertEqual(keys("identity", line)[0], "ssh-ed25519", line)
        for line in ("", "ssh-ed25519", "ssh-ed25519 AAAA", "ssh-rsa " + KEY.split()[1], "a b " + KEY, "ssh-ed25519 ===="):
            self.assertIs(keys("identity", line), None, line)

    def test_the_sections_of_pacmans_configuration(self):
        repository = self.module("pacman_repository")
        edited = lambda text, *section: "\n".join(repository("edited", text.split("\n"), "a", list(section)))
        new = ("[a]", "Server = x")
        self.assertEqual(edited("[options]\n", *new), "[options]\n\n[a]\nServer = x\n")
        self.assertEqual(edited("[options]", *new), "[options]\n\n[a]\nServer = x\n")
        self.assertEqual(edited("", *new), "[a]\nServer = x\n")
        for text in ("[o]\n\n[a]\nServer = x\n", "[a]\nServer = x\n\n# of b\n[b]\n", "[a]\nServer = x\n\n\n\n[b]\n#[a]\n", "[a]\nServer = x"):
            self.assertEqual(edited(text, *new), text)
        self.assertEqual(edited("[a]\nServer = y\nInclude = z\n\n# of b\n#[c]\n[b]\nx\n", *new), "[a]\nServer = x\n\n# of b\n#[c]\n[b]\nx\n")
        self.assertEqual(edited("[a]\n[b]\n[a]\nServer = y\n", *new), "[a]\nServer = x\n[b]\n")
        self.assertEqual(edited("[o]\n\n[a]\nServer = y\n\n# of b\n[b]\n"), "[o]\n\n# of b\n[b]\n")
        self.assertEqual(edited("[o]\n\n[a]\nServer = y\n"), "[o]\n")
        self.assertEqual(edited("[o]\n#[a]\n[aa]\n"), "[o]\n#[a]\n[aa]\n")

    def test_packages(self):
        self.assertEqual(self.value("[str(p) for p in (Apt.Package('a'), Apt.Package.from_string('a=1:2-3'), "
                                    "Apt.Package.parse(Apt.Package('a', version='2')))]"), ["a", "a=1:2-3", "a=2"])
        self.assertEqual(self.value("[Apt.Package.parse(Apt.Package('a', 1), s).state for s in (None, 0, 2)]"), [1, 0, 2])
        self.assertEqual(self.value("Apt.Package('a') == Pacman.Package.parse('a'), Apt.Package('a') != Apt.Package('a', 1)"), (True, True))
        self.assertEqual(self.value("Apt.State.PRESENT, Apt.State.ABSENT, Apt.State.LATEST"), (0, 1, 2))
        self.assertEqual(self.value("Service.State.STARTED, Service.State.RELOADED"), (0, 3))

    def test_what_apt_tells(self):
        apt = self.module("apt")
        said = ("Inst lib (1.1 Debian:12 [amd64])\nInst app [0.4] (0.5 stable [all]) []\nConf lib (1.1 Debian:12 [amd64])\n"
                "Remv old [1.0]\nPurg older:i386 [2:1.0-1]\nInstance\n")
        self.assertEqual(self.value("apt.STEP.findall(%r)" % said), [
            ("Inst", "lib", "", "1.1"), ("Inst", "app", "0.4", "0.5"), ("Conf", "lib", "", "1.1"), ("Remv", "old", "1.0", ""),
            ("Purg", "older:i386", "2:1.0-1", "")])
        for words in ("W: GPG error: x", "E: Failed to fetch y", "a\nW: Failed to fetch z", "W: Some index files failed to download."):
            self.assertIs(self.value("bool(apt.STALE.search(%r))" % words), True, words)
        self.assertIs(self.value("bool(apt.STALE.search('W: Target Packages is configured multiple times'))"), False)
        self.assertEqual(apt("versions", "1", "2"), " 1 -> 2")

    def test_what_is_wrong_is_refused_before_anything_is_done(self):
        for code in ("Apt.package('a b')", "Apt.package('-y')", "Apt.package('a', 7)", "Apt.converge('a=1', 'a=2')"):
            found = self.error("import sys\nsys.modules['hailer'].tool.need_program = lambda *words: '/bin/false'\n" + code)
            self.assertEqual(found["type"].split(".")[-1], "ValueError", (code, found))
        self.assertEqual(self.error("Apt.converge('a', chek=True)")["type"].split(".")[-1], "TypeError")


if __name__ == "__main__":
    unittest.main()
