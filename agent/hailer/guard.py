"""The guard rail: a call under it may look, and is refused what changes the host.

It is an audit hook (PEP 578), so it needs CPython 3.8, and it is a guard rail and not a sandbox: it stands in the way of
mistakes, and of code that does more than it says. Whoever wants past it gets past it, since the code runs in the same
process with the same rights; and what Python raises no audit event for, as os.mkfifo, goes unseen.

Refused are: opening a file to write (but for /dev/null), and whatever changes, moves or removes one; starting a program,
forking; signals to processes; sockets that connect, listen or send; ctypes; databases of sqlite3 but in memory; the system's
log; limits; reaching other hosts through the console. A refusal is a PermissionError, which says what was refused.

Only guarded calls are held, and the threads that they start: each thread is known by its call, and each thread that is
started inherits. The agent's own threads, and calls that are not guarded, never are. What is refused is decided on the
thread that asks for it, so that nothing of the agent's own work is.

Sent to a host when its first guarded call comes. `core` is the agent's own namespace.
"""
import errno
import os
import sys

thread = core.thread
guarded = {}  # channel -> the guarded call that it is
inherited = set()  # threads that guarded calls have started, as long as they live
probe = []  # what the hook heard when it was asked whether it is there

WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
# By name, and by what a name begins with.
REFUSED = frozenset((
    "os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.link", "os.symlink", "os.truncate", "os.chmod", "os.chown",
    "os.chflags", "os.setxattr", "os.removexattr", "os.utime",
    "os.system", "os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "os.startfile", "pty.spawn",
    "subprocess.Popen",
    "os.kill", "os.killpg", "signal.pthread_kill",
    "socket.connect", "socket.bind", "socket.sendto", "socket.sendmsg", "socket.sethostname",
    "resource.setrlimit", "resource.prlimit", "fcntl.lockf", "fcntl.flock", "os.lockf",
    "hailer.reach",
))
REFUSED_FAMILIES = ("ctypes.", "syslog.", "winreg.", "msvcrt.")


class Refused(PermissionError):
    """What the guard rail says no to."""

    def __init__(self, event, about=""):
        about = about and " " + about
        words = "the guard rail refuses %s%s: this run may look, and change nothing" % (event, about)
        PermissionError.__init__(self, errno.EACCES, words)

    def __str__(self):
        return self.strerror


Refused.__module__ = "hailer"


def run(name, text):
    """The value of a call's text, under the guard rail, until all of its outcome is on its way.

    What a value or an error does when it is told is the code's own work too, so the guard stays up until the agent itself
    says that the call is over.
    """
    call = core.running[thread.get_ident()]
    for channel in list(guarded):
        if core.calls.get(channel) is not guarded[channel]:
            guarded.pop(channel, None)
    call.request = name.encode("utf-8") + b"\0" + text.encode("utf-8", "surrogatepass")
    # What the agent itself imports for a call, it imports before: a module runs its text only once.
    core.run_site()
    core.module("hailer.values")
    core.module("hailer.errors")
    guarded[call.channel] = call
    return core.evaluate(call)


def is_guarded():
    """Whether what this thread does now is a guarded call's doing."""
    me = thread.get_ident()
    call = core.running.get(me)
    if call is None:
        aio = sys.modules.get("hailer.aio")
        call = aio.current() if aio else None
    if call is None:
        return me in inherited
    return guarded.get(call.channel) is call


def hook(event, arguments):
    """Hears of everything that Python tells of, on every thread, for as long as the agent lives."""
    if event == "open":
        if not writes(*arguments) or not is_guarded():
            return
        raise Refused("opening to write", repr(arguments[0]))
    if event == "hailer.guard":
        probe.append(event)
    elif event in REFUSED or event.startswith(REFUSED_FAMILIES):
        if harmless(event, arguments) or not is_guarded():
            return
        raise Refused(event, about(arguments))
    elif event == "sqlite3.connect" and arguments[0] not in (":memory:", b":memory:") and is_guarded():
        raise Refused(event, about(arguments))


def writes(path, mode, flags):
    """Whether an `open` wants to change something. A number is a descriptor that is open already."""
    if isinstance(path, int) or path in ("/dev/null", b"/dev/null"):
        return False
    if isinstance(mode, str):
        return bool(set(mode) & set("wax+"))
    return isinstance(flags, int) and bool(flags & WRITES)


def harmless(event, arguments):
    """What modules do as they are imported, and changes nothing."""
    return event == "ctypes.dlopen" and arguments[:1] == (None,) or event == "ctypes.dlsym" and not arguments


def about(arguments):
    """What it was about: the first argument, cut short."""
    first = repr(arguments[0]) if arguments else ""
    return first if len(first) <= 200 else first[:200] + "..."


# ---------------------------------------------------------------- threads


def inheriting(start):
    """Of a function that starts a thread: one that lets the new thread inherit."""

    def begin(function, *rest, **more):
        where = getattr(getattr(function, "__func__", function), "__globals__", {})
        if where is core.__dict__ or where.get("core") is core or not is_guarded():
            return start(function, *rest, **more)  # the agent's own, or nobody's

        def inherits(*words, **names):
            me = thread.get_ident()
            inherited.add(me)
            try:
                return function(*words, **names)
            finally:
                inherited.discard(me)

        return start(inherits, *rest, **more)

    return begin


def put_up():
    """Puts the hook up, once, and makes sure that it is: another hook may have said no."""
    sys.addaudithook(hook)
    sys.audit("hailer.guard")
    if not probe:
        raise RuntimeError("the guard rail could not be put up: another audit hook of this host is against it")
    for name in ("start_new_thread", "start_new", "start_joinable_thread"):
        start = getattr(thread, name, None)
        if start is None:
            continue
        new = inheriting(start)
        setattr(thread, name, new)
        threading = sys.modules.get("threading")
        for old in ("_start_new_thread", "_start_joinable_thread"):
            if threading and getattr(threading, old, None) is start:
                setattr(threading, old, new)


put_up()
