"""Asks the controller to open hosts and to run code there, and waits for what comes of it.

What a tunnel does is written as *steps*: a generator that yields what it waits for (a `Request`, or the steps of a
part of its work) and at last a `Result`. So one thread can have the work of many hosts under way, on every Python.

Sent to a host when its code first opens another. `core` is the agent's own namespace.
"""
import sys

thread = core.thread
# Targets, and requests to open one, that nobody holds any more; closed with the next request, or as a script ends. A
# finaliser must not take a lock, so it adds here.
forgotten = []


class Inbox(object):
    """Where one thread waits for what others put in."""

    def __init__(self):
        self.ready = []
        self.lock = thread.allocate_lock()
        self.lock.acquire()

    def put(self, thing):
        self.ready.append(thing)
        self.ring()

    def ring(self):
        try:
            self.lock.release()
        except thread.error:
            pass  # it rings already

    def get(self):
        """The next thing. A cancel of the call that waits raises KeyboardInterrupt here, on any thread of any Python."""
        call = this_call()
        if call is None:
            return self.wait(lambda: None)
        earlier, call.stop = call.stop, self.ring

        def check():
            if call.cancelled and call.user:
                call.user = False
                raise KeyboardInterrupt

        try:
            return self.wait(check)
        finally:
            call.stop = earlier

    def wait(self, check):
        core.step_aside()
        while True:
            check()
            if self.ready:
                return self.ready.pop(0)
            self.lock.acquire()


def this_call():
    call = core.running.get(thread.get_ident())
    aio = sys.modules.get("hailer.aio")
    return call or (aio.current() if aio else None)


class Request(core.Asked):
    """One request to the controller; several threads may wait for the same."""

    def __init__(self, *request):
        self.waiting = []
        self.warnings = []  # their pickles
        self.cancelled = False
        if request[0] != "close" and hasattr(sys, "audit"):
            sys.audit("hailer.reach", request[0])  # which a guard rail may refuse
        core.step_aside()
        core.Asked.__init__(self, core.REACH, core.pickler()(request, 2))
        core.flush()
        let_go()

    def finished(self):
        with core.guard:
            waiting, self.waiting = self.waiting, None
        for inbox, thing in waiting:
            inbox.put(thing)

    def item(self, tag, data):
        if tag == core.WARNING and len(self.warnings) < 1000:
            self.warnings.append(data)

    def tell(self, inbox, thing):
        """Has the thing put into the inbox as soon as the answer is there."""
        with core.guard:
            if self.waiting is not None:
                self.waiting.append((inbox, thing))
                return
        inbox.put(thing)

    def cancel(self):
        """Asks the controller to stop it. Its answer comes nevertheless, and says whether it was stopped."""
        if self.tag is None and not self.cancelled:
            self.cancelled = True
            core.bulk.append(core.frame(core.CANCEL, 0, self.channel))  # not before the request itself
            core.flush()


def let_go():
    """Closes what nobody holds any more."""
    for _ in range(len(forgotten)):
        if forgotten:  # the request that closes one comes by here too
            close_forgotten(forgotten.pop(0))


def close_forgotten(thing):
    if not isinstance(thing, Request):
        Request("close", thing)
    elif thing.tag is None:
        forgotten.append(thing)
    elif thing.tag == core.VALUE:
        answer = core.module("hailer.inert").load(thing.data)
        if answer[0] == "ok":
            Request("close", answer[1]["target"])


class Result(object):
    """What steps end with."""

    def __init__(self, value):
        self.value = value


class Several(object):
    """Tasks that steps wait for, all at the same time."""

    def __init__(self, tasks):
        self.tasks = tasks


class Task(object):
    """Steps on their way: what they wait for, and at last their value or their error."""

    def __init__(self, steps):
        self.stack = [steps]
        self.request = None
        self.parent = None
        self.awaited = 0  # tasks of a Several that are not over
        self.value = self.error = None

    def advance(self, inbox):
        """Goes on until the steps wait (for what is returned), or are over (None)."""
        value, error, self.request = self.request, None, None
        while self.stack:
            steps = self.stack[-1]
            try:
                step = steps.send(value) if error is None else steps.throw(error)
            except StopIteration:
                self.stack.pop()
                value, error = None, None
                continue
            except Exception as raised:
                self.stack.pop()
                value, error = None, raised
                continue
            value, error = None, None
            if isinstance(step, Result):
                self.stack.pop().close()
                value = step.value
            elif isinstance(step, Request):
                self.request = step
                step.tell(inbox, self)
                return step
            elif isinstance(step, Several):
                if step.tasks:
                    self.awaited = len(step.tasks)
                    return step
            else:
                self.stack.append(step)
        self.value, self.error = value, error
        return None

    def abandon(self):
        """Ends the steps where they are, and asks the controller to stop what they wait for."""
        if self.request is not None:
            self.request.cancel()
        while self.stack:
            self.stack.pop().close()


def run(tasks, over=None):
    """Runs tasks at the same time; calls `over(task)`, which may return more tasks, for each that is over.

    Interrupted, it stops them all.
    """
    inbox = Inbox()
    under_way = set()

    def advance(tasks):
        tasks = list(tasks)
        while tasks:
            task = tasks.pop(0)
            under_way.add(task)
            waits = task.advance(inbox)
            if isinstance(waits, Several):
                for part in waits.tasks:
                    part.parent = task
                tasks.extend(waits.tasks)
            if waits is not None:
                continue
            under_way.remove(task)
            if task.parent is None:
                tasks.extend(over(task) or () if over else ())
            else:
                task.parent.awaited -= 1
                if not task.parent.awaited:
                    tasks.append(task.parent)

    try:
        advance(tasks)
        while under_way:
            advance([inbox.get()])
    except BaseException:
        for task in under_way:
            task.abandon()
        raise


def finish(steps):
    """The value of one task."""
    task = Task(steps)
    run([task])
    if task.error is not None:
        raise task.error
    return task.value
