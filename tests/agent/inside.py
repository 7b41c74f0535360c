"""An agent that moves into a hostile container: it works there, and loads and runs nothing of it.

Run with each Python by tests/nsenter.rs, which names an image that holds a C library and `sleep` (HAILER_IMAGE) and a
compiler (CC). Every place where this Python, its C library or OpenSSL might look holds a trap, which leaves a mark.
"""
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

from client import Agent, NONCE, payload

MARK = "/tmp/marks"
LIBRARIES = ("/lib/x86_64-linux-gnu", "/lib/aarch64-linux-gnu", "/lib64", "/usr/lib")
TRAP_C = r"""
#include <fcntl.h>
#include <unistd.h>
static void mark(void) { int fd = open("/tmp/marks", O_WRONLY | O_CREAT | O_APPEND, 0644); write(fd, NAME, sizeof NAME - 1); }
#ifdef PROGRAM
int main(void) { mark(); return 0; }
#else
__attribute__((constructor)) static void start(void) { mark(); }
#endif
"""
OPENSSL = "openssl_conf = o\n[o]\nproviders = p\nengines = e\n[p]\nx = x\n[x]\nmodule = %s\nactivate = 1\n" \
    "[e]\ny = y\n[y]\ndynamic_path = %s\ninit = 1\n"
INTERRUPTED = """
import os, signal, time
from hailer import _core as core
def stop(signum, stack):
    raise KeyboardInterrupt
def interrupted(rounds):
    signal.signal(signal.SIGALRM, stop)
    count = 0
    for number in range(rounds):
        try:
            signal.setitimer(signal.ITIMER_REAL, 0.00005 + number % 30 * 0.00002)
            for _ in range(20):
                assert core.ask("find", "pydoc")[1].endswith("pydoc.py")
                assert core.ask("find", "csv")[1].endswith("csv.py")
            signal.setitimer(signal.ITIMER_REAL, 0)
        except KeyboardInterrupt:
            count += 1
    return count
"""
MODULES = ("json/__init__.py", "ssl.py", "sqlite3/__init__.py", "site.py", "linecache.py", "email/os.py", "nonesuch.py",
           "encodings/idna.py", "ctypes/__init__.py", "sitecustomize.py")
PROGRAMS = ("sh", "uname", "file", "gcc", "cc", "ld", "ldconfig", "objdump", os.path.basename(sys.executable))


def docker(*words):
    return subprocess.check_output(("docker",) + words).decode().strip()


def compiled(folder, name, *flags):
    source, result = os.path.join(folder, name + ".c"), os.path.join(folder, name)
    with open(source, "w") as file:
        file.write(TRAP_C)
    subprocess.check_call([os.environ.get("CC", "cc"), "-w", "-DNAME=\"" + name + " \"", "-o", result, source] + list(flags))
    os.remove(source)
    return result


def put(root, path, content=None, copy_of=None):
    place = root + path
    if not os.path.isdir(os.path.dirname(place)):
        os.makedirs(os.path.dirname(place))
    if copy_of:
        shutil.copy(copy_of, place)
    else:
        with open(place, "w") as file:
            file.write(content)


def host_path():
    """Where this Python looks for modules, packages and extension modules."""
    code = "import sys; print('\\n'.join(path for path in sys.path if path))"
    found = []
    for options in ("-EsS", "-Es"):
        found += subprocess.check_output([sys.executable, options, "-c", code]).decode().split()
    return sorted(set(path for path in found if os.path.isdir(path)))


