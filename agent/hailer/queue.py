"""Work for many hosts, in order for each host and with no barrier between them. `core` is the agent's own namespace."""
import collections
import sys
import traceback

tunnel = core.module("hailer.tunnel")
group = core.module("hailer.group")
failure = core.module("hailer.failure")
reach = core.module("hailer.reach")
ErrorResult, NotCompleted = failure.ErrorResult, failure.NotCompleted


class AsyncResult(object):
    """What an operation of a queue will come to."""

    _callback = None
    _done = False

    @property
    def value(self):
        """The result, or an ErrorResult. NotCompleted as long as there is none."""
        if not self._done:
            raise NotCompleted("the operation is not over: run() the queue")
        return self._value

    def with_callback(self, callback):
        """Has `callback(value)` called once the operation is over; it may add more to the queue. Returns self."""
        if self._done:
            raise ValueError("the operation is over")
        if self._callback is not None:
            raise ValueError("there is a callback already")
        self._callback = callback
        return self

    def _complete(self, value):
        self._value = value
        self._done = True
        if self._callback is not None:
            try:
                self._callback(value)
            except Exception:
                # One bad callback must not stop the others.
                sys.stderr.write("a callback of a queue failed:\n" + traceback.format_exc())


class Operation(object):
    """One tunnel's part of what was asked for."""

    def __init__(self, tunnel, name, steps, connects, report):
        self.tunnel = tunnel
        self.name = name
        self.steps = steps
        self.connects = connects
        self.report = report


class Queue(object):
    """Operations on tunnels and groups; run() does them. Each host does its own in the order they were added."""

    def __init__(self):
        self.waiting = {}  # tunnel -> deque of Operation
        self.busy = set()  # tunnels
        self.failed = {}  # tunnel -> the error with which it could not be opened

    def connect(self, target):
        """Opens a tunnel, or all of a group."""
        return self._add(target, lambda one: one._connect(), True)

    def call(self, target, function, *args, **keywords):
        shipped = core.module("hailer.ship").request(function, args, keywords)
        return self._add(target, lambda one: one._call(shipped))

    def put(self, target, local_path, remote_path=None, mode=0o644):
        transfer = core.module("hailer.transfer")
        return self._add(target, lambda one: transfer.put(one, local_path, remote_path, mode))

    def fetch(self, target, remote_path, local_path=None):
        if isinstance(target, group.Group):
            return self._add(target, target._fetching(remote_path, local_path))
        transfer = core.module("hailer.transfer")
        return self._add(target, lambda one: transfer.fetch(one, remote_path, local_path))

    def _add(self, target, steps, connects=False):
        result = AsyncResult()
        if isinstance(target, tunnel.BaseTunnel):
            self._enqueue(Operation(target, target.host, steps, connects, result._complete))
        elif isinstance(target, group.Group):
            names = target._names()
            found = {}

            def collect(name):
                def report(value):
                    found[name] = value
                    if len(found) == len(names):
                        result._complete(group.GroupResult((name, found[name]) for name in names))

                return report

            for name, one in zip(names, target.tunnels):
                self._enqueue(Operation(one, name, steps, connects, collect(name)))
            if not names:
                result._complete(group.GroupResult())
        else:
            raise TypeError("%r is neither a tunnel nor a group" % (target,))
        return result

    def _enqueue(self, operation):
        self.waiting.setdefault(operation.tunnel, collections.deque()).append(operation)

    def run(self):
        """Does all that was added, and what callbacks add meanwhile. Interrupted, it leaves what has not begun."""
        under_way = {}  # task -> operation

        def begin():
            """Tasks for the hosts that are free."""
            while True:
                free = [one for one, waiting in self.waiting.items() if waiting and one not in self.busy]
                tasks = []
                for one in free:
                    operation = self.waiting[one].popleft()
                    if not self.waiting[one]:
                        del self.waiting[one]
                    if one in self.failed and not operation.connects:
                        operation.report(ErrorResult.of(self.failed[one], operation.name))
                        continue
                    self.busy.add(one)
                    task = reach.Task(operation.steps(one))
                    under_way[task] = operation
                    tasks.append(task)
                if tasks or not free:
                    return tasks

        def over(task):
            operation = under_way.pop(task)
            one = operation.tunnel
            self.busy.discard(one)
            if task.error is None:
                self.failed.pop(one, None)
                operation.report(task.value)
            else:
                if group.unreached(task.error):
                    self.failed[one] = task.error
                operation.report(ErrorResult.of(task.error, operation.name))
            return begin()

        self.failed.clear()
        try:
            reach.run(begin(), over)
        except BaseException:
            for operation in under_way.values():
                operation.report(ErrorResult("interrupted", None, "KeyboardInterrupt", operation.name))
            self.busy.clear()
            raise
