"""Moves into the namespaces of another process, in front of core.py: this host's Python, with that process's files,
network, names and processes. For containers that have no Python, or no shell.

`target` says whose: "1234", "docker:NAME" or "podman:NAME". What is in there may be hostile, and we are root. So nothing
of it is loaded or run by us:

- One process stays outside, and hands modules to the other, which moves in, as they are asked for. Inside there is no
  path on which modules are looked for.
- Machine code is loaded before: extension modules, the libraries that they need, those that the C library gets when it
  needs them. It knows them by name then, and opens no file. OpenSSL reads its configuration before too, which may name
  libraries.
- Users, groups and hosts are looked up in files and in the DNS: any other source would be a library of theirs.

The two processes end together. Where it cannot move in it leaves with 7.
"""
import errno
import fcntl
import marshal
import os
import select
import sys

try:
    import _signal as signal
    import _thread as thread
except ImportError:  # 2.7
    import signal
    import thread

SPACES = ("ipc", "uts", "net", "mnt", "cgroup", "user")  # in this order; "pid" is for those who are born later
PART = 32768  # the most of an answer in a packet, after a byte that says whether another follows
MORE_FOLLOWS, IS_LAST = b"+", b"."
EXTENSION = "extension"
# Extension modules that nobody needs, or that run scripts they find when they are used.
UNWANTED = ("_test", "_ctypes_test", "_tkinter", "_xx", "xx")
# What the C library loads only when it needs it; the first two are part of it since 2.34.
LATE = ("libnss_files.so.2", "libnss_dns.so.2", "libgcc_s.so.1", "libidn2.so.0")
LOOKUPS = (
    "aliases ethers group gshadow hosts initgroups netgroup networks passwd protocols publickey rpc services shadow"
)


class Moved(object):
    """What the process inside knows of the other one."""

    pid = 0
    wire = -1
    questions = []  # (question, where the answer goes, lock of who waits for it)
    work = thread.allocate_lock()  # released when there are some
    loaded = set()  # files of machine code that are in memory
    places = {}  # 2.7: package -> where its modules are; its own __path__ is empty, or 2.7 would look there itself
    files = set()  # host's files that code was made from


def give_up(why):
    os.write(2, ("hailer: nsenter: %s\n" % why).encode("utf-8", "replace"))
    os._exit(7)


def reason(error):
    return os.strerror(error.errno) if getattr(error, "errno", None) else str(error)


# ---------------------------------------------------------------- whose namespaces


