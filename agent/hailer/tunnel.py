"""Tunnels: other hosts, opened from this one. Nothing is opened before the first call.

The controller opens them; what runs there runs as from the console. `core` is the agent's own namespace.
"""
import time
import weakref

reach = core.module("hailer.reach")
failure = core.module("hailer.failure")
inert = core.module("hailer.inert")
setops = core.module("hailer.setops")
Result, Request = reach.Result, reach.Request

DEPTH_LIMIT = 2  # told here; the controller alone enforces it
CLOSING = 5  # seconds that a close waits
claiming = core.thread.allocate_lock()  # who opens a tunnel
held = []  # references to the open ones, and to some that were closed since


class BaseTunnel(setops.SetOps):
    """A host, `host` by name. `via` (or `through`) is the tunnel through which it is opened; `python` the interpreter
    that is used there, if not the one that is found. `hop` is what the controller opens: its kind, and what that needs.
    """

    python = None

    def __init__(self, host, hop, via=None, through=None, python=None):
        if not host:
            raise ValueError("a tunnel needs the name of a host")
        if via is not None and through is not None:
            raise TypeError("via and through are two words for one thing: give one")
        self.host = host
        self.via = through if via is None else via
        if self.via is not None and not isinstance(self.via, BaseTunnel):
            raise TypeError("via=%r is no tunnel" % (self.via,))
        if python is not None:
            self.python = python
        self.label = host
        self._hop = dict((key, value) for key, value in hop.items() if value is not None)
        if self.python is not None:
            self._hop["python"] = self.python
        self._forget()

    def _forget(self):
        self._target = self._opening = self._facts = None

    # ------------------------------------------------ what it is

    @property
    def path(self):
        """The names of the hosts on the way to it, itself last."""
        if self._facts:
            return [inert.native(name) for name in self._facts["path"]]
        return self._way()

    def _way(self):
        return (self.via._way() if self.via else []) + [self.label]

    @property
    def connected(self):
        return self._target is not None

    def _address(self):
        hop = sorted((key, tuple(value) if isinstance(value, list) else value) for key, value in self._hop.items())
        return self.host, tuple(hop), self.via._address() if self.via else None

    def __eq__(self, other):
        return isinstance(other, BaseTunnel) and self._address() == other._address()

    def __ne__(self, other):
        return not self == other

    def __hash__(self):
        return hash(self._address())

    def __repr__(self):
        via = ", via=%r" % (self.via,) if self.via else ""
        return "%s(%r%s)" % (type(self).__name__, self.host, via)

    def __getstate__(self):
        """Shipped, it is a tunnel that the other host may open."""
        return dict(vars(self), _target=None, _opening=None, _facts=None)

    def _members(self):
        return [self]

    # ------------------------------------------------ open and close

    def connect(self):
        """Opens it, if it is not open. RemoteException says how far it came; DepthLimitExceeded, that it may not be."""
        reach.finish(self._connect())
        return self

    def _connect(self):
        while self._target is None:
            if self._opening is None:
                if self.via is not None:
                    yield self.via._connect()
                with claiming:
                    if self._target is None and self._opening is None:  # no other thread was faster
                        through = self.via._target if self.via is not None else None
                        self._opening = Request("open", through, self._hop, core.text_type(self.label))
            opening = self._opening
            if opening is None:
                continue
            yield opening
            with claiming:
                if self._opening is opening:
                    self._opening = None
                if self._target is None:
                    self._opened(opening)  # or raises, for each that waited

    def _opened(self, opening):
        if opening.tag == core.CANCELLED and opening.cancelled:
            return  # by a call that was interrupted; whoever wants it now opens it again
        if opening.tag != core.VALUE:
            raise self._error(opening)
        answer = inert.load(opening.data)
        if answer[0] == "ok":
            self._facts = dict((inert.native(key), value) for key, value in answer[1].items())
            self._target = self._facts["target"]
            held[:] = [one for one in held if one() is not None and one()._target is not None]
            held.append(weakref.ref(self))
        elif answer[0] == "depth":
            raise failure.DepthLimitExceeded(answer[1])
        else:
            stage, why, said = answer[1:]
            raise failure.RemoteException.unreached(self.host, stage, why, said)

    def close(self):
        """Closes it; waits for that no longer than CLOSING seconds. The next call opens it again."""
        wait_all(self._start_close())

    def _start_close(self):
        """The requests that close it."""
        opening = self._opening
        if opening is not None and self._target is None:
            self._cancel_opening()
            wait_all([opening])
            self._opening = None
            try:
                if opening.tag is not None:
                    self._opened(opening)
            except (failure.RemoteException, failure.DepthLimitExceeded):
                pass
        target = self._target
        self._forget()
        return [Request("close", target)] if target is not None else []

    def _cancel_opening(self):
        if self._opening is not None:
            self._opening.cancel()

    def __enter__(self):
        return self

    def __exit__(self, *info):
        self.close()

    def __del__(self):
        for thing in (vars(self).get("_target"), vars(self).get("_opening")):
            if thing is not None:
                reach.forgotten.append(thing)

    # ------------------------------------------------ calls

    def call(self, function, *args, **keywords):
        """What the function returns there. RemoteException if it raises, with the traceback from there.

        Of a generator, the list of its items. What the function emits belongs to its own call, and is not returned.
        """
        return reach.finish(self._call(core.module("hailer.ship").request(function, args, keywords)))

    def _call(self, shipped):
        """Steps that run what ship.request() made."""
        yield self._connect()
        target = self._target
        request = Request("call", target, *shipped)
        yield request
        yield Result(self._outcome(request, target))

    def _outcome(self, request, target):
        for words in request.warnings:
            core.warn(u"%s: %s" % (self.host, inert.load(words)))
        if request.tag == core.VALUE:
            try:
                return inert.load(request.data)
            except Exception as error:
                raise failure.RemoteException.refused(self.host, "its answer makes no sense: %s" % error)
        if request.tag == core.REFUSED and self._target == target:
            self._forget()  # most often the link is lost: the next call opens another
            Request("close", target)
        raise self._error(request)

    def _error(self, request):
        if request.tag == core.RAISED:
            return failure.RemoteException.raised(self.host, inert.load(request.data))
        if request.tag == core.CANCELLED:
            return failure.RemoteException.refused(self.host, u"the call was cancelled")
        return failure.RemoteException.refused(self.host, request.data.decode("utf-8", "replace"))

    # ------------------------------------------------ files

    def put(self, local_path, remote_path=None, mode=0o644):
        """Copies a file there, whole or not at all; a dict of remote_path, local_path, size and sha256.

        Without a remote path it gets a temporary name, which the dict tells.
        """
        return reach.finish(core.module("hailer.transfer").put(self, local_path, remote_path, mode))

    def fetch(self, remote_path, local_path=None):
        """Copies a file from there, whole or not at all; a dict as of put()."""
        return reach.finish(core.module("hailer.transfer").fetch(self, remote_path, local_path))


