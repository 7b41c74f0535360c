"""Runs programs: in a process group of their own, away from the wire, killed with all they started on cancel and timeout.

`core` is the agent's own namespace.
"""
import errno
import fcntl
import os
import select
import subprocess
import sys
import time

tool = core.module("hailer.tool")
signal = core.signal

LIMIT = 64 << 20  # bytes of output that are kept, of each stream
GRACE = 2.0  # seconds between TERM and KILL
LINGER = 0.5  # for so long is heard what others say through the pipes of a program that is over
BEAT = 0.05  # how often it is looked whether a program is over that says nothing
LINE = 65536  # a line that is longer is handed on in pieces
TAIL = 2000  # bytes of standard error that a failure quotes
stops = {}  # call -> (what cancels it besides, those who wait)


class Completed(tool.Record):
    """How a program ended: `args`, `rc` (also called `returncode`; -N: by signal N), `stdout` and `stderr`."""

    __slots__ = ()

    @property
    def returncode(self):
        return self.rc

    def check_returncode(self):
        if self.rc:
            raise CalledProcessError(self.rc, self.args, self.stdout, self.stderr)


CompletedProcess = tool.record(__name__, "CompletedProcess", "args rc stdout stderr", Completed)


class CalledProcessError(subprocess.CalledProcessError):
    """A program ended with another status than 0, or by a signal."""

    def __init__(self, returncode, cmd, output=None, stderr=None):
        subprocess.CalledProcessError.__init__(self, returncode, cmd)
        self.args = returncode, cmd, output, stderr
        self.output = self.stdout = output
        self.stderr = stderr

    def __str__(self):
        how = "status %d" % self.returncode if self.returncode >= 0 else "signal %d" % -self.returncode
        return "%s ended with %s%s" % (shown(self.cmd), how, said(self.stderr or self.output))


class TimeoutExpired(getattr(subprocess, "TimeoutExpired", Exception)):
    """A program ran for too long, and was killed."""

    def __init__(self, cmd, timeout, output=None, stderr=None):
        Exception.__init__(self, cmd, timeout, output, stderr)
        self.cmd, self.timeout, self.output, self.stderr = cmd, timeout, output, stderr

    def __str__(self):
        return "%s ran for more than %s s, and was killed%s" % (shown(self.cmd), self.timeout, said(self.stderr))


def shown(words):
    return "`%s`" % " ".join(str(word) for word in words)


def said(data):
    if not data:
        return ""
    words = data if isinstance(data, core.text_type) else data.decode("utf-8", "replace")
    words = words.strip()[-TAIL:]
    return ": " + (words.encode("utf-8") if core.PY2 else words) if words else ""


def process(*command, **given):
    """Runs a program, and waits for its end: `process("df", "-h", capture_output=True).stdout`.

    stdin: bytes or str for its standard input, which is empty otherwise.
    capture_output: keep what it says, as bytes, or as str with text=True; not more than 64 MiB of each stream.
    stream: True prints each line as it comes; a function, such as emit, is called with each line of standard output.
    env: replaces the environment. cwd: the folder to run in. shell: the words are for /bin/sh -c.
    check: CalledProcessError where it fails, which quotes what it said. timeout: seconds, and then TimeoutExpired.

    It runs in a session of its own, and with a cancel or a timeout the whole group ends: by TERM, and two seconds later by
    KILL. What it left running when it ended by itself goes on.
    """
    options = tool.options(given, stdin=None, capture_output=False, text=False, env=None, shell=False, check=False, cwd=None,
                           timeout=None, stream=None)
    if not command:
        raise TypeError("process() needs the words of a command")
    logging = sys.modules.get("logging")
    if logging:
        logging.getLogger("hailer.process").debug("run %s", shown(command))
    timeout, stdin = options["timeout"], options["stdin"]
    if stdin is not None and not isinstance(stdin, (bytes, bytearray)):
        stdin = tool.text_of(stdin, "stdin").encode("utf-8")
    with Waiting() as waiting:
        child = Child(command, options, stdin, waiting)
        try:
            child.converse(None if timeout is None else clock() + timeout)
        except BaseException:
            child.kill()
            raise
        finally:
            child.close()
    kept = [b"".join(sink.parts) for sink in child.sinks]
    if options["text"]:
        kept = [data.decode("utf-8", "replace") for data in kept]
    if child.late:
        raise TimeoutExpired(command, timeout, *kept)
    if options["check"] and child.popen.returncode:
        raise CalledProcessError(child.popen.returncode, command, *kept)
    if not options["capture_output"]:
        kept = [None, None]
    return CompletedProcess(command, child.popen.returncode, *kept)


