"""Waits on several hosts until it is interrupted. Argument: the name by which the waiting processes can be told."""
import sys
import time

from hailer import SSH, Docker, Group, Local


def waits(name):
    with open("/proc/self/comm", "w") as comm:
        comm.write(name)
    time.sleep(600)


def waits_further(name):
    with open("/proc/self/comm", "w") as comm:
        comm.write(name)
    Docker("hailer-c5").call(waits, name)


hosts = Group([SSH("h1"), Docker("hailer-c6"), Local("here")])
if sys.argv[2:]:
    hosts = SSH("h1")
hosts.call(waits_further if sys.argv[2:] else waits, sys.argv[1])
