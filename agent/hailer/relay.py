"""Programs started for the controller, their pipes relayed as frames: the way to a host behind this one.

One thread relays all of them, and never waits for one alone: what the controller has given no credit for is not read,
what a program does not take in is kept, within the credit that the controller was given. Sent to a host when it is first
asked to start a program. `core` is the agent's own namespace.
"""
import errno
import fcntl
import os
import select
import struct
import time

signal = core.signal

BYTES, STDERR, TERMINAL = 0, 2, 3  # tags of DATA
BEAT = 0.2  # how often programs that keep their pipes open are looked at: some leave them to others when they end
GRANT = core.CHUNK  # credit is given back in portions of this size
REST = 1 << 20  # what is read at most of a program that has ended: more than a pipe holds; others may write on for ever

started = []  # programs that the thread has yet to take up
left = []  # numbers of killed processes, to be waited for
bell = os.pipe()  # wakes the thread


def start(call):
    """Starts the program that an OPEN names. An OSError says why it cannot be started."""
    words = [core.native(word) for word in call.request.split(b"\0")]
    program = Program(call, words[1:], words[0] == "1")
    call.wake, call.stop = ring, program.stop
    if call.cancelled:
        program.stop()
    started.append(program)
    ring()


def ring():
    try:
        os.write(bell[1], b"!")
    except OSError:
        pass  # it rings already


class Program(object):
    """A program that runs, our ends of its pipes, and of its terminal if it has one."""

    def __init__(self, call, argv, terminal):
        self.call = call
        self.stopped = False
        self.status = None
        self.looked = 0
        self.taken = 0  # bytes of input written since credit was last given
        self.rest = REST
        self.master = self.slave = None
        pipes = []
        try:
            for _ in range(3):
                pipes.append(pipe())
            if terminal:
                self.openpty()
            self.pid = spawn(argv, (pipes[0][0], pipes[1][1], pipes[2][1]), self.slave)
        except BaseException:
            close(self.master, self.slave, *sum(pipes, ()))
            raise
        close(pipes[0][0], pipes[1][1], pipes[2][1])
        self.input = pipes[0][1]
        self.outputs = {pipes[1][0]: BYTES, pipes[2][0]: STDERR}
        if self.master is not None:
            self.outputs[self.master] = TERMINAL
        self.pending = {self.input: [], self.master: []}  # what is to be written, by descriptor
        for fd in list(self.outputs) + [self.input]:
            mode(fd)

    def openpty(self):
        try:
            self.master, self.slave = os.openpty()
        except OSError:
            pass  # a place without /dev/pts: it will say that it has no terminal to ask on

    def stop(self):
        self.stopped = True
        ring()

    def wishes(self):
        """(descriptor, events) of all that can be done now."""
        while self.call.input:
            tag, data = self.call.input.pop(0)
            fd = self.master if tag == TERMINAL else self.input
            if fd is not None:
                self.pending[fd].append(data)
        found = {}
        if self.credit() > 0:
            found = dict.fromkeys(self.outputs, select.POLLIN)
        for fd, parts in self.pending.items():
            if parts:
                found[fd] = found.get(fd, 0) | select.POLLOUT
        return found.items()

    def credit(self):
        return self.call.granted - self.call.spent

    def act(self, fd):
        if self.pending.get(fd):
            self.write(fd)
        if fd in self.outputs and self.credit() > 0:
            self.read(fd)

    def write(self, fd):
        parts = self.pending[fd]
        while parts:
            part = parts[0]
            if not part:  # nothing more will come
                return self.shut()
            try:
                count = os.write(fd, part)
            except OSError as error:
                if error.errno in (errno.EAGAIN, errno.EINTR):
                    return None
                # It reads no more; what it says, and how it ends, is what counts.
                self.taken += sum(map(len, parts))
                del parts[:]
                break
            self.taken += count
            parts[0] = part[count:]
            if not parts[0]:
                parts.pop(0)
        if self.taken >= GRANT:
            taken, self.taken = self.taken, 0
            core.small.append(core.frame(core.CREDIT, 0, self.call.channel, struct.pack(">I", taken)))
        return None

    def shut(self):
        """Closes the program's input."""
        del self.pending[self.input]
        os.close(self.input)
        self.input = None

    def read(self, fd):
        """Relays what there is to read. False: nothing, at the moment or for ever."""
        try:
            data = os.read(fd, min(core.CHUNK, self.credit()))
        except OSError as error:
            if error.errno in (errno.EAGAIN, errno.EINTR):
                return False
            data = b""  # a terminal that nobody has open any more
        if not data:
            del self.outputs[fd]
            if fd != self.master:
                os.close(fd)
            return False
        self.call.spent += len(data)
        if self.status is not None:
            self.rest -= len(data)
        core.bulk.append(core.frame(core.DATA, self.outputs[fd], self.call.channel, data))
        return True

    def over(self):
        """Whether it is: then its CLOSE is sent, and nothing of it is left open."""
        if self.stopped:
            return self.kill()
        now = time.time()
        closed = len(self.outputs) <= (self.master is not None)
        if self.status is None and (closed or abs(now - self.looked) > BEAT):
            self.looked = now
            self.status = ended(self.pid)
        if self.status is None:
            return False
        for fd in list(self.outputs):
            while self.rest > 0 and self.credit() > 0 and self.read(fd):
                pass
            if self.rest > 0 and self.credit() <= 0:
                return False
        self.close()
        core.bulk.append(core.frame(core.CLOSE, core.VALUE, self.call.channel, core.dump(self.status)))
        return True

    def kill(self):
        if self.status is None:  # else its number may be another's by now, and what it left behind was meant to stay
            try:
                os.killpg(self.pid, signal.SIGKILL)
            except OSError:
                pass  # another user's: that one ends with its terminal and its input
            left.append(self.pid)
        self.close()
        core.bulk.append(core.frame(core.CLOSE, core.CANCELLED, self.call.channel, core.dump(None)))
        return True

    def close(self):
        core.calls.pop(self.call.channel, None)
        close(*set(self.outputs).union((self.input, self.master, self.slave)))


