"""The agent: runs what the controller asks for, and speaks frames over the pipes it was started with.

Plain Python for 2.7 and for 3.6 and later. It imports nothing at start that costs time, writes nothing to disk,
opens no socket, and ends when its input does. The grammar it speaks stands in the controller's wire/frame.rs.

Threads: one thread, the leader, reads frames, and runs a call itself; most calls are over before anything else
comes. While calls run, a watchdog looks every two milliseconds whether one lasts; if so, another thread becomes the
leader and reads on. The main thread leads whenever it is free, so that a lone call runs where signals arrive.
"""
import errno
import os
import select
import struct
import sys
import time

try:
    import _signal as signal
    import _thread as thread
except ImportError:  # 2.7
    import signal
    import thread
try:
    import zlib
except ImportError:
    zlib = None

OPEN, DATA, ITEM, CREDIT, CLOSE, PING, PONG, CANCEL = range(1, 9)
EVAL, SPAWN, IMPORT, REACH = 0, 1, 2, 3  # tags of OPEN
STDOUT, STDERR = 1, 2  # tags of DATA
VALUE, PROGRESS, WARNING, HELLO = 0, 1, 2, 3  # tags of ITEM; on channel 0, from the controller:
OURS, LIBRARY = 0, 1
RAISED, CANCELLED, REFUSED = 1, 2, 3  # tags of CLOSE, besides VALUE
MORE, ZLIB = 0x80, 0x40
HEADER = struct.Struct(">IBBI")
CHUNK = 65536  # the largest payload of a frame
WINDOW = 262144  # what may be under way on a channel before credit comes
TICK = 0.002  # how often the watchdog looks
THREADS = 256  # calls at once; more wait for their turn
PARTIAL = 4096  # text without a newline is sent from this length on
PY2 = sys.version_info[0] == 2
CLASSES = b"\nq" if PY2 else b"\x94\x93"  # is in a pickle that names a class, and hardly in any other
PID = os.getpid()
MAIN = thread.get_ident()
text_type = type(u"")
# The package `hailer`: the modules of ours that the user may import, and the names that it gets from each.
PACKAGE = {
    "tunnel": "BaseTunnel Tunnel SSH Local Docker Podman Kube NSenter Sudo Su Doas Command DEPTH_LIMIT",
    "failure": "RemoteException DepthLimitExceeded ErrorResult NotCompleted",
    "group": "Group GroupResult",
    "queue": "Queue AsyncResult",
    "facts": "",
    "files": "",
    "land": "_receive",
    "script": "",
}
# Those of them whose names a call may use without import.
TOOLS = {
    "tool": "Tool Unsupported",
    "child": "process",
    "commands": "Exec Quit",
    "filesystem": "FileSystem",
    "lines": "LineInFileMatch",
    "hostname": "Hostname",
    "sysctl": "Sysctl",
    "host": "Facts",
    "template": "Template render_template",
    "logger": "Logger",
    "service": "Service",
    "user": "User",
    "apt": "Apt",
    "apt_repository": "AptRepository",
    "pacman": "Pacman",
    "pacman_repository": "PacmanRepository",
    "where": "stacks",
}
IN_SCOPE = frozenset(" ".join(TOOLS.values()).split())
API = " ".join(PACKAGE.values()).split()  # what `import *` means
PACKAGE.update(TOOLS)


class State(object):
    """What the threads share. Simple reads and writes of one attribute are atomic."""

    read_fd = write_fd = -1
    buffer = b""  # bytes read; those from `at` on are not yet looked at
    at = 0
    token = []  # the leader's: not empty while it runs a call; who pops it decides who leads on
    turns = 0  # calls begun so far
    parked = False  # the watchdog sleeps
    main_free = False  # the main thread waits to lead, or is about to
    leader = 0  # the thread that reads
    odd = 1  # our next channel
    site = False  # site has been run
    errors = None  # sys.stderr, where no pipe of its own carries it
    opening = {}  # channel -> parts of an OPEN that goes on
    fresh = []  # what the next call is to do first: newer modules came


