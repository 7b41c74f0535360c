"""Queues: each host does its own work in order, and waits for no other."""
import os
import time

from hailer import AsyncResult, Docker, ErrorResult, Group, GroupResult, Local, NotCompleted, Queue, SSH


def add(path, word, seconds):
    time.sleep(seconds)
    with open(path, "a") as file:
        file.write(word)


def text(path):
    with open(path) as file:
        return file.read()


def fails():
    raise ValueError("no")


slow, quick = SSH("h3"), Docker("hailer-c4")
both = Group([slow, quick])
path = "/tmp/chop-queue-%d" % os.getpid()
queue = Queue()
over = []

first = queue.call(slow, add, path, "a", 1.0)
assert type(first) is AsyncResult
try:
    first.value
    raise AssertionError("a value before the queue ran")
except NotCompleted:
    pass
queue.connect(both).with_callback(lambda result: over.append(("connect", sorted(result))))
for number, word in enumerate("bcd"):
    queue.call(slow, add, path, word, 0.3 - number / 10.0).with_callback(lambda _, word=word: over.append(("slow", word)))
    queue.call(quick, add, path, word, 0.0).with_callback(lambda _, word=word: over.append(("quick", word)))
bad = queue.call(quick, fails)


# A callback adds more, in front of nothing: it comes after what waits for that host.
def more(result):
    over.append(("group", sorted(result)))
    assert type(result) is GroupResult
    queue.call(slow, os.unlink, path).with_callback(lambda _: over.append("last"))


read = queue.call(both, text, path).with_callback(more)
assert read.with_callback is not None
gone = queue.connect(SSH("refused"))
never = queue.call(SSH("refused"), text, path)
begun = time.time()
queue.run()
took = time.time() - begun

assert dict(read.value) == {"h3": "abcd", "hailer-c4": "bcd"}, read.value
assert first.value is None
assert type(bad.value) is ErrorResult and bad.value.type == "ValueError" and bad.value.host == "hailer-c4"
assert [type(result.value) for result in (gone, never)] == [ErrorResult, ErrorResult]
places = dict((what if isinstance(what, str) else (what[0], str(what[1])), place) for place, what in enumerate(over))
assert places["slow", "b"] < places["slow", "c"] < places["slow", "d"], over
assert places["quick", "d"] < places["slow", "b"], "the quick host waited for the slow one: %r" % (over,)
assert over[-1] == "last", over
assert 1.5 < took < 40, took
try:
    read.with_callback(len)
    raise AssertionError("a callback after the end")
except ValueError:
    pass

# It can run again; files travel by it too.
here = Local("here")
put = queue.put(here, __file__, path)
got = queue.fetch(Group([here]), path, path + "-{host}")
queue.call(here, os.unlink, path)
queue.run()
assert put.value["size"] == got.value["here"]["size"] == os.path.getsize(__file__)
os.unlink(got.value["here"]["local_path"])
quick.call(os.unlink, path)
print("done")
