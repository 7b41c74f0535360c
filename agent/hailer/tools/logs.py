"""Records of `logging` travel as such: level, logger, time and text.

Sent to a host when something imports logging there; nothing does at start. A handler that writes to this agent's own
stdout or stderr sends the record instead, and so does the one that Python falls back to where nobody set up any. So
levels, filters and handlers mean what they mean everywhere: without any of them, warnings and worse are shown. Handlers
that write elsewhere are left alone. `core` is the agent's own namespace.
"""
import os
import sys
import time

LOG = 4  # tag of ITEM
LONGEST = 32000  # bytes of a text: a record is one frame
WAITING = 1000  # frames that may wait for the pipe before records that belong to no call are dropped
PATIENCE = 2  # seconds that a record waits for credit; then it, and those after it, are dropped and counted


class State(object):
    dropped = 0  # records, since the last that was sent
    stuck = False  # the last one found no credit


def change(logging):
    if "hailer.script" in sys.modules:
        return  # a program of its own logs as it does everywhere
    write = logging.StreamHandler.emit

    def emit(self, record):
        if not isinstance(self.stream, core.Output) or os.getpid() != core.PID:
            return write(self, record)
        try:
            send(record, told(logging, self.formatter, record))
        except Exception:
            self.handleError(record)

    logging.StreamHandler.emit = emit
    if core.PY2:
        fall_back(logging)


def fall_back(logging):
    """What newer Pythons do: warnings that no handler takes are shown all the same."""
    last = logging.StreamHandler(sys.stderr)
    call = logging.Logger.callHandlers

    def call_handlers(self, record):
        logger = self
        while logger is not None:
            if logger.handlers:
                return call(self, record)
            logger = logger.parent if logger.propagate else None
        if record.levelno >= logging.WARNING:
            last.handle(record)

    logging.Logger.callHandlers = call_handlers


def told(logging, formatter, record):
    """A record's text. What else a plain format would add to it travels beside it."""
    if formatter is None or type(formatter) is logging.Formatter:
        formatter = logging.Formatter("%(message)s")
    return formatter.format(record)


def send(record, text):
    data = core.encoded(text)
    if len(data) > LONGEST:
        data = data[:LONGEST] + b" ..."
    parts = (int(record.levelno), short(record.levelname), short(record.name), float(record.created),
             data.decode("utf-8", "replace"), State.dropped)
    message = core.dump(parts)
    call = core.current()
    if len(core.small) > WAITING if call is None else not room(call, len(message)):
        State.dropped += 1
        return
    State.dropped -= parts[-1]
    core.small.append(core.frame(core.ITEM, LOG, call.channel if call else 0, message))
    core.flush()


def short(name):
    return core.encoded(name if isinstance(name, (str, core.text_type)) else str(name))[:200].decode("utf-8", "replace")


def room(call, count):
    """Takes credit for so many bytes. Nobody waits for it for ever: not even a thread that holds a lock of logging's."""
    end = time.time() + PATIENCE
    while True:
        with core.guard:
            if call.granted - call.spent >= count:
                call.spent += count
                State.stuck = False
                return True
        if State.stuck or time.time() > end:
            State.stuck = True
            return False
        core.step_aside()
        time.sleep(0.005)