calls = {}  # channel -> Call
running = {}  # thread -> Call
waiting = []  # calls for which there is no thread
pool = []  # locks of followers that have nothing to do
asked = {}  # channel -> Asked
guard = thread.allocate_lock()  # for counters
writing = thread.allocate_lock()  # for the pipe
small, bulk = [], []  # frames to be written; small ones go first
parking = thread.allocate_lock()
main_turn = thread.allocate_lock()
sources = {}  # name -> text of a call, for tracebacks
codes = {}  # request -> compiled code


# ---------------------------------------------------------------- writing


def write(fd, data):
    """Writes all of it, whatever the pipe's mode. Nobody reading means that the controller is gone."""
    view = memoryview(data)
    while len(view):
        try:
            view = view[os.write(fd, view):]
        except OSError as error:
            if error.errno == errno.EAGAIN:
                select.select([], [fd], [])
            elif error.errno != errno.EINTR:
                if fd == State.write_fd:
                    os._exit(0)
                return


def flush():
    """Writes what waits, unless another thread is about to: that one writes ours too."""
    while small or bulk:
        if os.getpid() != PID or not writing.acquire(False):
            return  # a forked child owns no wire
        try:
            pump()
        finally:
            writing.release()


def pump():
    """Writes all frames that wait. A cancel that comes meanwhile interrupts afterwards: a frame is never cut in two."""
    call = running.get(thread.get_ident())
    user = call is not None and call.user
    if user:
        call.user = False
    try:
        while small or bulk:
            if small:
                count = len(small)
                data = b"".join(small[:count])
                del small[:count]
            else:
                data = bulk.pop(0)
            write(State.write_fd, data)
    finally:
        if user:
            call.user = True
    if user and call.cancelled:
        call.user = False  # once is enough
        raise KeyboardInterrupt


def frame(kind, flags, channel, payload=b""):
    return HEADER.pack(len(payload), kind, flags, channel) + payload


def send(call, kind, tag, message):
    """Sends a message of any length on a call's channel, as credit allows."""
    size = len(message)
    if size <= CHUNK:
        take(call, size)
        small.append(frame(kind, tag, call.channel, message))
        return
    with call.order:
        view = memoryview(message)
        for at in range(0, size, CHUNK):
            part = view[at:at + CHUNK].tobytes()
            take(call, len(part))
            bulk.append(frame(kind, tag | (MORE if at + CHUNK < size else 0), call.channel, part))
            # Written before the next one is made: a small frame waits for one chunk, never for the message.
            with writing:
                pump()


def take(call, count):
    """Uses up credit; waits for more where there is too little."""
    while True:
        with guard:
            if call.granted - call.spent >= count:
                call.spent += count
                return
            gate = thread.allocate_lock()
            gate.acquire()
            call.gates.append(gate)
        step_aside()
        gate.acquire()


# ---------------------------------------------------------------- values


def dump(value):
    """The pickle of a value. Simple ones are written by hand: the pickle module need not be there for them."""
    kind = type(value)
    if value is None:
        return b"\x80\x02N."
    if kind is bool:
        return b"\x80\x02\x88." if value else b"\x80\x02\x89."
    if kind is int and -0x80000000 <= value < 0x80000000:
        return b"\x80\x02J" + struct.pack("<i", value) + b"."
    if kind is float:
        return b"\x80\x02G" + struct.pack(">d", value) + b"."
    if kind is text_type:
        data = value.encode("utf-8") if PY2 else value.encode("utf-8", "surrogatepass")
        return b"\x80\x02X" + struct.pack("<I", len(data)) + data + b"."
    try:
        data = pickler()(value, 2 if PY2 else 4)
        if CLASSES not in data:
            return data
    except KeyboardInterrupt:
        raise
    except BaseException:
        pass
    return module("hailer.values").dump(value)


def pickler():
    if PY2:
        import cPickle as pickle
    else:
        import _pickle as pickle
    return pickle.dumps


def module(name):
    """One of our own modules, asked for from the controller the first time."""
    found = sys.modules.get(name)
    if found is not None:
        return found
    answer = Asked(IMPORT, name.encode("ascii"))
    step_aside()
    answer.over.acquire()
    if answer.tag != VALUE:
        raise ImportError(native(answer.data))
    return install(name, answer.data)


