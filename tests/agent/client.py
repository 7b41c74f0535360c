"""Starts an agent as hailer does, and speaks frames with it. For 2.7 and for 3.6 and later; no module but the standard ones.

The payload (stage0.py, stage0_raw.py, core.zlib, core.py, stage0_enter.py, enter_core.zlib, and the modules, as the
build made them) lies in the folder that HAILER_PAYLOAD names. With `whose` the agent is one that moves into that process's
namespaces.
"""
import os
import pickle
import select
import struct
import subprocess
import sys
import time

OPEN, DATA, ITEM, CREDIT, CLOSE, PING, PONG, CANCEL = range(1, 9)
MORE = 0x80
HEADER = struct.Struct(">IBBI")
WINDOW = 262144
PATIENCE = 60
PIPE_BUF = 4096  # so much a pipe that select() says is free takes at once
PY2 = sys.version_info[0] == 2
NONCE = b"0123456789abcdef"


def payload(name):
    with open(os.path.join(os.environ["HAILER_PAYLOAD"], name), "rb") as file:
        return file.read()


def frame(kind, flags, channel, body=b""):
    return HEADER.pack(len(body), kind, flags, channel) + body


def frames(data):
    """The whole frames of some bytes."""
    found = []
    while len(data) >= 10:
        length, kind, flags, channel = HEADER.unpack_from(data)
        if len(data) < 10 + length:
            break
        found.append((kind, flags, channel, data[10:10 + length]))
        data = data[10 + length:]
    return found


class Opaque(tuple):
    """(module, type, repr) of what could not be pickled."""


class Named(list):
    """A tuple with names: its values, and its module, type and names."""

    def __init__(self, module, name, fields):
        list.__init__(self)
        self.kind, self.names = module + "." + name, fields

    @property
    def fields(self):
        return dict(zip(self.names, self))


class Dataclass(object):
    """An instance of a dataclass: module and type, and its state."""

    def __init__(self, module, name):
        self.kind, self.state = module + "." + name, {}

    def __setstate__(self, state):
        self.state = state


class GroupResult(dict):
    """What a group answered."""


class Unpickler(pickle.Unpickler):
    """Knows no class but built-in ones and ours; others become their names."""

    if PY2:
        dispatch = dict(pickle.Unpickler.dispatch)

    def find_class(self, module, name):
        if (module, name) == ("hailer", "_opaque"):
            return lambda *words: Opaque(words)
        if (module, name) == ("hailer", "_named"):
            return Named
        if (module, name) == ("hailer", "_dataclass"):
            return Dataclass
        if module == "hailer.group":
            return GroupResult
        if module == "hailer":
            return lambda *words: (name,) + words
        try:
            return pickle.Unpickler.find_class(self, module, name)
        except (ImportError, AttributeError):
            return type(str(name), (object,), {"__init__": lambda self, *args: None, "module": module})


def load(message):
    import io

    return Unpickler(io.BytesIO(message)).load()


class Reply(object):
    """What a call said: tag and message of its end, items, what it printed."""

    def __init__(self):
        self.tag = None
        self.message = b""
        self.items = []
        self.warnings = []
        self.progress = []
        self.records = []
        self.printed = b""

    @property
    def value(self):
        assert self.tag == 0, (self.tag, self.message)
        return load(self.message)

    @property
    def error(self):
        assert self.tag == 1, (self.tag, self.message)
        return load(self.message)


