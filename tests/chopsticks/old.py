# coding: utf-8
"""Old Pythons at both ends. Runs under 2.7 and under 3; argument: the folder of this test's own."""
import os
import sys

from hailer import SSH, Docker, Group, Local, Queue, RemoteException, facts

TWO = sys.version_info[0] == 2
WORDS = u"\xe9\u20ac"


class Point(object):
    def __init__(self, x):
        self.x = x


def doubled(point, words):
    point.x *= 2
    return point, words, len(words), b"\xff\x00", {u"k": (1, None, 1.5)}


def divided(one, other):
    return one // other


def deeper(name):
    return Docker(name).call(doubled, Point(1), WORDS)[0].x


hosts = Group([Docker("hailer-py27"), Docker("hailer-py36"), Docker("hailer-py313"), SSH("h1"), Local("here")])
versions = hosts.call(facts.python_version, short=True)
assert [versions[one.host] for one in hosts][:4] == [[2, 7], [3, 6], [3, 13], [3, 11]], versions
assert len(versions["here"]) == 2, versions

result = hosts.call(doubled, Point(21), WORDS)
result.raise_failures()
for name, (point, words, length, data, more) in result.items():
    assert (point.x, words, length, more) == (42, WORDS, 2, {u"k": (1, None, 1.5)}), (name, point, words, length, more)
    assert data == b"\xff\x00" and type(data) is bytes, (name, data)

errors = hosts.call(divided, 1, 0)
assert len(list(errors.failures())) == 5
for name, error in errors.items():
    assert error.type == "ZeroDivisionError" and "return one // other" in error.tb, (name, error.type, error.tb)

assert SSH("h1").call(deeper, "hailer-py27") == 2
source = os.path.join(sys.argv[1], "old")
with open(source, "wb") as file:
    file.write(os.urandom(300000))
with hosts:
    put = hosts.put(source)
    queue = Queue()
    got = dict((one.host, queue.fetch(one, put[one.host]["remote_path"], source + one.host)) for one in hosts)
    for one in hosts:
        queue.call(one, os.unlink, put[one.host]["remote_path"])
    queue.run()
    assert len(set(told.value["sha256"] for told in got.values()) | set(told["sha256"] for told in put.values())) == 1
try:
    Docker("hailer-py27", python="/opt/none").connect()
    raise AssertionError("connected")
except RemoteException as error:
    assert error.stage == "interpreter", error.stage
print("done under %d" % sys.version_info[0])