def install(name, source):
    found = type(sys)(name)
    found.core = sys.modules["hailer"]._core
    exec(compile(native(source), "hailer/" + name[7:] + ".py", "exec", 0, True), found.__dict__)
    return sys.modules.setdefault(name, found)  # of two threads that asked at once, both get the same


class Asked(object):
    """What we asked of the controller, and its answer once that is whole: `tag` and `data`."""

    tag = None

    def __init__(self, tag, message):
        self.parts, self.taken = [], 0
        self.over = thread.allocate_lock()
        self.over.acquire()
        with guard:
            self.channel, State.odd = State.odd, State.odd + 2
        asked[self.channel] = self
        last = max(len(message) - 1, 0) // CHUNK * CHUNK
        for at in range(0, last, CHUNK):
            bulk.append(frame(OPEN, tag | MORE, self.channel, message[at:at + CHUNK]))
        (bulk if last else small).append(frame(OPEN, tag, self.channel, message[last:]))

    def hear(self, kind, flags, payload):
        """A frame of the answer came."""
        self.taken += len(payload)
        if self.taken >= WINDOW // 2 and (flags & MORE or kind != CLOSE):
            small.append(frame(CREDIT, 0, self.channel, struct.pack(">I", self.taken)))
            self.taken = 0
        self.parts.append(payload)
        if flags & MORE:
            return
        data = b"".join(self.parts)
        self.parts = []
        if flags & ZLIB:
            data = zlib.decompress(data)
        if kind == CLOSE:
            del asked[self.channel]
            self.data, self.tag = data, flags & 15
            self.finished()
        else:
            self.item(flags & 15, data)

    def finished(self):
        self.over.release()

    def item(self, tag, data):
        """One of the items that may come before the end."""


class Pushed(Asked):
    """What the controller sends unasked, on channel 0: a module of ours, or modules of its library."""

    def __init__(self):
        self.parts, self.taken = [], -1 << 60  # it costs no credit

    def item(self, tag, data):
        if tag == OURS:
            name, _, source = data.partition(b"\0")
            if native(name) not in sys.modules:
                install(native(name), source)
        else:
            sys.modules["hailer.imports"].take(data)


# ---------------------------------------------------------------- calls


class Call(object):
    """One call: its channel, its credit, what it printed."""

    __slots__ = (
        "channel", "request", "granted", "spent", "gates", "order", "cancelled", "stop", "thread", "user", "out",
        "input", "wake",
    )

    def __init__(self, channel, request, input):
        self.channel = channel
        self.request = request
        self.granted, self.spent, self.gates = WINDOW, 0, []
        self.order = thread.allocate_lock()  # one long message at a time
        self.cancelled = False
        self.stop = None  # how to cancel it, where it waits for a coroutine
        self.thread = None
        self.user = False  # the user's code runs: a cancel may interrupt
        self.out = []  # printed, not yet sent
        self.input = input  # of a program that is relayed: what came for it
        self.wake = None  # of such a one: tells the relay that more came, or credit


def run(call):
    """Runs a call to its end, and sends its outcome. Nothing gets out of here."""
    me = call.thread = thread.get_ident()
    running[me] = call
    if call.input is not None:
        return start_program(call)
    try:
        tag, message = outcome(call)
        if call.out:
            send_out(call)
        try:
            if State.errors:
                State.errors.flush()
            if len(message) <= CHUNK and me == MAIN != State.leader:
                # Nothing holds up the main thread any more: it is free before anybody can know that the call is over,
                # so that the next call runs there.
                take(call, len(message))
                State.main_free = True
                small.append(frame(CLOSE, tag, call.channel, message))
            else:
                send(call, CLOSE, tag, message)
        except BaseException as error:
            refuse(call.channel, "the answer could not be sent: %s" % type(error).__name__)
    finally:
        del running[me]
        calls.pop(call.channel, None)


def start_program(call):
    """Starts what is to be relayed; the relay sees to it from then on, and ends the call."""
    try:
        module("hailer.relay").start(call)
    except BaseException as error:
        del calls[call.channel]
        refuse(call.channel, "%s" % error)
    finally:
        del running[call.thread]


