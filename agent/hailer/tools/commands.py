"""The tools Exec and Quit. `core` is the agent's own namespace."""
import os
import time

tool = core.module("hailer.tool")
child = core.module("hailer.child")


class Exec(tool.Tool):
    """Runs programs on the host. See process() for the options; here they fail by CalledProcessError, and output is kept."""

    @staticmethod
    def command(*args, **options):
        """Runs a program with these words: `Exec.command("systemctl", "is-active", "ssh", check=False).stdout`."""
        return child.process(*args, **defaults(options))

    @staticmethod
    def shell(expression, **options):
        """Runs an expression of /bin/sh: `Exec.shell("df -h | tail -n +2")`."""
        return child.process(expression, **dict(defaults(options), shell=True))


def defaults(options):
    return dict(dict(capture_output=True, text=True, check=True), **options)


class Quit(tool.Tool):
    """Ends the agent."""

    @staticmethod
    def exit(code=0):
        """Ends the agent with this status, once this call has been answered and no other is under way to be."""
        call = core.current()

        def leave():
            end = time.time() + 5
            while call is not None and core.calls.get(call.channel) is call and time.time() < end:
                time.sleep(0.005)
            core.flush()
            while core.small or core.bulk or not core.writing.acquire(False):
                time.sleep(0.005)
                core.flush()
            os._exit(int(code) & 0xff)

        core.thread.start_new_thread(leave, ())