def clock():
    return getattr(time, "monotonic", time.time)()


def closing(fd):
    """Does not block, and is no child's."""
    fcntl.fcntl(fd, fcntl.F_SETFL, fcntl.fcntl(fd, fcntl.F_GETFL) | os.O_NONBLOCK)
    fcntl.fcntl(fd, fcntl.F_SETFD, fcntl.fcntl(fd, fcntl.F_GETFD) | fcntl.FD_CLOEXEC)
    return fd


class Waiting(object):
    """A call's thread waits for descriptors and time; a cancel of the call wakes it at once, on whichever thread it runs."""

    group = None  # the processes that end with the call

    def __enter__(self):
        self.call = core.current()
        self.ends = tuple(closing(fd) for fd in os.pipe())
        if self.call is not None:
            with core.guard:
                self.begin()
        return self

    def begin(self):
        call = self.call
        if call not in stops:
            those, before = [], call.stop

            def stop():
                for one in list(those):
                    one.wake()
                if before:
                    before()

            stops[call] = before, those
            call.stop = stop
        stops[call][1].append(self)

    def wake(self):
        """The call is cancelled. Its processes hear that from here: the link may be closed before the call's thread runs."""
        for act in (lambda: self.group and os.killpg(self.group, signal.SIGTERM), lambda: os.write(self.ends[1], b"!")):
            try:
                act()
            except OSError:
                pass  # it is awake, or over

    def __exit__(self, *error):
        if self.call is not None:
            with core.guard:
                before, those = stops.get(self.call, (None, [None]))
                if self in those:
                    those.remove(self)
                if not those:
                    del stops[self.call]
                    self.call.stop = before
        for end in self.ends:
            os.close(end)

    def wait(self, seconds, wishes=()):
        """The descriptors of `wishes`, pairs of one and its events, that are ready; none after that time."""
        poll = select.poll()
        poll.register(self.ends[0], select.POLLIN)
        for fd, events in wishes:
            poll.register(fd, events)
        self.look()
        try:
            ready = poll.poll(max(0, int(seconds * 1000 + 0.999)))
        except (OSError, select.error) as error:
            if error.args[0] != errno.EINTR:
                raise
            ready = []
        self.look()
        return [fd for fd, _ in ready if fd != self.ends[0]]

    def look(self):
        if self.call is not None and self.call.cancelled:
            raise KeyboardInterrupt


def pause(seconds):
    """Sleeps, unless the call is cancelled."""
    with Waiting() as waiting:
        end = clock() + seconds
        while clock() < end:
            waiting.wait(end - clock())


class Sink(object):
    """Where one stream of a program goes."""

    def __init__(self, keep, hand):
        self.keep, self.hand = keep, hand  # whether all is kept, and who is called with each line
        self.parts, self.size, self.rest = [], 0, b""

    def take(self, data):
        if self.keep:
            self.size += len(data)
            if self.size > LIMIT:
                raise RuntimeError("it said more than %d MiB: stream its lines, or let it write to a file" % (LIMIT >> 20))
            self.parts.append(data)
        else:  # the end is enough for an error's words
            self.parts = [(b"".join(self.parts) + data)[-TAIL:]]
        if self.hand:
            lines = (self.rest + data).split(b"\n")
            self.rest = lines.pop()
            for line in lines:
                self.hand(line)
            while len(self.rest) > LINE:
                line, self.rest = self.rest[:LINE], self.rest[LINE:]
                self.hand(line)

    def end(self):
        if self.rest and self.hand:
            line, self.rest = self.rest, b""
            self.hand(line)


def printer(file):
    def hand(line):
        file.write(line.decode("utf-8", "replace") + u"\n")
        file.flush()

    return hand