def outcome(call):
    """(tag, message) of a call's CLOSE."""
    try:
        try:
            if call.cancelled:
                raise KeyboardInterrupt
            call.user = True
            message = dump(evaluate(call))
            call.user = False
            return VALUE, message
        except BaseException:
            call.user = False
            if call.cancelled and issubclass(sys.exc_info()[0], interrupts()):
                return CANCELLED, b"\x80\x02N."
            return RAISED, module("hailer.errors").report(sys.exc_info(), sources)
    except BaseException as error:
        return REFUSED, ("the outcome could not be told: %s" % type(error).__name__).encode("ascii", "replace")


def interrupts():
    aio = sys.modules.get("hailer.aio")
    return (KeyboardInterrupt, aio.CancelledError) if aio else (KeyboardInterrupt,)


def refuse(channel, why):
    small.append(frame(CLOSE, REFUSED, channel, why.encode("utf-8", "replace")))


def evaluate(call):
    """The value of a call's text: that of its last expression."""
    for renew in State.fresh[:]:
        renew(call)
    body, last, lasting = codes.get(call.request) or translate(call.request)
    space = sys.modules["__main__"].__dict__
    if body is not None:
        value = eval(body, space)
        if value is not None:  # its top level awaits
            module("hailer.aio").wait(value, call)
    if last is None:
        return None
    value = eval(last, space)
    kind = type(value)
    if kind is generator:
        return stream(value, call)
    if lasting or hasattr(kind, "__await__") or hasattr(kind, "__anext__"):
        return module("hailer.aio").finish(value, call)
    return value


def stream(items, call):
    """Sends what a generator yields, one by one; its return value is the call's."""
    items = iter(items)
    while True:
        try:
            item = next(items)
        except StopIteration as stop:
            return getattr(stop, "value", None)
        send(call, ITEM, VALUE, dump(item))
        flush()


def translate(request):
    """(code of all but the last expression or None, code of that or None, whether its top level awaits)."""
    name, _, source = request.partition(b"\0")
    name, source = native(name), source.decode("utf-8", "replace")
    if len(sources) >= 200:
        sources.clear()
    sources[name] = source
    flags = 0x2000 if sys.version_info >= (3, 8) else 0  # top-level await
    try:
        code = None, compile(source, name, "eval", flags, True)
    except SyntaxError:
        code = None
    code = code or split(source, name, flags)  # outside of the handler: its own error is the whole story
    bring(code)
    if needs_site(code):
        run_site()
    code += (code[1] is not None and code[1].co_flags & 0x80,)  # CO_COROUTINE
    if len(codes) >= 200:
        codes.clear()
    if len(request) <= 4 * PARTIAL:
        codes[request] = code
    return code


def split(source, name, flags):
    import _ast

    tree = compile(source, name, "exec", flags | 0x400, True)  # PyCF_ONLY_AST
    last = None
    if tree.body and isinstance(tree.body[-1], _ast.Expr):
        last = compile(_ast.Expression(tree.body.pop().value), name, "eval", flags, True)
    body = compile(tree, name, "exec", flags, True) if tree.body else None
    return body, last


def bring(codes):
    """Puts in scope what of our tools some code names; what the user has under such a name stays."""
    space = sys.modules["__main__"].__dict__
    for code in codes:
        if hasattr(code, "co_names"):
            for name in IN_SCOPE.intersection(code.co_names):
                if name not in space:
                    space[name] = getattr(sys.modules["hailer"], name)
            bring(code.co_consts)


def native(data):
    return data if PY2 else data.decode("utf-8", "replace")


# ---------------------------------------------------------------- site, run late

# Names that only site puts in place, and those that show what it did.
SITE_NAMES = frozenset(("help", "exit", "quit", "copyright", "credits", "license", "path", "modules", "site"))


def needs_site(code):
    return not State.site and any(part is not None and SITE_NAMES.intersection(part.co_names) for part in code)


