"""Waits on several hosts until it is interrupted. Argument: a word that marks what runs there."""
import subprocess
import sys

from hailer import SSH, Docker, Group, Local


def sleeps(mark):
    subprocess.call(["sh", "-c", "sleep 600; : %s" % mark])


def deeper(mark):
    return Docker("hailer-c5").call(sleeps, mark)


def either(mark, outer):
    return deeper(mark) if outer else sleeps(mark)


with Group([SSH("h1"), Docker("hailer-c6"), Local("here")]) as group:
    print("up")
    sys.stdout.flush()
    group.call(sleeps, sys.argv[1])
print("not interrupted")
