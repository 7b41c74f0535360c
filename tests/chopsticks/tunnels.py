"""Every kind of tunnel, opened by its first call. Arguments: the names of two containers that do not exist yet."""
import os
import socket
import subprocess
import sys

import hailer
from hailer import SSH, Command, Docker, Local, NSenter, Sudo

leaves, stays = sys.argv[1:]
OLD = "/usr/bin/python3"


def me():
    import pwd

    return pwd.getpwuid(os.getuid()).pw_name


def hostnames(name):
    """Of the containers of this name, running or not."""
    found = subprocess.check_output(["docker", "ps", "-aq", "--filter", "name=^%s$" % name]).decode().split()
    words = ["docker", "inspect", "--format", "{{.Config.Hostname}}"] + found
    return subprocess.check_output(words).decode().split() if found else []


def has_python():
    return os.path.exists("/usr/bin/python3")


# A host over ssh: open with the first call, again after close(), and closed by `with`.
with SSH("h1") as ssh:
    assert not ssh.connected and ssh.path == ["h1"]
    assert ssh.call(socket.gethostname) == "h1", ssh.call(socket.gethostname)
    first = ssh.call(os.getpid)
    assert ssh.connected and ssh.call(os.getpid) == first
    ssh.close()
    assert not ssh.connected
    assert ssh.call(os.getpid) != first
    assert ssh.connect() is ssh and ssh.connected
assert not ssh.connected

# Another Python on this machine; and the interpreter by name, per tunnel and per class.
with Local() as local:
    assert local.call(os.getppid) != os.getpid() and local.call(os.getpid) != os.getpid()
    assert local.call(socket.gethostname) == socket.gethostname()


class OldLocal(Local):
    python = OLD


assert OldLocal("old").call(hailer.facts.python_executable) == OLD
assert Local("given", python=OLD).call(hailer.facts.python_executable) == OLD
assert SSH("h2", python=OLD).call(hailer.facts.python_executable) == OLD
try:
    Local("bad", python="/nowhere/python").call(os.getpid)
    raise AssertionError("a Python that is not there was used")
except hailer.RemoteException as error:
    assert error.stage == "interpreter" and error.host == "bad", (error.stage, error)

# A container that runs; a throwaway one that goes when it is closed; and one that stays.
with Docker("hailer-c1") as running:
    assert running.call(socket.gethostname) in hostnames("hailer-c1")
with Docker(leaves, image="hailer-fleet/host") as throwaway:
    assert throwaway.call(socket.gethostname) in hostnames(leaves)
assert not hostnames(leaves)
with Docker(stays, image="hailer-fleet/host", rm=False) as kept:
    kept.call(os.getpid)
assert hostnames(stays)

# Other users: on this machine, and on a host with and without a password.
assert Sudo().call(os.getuid) == 0
assert Sudo("nobody").call(me) == "nobody"
with SSH("nopass") as person, SSH("nopass", sudo=True) as root:
    assert person.call(me) == "nopass" and root.call(me) == "root"
    assert Sudo("asks", via=person).call(me) == "asks"
assert SSH("nopass", sudo="asks").call(me) == "asks"

# A container without Python, by its namespaces; and any command that relays its pipes.
with NSenter("hailer-bare") as bare:
    assert not bare.call(has_python)
    assert bare.call(socket.gethostname) != socket.gethostname()
with Command(["docker", "exec", "-i", "hailer-c2"], name="c2") as relay:
    assert relay.host == "c2" and relay.call(socket.gethostname) in hostnames("hailer-c2")
assert Command("env LEFT=right").call(os.getenv, "LEFT") == "right"
print("done")
