"""Waits that Ctrl-C ends.

Python delivers Ctrl-C to the main thread, between two of its instructions; a call that waits inside a
library is not interrupted. So on the main thread, and only there, the waiting is done by a helper thread,
and the main thread waits for it in a way that can be interrupted.
"""

import os
import threading
from collections.abc import Callable, Generator
from queue import SimpleQueue
from typing import Final, Generic, TypeVar

Y = TypeVar("Y")
R = TypeVar("R")

CHECK_SECONDS: Final = 0.2
"""How often a wait looks up. On POSIX a signal ends it at once; on Windows only then."""


class Job(Generic[Y, R]):
    """One step of a generator: its next item, its end, or what it raised."""

    def __init__(self, steps: Generator[Y, None, R]) -> None:
        self._steps = steps
        self._done = threading.Lock()
        self._done.acquire()
        self._given_up = False
        self.item: tuple[Y] | None = None
        self.result: R | None = None
        self.failure: BaseException | None = None

    def work(self) -> None:
        """Does the step; runs on the helper thread."""
        try:
            self.item = (next(self._steps),)
        except StopIteration as stop:
            self.result = stop.value
        except BaseException as error:  # noqa: BLE001 - whatever it is, the waiting thread raises it
            self.failure = error
        if self._given_up:
            self._steps.close()
        self._done.release()

    def wait(self) -> None:
        """Waits for the step."""
        while not self._done.acquire(timeout=CHECK_SECONDS):
            pass

    def give_up(self, abort: Callable[[], None]) -> None:
        """Leaves the step to the helper thread, which closes the generator when the step ends."""
        self._given_up = True
        abort()
        self._done.acquire(timeout=CHECK_SECONDS)


class Helper:
    """A thread that does jobs."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        self._jobs: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        threading.Thread(target=self._run, name="chatdoor-wait", daemon=True).start()

    def submit(self, work: Callable[[], None]) -> None:
        """Queues a job."""
        self._jobs.put(work)

    def stop(self) -> None:
        """Ends the thread after the job that it has."""
        self._jobs.put(None)

    def _run(self) -> None:
        while (work := self._jobs.get()) is not None:
            work()
            del work  # a finished generator must not live on here


_helper: Helper | None = None


def run_out(steps: Generator[Y, None, R]) -> R:
    """The result of a generator whose items nobody wants."""
    try:
        while True:
            next(steps)
    except StopIteration as stop:
        result: R = stop.value
        return result


def in_one_step(steps: Generator[Y, None, R]) -> Generator[Y, None, R]:
    """The same result, and no item on the way: for a helper, one step of work instead of several."""
    yield from ()  # a generator, though it gives nothing
    return run_out(steps)


def interruptibly(steps: Generator[Y, None, R], abort: Callable[[], None]) -> Generator[Y, None, R]:
    """The same items and result. On the main thread, Ctrl-C ends a wait; `abort` then ends what goes on."""
    if threading.current_thread() is not threading.main_thread():
        return (yield from steps)
    return (yield from on_thread(_current_helper, steps, abort, _retire_helper))


def on_own_thread(steps: Generator[Y, None, R], abort: Callable[[], None]) -> Generator[Y, None, R]:
    """The same items and result, each step done by one and the same thread, which ends with the last."""
    helper = Helper()
    try:
        return (yield from on_thread(lambda: helper, steps, abort, lambda: None))
    finally:
        helper.submit(steps.close)
        helper.stop()


def on_thread(
    helper: Callable[[], Helper], steps: Generator[Y, None, R], abort: Callable[[], None], retire: Callable[[], None]
) -> Generator[Y, None, R]:
    """The same items and result, done by a helper thread. `retire` is called where it is left at work."""
    job: Job[Y, R] | None = None
    try:
        while True:
            job = Job(steps)
            helper().submit(job.work)
            job.wait()
            item, failure, result, job = job.item, job.failure, job.result, None
            if failure is not None:
                raise failure
            if item is None:
                return result  # type: ignore[return-value]  # no item, no failure: the generator's result
            yield item[0]
    finally:
        if job is not None:
            retire()
            job.give_up(abort)


def _current_helper() -> Helper:
    """The helper; a new one after a fork, which keeps no threads, and after one that was left at work."""
    global _helper  # noqa: PLW0603 - one helper for the one main thread
    if _helper is None or _helper.pid != os.getpid():
        _helper = Helper()
    return _helper


def _retire_helper() -> None:
    global _helper  # noqa: PLW0603 - one helper for the one main thread
    if _helper is not None:
        _helper.stop()
        _helper = None
