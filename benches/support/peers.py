"""Imports a package of many modules on a host behind a slow link, with another tool: prints the seconds of the first call that
imports it, and of the second.

Usage: peers.py mitogen|chopsticks PYTHON FOLDER. PYTHON is the slow one, FOLDER holds the package `pack` and the tools.
"""
import os
import sys
import time

tool, python, folder = sys.argv[1:]
sys.path[:0] = [folder, os.path.join(folder, "peers")]
import pack.m0  # noqa: E402


def measured(call):
    call(os.getpid)  # the link is up, and has nothing to do any more, before the clock starts
    time.sleep(0.5)
    for _ in range(2):
        begun = time.time()
        assert call(pack.m0.answer) == 49
        print(time.time() - begun)


if tool == "mitogen":
    import mitogen.utils

    def main(router):
        measured(router.local(python_path=[python]).call)

    mitogen.utils.run_with_router(main)
else:
    from chopsticks.tunnel import Local

    class Slow(Local):
        python3 = python

    tunnel = Slow()
    measured(tunnel.call)
    tunnel.close()