def holding():
    """The tunnels that are open."""
    return [tunnel for tunnel in [one() for one in held] if tunnel is not None and tunnel._target is not None]


def wait_all(requests):
    """Waits until all are over, but no longer than a close may take."""
    end = time.time() + CLOSING
    pause = 0.0005
    core.step_aside()
    while any(request.tag is None for request in requests) and time.time() < end:
        time.sleep(pause)
        pause = min(pause * 2, 0.05)


class Local(BaseTunnel):
    """Another Python on this very host."""

    def __init__(self, name="localhost", **where):
        BaseTunnel.__init__(self, name, {"kind": "local", "name": name}, **where)


class SSH(BaseTunnel):
    """A host over ssh. `sudo`: True for root there, or the name of a user."""

    def __init__(self, host, user=None, port=None, sudo=False, identity=None, ssh_options=(), **where):
        options = [ssh_options] if isinstance(ssh_options, (str, core.text_type)) else list(ssh_options)
        self.sudo = "root" if sudo is True else sudo or None
        if self.sudo:
            # Two hops, of which the user sees one.
            python = where.pop("python", None)
            inner = SSH(host, user, port, False, identity, options, **where)
            BaseTunnel.__init__(self, host, {"kind": "sudo", "user": self.sudo}, via=inner, python=python)
            self.label = self.sudo
        else:
            hop = {"kind": "ssh", "host": host, "user": user, "port": int(port) if port else None}
            hop.update(identity=identity, ssh_options=options or None)
            BaseTunnel.__init__(self, host, hop, **where)

    def _start_close(self):
        return BaseTunnel._start_close(self) + (self.via._start_close() if self.sudo else [])


Tunnel = SSH


class Docker(BaseTunnel):
    """A running container by name or id; with an image, a throwaway container of that name."""

    def __init__(self, name, image=None, rm=True, **where):
        if image is None:
            hop = {"kind": "docker", "container": name}
        else:
            hop = {"kind": "docker-run", "image": image, "name": name, "rm": bool(rm)}
        BaseTunnel.__init__(self, name, hop, **where)


class Podman(BaseTunnel):
    """A running container of podman."""

    def __init__(self, name, **where):
        BaseTunnel.__init__(self, name, {"kind": "podman", "container": name}, **where)


class Kube(BaseTunnel):
    """A container of a pod."""

    def __init__(self, pod, namespace=None, container=None, context=None, **where):
        hop = {"kind": "kube", "pod": pod, "namespace": namespace, "container": container, "context": context}
        BaseTunnel.__init__(self, pod, hop, **where)


class NSenter(BaseTunnel):
    """This host's Python inside the namespaces of a process, by its id, or of a container, by its name."""

    def __init__(self, process, engine=None, name=None, **where):
        words = str(process)
        inside = {"pid": int(words)} if words.isdigit() else {"container": words, "engine": engine}
        BaseTunnel.__init__(self, name or words, dict(inside, kind="nsenter"), **where)


class OtherUser(BaseTunnel):
    """Another user of a host, by the command `kind`."""

    kind = None

    def __init__(self, user="root", name=None, **where):
        via = where.get("via") or where.get("through")
        host = name or "%s@%s" % (user, via.host if via is not None else "localhost")
        BaseTunnel.__init__(self, host, {"kind": self.kind, "user": user}, **where)


class Sudo(OtherUser):
    """Another user, by sudo."""

    kind = "sudo"


class Su(OtherUser):
    """Another user, by su."""

    kind = "su"


class Doas(OtherUser):
    """Another user, by doas."""

    kind = "doas"


class Command(BaseTunnel):
    """Whatever command relays its pipes to a Python: its words, or one line of them."""

    def __init__(self, words, name=None, **where):
        if isinstance(words, (str, core.text_type)):
            try:
                import shlex
            except ImportError:
                raise TypeError("give the words of the command one by one: this Python is too small to split them")
            words = shlex.split(inert.native(words))
        words = [inert.native(word) for word in words]
        if not words:
            raise ValueError("a command needs words")
        BaseTunnel.__init__(self, name or words[0].split("/")[-1], {"kind": "cmd", "words": words}, **where)
