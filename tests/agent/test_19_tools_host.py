"""The tools Facts, Hostname and Sysctl, as far as they can be tried without a host of one's own; see tests/tools.rs for the rest."""
import os
import sys
import unittest

from case import Case


class Facts(Case):
    def test_all_sections_in_one_call(self):
        facts = self.value("Facts.gather()").fields
        self.assertEqual(sorted(facts), ["cpu", "memory", "network", "python", "storage", "system"])
        self.assertEqual(facts["system"].fields["hostname"], os.uname()[1])
        self.assertEqual(facts["system"].fields["kernel"], os.uname()[2])
        self.assertEqual(facts["system"].kind, "hailer.host.System")
        self.assertGreater(facts["cpu"].fields["count"], 0)
        self.assertGreater(facts["memory"].fields["total"], 1 << 20)
        self.assertEqual(facts["python"].fields["version"], "%d.%d.%d" % sys.version_info[:3])
        root = [mount.fields for mount in facts["storage"] if mount.fields["mount"] == "/"]
        self.assertGreater(root[0]["total"], root[0]["free"])
        loopback = [one.fields for one in facts["network"].fields["interfaces"] if one.fields["name"] == "lo"]
        self.assertIn("127.0.0.1/8", loopback[0]["addresses"])

    def test_some_sections(self):
        facts = self.value("Facts.gather('memory', 'python')").fields
        self.assertEqual([name for name in facts if facts[name] is not None and name not in ("memory", "python")], [])
        self.assertGreater(self.value("Facts.memory().total"), self.value("Facts.memory().used"))
        self.assertIn("there are system cpu", self.error("Facts.gather('nonsense')")["message"])

    def test_no_section_needs_a_module_that_small_pythons_lack(self):
        self.value("Facts.gather()")
        loaded = self.value("import sys\n[m for m in ('json', 'asyncio', 'ctypes', 'platform', 'threading') if m in sys.modules]")
        self.assertNotIn("asyncio", loaded)
        self.assertNotIn("ctypes", loaded)


class Names(Case):
    def test_what_is_so_already_changes_nothing(self):
        self.assertEqual(self.value("Hostname.get()"), os.uname()[1])

    def test_names_are_checked(self):
        for name in ("'a b'", "'-a'", "''", "'a' * 65", "'a/b'", "'a\\nb'"):
            self.assertEqual(self.error("Hostname.set(%s, check=True)" % name)["type"], "ValueError", name)
        for arguments in ("'1.2.3', 'a'", "'1.2.3.4'", "'1.2.3.4', 'a b'", "'fe80::zz', 'a'"):
            self.assertEqual(self.error("Hostname.hosts_entry(%s, check=True)" % arguments)["type"], "ValueError", arguments)

    def test_hosts(self):
        entered = "from hailer import hostname\nhostname.entered(%r, u'10.0.0.1', [u'a', u'a.b'])"
        for text, result in (
            (u"", u"10.0.0.1 a a.b\n"),
            (u"127.0.0.1 localhost", u"127.0.0.1 localhost\n10.0.0.1 a a.b\n"),
            (u"10.0.0.1\ta   a.b # why\n", u"10.0.0.1\ta   a.b # why\n"),
            (u"10.0.0.1 old # why\n10.0.0.1 x\n", u"10.0.0.1 a a.b # why\n10.0.0.1 x\n"),
            (u"# 10.0.0.1 no\n", u"# 10.0.0.1 no\n10.0.0.1 a a.b\n"),
        ):
            self.assertEqual(self.value(entered % text), result)


class Settings(Case):
    def test_values_and_keys(self):
        with open("/proc/sys/kernel/ostype") as file:
            self.assertEqual(self.value("Sysctl.get('kernel.ostype'), Sysctl.get('kernel/ostype')"), (file.read().strip(),) * 2)
        self.assertIn("rror", self.error("Sysctl.get('kernel.nothing')")["type"])
        for source in ("Sysctl.get('../../etc/passwd')", "Sysctl.get('kernel/../x')", "Sysctl.present('a.b', 'x\\ny', check=True)",
                       "Sysctl.present('a.b', 1, name='../x.conf', check=True)", "Sysctl.present('a b', 1, check=True)",
                       "Sysctl.present('a.b', 1, name='x', check=True)"):
            self.assertEqual(self.error(source)["type"], "ValueError", source)
        self.assertEqual(self.value("from hailer import sysctl\nsysctl.place('net.ipv4.conf.eth0/1.mtu')"),
                         "/proc/sys/net/ipv4/conf/eth0.1/mtu")
        self.assertEqual(self.value("sysctl.place('net/ipv4/conf/eth0.1/mtu')"), "/proc/sys/net/ipv4/conf/eth0.1/mtu")

    def test_a_check_says_what_would_change(self):
        got = self.value("Sysctl.present('kernel.ostype', 'Other', check=True)").fields
        self.assertEqual((got["changed"], got["value"]), (True, "Other"))
        self.assertIn("running kernel.ostype = Linux -> Other", got["diff"])

    def test_the_file_keeps_what_is_not_ours(self):
        entered = "from hailer import sysctl\nsysctl.entered(%r, 'a.b', u'1 2')"
        for text, result in (
            (u"", u"a.b = 1 2\n"),
            (u"# why\nc.d=3", u"# why\nc.d=3\na.b = 1 2\n"),
            (u"a.b=1\t2\n", u"a.b=1\t2\n"),
            (u"a/b = 5\n; x\n-a.b = 6\n", u"a.b = 1 2\n; x\n"),
        ):
            self.assertEqual(self.value(entered % text), result)


if __name__ == "__main__":
    unittest.main()
