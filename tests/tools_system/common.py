"""What the scripts of this folder share; it is put in front of each. They run on a host, as root, under 2.7 and 3."""
import os
import subprocess
import sys
import threading
import time


def sh(command):
    """What a command says; it fails where the command does."""
    return subprocess.check_output(["/bin/sh", "-c", command], stderr=subprocess.STDOUT).decode("utf-8").strip()


def write(path, text, mode=0o644):
    with open(path, "w") as file:
        file.write(text)
    os.chmod(path, mode)


def read(path):
    with open(path) as file:
        return file.read()


def same(found, expected):
    assert found == expected, "%r is not %r" % (found, expected)


def holds(text, *words):
    for word in words:
        assert word in text, "%r is not in %r" % (word, text)


def fails(kind, words, function, *args, **options):
    """That a call raises this error, and that its message holds these words."""
    try:
        value = function(*args, **options)
    except kind as error:
        holds(str(error), *words)
        return
    raise AssertionError("no %s, but %r" % (kind.__name__, value))


def traces():
    """What a tool might touch, below PLACES of each script, as it is now."""
    found = {}
    paths = [path for place in PLACES for path in [place] + [os.path.join(folder, name) for folder, folders, files in os.walk(place)
                                                             for name in folders + files]]
    for path in paths:
        if os.path.lexists(path):
            status = os.lstat(path)
            found[path] = status.st_ino, status.st_mode, status.st_uid, status.st_gid, status.st_size, status.st_mtime
    assert found, PLACES
    return found


def thrice(function, *args, **options):
    """check=True tells what would change and touches nothing; then it changes, as was told; then nothing changes any more."""
    before = traces()
    would = function(*args, check=True, **options)
    after = traces()
    same(sorted(path for path in set(before) | set(after) if before.get(path) != after.get(path)), [])
    assert would.changed and would.diff, would
    done = function(*args, **options)
    assert done.changed, done
    same(done.diff, would.diff)
    again = function(*args, **options)
    assert not again.changed and not again.diff, again
    return done


def waits(work, release):
    """That some work does not end before `release` was called, two seconds after it began."""
    released = []
    timer = threading.Timer(2, lambda: (released.append(time.time()), release()))
    timer.start()
    work()
    ended = time.time()
    timer.join()
    assert ended >= released[0], "nobody waited"
