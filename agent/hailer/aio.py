"""Coroutines of calls: one event loop in a thread of its own, started when it is first needed.

Sent to a host when its first call awaits. `core` is the agent's own namespace.
"""
import asyncio

CancelledError = asyncio.CancelledError
loop = asyncio.new_event_loop()
tasks = {}  # task -> call


def forever():
    asyncio.set_event_loop(loop)
    loop.run_forever()


core.thread.start_new_thread(forever, ())


def current():
    """The call of the task that runs in this thread."""
    try:
        find = getattr(asyncio, "current_task", None) or asyncio.Task.current_task
        return tasks.get(find())
    except RuntimeError:
        return None


def wait(awaitable, call):
    """The result of an awaitable, waited for in the call's own thread."""
    done = core.thread.allocate_lock()
    done.acquire()
    result = []

    async def work():
        try:
            result.append((await awaitable, None))
        except BaseException as error:
            result.append((None, error))

    def begin():
        task = loop.create_task(work())
        tasks[task] = call
        task.add_done_callback(lambda task: (tasks.pop(task, None), done.release()))
        call.stop = lambda: loop.call_soon_threadsafe(task.cancel)
        if call.cancelled:
            task.cancel()

    loop.call_soon_threadsafe(begin)
    core.step_aside()
    done.acquire()
    call.stop = None
    if not result:  # cancelled before it began
        getattr(awaitable, "close", lambda: None)()
        raise CancelledError()
    value, error = result[0]
    if error is not None:
        raise error
    return value


def finish(value, call):
    """The value of a call's last expression: awaited, and streamed if it is an asynchronous generator."""
    if hasattr(type(value), "__await__") or asyncio.iscoroutine(value):
        value = wait(value, call)
    if hasattr(type(value), "__anext__"):
        return wait(stream(value, call), call)
    if type(value) is core.generator:
        return core.stream(value, call)
    return value


async def stream(items, call):
    async for item in items:
        message = core.dump(item)
        # Sending may wait for credit: not on the loop's own thread.
        await loop.run_in_executor(None, send, call, message)


def send(call, message):
    core.send(call, core.ITEM, core.VALUE, message)
    core.flush()
