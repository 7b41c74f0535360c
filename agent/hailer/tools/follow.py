"""The end of a file, and what is written there from now on. `core` is the agent's own namespace."""
import os

child = core.module("hailer.child")

BLOCK = 65536
MOST = 16 << 20  # bytes that are looked through for the last lines


def tail(path, lines):
    """The last lines of a file, without their ends."""
    with open(path, "rb") as file:
        return [decoded(line) for line in last(file, lines)]


def last(file, count):
    """The last lines of an open file, which is then at its end."""
    file.seek(0, os.SEEK_END)
    at = end = file.tell()
    data = b""
    while at > 0 and data.count(b"\n") <= count and end - at < MOST:
        step = min(BLOCK, at)
        at -= step
        file.seek(at)
        data = file.read(step) + data
    file.seek(end)
    found = data.split(b"\n")
    if not found[-1]:
        found.pop()
    return found[-count:] if count > 0 else []


def decoded(line):
    return line[:-1].decode("utf-8", "replace") if line.endswith(b"\r") else line.decode("utf-8", "replace")


def follow(path, lines, wait, poll):
    """See FileSystem.follow."""
    path = os.path.abspath(os.path.expanduser(path))
    reader = Reader(path)
    try:
        if not reader.open():
            if not wait:
                open(path, "rb").close()  # it says why
        elif lines:
            for line in reader.start(lines):
                yield line
        else:
            reader.skip()
        while True:
            for line in reader.lines():
                yield line
            if not reader.turn():
                child.pause(poll)
    finally:
        reader.close()


class Reader(object):
    """A file by its name: whichever lies there, from where the last look ended."""

    def __init__(self, path):
        self.path = path
        self.file = None
        self.rest = b""
        self.at = 0

    def open(self):
        try:
            self.file = open(self.path, "rb")
        except (IOError, OSError):
            return False
        self.at = 0
        return True

    def close(self):
        if self.file:
            self.file.close()
            self.file = None

    def start(self, count):
        for line in last(self.file, count):
            yield decoded(line)
        self.at = self.file.tell()
        # What has no newline yet has been shown as a line: its rest is one of its own.

    def skip(self):
        """Begins at the end: in the middle of a line that is being written, if need be."""
        self.file.seek(0, os.SEEK_END)
        self.at = self.file.tell()

    def lines(self):
        """Those that are whole by now."""
        while self.file:
            self.file.seek(self.at)
            data = self.file.read(BLOCK)
            if not data:
                return
            self.at += len(data)
            found = (self.rest + data).split(b"\n")
            self.rest = found.pop()
            if len(self.rest) > BLOCK:
                found, self.rest = found + [self.rest], b""
            for line in found:
                yield decoded(line)

    def turn(self):
        """Whether there is more to be read at once: the file was cut, or another one lies there."""
        try:
            there = os.stat(self.path)
        except OSError:
            return False  # it is being rotated; who writes may still have the old one open
        if self.file is None:
            return self.open()
        mine = os.fstat(self.file.fileno())
        if (mine.st_dev, mine.st_ino) == (there.st_dev, there.st_ino):
            if mine.st_size >= self.at:
                return False
            self.at, self.rest = 0, b""
            return True
        if mine.st_size > self.at:
            return True  # the last words of the old one
        self.close()
        if self.rest:
            self.rest += b"\n"
        return self.open()