class Agent(object):
    """An agent, and this end of its pipes."""

    def __init__(self, raw=False, env=None, cwd=None, before=None, options="-ESs", credit=True, whose=None, python=None):
        stage0 = payload("stage0_raw.py" if raw else "stage0.py").decode("ascii")
        self.core = payload("core.py" if raw else "core.zlib")
        if whose is not None:
            stage0 = 'target="%s";%s' % (whose, payload("stage0_enter.py").decode("ascii"))
            self.core = payload("enter_core.zlib")
        self.process = subprocess.Popen(
            [python or sys.executable, options, "-c", stage0],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            bufsize=0, env=env, cwd=cwd, preexec_fn=before, close_fds=True,
        )
        self.buffer = b""
        self.errors = b""
        self.replies = {}
        self.partial = {}
        self.taken = {}
        self.next = 2
        self.hello = None
        self.pongs = []
        self.credit = credit
        self.modules = []
        self.has_stderr = True
        self.speaks = False
        self.records = []

    def boot(self):
        self.write(self.core + NONCE)
        self.until(lambda: self.hello is not None)
        return self

    def write(self, data):
        """Writes; where the pipe is full, it reads meanwhile: the agent may have to say something before it reads on.

        What is read is looked at later: it may ask for more to be written, and that must not come in between.
        """
        view = memoryview(data)
        stdin, stdout = self.process.stdin.fileno(), self.process.stdout.fileno()
        while len(view):
            readable, writable, _ = select.select([stdout], [stdin], [], PATIENCE)
            if writable:
                view = view[os.write(stdin, view[:PIPE_BUF]):]
                continue
            data = os.read(stdout, 1 << 20) if readable else b""
            if not data:
                raise EOFError("the agent takes in nothing more; on stderr: %r" % self.errors)
            self.buffer += data

    def read(self, patience=PATIENCE):
        """Waits for bytes of either pipe."""
        end = time.time() + patience
        while True:
            pipes = [self.process.stdout] + [self.process.stderr] * self.has_stderr
            ready = select.select(pipes, [], [], max(0, end - time.time()))[0]
            if not ready:
                raise AssertionError("nothing came within %s s; on stderr: %r" % (patience, self.errors))
            for pipe in ready:
                data = os.read(pipe.fileno(), 1 << 20)
                if pipe is self.process.stderr:
                    self.errors += data
                    self.has_stderr = bool(data)
                elif not data:
                    raise EOFError("the agent ended with %r; on stderr: %r" % (self.process.wait(), self.errors))
                else:
                    self.buffer += data
            return

    def until(self, done, patience=PATIENCE):
        end = time.time() + patience
        self.take()
        while not done():
            if time.time() > end:
                raise AssertionError("it did not come; on stderr: %r" % self.errors)
            self.read(patience)
            self.take()

    def take(self):
        """Takes in the frames that are whole."""
        if not self.speaks:
            if NONCE not in self.buffer:
                return
            self.buffer = self.buffer.split(NONCE, 1)[1]
            self.speaks = True
        data, at = self.buffer, 0
        while len(data) - at >= 10:
            length, kind, flags, channel = HEADER.unpack_from(data, at)
            assert length <= 65536 and 1 <= kind <= 8, data[at:at + 40]
            if len(data) - at - 10 < length:
                break
            self.frame(kind, flags, channel, data[at + 10:at + 10 + length])
            at += 10 + length
        self.buffer = data[at:]

    def frame(self, kind, flags, channel, body):
        tag = flags & 15
        if kind == PONG:
            self.pongs.append(body)
        elif kind == OPEN and tag == 2:
            name = body.decode("ascii").split(".")[1]
            self.modules.append(name)
            self.message(CLOSE, 0, channel, payload(name + ".py"))
        elif channel % 2:
            self.asked(kind, flags, channel, body)
        elif kind == ITEM and channel == 0 and tag == 4:
            self.records.append(load(body))
        elif kind == ITEM and channel == 0:
            self.hello = dict(line.split("=", 1) for line in body.decode("utf-8").split("\n"))
        else:
            reply = self.replies[channel]
            self.taken[channel] = self.taken.get(channel, 0) + len(body)
            if self.credit and self.taken[channel] >= WINDOW // 2 and (kind != CLOSE or flags & MORE):
                self.write(frame(CREDIT, 0, channel, struct.pack(">I", self.taken.pop(channel))))
            if kind == DATA:
                reply.printed += body
                return
            self.partial.setdefault(channel, []).append(body)
            if flags & MORE:
                return
            whole = b"".join(self.partial.pop(channel))
            if kind == CLOSE:
                reply.tag, reply.message = tag, whole
            else:
                (reply.items, reply.progress, reply.warnings, None, reply.records)[tag].append(load(whole))

    def asked(self, kind, flags, channel, body):
        """Anything but an import on a channel of the agent's; see controller.py."""
        raise AssertionError((kind, flags, channel, body))

    def message(self, kind, flags, channel, body):
        while len(body) > 65536:
            self.write(frame(kind, flags | MORE, channel, body[:65536]))
            body = body[65536:]
        self.write(frame(kind, flags, channel, body))

    def start(self, source, name="<run>"):
        channel, self.next = self.next, self.next + 2
        self.replies[channel] = Reply()
        self.message(OPEN, 0, channel, name.encode() + b"\0" + source.encode("utf-8"))
        return channel

    def finish(self, channel, patience=PATIENCE):
        reply = self.replies[channel]
        self.until(lambda: reply.tag is not None, patience)
        return reply

    def call(self, source, name="<run>"):
        return self.finish(self.start(source, name))

    def begun(self, channel):
        """Waits until a call's first item is there: its code says by that how far it came."""
        self.until(lambda: self.replies[channel].items)

    def cancel(self, channel, hard=False):
        self.write(frame(CANCEL, int(hard), channel))

    def wait(self, seconds):
        """Goes on reading for so long."""
        end = time.time() + seconds
        while time.time() < end:
            self.ping()
            time.sleep(0.01)

    def ping(self, body=b"?"):
        count = len(self.pongs)
        self.write(frame(PING, 0, 0, body))
        self.until(lambda: len(self.pongs) > count)
        return self.pongs[-1]

    def stderr(self, words):
        """Waits until these bytes came on standard error."""
        while words not in self.errors:
            self.read()
        return self.errors

    def end(self, patience=20):
        """Closes its input, and waits for its end."""
        try:
            self.process.stdin.close()
        except (IOError, OSError):
            pass
        end = time.time() + patience
        while self.process.poll() is None and time.time() < end:
            time.sleep(0.005)
        alive = self.process.poll() is None
        if alive:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        self.process.stderr.close()
        assert not alive, "the agent outlived its input"
        return self.process.returncode
