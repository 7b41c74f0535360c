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
    sys.path.insert(0, os.path.dirname(os.path.abspath(name)))
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
    return 0


def exit_code(code):
    """What a process would leave with: sys.exit() takes None, a number, or words for standard error."""
    if code is None:
        return 0
    if isinstance(code, int):
        return code & 0xff
    sys.stderr.write("%s\n" % (code,))
    return 1
