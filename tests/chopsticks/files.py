"""put and fetch, of one host and of several. Argument: a folder of this test's own."""
import hashlib
import os
import sys

from hailer import SSH, Docker, Group, Local, RemoteException

folder = sys.argv[1]
source = os.path.join(folder, "source")
with open(source, "wb") as file:
    file.write(os.urandom(1000000))
with open(source, "rb") as file:
    SUM = hashlib.sha256(file.read()).hexdigest()


def about(path):
    with open(path, "rb") as file:
        return oct(os.stat(path).st_mode & 0o7777), hashlib.sha256(file.read()).hexdigest()


def remove(path):
    os.unlink(path)


def read(path):
    with open(path, "rb") as file:
        return file.read()


host = SSH("h1")
container = Docker("hailer-c3")

# A path of its own, and a mode; the dict tells both paths, the size and the checksum.
for one, mode in (host, 0o640), (container, 0o4755):
    path = "/tmp/chop-%d" % os.getpid()
    told = one.put(source, path, mode=mode)
    assert told == {"remote_path": path, "local_path": source, "size": 1000000, "sha256": SUM}, told
    assert one.call(about, path) == (oct(mode), SUM)
    one.call(remove, path)

# Without a remote path it gets a temporary name; fetched, without a local path too.
there = host.put(source)
assert there["remote_path"].startswith("/tmp/") and host.call(about, there["remote_path"]) == (oct(0o644), SUM)
here = host.fetch(there["remote_path"])
assert sorted(here) == ["local_path", "remote_path", "sha256", "size"], here
assert (here["remote_path"], here["size"], here["sha256"]) == (there["remote_path"], 1000000, SUM)
assert read(here["local_path"]) == read(source)
remove(here["local_path"])

# A fetch that fails leaves the file that was there.
kept = os.path.join(folder, "kept")
with open(kept, "w") as file:
    file.write("as it was")
for missing in ("/nowhere/at all", "/tmp"):
    try:
        host.fetch(missing, kept)
        raise AssertionError("%s was fetched" % missing)
    except RemoteException as error:
        assert error.host == "h1" and missing in str(error), error
assert read(kept) == b"as it was"
assert host.fetch(there["remote_path"], kept)["sha256"] == SUM
assert about(kept)[1] == SUM

# A put that fails leaves the file that was there, and none of its own.
try:
    host.put(source, "/proc/version")
    raise AssertionError("/proc/version was written")
except RemoteException as error:
    assert "/proc" in str(error), error
host.call(remove, there["remote_path"])

# Several hosts: each one's file by {host}; two hosts never write one file.
group = Group([host, container, Local("here")])
path = os.path.join("/tmp", "chop-group-%d" % os.getpid())
put = group.put(source, path)
assert list(put) == ["h1", "hailer-c3", "here"] and all(told["sha256"] == SUM for told in put.values()), put
for template in (os.path.join(folder, "one"), os.path.join(folder, "{host:.0}")):
    try:
        group.fetch(path, template)
        raise AssertionError("three files of one name: %s" % template)
    except ValueError as error:
        assert "{host}" in str(error), error
got = group.fetch(path, os.path.join(folder, "from-{host}"))
for name, told in got.items():
    assert told["local_path"] == os.path.join(folder, "from-" + name) and about(told["local_path"])[1] == SUM
elsewhere = group.fetch(path)
assert len(set(told["local_path"] for told in elsewhere.values())) == 3
for told in elsewhere.values():
    remove(told["local_path"])
group.call(remove, path)

# One host's failure is its own.
Group([host, container]).put(source, path)
got = group.fetch(path, os.path.join(folder, "again-{host}"))
assert [name for name, _ in got.successful()] == ["h1", "hailer-c3"], got
assert [name for name, _ in got.failures()] == ["here"] and path in got["here"].msg, got
(group - Local("here")).call(remove, path)
assert not [name for name in os.listdir(folder) if name.endswith("~")], os.listdir(folder)
print("done")
