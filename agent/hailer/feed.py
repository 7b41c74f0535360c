"""This end of a transfer with the controller: what comes on the channel of the call that runs it, and what is said there.

Orders (pickles of tuples) and the bytes of files come as DATA; credit for them is given back as they are taken, so that
no more than a window of them ever waits here. Sent to a host with its first transfer. `core` is the agent's own namespace.
"""
import struct

BYTES, ORDER = 0, 1  # tags of DATA
GRANT = core.CHUNK  # credit is given back in portions of this size


class Feed(object):
    """The channel of the call that runs now."""

    def __init__(self):
        self.call = core.current()
        self.stopped = False
        self.taken = 0  # bytes taken since credit was last given
        self.bell = core.thread.allocate_lock()
        self.bell.acquire()
        self.call.stop = self.stop
        self.call.input, self.call.wake = [], self.ring
        self.call.user = False  # from here on a cancel does not interrupt: it is looked for
        if self.call.cancelled:
            raise KeyboardInterrupt

    def ring(self):
        try:
            self.bell.release()
        except core.thread.error:
            pass  # it rings already

    def stop(self):
        self.stopped = True
        self.ring()

    def heed(self):
        if self.stopped:
            raise KeyboardInterrupt

    def next(self):
        """Waits for what comes next: (tag, bytes)."""
        came = self.call.input
        while not came:
            self.heed()
            core.step_aside()
            self.bell.acquire()
        self.heed()
        tag, data = came.pop(0)
        self.taken += len(data)
        if self.taken >= GRANT:
            taken, self.taken = self.taken, 0
            core.small.append(core.frame(core.CREDIT, 0, self.call.channel, struct.pack(">I", taken)))
            core.flush()
        return tag, data

    def order(self):
        """Waits for the next order."""
        tag, data = self.next()
        if tag != ORDER:
            raise ValueError("bytes where an order was due")
        return loads(data)

    def say(self, *words):
        """Tells the controller something; byte strings are to be bytearrays, which 2.7 does not take for text."""
        self.heed()
        core.send(self.call, core.ITEM, core.VALUE, core.dump(words))

    def give(self, data):
        """Sends bytes of a file: at most a frame's worth."""
        self.heed()
        core.take(self.call, len(data))
        core.bulk.append(core.frame(core.DATA, BYTES, self.call.channel, data))
        with core.writing:
            core.pump()


def loads(data):
    if core.PY2:
        import cPickle as pickle
    else:
        import _pickle as pickle
    return pickle.loads(data)