def target_pid():
    engine, _, name = target.rpartition(":")
    if not engine:
        return int(name)
    import subprocess

    words = [engine, "inspect", "--type", "container", "--format", "{{.State.Pid}}", "--", name]
    with open(os.devnull) as null:  # our own input is the wire
        try:
            process = subprocess.Popen(words, stdin=null, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        except EnvironmentError as error:
            give_up("%s, which knows the container's process, cannot be started here: %s" % (engine, reason(error)))
        out, said = process.communicate()
    if process.returncode:
        last = said.decode("utf-8", "replace").strip().rpartition("\n")[2]
        give_up("%s tells no process of %s: %s" % (engine, name, last))
    pid = int(out.strip() or 0)
    return pid or give_up("the container %s is not running" % name)


def spaces_of(pid):
    """[(kind, descriptor)] of the namespaces that are not ours as well."""
    found = []
    for kind in ("pid",) + SPACES:
        path = "/proc/%d/ns/%s" % (pid, kind)
        try:
            there, here = os.stat(path), os.stat("/proc/self/ns/" + kind)
            if there.st_ino != here.st_ino:
                found.append((kind, os.open(path, os.O_RDONLY)))
        except OSError as error:
            if error.errno in (errno.EACCES, errno.EPERM):
                refused()
            if not os.path.exists("/proc/%d/ns" % pid):
                give_up("there is no process %d on this host" % pid)
            if os.path.exists("/proc/self/ns/" + kind):
                give_up("process %d has ended" % pid)
            # else a kernel that knows no such namespaces
    return found


def refused():
    how = "it needs root: chain it behind sudo, as in host/sudo/nsenter:%s" % target
    if os.getuid() == 0:
        how = "it needs CAP_SYS_ADMIN, CAP_SYS_PTRACE and CAP_SYS_CHROOT, and this root has not all of them"
    give_up("the namespaces of %s may not be entered; %s" % (target, how))


# ---------------------------------------------------------------- what must be in memory before


def load_ahead(ctypes, libc):
    glibc = hasattr(libc, "gnu_get_libc_version")
    for folder in sys.path:
        for name in os.listdir(folder) if os.path.isdir(folder) else ():
            if not name.endswith(".so") or name.startswith(UNWANTED):
                continue
            path = os.path.join(folder, name)
            try:
                if glibc:
                    ctypes.CDLL(path)
                    Moved.loaded.add(path)
                else:  # one that looks at the file again: modules must be there themselves
                    __import__(name.split(".")[0])
            except (ImportError, OSError):
                pass  # what cannot be loaded here cannot be there either
    for name in LATE if glibc else ():
        try:
            ctypes.CDLL(name)
        except OSError:
            pass
    configure = getattr(libc, "__nss_configure_lookup", None)
    for name in LOOKUPS.split() if configure else ():
        configure(name.encode(), b"files dns" if name == "hosts" else b"files")
    configure_openssl()


def configure_openssl():
    protocol = 2 if sys.version_info[0] == 2 else 16  # any that does not warn
    for name, use in (
        ("_ssl", lambda module: module._SSLContext(protocol)),
        ("_hashlib", lambda module: module.new("sha256")),
    ):
        try:
            use(__import__(name))
        except (ImportError, AttributeError, ValueError):
            pass  # without OpenSSL


# ---------------------------------------------------------------- outside: the one that hands modules over


def stay_outside(wire, child):
    """Answers questions until the child ends, and ends as it did."""

    def over(signum=None, stack=None):
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            os._exit(128 + os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status))

    def stopped(signum, stack):
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.kill(child, signal.SIGKILL)
        os._exit(128 + signum)

    woken, wake = os.pipe()
    fcntl.fcntl(wake, fcntl.F_SETFL, os.O_NONBLOCK)
    signal.set_wakeup_fd(wake)  # a signal just before select ends it too
    signal.signal(signal.SIGCHLD, over)
    for signum in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(signum, stopped)
    over()
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)
    sources = [woken, wire]
    while True:
        try:
            ready = select.select(sources, [], [])[0]
            if woken in ready:
                os.read(woken, 512)
                over()
            elif not answer(wire):
                sources.remove(wire)  # nobody asks any more; what is left is to wait
        except (EnvironmentError, select.error):
            pass  # a signal, or nobody takes the answer


def answer(wire):
    """Reads a question, and answers it. Whether there was one."""
    question = os.read(wire, 1 << 20)
    if question:
        reply(wire, question)
    return bool(question)


def reply(wire, question):
    words = question.split(b"\0")
    if sys.version_info[0] > 2:
        words = [word.decode("utf-8", "surrogateescape") for word in words]
    try:
        answer = ANSWERS[words[0]](*words[1:])
    except BaseException as error:
        answer = "error", "%s: %s" % (type(error).__name__, error)
    data = marshal.dumps(answer)
    for at in range(0, len(data), PART):
        part = (MORE_FOLLOWS if at + PART < len(data) else IS_LAST) + data[at:at + PART]
        while True:
            try:
                os.write(wire, part)
                break
            except EnvironmentError as error:
                if error.errno != errno.EINTR:
                    raise


def find_module_of_host(name, *path):
    """(kind, file or None, code or None, where its own modules are or None), or None."""
    seek = seek_in_2 if sys.version_info[0] == 2 else seek_in_3
    found = seek(name, list(path) or None)
    if found is None and not path and not run_host_site.done:
        run_host_site()
        found = seek(name, None)
    return found


def seek_in_3(name, path):
    for finder in sys.meta_path:
        find = getattr(finder, "find_spec", None)
        spec = find and find(name, path)
        if spec is None:
            continue
        inner = spec.submodule_search_locations
        inner = None if inner is None else [str(place) for place in inner]
        kind = type(spec.loader).__name__
        if spec.origin and kind == "ExtensionFileLoader":
            return EXTENSION, spec.origin, None, inner
        if spec.loader is None or kind in ("NamespaceLoader", "_NamespaceLoader"):
            return "namespace", None, None, inner
        if hasattr(spec.loader, "get_code"):
            return "code", spec.origin, spec.loader.get_code(name), inner


def seek_in_2(name, path):
    import imp
    import pkgutil

    for place in sys.path if path is None else path:
        importer = pkgutil.get_importer(place)
        loader = importer and importer.find_module(name)
        if not loader:
            continue
        if getattr(loader, "etc", ("",) * 3)[2] == imp.C_EXTENSION:
            return EXTENSION, loader.filename, None, None
        package = loader.is_package(name)
        code = loader.get_code(name)
        return "code", code.co_filename, code, [os.path.dirname(code.co_filename)] if package else None