def traps(root):
    library = compiled(root, "library", "-shared", "-fPIC")
    program = compiled(root, "program", "-DPROGRAM")
    for folder in host_path():
        for name in MODULES:
            put(root, folder + "/" + name, "open('%s', 'a').write(%r)\n" % (MARK, name + " "))
        put(root, folder + "/trap.pth", "import sys; open('%s', 'a').write('pth ')\n" % MARK)
        for name in os.listdir(folder):
            if name.endswith(".so"):
                put(root, folder + "/" + name, copy_of=library)
    for folder in LIBRARIES:
        if os.path.isdir(folder) and not (os.path.islink(folder) and folder == "/lib64"):
            for name in ("libnss_evil.so.2", "libnss_files.so.2", "libnss_dns.so.2", "libgcc_s.so.1", "libidn2.so.0",
                         "libssl.so.3", "libcrypto.so.3", "libsqlite3.so.0", "libuuid.so.1"):
                put(root, "/usr" + folder.replace("/usr", "") + "/" + name, copy_of=library)
    for folder in ("/usr/lib/ssl", "/etc/ssl", "/usr/local/ssl"):
        put(root, folder + "/openssl.cnf", OPENSSL % ("/trap/library", "/trap/library"))
    put(root, "/trap/library", copy_of=library)
    put(root, "/etc/nsswitch.conf", "".join("%s: evil files dns\n" % name for name in ("passwd", "group", "hosts", "services")))
    put(root, "/etc/passwd", "root:x:0:0:inside:/:/bin/sh\n")
    put(root, sys.executable, copy_of=program)
    for name in PROGRAMS:
        put(root, "/usr/bin/" + name, copy_of=program)
        put(root, "/usr/sbin/" + name, copy_of=program)
    os.remove(library)
    os.remove(program)


def mapped(pid):
    """The files that a process has mapped, by device and number."""
    with open("/proc/%d/maps" % pid) as file:
        lines = [line.split(None, 5) for line in file]
    return dict(((words[3], words[4]), words[5].strip()) for words in lines if words[4] != "0")


def child_of(pid):
    return int(subprocess.check_output(["pgrep", "-P", str(pid)]).split()[0])


def ends(pid, patience=5):
    """Whether a process is gone before long; one that nobody has waited for yet is."""
    until = time.time() + patience
    while time.time() < until:
        try:
            with open("/proc/%d/stat" % pid) as file:
                if file.read().rpartition(")")[2].split()[0] in "ZX":
                    return True
        except EnvironmentError:
            return True
        time.sleep(0.01)
    return False


