"""A small honest controller: opens a second agent when the first one asks for a host, and passes calls through.

Of the kinds of hops it knows `local` (a process of this Python, or of `python`) and `sudo` (the same, without sudo).
Others fail, as they do where a command is missing. A host of the name `never` is not there until it is cancelled.
"""
import os
import pickle
import select
import struct
import sys
import time

from client import CANCEL, CLOSE, CREDIT, DATA, ITEM, MORE, OPEN, PATIENCE, WINDOW, Agent, Reply, Unpickler, frame

LIMIT = 2


def request_of(data):
    """The tuple of a request; nothing but plain values may be in it."""
    import io

    return Unpickler(io.BytesIO(data)).load()


class Relay(object):
    """A channel of an agent's, and what it stands for."""

    def __init__(self, owner, channel):
        self.owner, self.channel = owner, channel
        self.credit = WINDOW
        self.queue = []
        self.child = self.inner = None  # agent and channel of the call
        self.opening = None

    def send(self, kind, flags, body=b""):
        self.queue.append((kind, flags, body))
        self.pump()

    def message(self, kind, tag, body):
        while len(body) > 65536:
            self.send(kind, tag | MORE, body[:65536])
            body = body[65536:]
        self.send(kind, tag, body)

    def answer(self, value):
        self.message(CLOSE, 0, pickle.dumps(value, 2))

    def pump(self):
        while self.queue and self.credit >= len(self.queue[0][2]):
            kind, flags, body = self.queue.pop(0)
            self.credit -= len(body)
            self.owner.write(frame(kind, flags, self.channel, body))
            if kind == CLOSE and not flags & MORE:
                self.owner.relays.pop(self.channel, None)


class Controller(Agent):
    def __init__(self, root=None, path=(), depth=0, **options):
        Agent.__init__(self, **options)
        self.root = root or self
        self.path, self.depth = list(path), depth
        self.relays = {}  # channel that the agent opened -> Relay
        self.inner = {}  # channel that we opened for a relay -> Relay
        self.requests = {}  # channel -> parts
        self.lost = False
        if root is None:
            self.targets, self.count, self.verbs = {}, 0, []

    # ------------------------------------------------ all agents' pipes at once

    def all(self):
        return [self] + [child for child in self.root.targets.values() if not child.lost]

    def read(self, patience=PATIENCE):
        end = time.time() + patience
        pipes = {}
        for agent in self.all():
            pipes[agent.process.stdout] = agent
            if agent.has_stderr:
                pipes[agent.process.stderr] = agent
        ready = select.select(list(pipes), [], [], max(0, end - time.time()))[0]
        if not ready:
            raise AssertionError("nothing came within %s s; on stderr: %r" % (patience, self.errors))
        for pipe in ready:
            agent = pipes[pipe]
            data = os.read(pipe.fileno(), 1 << 20)
            if pipe is agent.process.stderr:
                self.root.errors += data
                agent.has_stderr = bool(data)
            elif data:
                agent.buffer += data
            elif agent is self.root:
                raise EOFError("the agent ended with %r; on stderr: %r" % (self.process.wait(), self.errors))
            else:
                agent.lose()
        for agent in self.all():
            agent.take()

    def lose(self):
        self.lost = True
        for relay in list(self.inner.values()):
            relay.message(CLOSE, 3, b"the link was lost")
        self.inner.clear()

    # ------------------------------------------------ what an agent asks for

    def asked(self, kind, flags, channel, body):
        if kind == OPEN:
            assert flags & 15 == 3, flags
            self.requests.setdefault(channel, []).append(body)
            if not flags & MORE:
                relay = self.relays[channel] = Relay(self, channel)
                request = request_of(b"".join(self.requests.pop(channel)))
                self.root.verbs.append(request)
                getattr(self, "do_" + request[0])(relay, *request[1:])
        elif kind == CREDIT:
            relay = self.relays.get(channel)
            if relay is not None:
                relay.credit += struct.unpack(">I", body)[0]
                relay.pump()
        elif kind == CANCEL:
            relay = self.relays.get(channel)
            if relay is not None and relay.child is not None:
                relay.child.cancel(relay.inner)
            elif relay is not None:
                for number, child in list(self.root.targets.items()):
                    if child.opening and child.opening[0] is relay:
                        del self.root.targets[number]
                        child.end()
                relay.message(CLOSE, 2, pickle.dumps(None, 2))
        else:
            raise AssertionError((kind, flags, channel))

    def do_open(self, relay, through, hop, label):
        outer = self if through is None else self.root.targets[through]
        path = outer.path + [str(label)]
        if self.depth >= LIMIT:
            relay.answer(("depth", u"the limit of %d hosts is exceeded at %s" % (LIMIT, " -> ".join(path))))
        elif hop["kind"] not in ("local", "sudo"):
            relay.answer(("failed", u"start", u"there is no %s here" % hop["kind"], u"its own words\n"))
        elif label != "never":
            root = self.root
            root.count += 1
            child = Controller(root, path, self.depth + 1, python=hop.get("python"))
            child.opening = relay, root.count
            root.targets[root.count] = child
            child.write(child.core + b"0123456789abcdef")

    opening = None

    def do_call(self, relay, target, name, source):
        child = self.root.targets.get(target)
        if child is None or child.lost:
            relay.message(CLOSE, 3, b"the link is not there")
            return
        relay.child, relay.inner = child, child.start(source, name)
        child.inner[relay.inner] = relay

    def do_close(self, relay, target):
        child = self.root.targets.pop(target, None)
        if child is not None:
            child.lose()
            child.end()
        relay.answer(None)

    # ------------------------------------------------ what an agent answers

    def frame(self, kind, flags, channel, body):
        relay = self.inner.get(channel)
        if relay is None or kind not in (ITEM, CLOSE, DATA):
            Agent.frame(self, kind, flags, channel, body)
            if self.opening and self.hello:
                relay, number = self.opening
                self.opening = None
                relay.answer(("ok", {
                    "target": number, "path": [u"%s" % name for name in self.path], "python": self.hello["python"],
                    "executable": self.hello["executable"], "host": self.hello["host"],
                }))
            return
        if not (kind == CLOSE and not flags & MORE):
            self.write(frame(CREDIT, 0, channel, struct.pack(">I", len(body))))
        if kind != DATA:
            relay.send(kind, flags, body)
        if kind == CLOSE and not flags & MORE:
            del self.inner[channel]
            self.replies[channel] = Reply()

    def end(self, patience=20):
        if self.root is self:
            for number in list(self.targets):
                child = self.targets.pop(number)
                child.end()
        return Agent.end(self, patience)


def other_python():
    """A Python of the other major version, or None."""
    wanted = b"3" if sys.version_info[0] == 2 else b"2"
    import subprocess

    versions = os.path.expanduser(os.environ.get("PYENV_ROOT", "~/.pyenv")) + "/versions"
    found = [os.path.join(versions, name, "bin/python") for name in sorted(os.listdir(versions))] \
        if os.path.isdir(versions) else []
    for python in ["/usr/bin/python3", "/usr/bin/python2.7"] + found:
        try:
            pipe = subprocess.PIPE
            run = subprocess.Popen([python, "-c", "import sys; print(sys.version_info[0])"], stdout=pipe, stderr=pipe)
            if run.communicate()[0].strip() == wanted:
                return python
        except OSError:
            pass
    return None
