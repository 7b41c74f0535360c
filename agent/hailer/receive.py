"""Takes in files that the controller sends: the far side of `hailer put`. `core` is the agent's own namespace.

The orders, in the order in which they come; a path is relative to the one that was named, which itself is the empty one:

    it says ("ready",) once these can come
    ("dir", path, mode)  ("link", path, text)     made at once
    ("file", path, size, mode)                    answered: ("file", sha256 of one of that size, or None,
                                                  bytes there are of it, sha256 of these)
    ("same",)  ("skip",)                          of the oldest file that was announced: it stays as it is
    ("write", offset) bytes … ("end", size, sha256)     its content from there on
    ("broken",)                                   in place of "end": that is not what was meant
    ("keep", path, [name])  ("prune", path)       all other names there are removed
    ("over",)
"""
import errno
import os
import stat

files = core.module("hailer.files")
feed = core.module("hailer.feed")
part = core.module("hailer.part")


def run(path):
    """The call: what became of it, as a dict."""
    sink = Sink(os.path.abspath(os.path.expanduser(path)))
    try:
        sink.feed.say("ready")  # what came before would have been lost
        while sink.take(*sink.feed.order()):
            pass
    finally:
        sink.close()
    return {"path": bytearray(sink.root), "changed": sink.changed, "deleted": sink.deleted}


class Sink(object):
    def __init__(self, root):
        self.feed = feed.Feed()
        self.root = root
        self.waiting = []  # of files that were announced: (goal, what is there, mode, part or None)
        self.under_way = None  # the part that is being written
        self.modes = []  # of folders in which we could not write with them
        self.kept = {}  # folder -> names that stay
        self.folders = set()  # to be brought to the disk
        self.changed = self.deleted = 0
        self.goal = root

    def take(self, what, *words):
        """Does what an order says. False: it was the last."""
        if what == "over":
            self.settle_folders()
            return False
        try:
            getattr(self, "take_" + what)(*words)
        except OSError as error:
            if isinstance(error.filename, core.text_type):
                raise  # it is told already
            raise part.failed(error, self.goal)
        return True

    def close(self):
        """Nothing of what is not whole stays behind."""
        parts = [waiting[3] for waiting in self.waiting] + [self.under_way]
        for one in parts:
            if one is not None:
                one.discard()

    def at(self, path):
        """Where a path lies, and what the system says of it, or None. Only the named one may be a link that is followed."""
        self.goal = os.path.join(self.root, path) if path else os.path.realpath(self.root)
        try:
            return self.goal, os.lstat(self.goal)
        except OSError as error:
            if error.errno != errno.ENOENT:
                raise
            return self.goal, None

    def take_dir(self, path, mode):
        goal, about = self.at(path)
        if about is not None and not stat.S_ISDIR(about.st_mode):
            if not stat.S_ISLNK(about.st_mode):
                raise IOError(errno.ENOTDIR, "a file stands where a folder is to go", goal)
            os.unlink(goal)
            about = None
        if about is None:
            os.mkdir(goal, 0o700)
            about = os.lstat(goal)
            self.changed += 1
        if mode & 0o700 != 0o700:
            self.modes.append((goal, mode))
        elif about.st_mode & 0o7777 != mode:
            os.chmod(goal, mode)

    def take_link(self, path, text):
        goal, about = self.at(path)
        self.not_a_folder(goal, about)
        if about is not None and stat.S_ISLNK(about.st_mode) and os.readlink(goal) == text:
            return
        beside = part.name(goal) + files.token().encode("ascii")
        os.symlink(text, beside)
        os.rename(beside, goal)
        self.changed += 1

    def take_file(self, path, size, mode):
        goal, about = self.at(path)
        self.not_a_folder(goal, about)
        have = None
        if about is not None and stat.S_ISREG(about.st_mode) and about.st_size == size:
            have = digest(goal)
        there = part.left(goal)
        sha256 = None if there is None else there.found.hexdigest()
        self.waiting.append((goal, about, mode, there))
        self.feed.say("file", have, there.size if there else 0, sha256)

    def not_a_folder(self, goal, about):
        if about is not None and stat.S_ISDIR(about.st_mode):
            raise IOError(errno.EISDIR, os.strerror(errno.EISDIR), goal)

    def take_same(self):
        self.goal, about, mode, there = self.waiting.pop(0)
        if there is not None:
            there.discard()
        if about.st_mode & 0o7777 != mode:
            os.chmod(self.goal, mode)
            self.changed += 1

    def take_skip(self):
        there = self.waiting.pop(0)[3]
        if there is not None:
            there.discard()

    def take_write(self, offset):
        goal, about, mode, there = self.waiting.pop(0)
        self.goal = goal
        there = self.under_way = there or part.begin(goal)
        if there.size != offset:
            there.restart()
        while True:
            tag, data = self.feed.next()
            if tag == feed.ORDER:
                break
            there.write(data)
        end = feed.loads(data)
        if end[0] == "broken":
            there.discard()
        elif end[1:] != (there.size, there.found.hexdigest()):
            raise IOError(errno.EIO, "it arrived damaged: %d bytes of %d" % (there.size, end[1]), goal)
        else:
            there.settle(mode, about)
            self.changed += 1
            self.folders.add(os.path.dirname(goal))
            if len(self.folders) > 64:
                self.settle_folders()
        self.under_way = None

    def take_keep(self, path, names):
        self.kept.setdefault(path, set()).update(names)

    def take_prune(self, path):
        goal, _ = self.at(path)
        kept = self.kept.pop(path, ())
        for name in os.listdir(goal):
            if name not in kept:
                remove(os.path.join(goal, name))
                self.deleted += 1

    def settle_folders(self):
        """Brings the names that were changed to the disk, and gives folders the modes that they had to wait for."""
        for folder in self.folders:
            sync(folder)
        self.folders.clear()
        while self.modes:
            os.chmod(*self.modes.pop())


def sync(folder):
    try:
        fd = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(fd)
    except OSError:
        pass  # some file systems have no such thing
    finally:
        os.close(fd)


def digest(path):
    """The sha256 of a file; None where it cannot be read."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except OSError:
        return None
    try:
        return part.digest(fd)[1].hexdigest()
    finally:
        os.close(fd)


def remove(path):
    """Removes a file, a link, or a folder with all that is in it; no link is followed."""
    if os.path.islink(path) or not os.path.isdir(path):
        return os.unlink(path)
    for base, folders, names in os.walk(path, topdown=False):
        for name in names:
            os.unlink(os.path.join(base, name))
        for name in folders:
            one = os.path.join(base, name)
            (os.unlink if os.path.islink(one) else os.rmdir)(one)
    os.rmdir(path)
