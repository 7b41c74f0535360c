"""Code of hosts that opens further hosts; what they write, answer and may not do."""
import os
import socket
import sys

import hailer
from hailer import SSH, DepthLimitExceeded, Docker, Group, Local, RemoteException, Sudo

FACTOR = 3


class Counter(object):
    """A class of the script."""

    def __init__(self, start):
        self.count = start

    def more(self, by):
        self.count += by
        return self


def helper(number):
    return number * FACTOR


def work(counter, number):
    return counter.more(helper(number)), socket.gethostname(), os.path.basename("/a/b")


def through(container, number):
    """Runs on a host, and opens a container of it."""
    sys.stderr.write("going on\n")
    with Docker(container) as inner:
        inner.call(says, "hello")
        return socket.gethostname(), inner.path, inner.call(work, Counter(1), number)


def says(words):
    sys.stderr.write(words + "\n")
    return words


def raises(container):
    def inner():
        return {}["key of " + socket.gethostname()]

    return Docker(container).call(inner)


# Functions of this script, with all they name, through a host that opens another.
h1 = SSH("h1")
where, path, (counter, name, base) = h1.call(through, "hailer-c1", 5)
assert (where, path) == ("h1", ["h1", "hailer-c1"]), (where, path)
assert (counter.count, base) == (16, "b") and name not in ("h1", socket.gethostname()), (counter, base, name)
try:
    h1.call(raises, "hailer-c1")
    raise AssertionError("nothing was raised")
except RemoteException as error:
    assert error.host == "h1" and error.type.endswith("RemoteException"), vars(error)
    assert "hailer-c1 raised KeyError" in error.message and "in inner" in error.traceback, error


# An instant cluster: three containers on each of two hosts, and one call on all six.
cluster = Group([Docker("hailer-c%d" % number, via=host) for host in (h1, SSH("h2")) for number in (1, 2, 3)])
names = cluster.call(socket.gethostname)
assert len(names) == 6 and list(names.failures()) == [], names
assert list(names)[0] == "h1/hailer-c1" and list(names)[5] == "h2/hailer-c3", list(names)
assert len(set(names.values())) == 3
assert Sudo(via=Docker("hailer-c1", via=h1)).call(os.getuid) == 0


# A bomb: each host opens two more. It stops where the console's limit is, whatever a host says of that.
def bomb(depth):
    hailer.DEPTH_LIMIT += 1
    children = [Local("left"), Local("right")]
    found = []
    for child in children:
        try:
            found.append(child.call(bomb, depth + 1))
        except DepthLimitExceeded as error:
            found.append((depth, str(error)))
    return found


assert hailer.DEPTH_LIMIT == 2
with SSH("h1") as first:
    fallout = first.call(bomb, 1)
limits = [(2, "Depth limit of 2 exceeded at h1 -> %s -> %s" % (one, two)) for one in ("left", "right") for two in ("left", "right")]
assert [entry for side in fallout for entry in side] == limits, fallout


# What hosts answer is data: a class that would run a command here, were it unpickled, does not.
class Evil(object):
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (self.path,)


def poison(path):
    return [Evil(path)]


path = "/tmp/chop-evil-%d" % os.getpid()
answer = h1.call(poison, path)
assert not os.path.exists(path), "the answer ran"
assert "mkdir" in repr(answer), answer
print("done")