def run_site():
    """Makes installed packages importable. Done late: it costs more than the rest of the start."""
    if State.site:
        return
    State.site = True
    try:
        import site

        if PY2 or sys.flags.no_site:
            site.main()
    except BaseException:
        pass  # a broken site is the host's affair: the standard library is there all the same


class LateSite(object):
    """The last finder: a module that nobody found may be one of ours, or one that site makes findable."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        if ours(name):
            from _frozen_importlib import ModuleSpec

            return ModuleSpec(name, LateLoader(None))
        if State.site:
            return None
        run_site()
        import importlib.util

        return importlib.util.find_spec(name) if path is None else None

    @staticmethod
    def find_module(name, path=None):  # 2.7
        if ours(name):
            return LateLoader(None)
        if State.site or path is not None:
            return None
        run_site()
        import imp

        try:
            found = imp.find_module(name)
        except ImportError:
            return None
        return LateLoader(found)


class LateLogs(object):
    """The first finder: where something imports logging, its records are to travel as such.

    logging is loaded as always, and changed then: while a finder looks, Python lets nobody else import, so it must not
    wait for the controller.
    """

    def __init__(self, loader):
        self.loader = loader

    @staticmethod
    def find_spec(name, path=None, target=None):
        if name == "logging":
            from _frozen_importlib_external import PathFinder

            sys.meta_path.remove(LateLogs)
            spec = PathFinder.find_spec(name)
            if spec is not None and spec.loader is not None:
                spec.loader = LateLogs(spec.loader)
            return spec

    @staticmethod
    def find_module(name, path=None):  # 2.7
        if name == "logging":
            sys.meta_path.remove(LateLogs)
            return LateLogs(None)

    def create_module(self, spec):
        return self.loader.create_module(spec)

    def exec_module(self, module):
        module.__loader__ = module.__spec__.loader = self.loader
        self.loader.exec_module(module)
        logging_came(module)

    def load_module(self, name):  # 2.7
        module = __import__(name)
        logging_came(module)
        return module


def logging_came(logging):
    if reads():  # site imported it, and nobody would read the answer
        State.fresh.append(logs_late)
    else:
        module("hailer.logs").change(logging)


def logs_late(call):
    State.fresh.remove(logs_late)
    module("hailer.logs").change(sys.modules["logging"])


def reads():
    """Whether this thread is the one that reads, and runs no call: it must not wait for what it would have to read."""
    me = thread.get_ident()
    return me == State.leader and me not in running


class LateLoader(object):
    def __init__(self, found):
        self.found = found

    def load_module(self, name):
        if not self.found:
            return module(name)
        import imp

        return imp.load_module(name, *self.found)

    def create_module(self, spec):
        return module(spec.name)

    def exec_module(self, module):
        """It has run already."""


def ours(name):
    return name[:7] == "hailer." and name[7:] in PACKAGE


class Package(type(sys)):
    """The package `hailer`: what it holds is fetched when it is used."""

    def __getattr__(self, name):
        for part in PACKAGE:
            if name == part:
                return module("hailer." + part)
            if name in PACKAGE[part].split():
                return getattr(module("hailer." + part), name)
        raise AttributeError("hailer has no " + name)


# ---------------------------------------------------------------- output of calls


def current():
    """The call that this thread works for, if that can be known."""
    call = running.get(thread.get_ident())
    if call is None:
        aio = sys.modules.get("hailer.aio")
        call = aio.current() if aio else None
    if call is None and len(running) == 1:
        call = next(iter(list(running.values())), None)
    return call


def emit(value):
    """Sends one item of this call's stream."""
    call = current()
    if call is None:
        raise RuntimeError("emit() is for code of a call; no call can be told from here")
    send(call, ITEM, VALUE, dump(value))
    flush()


def progress(done, total=None, text=None):
    """Says how far this call is: `done` of `total`, with a word to it if you like."""
    call = current()
    if call is not None:
        send(call, ITEM, PROGRESS, dump((done, total, text)))
        flush()


def warn(text):
    """Sends a warning of this call."""
    call = current()
    if call is not None:
        send(call, ITEM, WARNING, dump(text_type(text)))
        flush()


def encoded(text):
    if isinstance(text, text_type):
        return text.encode("utf-8", "backslashreplace" if not PY2 else "replace")
    return bytes(text)