def source_of_host(name):
    import linecache

    return linecache.getlines(name)


def run_host_site():
    if not run_host_site.done:
        run_host_site.done = True
        import site

        if sys.version_info[0] == 2 or sys.flags.no_site:
            site.main()


run_host_site.done = False
ANSWERS = {"find": find_module_of_host, "source": source_of_host, "site": run_host_site}


# ---------------------------------------------------------------- inside: the one that asks


def ask(*words):
    """What the process outside answers."""
    if os.getpid() != Moved.pid:
        raise ImportError("a process that was forked inside another's namespaces gets no more modules of the host")
    if sys.version_info[0] > 2:
        words = [word.encode("utf-8", "surrogateescape") for word in words]
    gate, data = thread.allocate_lock(), []
    gate.acquire()
    Moved.questions.append((b"\0".join(words), data, gate))
    try:
        Moved.work.release()
    except thread.error:
        pass  # it was at work already
    gate.acquire()
    if not data:
        raise ImportError("the process that hands over the host's modules is gone")
    answer = marshal.loads(data[0])
    if answer and answer[0] == "error":
        raise ImportError(answer[1])
    return answer


def ask_for_others():
    """Asks what was put in line. A thread of its own, since calls may be interrupted anywhere, and this must not be."""
    while True:
        Moved.work.acquire()
        while Moved.questions:
            question, data, gate = Moved.questions.pop(0)
            try:
                uninterrupted(os.write, question)
                parts, more = [], True
                while more:
                    packet = uninterrupted(os.read, PART + 1)
                    parts.append(packet[1:])
                    more = packet[:1] == MORE_FOLLOWS
                if packet:
                    data.append(b"".join(parts))
            except EnvironmentError:
                pass
            gate.release()


def uninterrupted(call, argument):
    while True:
        try:
            return call(Moved.wire, argument)
        except EnvironmentError as error:  # 2.7 only
            if error.errno != errno.EINTR:
                raise


class HostFinder(object):
    """Finds modules of the host, whatever lies at their places in here."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        path = () if path is None else [str(place) for place in path]
        if not path and "." in name:
            return None
        found = ask("find", name, *path)
        if found is None:
            return None
        kind, origin, code, inner = found
        loader = None if kind == "namespace" else HostLoader(name, kind, origin, code, inner)
        spec = sys.modules["_frozen_importlib"].ModuleSpec(name, loader, origin=origin)
        spec.submodule_search_locations = inner
        spec.has_location = origin is not None
        return spec

    @staticmethod
    def find_module(name, path=None):  # 2.7
        if name in sys.builtin_module_names:
            return None
        path = Moved.places.get(name.rpartition(".")[0], ())
        if not path and "." in name:
            return None
        found = ask("find", name, *path)
        return found and HostLoader(name, *found)


class HostLoader(object):
    def __init__(self, name, kind, origin, code, inner):
        self.name, self.kind, self.origin, self.code, self.inner = name, kind, origin, code, inner
        Moved.files.add(origin)

    def get_source(self, name):
        return "".join(ask("source", self.origin)) or None

    def create_module(self, spec):
        if self.kind != EXTENSION:
            return None
        self.check()
        import _imp

        return _imp.create_dynamic(spec)

    def exec_module(self, module):
        if self.kind == EXTENSION:
            import _imp

            _imp.exec_dynamic(module)
        else:
            exec(self.code, module.__dict__)
            adapt(module)

    def load_module(self, name):  # 2.7
        import imp

        if self.kind == EXTENSION:
            self.check()
            return imp.load_dynamic(name, self.origin)
        fresh = name not in sys.modules
        module = sys.modules.setdefault(name, imp.new_module(name))
        module.__file__, module.__loader__, module.__package__ = self.origin, self, name.rpartition(".")[0]
        if self.inner:
            module.__path__, module.__package__, Moved.places[name] = [], name, self.inner
        try:
            exec(self.code, module.__dict__)
        except BaseException:
            if fresh:
                sys.modules.pop(name, None)
            raise
        adapt(module)
        return sys.modules[name]

    def check(self):
        if self.origin not in Moved.loaded:
            raise ImportError(
                "%s is machine code (%s) that was not loaded before the other process's namespaces were entered: only "
                "what comes with the interpreter is" % (self.name, self.origin)
            )


def adapt(module):
    """What of the standard library would look for the host's files in here, or would of itself run what it finds."""
    change = CHANGES.get(module.__name__)
    if change:
        change(module)