def close(*descriptors):
    for fd in descriptors:
        if fd is not None:
            os.close(fd)


def pipe():
    """Both ends of a pipe that no other program inherits."""
    ends = os.pipe()
    for fd in ends:
        fcntl.fcntl(fd, fcntl.F_SETFD, fcntl.FD_CLOEXEC)
    return ends


def mode(fd):
    fcntl.fcntl(fd, fcntl.F_SETFL, fcntl.fcntl(fd, fcntl.F_GETFL) | os.O_NONBLOCK)


def ended(pid):
    """The exit code of a process, its signal as a negative number; None while it runs."""
    try:
        found, status = os.waitpid(pid, os.WNOHANG)
    except OSError:
        return 0  # somebody else has waited for it
    if not found:
        return None
    return -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)


def spawn(argv, ends, slave):
    """Starts a program in a session of its own; its number. An OSError says why it cannot be."""
    heard, tell = pipe()
    pid = os.fork()
    if not pid:
        become(argv, ends, slave, tell)
    os.close(tell)
    with os.fdopen(heard, "rb") as file:
        failure = file.read()
    if failure:
        os.waitpid(pid, 0)
        code = int(failure)
        if code == errno.ENOENT:
            raise OSError("there is no program %s on this host" % argv[0])
        raise OSError("%s cannot be started on this host: %s" % (argv[0], os.strerror(code)))
    return pid


def become(argv, ends, slave, tell):
    """The child's part: nothing but system calls, since locks of other threads may be held for ever here."""
    code = 0
    try:
        os.setsid()
        if slave is not None:
            # The first terminal that a session's leader opens is the session's.
            os.close(os.open(os.ttyname(slave), os.O_RDWR))
        for fd, end in enumerate(ends):
            os.dup2(end, fd)
        for name in ("SIGPIPE", "SIGXFSZ"):  # Python ignores them, and programs would inherit that
            if hasattr(signal, name):
                signal.signal(getattr(signal, name), signal.SIG_DFL)
        os.execvp(argv[0], argv)
    except OSError as error:
        code = error.errno
    finally:
        os.write(tell, b"%d" % (code or errno.EINVAL))
        os._exit(127)


def relay():
    """The thread: relays for all programs."""
    programs = []
    while True:
        while started:
            programs.append(started.pop(0))
        poll, owners = select.poll(), {}
        poll.register(bell[0], select.POLLIN)
        for program in programs:
            for fd, events in program.wishes():
                owners[fd] = program
                poll.register(fd, events)
        try:
            ready = poll.poll(BEAT * 1000 if programs or left else None)
        except select.error:
            continue  # 2.7: a signal came
        for fd, _ in ready:
            if fd == bell[0]:
                os.read(fd, 4096)
            else:
                owners[fd].act(fd)
        programs = [program for program in programs if not program.over()]
        left[:] = [pid for pid in left if ended(pid) is None]
        core.flush()


for end in bell:
    mode(end)
    fcntl.fcntl(end, fcntl.F_SETFD, fcntl.FD_CLOEXEC)
core.thread.start_new_thread(relay, ())