class Output(object):
    """sys.stdout and sys.stderr: text becomes whole lines, whoever writes; no encoding error stops a call."""

    encoding = "utf-8"
    errors = "backslashreplace"
    closed = False
    mode = "w"
    newlines = None
    line_buffering = True

    def __init__(self, fd):
        self.fd = fd
        self.soft = {}  # thread -> whether 2.7's print statement owes it a blank
        self.name = "<stdout>" if fd == 1 else "<stderr>"
        self.parts = {}  # thread -> what it wrote of a line
        self.buffer = self if PY2 else Raw(self)

    @property
    def softspace(self):
        return self.soft.get(thread.get_ident(), 0)

    @softspace.setter
    def softspace(self, owed):
        if owed:
            self.soft[thread.get_ident()] = owed
        else:
            self.soft.pop(thread.get_ident(), None)

    def write(self, text):
        self.put(encoded(text))
        return len(text)

    def put(self, data):
        call = current() if self.fd == 1 else None
        if call is not None:
            call.out.append(data)
            if b"\n" in data or len(call.out) > PARTIAL:
                send_out(call)
                flush()
            return
        me = thread.get_ident()
        data = self.parts.pop(me, b"") + data
        end = data.rfind(b"\n") + 1 if len(data) < PARTIAL else len(data)
        if data[end:]:
            self.parts[me] = data[end:]
        if end:
            put_error(data[:end])

    def writelines(self, lines):
        for line in lines:
            self.write(line)

    def flush(self):
        call = current() if self.fd == 1 else None
        if call is not None:
            send_out(call)
            flush()
        rest = self.parts.pop(thread.get_ident(), None)
        if rest:
            put_error(rest)

    def fileno(self):
        return self.fd

    def isatty(self):
        return False

    def readable(self):
        return False

    def writable(self):
        return True

    seekable = readable


class Raw(object):
    """The bytes side of an Output."""

    def __init__(self, output):
        self.write = lambda data: output.put(bytes(data)) or len(data)
        self.flush = output.flush
        self.fileno = output.fileno


def put_error(data):
    call = current() if State.errors else None
    if call is None:
        return write(2, data)
    for at in range(0, len(data), CHUNK):
        send(call, DATA, STDERR, data[at:at + CHUNK])
    flush()


def send_out(call):
    with guard:
        count = len(call.out)
        data = b"".join(call.out[:count])
        del call.out[:count]
    for at in range(0, len(data), CHUNK):
        send(call, DATA, STDOUT, data[at:at + CHUNK])


# ---------------------------------------------------------------- threads


def lead():
    """Reads frames and runs calls until another thread leads: because a call lasted, or the main thread is free."""
    token = State.token = []
    me = State.leader = thread.get_ident()
    main = me == MAIN
    if main:
        State.main_free = False
    while True:
        data, at = State.buffer, State.at
        end = len(data)
        while end - at >= 10:
            length, kind, flags, channel = HEADER.unpack_from(data, at)
            if end - at - 10 < length:
                break
            if kind == OPEN and State.main_free and not main:
                State.at, State.main_free = at, False
                main_turn.release()
                return
            payload = data[at + 10:at + 10 + length]
            at += 10 + length
            if kind != OPEN:
                handle(kind, flags, channel, payload)
                continue
            call = opened(flags, channel, payload)
            if call is None:
                continue
            State.at = at
            State.turns += 1
            token.append(call)
            if State.parked:
                wake()
            run(call)
            try:
                token.pop()
            except IndexError:
                return  # the call lasted, and another thread leads
        State.buffer, State.at = data[at:], 0
        flush()
        State.buffer += read()


def read():
    """Waits for bytes from the controller. None any more: it is gone, and so are we."""
    while True:
        try:
            # Not while another thread imports, and holds the lock on imports until something is read.
            quiet = not State.site and not running and not asked
            if quiet and not select.select([State.read_fd], [], [], 0.1)[0]:
                run_site()
            data = os.read(State.read_fd, CHUNK)
        except (OSError, select.error) as error:
            if error.args[0] == errno.EAGAIN:
                select.select([State.read_fd], [], [])
            elif error.args[0] != errno.EINTR:
                os._exit(0)
            continue
        if not data:
            os._exit(0)
        return data


