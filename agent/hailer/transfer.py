"""put and fetch: files in pieces, some under way at a time; whole or not at all, and verified by SHA-256.

`core` is the agent's own namespace. What runs on the other host stands in files.py.
"""
import binascii
import hashlib
import os

files = core.module("hailer.files")
reach = core.module("hailer.reach")
failure = core.module("hailer.failure")
ship = core.module("hailer.ship")
AT_ONCE = 4  # pieces under way


class Pieces(object):
    """Calls on one tunnel of which some are under way at a time; answers come in order."""

    def __init__(self, tunnel):
        self.tunnel = tunnel
        self.target = tunnel._target
        self.under_way = []

    def start(self, function, *args):
        self.under_way.append(reach.Request("call", self.target, *ship.request(function, args)))

    def next(self):
        """Steps: the value of the oldest call."""
        request = self.under_way[0]
        yield request
        del self.under_way[0]
        yield reach.Result(self.tunnel._outcome(request, self.target))

    def stop(self):
        for request in self.under_way:
            request.cancel()


def call(tunnel, function, *args):
    return tunnel._call(ship.request(function, args))


def put(tunnel, local_path, remote_path, mode):
    """Steps of BaseTunnel.put."""
    local_path = os.path.abspath(local_path)
    with open(local_path, "rb") as file:
        yield tunnel._connect()
        pieces = Pieces(tunnel)
        token = files.token()
        placed = False
        try:
            temporary, path = yield call(tunnel, files.begin_put, remote_path, token)
            found = hashlib.sha256()
            size = 0
            while True:
                data = file.read(files.PIECE)
                if not data:
                    break
                while len(pieces.under_way) >= AT_ONCE:
                    yield pieces.next()
                pieces.start(files.write, temporary, size, binascii.b2a_base64(data).decode("ascii"))
                found.update(data)
                size += len(data)
            while pieces.under_way:
                yield pieces.next()
            yield call(tunnel, files.end_put, temporary, path, mode, size, found.hexdigest())
            placed = True
        finally:
            if not placed:
                pieces.stop()
                if tunnel._target is not None:  # nobody waits for this one
                    reach.Request("call", tunnel._target, *ship.request(files.stop_put, (remote_path, token)))
    yield reach.Result(summary(path, local_path, size, found))


def fetch(tunnel, remote_path, local_path):
    """Steps of BaseTunnel.fetch. Until all is here and verified, an earlier local file stays as it is."""
    path, expected, data, sha256 = yield call(tunnel, files.begin_fetch, remote_path)
    token = files.token()
    temporary = files.names(local_path, token)[0]
    pieces = Pieces(tunnel)
    placed = False
    try:
        local_path = files.begin_put(local_path, token)[1]
        found = hashlib.sha256()
        size = 0
        with open(temporary, "r+b") as file:
            asked = len(data)
            while data:
                file.write(data)
                found.update(bytes(data))
                size += len(data)
                # A file of /proc has no size: its pieces are asked for until one is not full.
                while len(pieces.under_way) < AT_ONCE and len(data) == files.PIECE and (
                        asked < expected or expected == 0 and not pieces.under_way):
                    pieces.start(files.read, path, asked)
                    asked += files.PIECE
                data = (yield pieces.next()) if pieces.under_way else b""
        there = size, sha256
        if size > files.PIECE:
            there = yield call(tunnel, files.digest, path, size)
        if size < expected or tuple(there) != (size, found.hexdigest()):
            raise failure.RemoteException.refused(tunnel.host, u"%s changed while it was fetched" % path)
        files.settle(temporary, os.path.realpath(local_path), mode_of(local_path))
        placed = True
    finally:
        if not placed:
            pieces.stop()
            files.discard(temporary)
    yield reach.Result(summary(path, local_path, size, found))


def mode_of(path):
    """The mode for a file that was fetched: as of the one that it replaces, else as of any new file."""
    try:
        return os.stat(path).st_mode & 0o7777
    except OSError:
        pass
    mask = os.umask(0o077)
    os.umask(mask)
    return 0o666 & ~mask


def summary(remote_path, local_path, size, found):
    return {"remote_path": remote_path, "local_path": local_path, "size": size, "sha256": found.hexdigest()}
