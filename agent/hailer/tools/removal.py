"""Removes a path, with all below it if that is said. `core` is the agent's own namespace."""
import errno
import os
import stat

tool = core.module("hailer.tool")
filesystem = core.module("hailer.filesystem")
atomic = core.module("hailer.atomic")

TOLD = 100  # paths that a Change names


def absent(path, found, recursive, check):
    """See FileSystem.absent."""
    gone = Gone()
    if stat.S_ISDIR(found.st_mode):
        if recursive:
            tree(path, gone, check)
        elif os.listdir(path):
            raise OSError(errno.ENOTEMPTY, "it is not empty: recursive=True removes what is in it too", path)
        elif not check:
            os.rmdir(path)
    elif not check:
        os.unlink(path)
    lines = [u"- %s\n" % filesystem.kind_of(path, found) if not stat.S_ISLNK(found.st_mode) else
             u"- link %s\n" % atomic.shown(path)]
    lines += [u"- %s\n" % atomic.shown(one) for one in gone.paths]
    if gone.count > TOLD:
        lines.append(u"... and %d more\n" % (gone.count - TOLD))
    return tool.Change(atomic.shown(path), True, u"".join(lines))


class Gone(object):
    """What was removed: the first paths, and how many in all."""

    def __init__(self):
        self.paths, self.count = [], 0

    def add(self, path):
        self.count += 1
        if self.count <= TOLD:
            self.paths.append(path)


def tree(path, gone, check):
    """Removes a folder and what is in it. A link that somebody puts in the way of it is removed, and not gone through."""
    if core.PY2:
        return by_path(path, gone, check)
    parent = os.open(os.path.dirname(path), os.O_RDONLY | os.O_DIRECTORY)
    try:
        by_descriptor(parent, os.path.basename(path), path, gone, check)
    finally:
        os.close(parent)


def by_descriptor(parent, name, path, gone, check):
    folder = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=parent)
    try:
        for entry in sorted(os.listdir(folder)):
            below = os.path.join(path, entry)
            gone.add(below)
            if stat.S_ISDIR(os.stat(entry, dir_fd=folder, follow_symlinks=False).st_mode):
                by_descriptor(folder, entry, below, gone, check)
            elif not check:
                os.unlink(entry, dir_fd=folder)
    finally:
        os.close(folder)
    if not check:
        os.rmdir(name, dir_fd=parent)


def by_path(path, gone, check):
    for entry in sorted(os.listdir(path)):
        below = os.path.join(path, entry)
        gone.add(below)
        if stat.S_ISDIR(os.lstat(below).st_mode):
            by_path(below, gone, check)
        elif not check:
            os.unlink(below)
    if not check:
        os.rmdir(path)