def opened(flags, channel, payload):
    """The call of an OPEN, once it is whole; None where there is none to run now."""
    if flags & MORE:
        State.opening.setdefault(channel, []).append(payload)
        return None
    if channel in State.opening:
        payload = b"".join(State.opening.pop(channel)) + payload
    if flags & 15 > SPAWN:
        refuse(channel, "this agent takes no OPEN with tag %d" % (flags & 15))
        return None
    call = calls[channel] = Call(channel, payload, [] if flags & 15 == SPAWN else None)
    if len(running) >= THREADS:
        waiting.append(call)
        return None
    return call


def handle(kind, flags, channel, payload):
    """Any frame but an OPEN. What belongs to a call that is over is dropped."""
    if kind == CREDIT:
        call = calls.get(channel)
        if call is not None:
            with guard:
                call.granted += struct.unpack(">I", payload)[0]
                gates, call.gates = call.gates, []
            for gate in gates:
                gate.release()
            if call.wake:
                call.wake()
    elif kind == DATA:
        call = calls.get(channel)
        if call is not None and call.input is not None:
            call.input.append((flags & 15, payload))
            if call.wake:
                call.wake()
    elif kind in (ITEM, CLOSE) and channel in asked:
        asked[channel].hear(kind, flags, payload)
    elif kind == PING:
        small.append(frame(PONG, 0, 0, payload))
    elif kind == CANCEL:
        if flags & 15:
            os._exit(0)
        call = calls.get(channel)
        if call is not None:
            cancel(call)


def cancel(call):
    """Interrupts a call: on the main thread by a signal, which ends a blocking system call too."""
    call.cancelled = True
    if call in waiting:
        waiting.remove(call)
        calls.pop(call.channel, None)
        small.append(frame(CLOSE, CANCELLED, call.channel, b"\x80\x02N."))
    elif call.stop is not None:
        call.stop()
    elif call.input is not None:
        pass  # a program that is being started: the relay looks, once it is there to be stopped
    elif call.thread == MAIN:
        os.kill(PID, signal.SIGINT)
    elif call.thread is not None and call.user:
        if "ctypes" in sys.modules:
            interrupt(call)
        else:  # its import may have to wait for one that waits for what this thread is to read
            thread.start_new_thread(interrupt, (call,))


def interrupt(call):
    """Interrupts a call that does not run on the main thread."""
    try:
        import ctypes

        strike = ctypes.pythonapi.PyThreadState_SetAsyncExc
    except (ImportError, AttributeError):
        with guard:
            call.spent += 100
        words = dump(u"this Python has no ctypes: a call that runs beside others cannot be interrupted softly")
        small.append(frame(ITEM, WARNING, call.channel, words))
        return flush()
    ident = (ctypes.c_long if sys.version_info < (3, 7) else ctypes.c_ulong)(call.thread)
    if call.user and running.get(call.thread) is call:
        strike(ident, ctypes.py_object(KeyboardInterrupt))
        call.user = False


def interrupted(signum, stack):
    """SIGINT: meant for the call that the main thread runs, and only while it is in the user's code."""
    call = running.get(MAIN)
    if call is not None and call.cancelled and call.user:
        call.user = False
        raise KeyboardInterrupt


def step_aside():
    """The leader is about to wait: another thread shall read on at once."""
    flush()
    call = running.get(thread.get_ident())
    token = State.token
    if call is not None and token and token[-1] is call:
        promote(token)


def promote(token):
    try:
        token.pop()
    except IndexError:
        return  # the call was over just now
    State.leader = 0
    flush()
    if pool:
        pool.pop().release()
    else:
        thread.start_new_thread(follow, ())


def follow():
    """A thread that leads when it is needed."""
    turn = thread.allocate_lock()
    turn.acquire()
    while True:
        lead()
        work_off()
        flush()
        pool.append(turn)
        turn.acquire()


