"""An exception as data: type, message, the user's frames with their source lines, cause and context.

Sent to a host when its first call raises. `core` is the agent's own namespace.
"""
import sys

DEPTH = 16  # of a chain of causes
FRAMES = 100  # of a traceback; of a longer one, both ends
TEXT = 10000  # characters of a message
OURS = frozenset("hailer/%s.py" % name for name in list(core.TOOLS) + [
    "core", "aio", "errors", "facts", "failure", "files", "group", "guard", "imports", "inert", "inert_py2", "land", "queue",
    "reach", "relay", "script", "setops", "ship", "source", "transfer", "tunnel", "values", "atomic", "diff", "follow",
    "removal", "keys", "packages", "plan",
    "logs",
])


def report(info, sources):
    """The pickle of an exception's description; see the controller's wire/frame.rs."""
    kind, error, trace = info
    try:
        description = describe(kind, error, trace, sources, DEPTH, set())
    finally:
        del info, trace
    description["text"] = "".join(lines(description))
    return core.dump(description)


def describe(kind, error, trace, sources, depth, seen):
    seen.add(id(error))
    parts = {
        "type": getattr(kind, "__qualname__", None) or getattr(kind, "__name__", "?"),
        "module": home(getattr(kind, "__module__", "") or ""),
        "message": message(error),
        "args": plain(getattr(error, "args", ())),
        "frames": frames(trace, sources),
        "notes": [text(note) for note in listed(getattr(error, "__notes__", ()))],
        "suppress": bool(getattr(error, "__suppress_context__", False)),
        "cause": None,
        "context": None,
        "group": None,
    }
    if isinstance(error, SyntaxError) and error.lineno:
        line = text(error.text or source_line(error.filename, error.lineno, sources)).rstrip("\n")
        parts["frames"] += [(text(error.filename or "?"), int(error.lineno), "", line)]
        parts["message"] = text(error.msg)

    def inner(other):
        if depth > 0 and isinstance(other, BaseException) and id(other) not in seen:
            return describe(type(other), other, getattr(other, "__traceback__", None), sources, depth - 1, seen)
        return None

    parts["cause"] = inner(getattr(error, "__cause__", None))
    parts["context"] = inner(getattr(error, "__context__", None))
    members = getattr(error, "exceptions", None)
    if isinstance(members, tuple):
        parts["group"] = [part for part in map(inner, members[:50]) if part is not None]
    return parts


def home(module):
    """A module's name; that of shipped text is a number of ours, and says nothing."""
    return u"__main__" if str(module).startswith("__shipped_") else text(module)


def frames(trace, sources):
    found = []
    while trace is not None:
        code = trace.tb_frame.f_code
        if code.co_filename == "hailer/land.py":
            found = []  # what led to shipped code is ours too
        elif code.co_filename not in OURS and not code.co_filename.startswith("<frozen importlib"):
            line = source_line(code.co_filename, trace.tb_lineno, sources)
            name = getattr(code, "co_qualname", code.co_name)
            found.append((text(code.co_filename), trace.tb_lineno or 0, text(name), line))
        trace = trace.tb_next
    if len(found) > FRAMES:
        half = FRAMES // 2
        skipped = ("...", 0, "%d frames left out" % (len(found) - 2 * half), "")
        found = found[:half] + [skipped] + found[-half:]
    return found


def source_line(name, number, sources):
    if name in sources:
        whole = sources[name].splitlines()
        return text(whole[number - 1]).strip() if number and number <= len(whole) else ""
    imports = sys.modules.get("hailer.imports")
    line = imports.line(name, number or 0) if imports else None
    if line is not None:
        return text(line).strip()
    try:
        import linecache

        return text(linecache.getline(name, number)).strip()
    except Exception:
        return ""


def message(error):
    try:
        return text(str(error) if not core.PY2 else unicode_of(error))[:TEXT]
    except BaseException as other:
        return "<its __str__ raised %s>" % type(other).__name__


def unicode_of(error):
    try:
        return core.text_type(error)
    except UnicodeError:
        return str(error).decode("utf-8", "replace")


def plain(args):
    """What of the arguments can be sent; a stand-in for the rest."""
    try:
        core.dump(args)
        return args
    except BaseException:
        return ()


def listed(value):
    return value if isinstance(value, (list, tuple)) else ()


def text(value):
    if isinstance(value, bytes) and not core.PY2:
        return value.decode("utf-8", "replace")
    if isinstance(value, str) and core.PY2:
        return value.decode("utf-8", "replace")
    return value if isinstance(value, core.text_type) else core.text_type(value)


def lines(parts, level=0):
    """The traceback as Python prints it, of the user's frames."""
    if level > DEPTH:
        return
    if parts["cause"]:
        for line in lines(parts["cause"], level + 1):
            yield line
        yield "\nThe above exception was the direct cause of the following exception:\n\n"
    elif parts["context"] and not parts["suppress"]:
        for line in lines(parts["context"], level + 1):
            yield line
        yield "\nDuring handling of the above exception, another exception occurred:\n\n"
    if parts["frames"]:
        yield "Traceback (most recent call last):\n"
    last = None
    repeated = 0
    for frame in parts["frames"]:
        if frame == last:
            repeated += 1
            continue
        if repeated:
            yield "  [repeated %d more times]\n" % repeated
        last, repeated = frame, 0
        name, number, function, line = frame
        yield '  File "%s", line %d%s\n' % (name, number, ", in " + function if function else "")
        if line:
            yield "    %s\n" % line
    if repeated:
        yield "  [repeated %d more times]\n" % repeated
    module = parts["module"]
    kind = parts["type"] if module in ("", "builtins", "exceptions", "__main__") else module + "." + parts["type"]
    yield kind + (": " + parts["message"] if parts["message"] else "") + "\n"
    for note in parts["notes"]:
        yield note + "\n"
    for number, member in enumerate(parts["group"] or ()):
        yield "  + [%d]\n" % (number + 1)
        for line in "".join(lines(member, level + 1)).splitlines():
            yield "  | " + line + "\n"
