"""Runs a whole script in this agent, as `python FILE.py` would: for the command `hailer script`.

`core` is the agent's own namespace.
"""
import os
import sys


def run(path, arguments, text):
    """Runs the text of a script that lies at `path`; the exit code that it leaves with.

    It is `__main__`, finds the modules that lie beside it, and gets its arguments in sys.argv. What it does not catch is
    printed as Python prints it. Its functions can be called on other hosts: their source is this text.
    """
    core.run_site()
    name = str(path)
    core.sources[name] = text
    main = sys.modules["__main__"].__dict__
    main["__file__"] = name
    sys.argv[:] = [name] + [str(word) for word in arguments]
    folder = os.path.dirname(os.path.abspath(name))
    sys.path[:] = [folder] + [other for other in sys.path if other != folder]
    others = [id(tunnel) for tunnel in open_tunnels()]
    try:
        exec(compile(core.module("hailer.source").readable(text), name, "exec", 0, True), main)
    except SystemExit as leaving:
        return exit_code(leaving.code)
    except KeyboardInterrupt:
        raise
    except BaseException:
        errors = core.module("hailer.errors")
        kind, error, trace = sys.exc_info()
        description = errors.describe(kind, error, trace, core.sources, errors.DEPTH, set())
        sys.stderr.write(u"".join(errors.lines(description)))
        return 1
    finally:
        # A program that ends leaves nothing open, though its names stay to be looked at.
        for tunnel in open_tunnels():
            if id(tunnel) not in others:
                tunnel._start_close()
        reach = sys.modules.get("hailer.reach")
        if reach:
            reach.let_go()
    return 0


def open_tunnels():
    """The tunnels that code of this agent holds open; nothing is asked for to find that out."""
    module = sys.modules.get("hailer.tunnel")
    return module.holding() if module else []


def exit_code(code):
    """What a process would leave with: sys.exit() takes None, a number, or words for standard error."""
    if code is None:
        return 0
    if isinstance(code, int):
        return code & 0xff
    sys.stderr.write("%s\n" % (code,))
    return 1