class Inside(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.name = "hailer-inside-%d" % os.getpid()
        folder = tempfile.mkdtemp()
        try:
            docker("create", "--pull", "never", "--network", "none", "--name", cls.name, os.environ["HAILER_IMAGE"])
            traps(folder)
            # As root's files, into the places that links of the image lead to.
            tar = subprocess.Popen(["tar", "--owner=0", "--group=0", "-C", folder, "-c", "."], stdout=subprocess.PIPE)
            subprocess.check_call(["docker", "cp", "-", cls.name + ":/"], stdin=tar.stdout)
            tar.stdout.close()
            assert tar.wait() == 0
            docker("start", cls.name)
        except BaseException:
            cls.tearDownClass()
            raise
        finally:
            shutil.rmtree(folder)

    @classmethod
    def tearDownClass(cls):
        subprocess.call(["docker", "rm", "-f", cls.name], stdout=subprocess.PIPE)

    def setUp(self):
        self.agent = Agent(whose="docker:" + self.name).boot()

    def tearDown(self):
        if not self.agent.process.stdout.closed:
            self.agent.end()

    def value(self, source):
        reply = self.agent.call(source)
        self.assertEqual(reply.tag, 0, source + "\n" + (reply.error["text"] if reply.tag == 1 else repr(reply.message)))
        return reply.value

    def failure(self, source):
        return self.agent.call(source).error

    def test_it_is_inside(self):
        self.assertIn(".dockerenv", self.value("import os; os.listdir('/')"))
        self.assertIn("trap", self.value("os.listdir('/')"))
        self.assertLess(self.value("os.getpid()"), 1000)
        self.assertEqual(int(self.agent.hello["pid"]), self.value("os.getpid()"))
        host = docker("inspect", "--format", "{{.Config.Hostname}}", self.name)
        self.assertEqual(self.agent.hello["host"], host)
        self.assertEqual(self.value("sorted(set(l.split(':')[0].strip() for l in open('/proc/net/dev') if ':' in l))"), ["lo"])
        inside = child_of(self.agent.process.pid)
        whose = int(docker("inspect", "--format", "{{.State.Pid}}", self.name))
        for kind in ("ipc", "uts", "net", "mnt", "cgroup", "pid", "user"):
            self.assertEqual(*[os.stat("/proc/%d/ns/%s" % (pid, kind)).st_ino for pid in (inside, whose)])

    def test_a_process_is_named_by_its_number(self):
        whose = docker("inspect", "--format", "{{.State.Pid}}", self.name)
        agent = Agent(whose=whose).boot()
        self.assertIn("trap", agent.call("import os; os.listdir('/')").value)
        agent.end()

    def test_nothing_of_the_container_is_loaded_or_run(self):
        for name in ("json", "ssl", "sqlite3", "ctypes", "ctypes.util", "decimal", "email", "email.message", "uuid", "zlib",
                     "xml.etree.ElementTree", "multiprocessing", "hashlib", "socket", "pwd", "grp", "platform", "site",
                     "linecache", "encodings.idna", "threading", "subprocess", "csv", "bz2", "curses", "mmap"):
            self.assertEqual(self.value("import %s\n%s.__name__" % (name, name)), name)
        self.value("import json, sys; json.loads('[1]')")
        self.assertEqual(self.value("pwd.getpwnam('root')[4]"), "inside")
        self.value("grp.getgrall()")
        self.assertEqual(self.value("socket.gethostbyname('localhost')"), "127.0.0.1")
        self.value("socket.getaddrinfo('localhost', 80)")
        self.assertIn("gaierror", self.failure("socket.gethostbyname('nonesuch.invalid')")["text"])
        self.value("ssl.create_default_context() and 1")
        self.value("len(hashlib.sha256(b'x').digest())")
        self.value("sqlite3.connect(':memory:').execute('select 1').fetchall()")
        self.value("t = threading.Thread(target=int); t.start(); t.join()")
        self.value("platform.node(), platform.platform(), platform.processor(), ctypes.util.find_library('m')")
        self.value("str(uuid.uuid4())")
        self.value("help and 1")
        self.assertIn("No module named", self.failure("import nonesuch")["message"])
        self.assertIn("json", self.failure("json.loads('[1,')")["text"])
        outside = self.agent.process.pid
        inside = child_of(outside)
        theirs = dict(mapped(inside))
        for known in mapped(outside):
            theirs.pop(known, None)
        self.assertEqual(theirs, {})
        self.assertFalse(self.value("__import__('os').path.exists('%s')" % MARK), self.marks())
        # The traps do work: what a call asks for by itself is loaded and run.
        self.value("ctypes.CDLL('/trap/library') and 1")
        self.assertTrue(any(path.endswith("/trap/library") for path in mapped(inside).values()))
        self.value("subprocess.call(['uname'])")
        self.assertEqual(self.marks(), "library program ")

    def marks(self):
        return self.value("open('%s').read() if __import__('os').path.exists('%s') else ''" % (MARK, MARK))

    def test_tracebacks_show_the_hosts_lines(self):
        text = self.failure("import json; json.loads('[1,')")["text"]
        self.assertIn("    return _default_decoder.decode(s)\n", text)
        self.assertNotIn("hailer/core.py", text)
        self.assertNotIn("open('%s'" % MARK, text)

    def test_installed_packages_are_the_hosts(self):
        code = "import sys, pip; sys.stdout.write(pip.__file__)"
        try:
            where = subprocess.check_output([sys.executable, "-Es", "-c", code], stderr=subprocess.PIPE).decode()
        except subprocess.CalledProcessError:
            self.skipTest("this Python has no package installed")
        self.assertEqual(self.value("import pip; pip.__file__").replace(".pyc", ".py"), where.replace(".pyc", ".py"))

    def test_many_threads_ask_at_once(self):
        # Not by importing: import locks of some Pythons may deadlock by themselves.
        names = "csv decimal wave json sqlite3 tarfile zipfile unittest pydoc".split()
        code = "from hailer import _core as core\nall('%s' in core.ask('find', '%s')[1] for _ in range(30))"
        for call in [self.agent.start(code % (name, name)) for name in names * 3]:
            self.assertIs(self.agent.finish(call).value, True)

    def test_an_interrupted_question_spoils_no_other(self):
        self.value(INTERRUPTED)
        count = self.value("interrupted(60)")
        self.assertGreater(count, 10)
        self.assertEqual(self.value("import wave; wave.__name__"), "wave")

    def test_a_forked_process_gets_no_modules(self):
        code = "import os\ndef f():\n  if os.fork() == 0:\n    try:\n      import wave\n    except ImportError:\n      os._exit(9)\n" \
               "    os._exit(0)\n  return os.wait()[1] >> 8\nf()"
        self.assertEqual(self.value(code), 9)
        self.assertEqual(self.value("import wave; 1"), 1)

    def test_both_processes_end_with_their_input(self):
        inside = child_of(self.agent.process.pid)
        self.assertEqual(self.agent.end(), 0)
        self.assertTrue(ends(inside))

    def test_both_processes_end_when_one_is_killed(self):
        for signum in (signal.SIGKILL, signal.SIGTERM, signal.SIGHUP):
            agent = Agent(whose="docker:" + self.name).boot()
            agent.start("import time; time.sleep(60)")
            agent.ping()
            inside = child_of(agent.process.pid)
            agent.process.send_signal(signum)
            self.assertIn(agent.process.wait(), (-signum, 128 + signum))
            self.assertTrue(ends(inside), signum)
            agent.end()

    def test_its_exit_code_is_that_of_the_process_inside(self):
        os.kill(child_of(self.agent.process.pid), signal.SIGKILL)
        self.assertEqual(self.agent.process.wait(), 137)
        other = Agent(whose="docker:" + self.name).boot()
        other.start("import os; os._exit(3)")
        self.assertEqual(other.process.wait(), 3)
        other.end()

    def refused(self, whose, before=None):
        agent = Agent(whose=whose, before=before)
        agent.write(agent.core + NONCE)
        said = agent.process.stderr.read().decode()
        self.assertEqual(agent.process.wait(), 7, said)
        self.assertTrue(said.startswith("hailer: nsenter: "), said)
        agent.end()
        return said

    def test_what_cannot_be_entered_is_told(self):
        self.assertIn("there is no process 2147483647", self.refused("2147483647"))
        self.assertIn("hailer-no-such", self.refused("docker:hailer-no-such"))
        stopped = self.name + "-stopped"
        docker("create", "--pull", "never", "--name", stopped, os.environ["HAILER_IMAGE"])
        try:
            self.assertIn("is not running", self.refused("docker:" + stopped))
        finally:
            docker("rm", stopped)

    def test_who_is_not_root_is_sent_to_sudo(self):
        if not os.access(os.path.realpath(sys.executable), os.X_OK) or os.path.realpath(sys.executable).startswith("/root"):
            self.skipTest("nobody else may run this Python")
        whose = docker("inspect", "--format", "{{.State.Pid}}", self.name)
        said = self.refused(whose, lambda: (os.setgroups([]), os.setgid(65534), os.setuid(65534)))
        self.assertIn("host/sudo/nsenter:%s" % whose, said)


class Own(unittest.TestCase):
    """A user namespace of somebody who is not root out here."""

    def test_a_user_namespace(self):
        process = subprocess.Popen(["unshare", "-U", "sleep", "60"])
        try:
            with open("/proc/%d/uid_map" % process.pid) as file:
                file.read()
            time.sleep(0.3)
            for kind in "uid", "gid":
                with open("/proc/%d/%s_map" % (process.pid, kind), "w") as file:
                    file.write("0 100000 1000\n")
            agent = Agent(whose=str(process.pid)).boot()
            self.assertEqual(agent.call("import os; (os.getuid(), os.getgid())").value, (0, 0))
            with open("/proc/%d/status" % child_of(agent.process.pid)) as file:
                self.assertIn("Uid:\t100000", file.read())
            agent.end()
        finally:
            process.kill()
            process.wait()


class Names(unittest.TestCase):
    def test_both_parts_of_what_is_sent_have_their_own_names(self):
        import ast

        def names(text):
            found = set()
            for node in ast.parse(text).body:
                if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                    found.add(node.name)
                elif isinstance(node, ast.Assign):
                    found.update(part.id for target in node.targets for part in ast.walk(target) if isinstance(part, ast.Name))
            return found

        core, whole = payload("core.py").decode(), payload("enter_core.py").decode()
        assert whole.endswith(core)
        self.assertEqual(names(core) & names(whole[:-len(core)]), set())


if __name__ == "__main__":
    unittest.main()