def adapt_linecache(linecache):
    update = linecache.updatecache

    def updatecache(filename, module_globals=None):
        if filename not in Moved.files:
            return update(filename, module_globals)
        lines = ask("source", filename)
        linecache.cache[filename] = sum(map(len, lines)), None, lines, filename
        return lines

    linecache.updatecache = updatecache


def adapt_platform(platform):
    platform._syscmd_uname = platform._syscmd_file = lambda what, default="": default
    if hasattr(platform, "_Processor"):
        platform._Processor.from_subprocess = staticmethod(lambda: "")
    if sys.version_info < (3, 8):  # it reads the interpreter's file
        platform.libc_ver = lambda *words, **named: ("", "")


def adapt_ctypes_util(util):
    util.find_library = lambda name: None  # asks a shell, a compiler and a linker


def adapt_multiprocessing_spawn(spawn):
    spawn.set_executable("")  # what lies at the interpreter's place in here is another program


CHANGES = {
    "ctypes.util": adapt_ctypes_util,
    "linecache": adapt_linecache,
    "multiprocessing.spawn": adapt_multiprocessing_spawn,
    "platform": adapt_platform,
}


def run_site_outside():
    """In place of site.main, which runs what it finds in files: only what it does inside of Python."""
    import site

    ask("site")
    site.setquit()
    site.setcopyright()
    site.sethelper()


def move_in(spaces, libc, wire):
    for kind, fd in spaces:
        if kind != "pid":
            set_space(libc, kind, fd)
        os.close(fd)
    os.chdir("/")
    if "user" in dict(spaces):
        for become, who in ((os.setgroups, []), (os.setgid, 0), (os.setuid, 0)):
            try:
                become(who)
            except OSError:
                pass  # not everybody is somebody in there
    libc.prctl(1, signal.SIGKILL, 0, 0, 0)  # PR_SET_PDEATHSIG
    Moved.pid, Moved.wire = os.getpid(), wire
    Moved.work.acquire()
    thread.start_new_thread(ask_for_others, ())
    import site

    site.main = run_site_outside
    for name, module in list(sys.modules.items()):
        Moved.files.add((getattr(module, "__file__", None) or "").replace(".pyc", ".py"))
        if sys.version_info[0] == 2 and getattr(module, "__path__", None):
            Moved.places[name], module.__path__ = list(module.__path__), []
        if module is not None:
            adapt(module)
    ours = [finder for finder in sys.meta_path if getattr(finder, "__name__", "") in ("BuiltinImporter", "FrozenImporter")]
    sys.meta_path[:] = ours + [HostFinder]
    del sys.path[:], sys.path_hooks[:]
    sys.path_importer_cache.clear()


def set_space(libc, kind, fd):
    if libc.setns(fd, 0):
        import ctypes

        code = ctypes.get_errno()
        if code == errno.EPERM:
            refused()
        give_up("the %s namespace of %s cannot be entered: %s" % (kind, target, os.strerror(code)))


def enter():
    try:
        import ctypes
    except ImportError:
        give_up("%s has no ctypes, without which nobody moves; name another with python=" % sys.executable)
    libc = ctypes.CDLL(None, use_errno=True)
    spaces = spaces_of(target_pid())
    load_ahead(ctypes, libc)
    import _socket
    import site

    if sys.version_info[0] == 2:
        import imp
        import pkgutil
    outside, inside = [moved_up(end) for end in _socket.socketpair(_socket.AF_UNIX, _socket.SOCK_SEQPACKET)]
    for kind, fd in spaces:
        if kind == "pid":
            set_space(libc, kind, fd)
    try:
        child = os.fork()
    except OSError as error:
        give_up("no process can be started in the namespaces of %s: %s" % (target, reason(error)))
    if child:
        for fd in [inside] + [fd for kind, fd in spaces]:
            os.close(fd)
        stay_outside(outside, child)
    os.close(outside)
    move_in(spaces, libc, inside)


def moved_up(end):
    """The descriptor of a socket, where no child and no user code looks for it."""
    for floor in (200, 60, 3):
        try:
            fd = fcntl.fcntl(end.fileno(), fcntl.F_DUPFD, floor)
        except EnvironmentError:
            continue
        fcntl.fcntl(fd, fcntl.F_SETFD, fcntl.FD_CLOEXEC)
        end.close()
        return fd
    give_up("no descriptor is free")


enter()
