"""Groups: several hosts of all kinds at once, what they answer, and what of it failed."""
import os
import socket
import time

from hailer import SSH, BaseTunnel, Command, Docker, ErrorResult, Group, GroupResult, Local, NSenter, RemoteException, facts


def odd(number):
    if socket.gethostname() in ("h1", "h2"):
        raise ValueError("not on %s" % socket.gethostname())
    return number * 2


def fails():
    raise KeyError("nothing")


def over_ssh():
    return "SSH_CONNECTION" in os.environ


def sleeps(seconds):
    time.sleep(seconds)


h1, h2, c1, bare, here = SSH("h1"), SSH("h2"), Docker("hailer-c1"), NSenter("hailer-bare"), Local("here")
cat = Command(["docker", "exec", "-i", "hailer-c2"], name="relay")

with Group(["h1", h2, c1, bare, here, cat]) as group:
    assert len(group) == 6 and group.connection_errors == {} and all(one.connected for one in group)

    # One call on all of them, at the same time.
    begun = time.time()
    assert list(group.call(sleeps, 2)) == ["h1", "h2", "hailer-c1", "hailer-bare", "here", "relay"]
    assert time.time() - begun < 10, time.time() - begun

    # Some fail.
    result = group.call(odd, 21)
    assert type(result) is GroupResult
    assert dict(result.successful()) == dict.fromkeys(["hailer-c1", "hailer-bare", "here", "relay"], 42), result
    failures = dict(result.failures())
    assert sorted(failures) == ["h1", "h2"] and type(failures["h1"]) is ErrorResult
    error = failures["h1"]
    assert (error.host, error.type) == ("h1", "ValueError"), vars(error)
    assert "not on h1" in error.msg and "raise ValueError(" in error.tb, vars(error)
    try:
        result.raise_failures()
        raise AssertionError("nothing was raised")
    except RemoteException as raised:
        assert str(raised).startswith("2/6 hosts had failures:") and "[h2] " in str(raised), raised

    # All fail: still a result.
    result = group.call(fails)
    assert type(result) is GroupResult and len(list(result.failures())) == 6 and not list(result.successful())

    # Those where something holds, and the others.
    inside = group.filter(over_ssh)
    assert type(inside) is Group and list(inside) == [h1, h2], inside
    assert list(group.filter(over_ssh, exclude=True)) == [c1, bare, here, cat]
    try:
        group.filter(fails)
        raise AssertionError("hosts that failed were chosen")
    except RemoteException:
        pass

    # What hosts know of themselves.
    versions = group.call(facts.python_version, short=True)
    assert versions["h1"] == [3, 11] and all(len(version) == 2 for version in versions.values()), versions
    assert len(h1.call(facts.python_version)) == 5
    assert h1.call(facts.python_executable).startswith("/usr/bin/python3")
    assert here.call(facts.ip) is None or here.call(facts.ip).count(".") == 3
    assert all(sorted(route) == ["destination", "device", "gateway", "metric"] for route in here.call(facts.routes))
assert not any(one.connected for one in group)

# Sets of tunnels and of groups, in the order of the left one.
left, right = Group([h1, h2, c1]), Group([c1, here])
assert [one.host for one in left | right] == ["h1", "h2", "hailer-c1", "here"]
assert [one.host for one in left + here] == ["h1", "h2", "hailer-c1", "here"]
assert [one.host for one in left & right] == ["hailer-c1"]
assert [one.host for one in left - c1] == ["h1", "h2"]
assert [one.host for one in left ^ right] == ["h1", "h2", "here"]
assert [one.host for one in h1 | h2] == ["h1", "h2"] and type(h1 | h2) is Group
assert list(left.union(right)) == list(left | right) and list(left.difference(right)) == list(left - right)
assert list(left.intersection(right)) == [c1] and len(left.symmetric_difference(right)) == 3
assert len(Group([h1, SSH("h1"), "h1"])) == 1 and SSH("h1", user="ops") != SSH("h1")
assert Group([]).call(odd, 1) == {}
assert isinstance(h1, BaseTunnel)

# Hosts that cannot be reached are failures of their own; the others answer.
with Group([SSH("refused"), SSH("unresolved"), Docker("hailer-absent"), h1]) as some:
    assert sorted(some.connection_errors) == ["hailer-absent", "refused", "unresolved"], some.connection_errors
    result = some.call(socket.gethostname)
    assert dict(result.successful()) == {"h1": "h1"} and len(list(result.failures())) == 3
    assert "(resolve)" in result["unresolved"].msg and "(connect)" in result["refused"].msg, result
    result = (some - h1).call(socket.gethostname)
    assert type(result) is GroupResult and len(list(result.failures())) == 3
print("done")
