"""Where running calls stand, told without stopping them. `core` is the agent's own namespace.

Asked from another thread, so code that holds the interpreter's lock is not seen before it lets go.
"""
import sys


def stacks(name=None):
    """The stacks of the calls that run here, as text: innermost line first, so that equal text is an equal place.

    `name` is what tracebacks call a call ("<run 3>"); without it all are told, but for the one that asks. None: none runs.
    """
    me = core.thread.get_ident()
    frames = sys._current_frames()
    told = []
    for call in sorted(list(core.calls.values()), key=lambda call: call.channel):
        called = core.native(call.request.partition(b"\0")[0])
        if call.thread == me or name not in (None, called):
            continue
        lines = waits(call) if call.stop is not None else describe(frames.get(call.thread))
        told.append((called, lines or ["not begun"]))
    if not told:
        return None
    if name is not None and len(told) == 1:
        return "\n".join(told[0][1])
    return "\n\n".join("%s:\n%s" % (called, "\n".join(lines)) for called, lines in told)


def waits(call):
    """The stack of a call whose coroutine waits."""
    aio = core.module("hailer.aio")
    for task, owner in list(aio.tasks.items()):
        if owner is call:
            # Of a coroutine that waits, only its own frames: those of what it awaits hang on its objects.
            frames, waiting = [], getattr(task, "_coro", None)
            while waiting is not None and len(frames) < 100:
                frame = getattr(waiting, "cr_frame", None) or getattr(waiting, "gi_frame", None)
                if frame is not None:
                    frames.append(line(frame))
                waiting = getattr(waiting, "cr_await", None) or getattr(waiting, "gi_yieldfrom", None)
            return [text for text in reversed(frames) if text]
    return []


def describe(frame):
    """The lines of a thread's stack, innermost first, without ours."""
    lines = []
    while frame is not None and len(lines) < 100:
        text = line(frame)
        if text:
            lines.append(text)
        elif lines and frame.f_globals is core.__dict__:
            break  # the call begins here
        frame = frame.f_back
    return lines


def line(frame):
    """`recv  socket.py:704  return self.sock.recv(n)`; nothing for a frame of ours."""
    code = frame.f_code
    if code.co_filename.startswith("hailer/"):
        return ""
    place = "%s  %s:%d" % (code.co_name, code.co_filename, frame.f_lineno)
    source = text_of(code.co_filename, frame)
    return "%s  %s" % (place, source) if source else place


def text_of(name, frame):
    if name in core.sources:
        lines = core.sources[name].splitlines()
        return lines[frame.f_lineno - 1].strip() if frame.f_lineno <= len(lines) else ""
    import linecache

    return linecache.getline(name, frame.f_lineno, frame.f_globals).strip()
