"""Waits on a helper thread.

The main thread waits for the helper in a way that any signal's handler can interrupt, whatever the helper waits for.
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


class Job(Generic[R]):
    """A piece of work: what it gives, or what it raised. `left` is done after it where nobody waits for it any more."""

    def __init__(self, work: Callable[[], R], left: Callable[[], None]) -> None:
        self._work = work
        self._left = left
        self._given_up = False
        self._done = threading.Lock()
        self._done.acquire()
        self._result: R | None = None
        self.failure: BaseException | None = None

    def run(self) -> None:
        """Does the work, on the helper thread."""
        try:
            self._result = self._work()
        except BaseException as error:  # noqa: BLE001 - whatever it is, the waiting thread raises it
            self.failure = error
        if self._given_up:
            self._left()
        self._done.release()

    def wait(self) -> R:
        """What the work gives; raises what it raised."""
        while not self._done.acquire(timeout=CHECK_SECONDS):
            pass
        if self.failure is not None:
            raise self.failure
        return self._result  # type: ignore[return-value]  # no failure: the work's result

    def give_up(self, abort: Callable[[], None]) -> None:
        """Leaves the work to the helper thread, and ends what it waits for."""
        self._given_up = True
        abort()
        self._done.acquire(timeout=CHECK_SECONDS)


class Helper:
    """A thread that does jobs."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        self.left = False
        """It is at work for nobody."""
        self._jobs: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        threading.Thread(target=self._run, name="chatdoor-wait", daemon=True).start()

    def do(self, work: Callable[[], R], abort: Callable[[], None], left: Callable[[], None]) -> R:
        """What the work gives. A wait that is broken off calls `abort`, and has `left` done once the work ends."""
        job = Job(work, left)
        self._jobs.put(job.run)
        try:
            return job.wait()
        except BaseException as error:
            if error is not job.failure:
                self.left = True
                job.give_up(abort)
            raise

    def finish(self, last: Callable[[], None]) -> None:
        """Ends the thread, after the jobs that it has and this one."""
        self._jobs.put(last)
        self._jobs.put(None)

    def _run(self) -> None:
        while (work := self._jobs.get()) is not None:
            work()
            del work  # a finished job must not live on here


_helper: Helper | None = None


def nothing() -> None:
    """Does nothing."""


def on_helper(work: Callable[[], R], abort: Callable[[], None] = nothing, left: Callable[[], None] = nothing) -> R:
    """What the work gives, done by the helper of the main thread. It is not used again where it is left at work."""
    global _helper  # noqa: PLW0603 - one helper for the one main thread
    helper = _helper if _helper and _helper.pid == os.getpid() else Helper()  # a fork keeps no threads
    _helper = None  # a signal's handler may ask too
    try:
        return helper.do(work, abort, left)
    finally:
        if helper.left or _helper:
            helper.finish(nothing)
        else:
            _helper = helper


def on_own_thread(steps: Generator[Y, None, R], abort: Callable[[], None]) -> Generator[Y, None, R]:
    """The same items and result, each step done by one and the same thread, which ends with the last."""
    helper = Helper()
    try:
        while True:
            yield helper.do(lambda: next(steps), abort, steps.close)
    except StopIteration as stop:
        result: R = stop.value
        return result
    finally:
        helper.finish(steps.close)
