"""Sends files to the controller: the far side of `hailer fetch`. It says what receive.py hears. `core` is the agent's own
namespace.
"""
import hashlib
import os
import stat

feed = core.module("hailer.feed")
part = core.module("hailer.part")
AHEAD = 256  # files that are announced before the first of them is sent
NAMES = 500  # in one order


def run(path, delete):
    """The call: what became of it, as a dict."""
    source = Source(os.path.abspath(os.path.expanduser(path)), delete)
    source.run()
    return {"path": bytearray(source.root)}


class Source(object):
    def __init__(self, root, delete):
        self.feed = feed.Feed()
        self.root, self.delete = root, delete
        self.waiting = []  # (path, what the system said of it)

    def run(self):
        try:
            about = os.stat(self.root)
            if stat.S_ISDIR(about.st_mode):
                os.listdir(self.root)
        except OSError as error:
            raise part.failed(error, self.root)
        if stat.S_ISREG(about.st_mode):
            self.feed.say("total", about.st_size)
            self.announce(b"", about)
        elif stat.S_ISDIR(about.st_mode):
            self.feed.say("total", self.total())
            self.tree(about)
        else:
            raise part.failed(OSError(22, "only plain files and folders can be fetched"), self.root)
        while self.waiting:
            self.send()

    def total(self):
        size = 0
        for base, folders, names in os.walk(self.root):
            self.feed.heed()
            for name in names:
                try:
                    about = os.lstat(os.path.join(base, name))
                except OSError:
                    continue
                if stat.S_ISREG(about.st_mode):
                    size += about.st_size
        return size

    def tree(self, about):
        """Tells of a folder and of all in it, in order; no link is followed."""
        stack = [self.folder(b"", about)]
        while stack:
            path, names = stack[-1]
            if not names:
                stack.pop()
                if self.delete and names is not None:
                    while self.waiting:
                        self.send()
                    self.feed.say("prune", bytearray(path))
                continue
            path = os.path.join(path, names.pop())
            try:
                about = os.lstat(self.at(path))
                if stat.S_ISDIR(about.st_mode):
                    stack.append(self.folder(path, about))
                elif stat.S_ISREG(about.st_mode):
                    self.announce(path, about)
                elif stat.S_ISLNK(about.st_mode):
                    self.feed.say("link", bytearray(path), bytearray(os.readlink(self.at(path))))
                else:
                    self.note(path, "it is no plain file, folder or link")
            except OSError as error:
                self.note(path, error.strerror or str(error))

    def folder(self, path, about):
        """(path, names that are still to come, the next one last); None for those where they cannot be read."""
        self.feed.say("dir", bytearray(path), about.st_mode & 0o7777)
        try:
            names = sorted(os.listdir(self.at(path)), reverse=True)
        except OSError as error:
            self.note(path, error.strerror or str(error))
            return path, None
        if self.delete:
            for at in range(0, len(names), NAMES):
                self.feed.say("keep", bytearray(path), [bytearray(name) for name in names[at:at + NAMES]])
        return path, names

    def at(self, path):
        return os.path.join(self.root, path) if path else self.root

    def note(self, path, why):
        self.feed.say("note", bytearray(path), core.text_type(why))

    def announce(self, path, about):
        self.feed.say("file", bytearray(path), about.st_size, about.st_mode & 0o7777)
        self.waiting.append((path, about))
        if len(self.waiting) > AHEAD:
            self.send()

    def send(self):
        """Sends the oldest file that was announced, as far as it is needed."""
        path, about = self.waiting.pop(0)
        _, have, offset, sha256 = self.feed.order()
        try:
            fd = os.open(self.at(path), os.O_RDONLY | os.O_NONBLOCK | (os.O_NOFOLLOW if path else 0))
        except OSError as error:
            self.feed.say("skip", core.text_type(error.strerror or error))
            return
        try:
            if not stat.S_ISREG(os.fstat(fd).st_mode):
                self.feed.say("skip", u"it is no plain file any more")
            elif have is not None and part.digest(fd)[1].hexdigest() == have:
                self.feed.say("same")
            else:
                self.content(fd, about, offset, sha256)
        except (IOError, OSError) as error:
            self.feed.say("broken", core.text_type(error.strerror or error))
        finally:
            os.close(fd)

    def content(self, fd, about, offset, sha256):
        os.lseek(fd, 0, os.SEEK_SET)
        found, size = hashlib.sha256(), 0
        while size < offset:
            data = os.read(fd, min(core.CHUNK, offset - size))
            if not data:
                break
            found.update(data)
            size += len(data)
        if offset and found.hexdigest() != sha256:
            os.lseek(fd, 0, os.SEEK_SET)
            found, size = hashlib.sha256(), 0
        self.feed.say("write", size)
        # A file of /proc has no size: it is read to its end. One that grows is read as far as it was announced.
        while size < about.st_size or not about.st_size:
            data = os.read(fd, min(core.CHUNK, about.st_size - size) if about.st_size else core.CHUNK)
            if not data:
                break
            found.update(data)
            size += len(data)
            self.feed.give(data)
        if size < about.st_size or not self.unchanged(fd, about, found, size):
            self.feed.say("broken", u"it changed while it was sent")
        else:
            self.feed.say("end", size, found.hexdigest())

    def unchanged(self, fd, about, found, size):
        """Whether what was read is what lies there. One that only grew, as logs do, is."""
        now = os.fstat(fd)
        if not about.st_size or (now.st_size, now.st_mtime) == (about.st_size, about.st_mtime):
            return True
        os.lseek(fd, 0, os.SEEK_SET)
        again, rest = hashlib.sha256(), size
        while rest:
            data = os.read(fd, min(core.CHUNK, rest))
            if not data:
                return False
            again.update(data)
            rest -= len(data)
        return again.digest() == found.digest()