def work_off():
    """Runs calls for which there was no thread."""
    while waiting:
        try:
            call = waiting.pop(0)
        except IndexError:
            return
        run(call)
        flush()


def wake():
    State.parked = False
    try:
        parking.release()
    except thread.error:
        pass  # it was awake already


def watch():
    """The watchdog: sees to it that no call keeps others from being read, and that output does not wait."""
    parking.acquire()
    last, idle, rounds = -1, 0, 0
    while True:
        time.sleep(TICK)
        token, turns = State.token, State.turns
        if token and turns == last:
            promote(token)
        idle = idle + 1 if turns == last and not running else 0
        last = turns
        rounds += 1
        if running and rounds % 25 == 0:
            for call in list(running.values()):
                if call.out and call.granted - call.spent > PARTIAL * PARTIAL // CHUNK:
                    send_out(call)
            flush()
        if idle > 50:
            State.parked = True
            if State.token or running:
                State.parked = False
            else:
                parking.acquire()
            idle = 0


# ---------------------------------------------------------------- start


def high(fd):
    """A copy of a descriptor where no child and no user code looks for it."""
    import fcntl

    for floor in (200, 60, 3):
        try:
            copy = fcntl.fcntl(fd, fcntl.F_DUPFD, floor)
        except (IOError, OSError, ValueError):
            continue
        fcntl.fcntl(copy, fcntl.F_SETFD, fcntl.FD_CLOEXEC)
        return copy
    raise OSError("no descriptor is free")


def hello():
    uname = os.uname()
    user = "root" if os.getuid() == 0 else os.environ.get("LOGNAME") or os.environ.get("USER") or ""
    lines = (
        ("python", "%d.%d.%d" % sys.version_info[:3]),
        ("implementation", "PyPy" if "PyPy" in sys.version else "CPython"),
        ("executable", sys.executable),
        ("pid", PID),
        ("host", uname[1]),
        ("uid", os.getuid()),
        ("user", user),
        ("platform", sys.platform),
        ("pickle", 2 if PY2 else 4),
        ("zlib", int(zlib is not None)),
    )
    return encoded(u"\n".join(u"%s=%s" % (key, value) for key, value in lines))


def take_over():
    """The wire moves to high descriptors; 0 is empty, and 1 is where 2 goes: nobody else can write to the wire.

    Where 2 is the wire itself, as over a socket, both go nowhere, and sys.stderr travels as frames.
    """
    State.read_fd, State.write_fd = high(0), high(1)
    null = os.open(os.devnull, os.O_RDWR)
    try:
        alone = os.fstat(2)[1:3] != os.fstat(1)[1:3]  # inode and device
    except OSError:
        alone = False
    if not alone:
        os.dup2(null, 2)
    os.dup2(null, 0)
    os.dup2(2, 1)
    if null > 2:
        os.close(null)
    sys.stdout = sys.__stdout__ = Output(1)
    sys.stderr = sys.__stderr__ = Output(2)
    if not alone:
        State.errors = sys.stderr


def namespace():
    """The module that calls run in, and the package that they may import from."""
    package = Package("hailer")
    package.__path__ = []
    package._core = sys.modules["__main__"]
    main = type(sys)("__main__")
    for function in (emit, progress, warn):
        function.__module__ = "hailer"
        setattr(package, function.__name__, function)
        setattr(main, function.__name__, function)
    package.__all__ = ["facts"] + [name for name in API if name[0] != "_"]
    sys.modules["hailer"], sys.modules["__main__"] = package, main
    sys.argv = [""]


def start():
    take_over()
    namespace()
    signal.signal(signal.SIGINT, interrupted)
    sys.meta_path[:] = [LateLogs] + sys.meta_path + [LateSite]
    main_turn.acquire()
    asked[0] = Pushed()
    nonce = b""
    while len(nonce) < 16:
        nonce += os.read(State.read_fd, 16 - len(nonce)) or os._exit(0)
    small.append(nonce + frame(ITEM, HELLO, 0, hello()))
    flush()
    thread.start_new_thread(watch, ())
    while True:
        lead()
        work_off()
        flush()
        State.main_free = True
        main_turn.acquire()


generator = type((lambda: (yield))())