def sinks(options):
    stream, keep = options["stream"], options["capture_output"]
    if not stream:
        return Sink(keep, None), Sink(keep, None)
    if stream is True:
        return Sink(keep, printer(sys.stdout)), Sink(keep, printer(sys.stderr))
    if not callable(stream):
        raise TypeError("stream is to be True or a function that takes a line, not %r" % (stream,))

    def hand(line):
        stream(line.decode("utf-8", "replace") if options["text"] else line)

    return Sink(keep, hand), Sink(keep, printer(sys.stderr))


class Child(object):
    """A program that runs, and our ends of its pipes."""

    def __init__(self, command, options, stdin, waiting):
        self.waiting = waiting
        self.late = False
        self.sinks = sinks(options)
        words = [word if isinstance(word, (bytes, core.text_type)) else str(word) for word in command]
        if options["shell"]:
            words = ["/bin/sh", "-c"] + words
        heard = options["capture_output"] or options["stream"] or options["check"]
        with open(os.devnull, "r+b") as null:
            out = subprocess.PIPE if heard else null
            apart = {"preexec_fn": apart_on_2_7} if core.PY2 else {"start_new_session": True}
            try:
                self.popen = subprocess.Popen(words, stdin=null if stdin is None else subprocess.PIPE, stdout=out, stderr=out,
                                              env=options["env"], cwd=options["cwd"], close_fds=True, bufsize=0, **apart)
            except OSError as error:
                if error.filename is None:  # 2.7 does not say what is missing
                    error.filename = words[0]
                raise
        waiting.group = self.popen.pid
        self.input = None if stdin is None else closing(self.popen.stdin.fileno())
        self.pending = memoryview(stdin or b"")
        self.outputs = {}
        if heard:
            self.outputs = dict(zip((closing(self.popen.stdout.fileno()), closing(self.popen.stderr.fileno())), self.sinks))

    def converse(self, deadline):
        """Feeds and hears it until it is over and silent, or late."""
        beat, over = 0.001, None
        while True:
            if over is None and self.popen.poll() is not None:
                over, self.waiting.group = clock(), None
            if over is not None and (not self.outputs or clock() - over > LINGER):
                break
            if deadline is not None and over is None and clock() >= deadline:
                self.late = True
                return self.kill()
            beat = BEAT if self.outputs and over is None else min(2 * beat, BEAT)
            wait = beat if deadline is None else min(beat, max(0, deadline - clock()))
            wishes = [(fd, select.POLLIN) for fd in self.outputs]
            if self.input is not None:
                wishes.append((self.input, select.POLLOUT))
            for fd in self.waiting.wait(wait, wishes):
                if fd == self.input:
                    self.feed()
                elif self.hear(fd) and over is not None:
                    over = clock()
        for sink in self.sinks:
            sink.end()

    def feed(self):
        try:
            self.pending = self.pending[os.write(self.input, self.pending[:LINE]):]
        except OSError as error:
            if error.errno in (errno.EAGAIN, errno.EINTR):
                return
            self.pending = self.pending[:0]  # it reads no more: how it ends is what counts
        if not len(self.pending):
            self.popen.stdin.close()
            self.input = None

    def hear(self, fd):
        """Whether it said something."""
        try:
            data = os.read(fd, LINE)
        except OSError as error:
            if error.errno in (errno.EAGAIN, errno.EINTR):
                return False
            data = b""
        if not data:
            del self.outputs[fd]
            return False
        self.outputs[fd].take(data)
        return True

    def kill(self):
        """Ends the whole group: by TERM, and by KILL what is still there after the grace."""
        end = clock() + GRACE
        self.signal(signal.SIGTERM)
        while clock() < end:
            self.popen.poll()
            if not self.signal(0):
                break
            time.sleep(0.01)
        self.signal(signal.SIGKILL)
        self.waiting.group = None
        self.popen.wait()
        for fd, sink in list(self.outputs.items()):
            try:
                sink.parts.append(os.read(fd, LINE))
            except OSError:
                pass  # it had nothing more to say

    def signal(self, number):
        """Whether there is anybody left to hear it."""
        try:
            os.killpg(self.popen.pid, number)
            return True
        except OSError as error:
            return error.errno == errno.EPERM  # one of another user's

    def close(self):
        for pipe in (self.popen.stdin, self.popen.stdout, self.popen.stderr):
            if pipe is not None:
                try:
                    pipe.close()
                except (IOError, OSError):
                    pass


def apart_on_2_7():
    os.setsid()
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
