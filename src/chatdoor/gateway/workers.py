"""Several gateways on one port: worker processes that inherit the listening socket, and the one that looks after them.

    the supervisor    binds the port, forks the workers, passes signals on, starts again what dies
    a worker          is a gateway like any other; it ends when it is told, or when its supervisor is no more

A worker that dies at the start, before it was ready, ends it all, since the next one would die too. So do too many
deaths in a while.
"""

import asyncio
import gc
import logging
import os
import select
import signal
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final

from chatdoor.errors import ArgumentError
from chatdoor.gateway.board import Board
from chatdoor.gateway.shares import Shares

logger = logging.getLogger("chatdoor.gateway")

DEATHS_MOST: Final = 5
DEATHS_SECONDS: Final = 60.0
"""How many workers may die within so many seconds, and are started again."""

PAUSE_SECONDS: Final = 0.2
"""How long a worker that has died is left before it is started again."""

LATE_SECONDS: Final = 5.0
"""How long a worker may take to end after the grace time. Then it is killed."""

READY_BYTES: Final = 4_096

STOPS: Final = (signal.SIGTERM, signal.SIGINT)


class Worker:
    """A worker's side. `life` is a file descriptor that can be read once the supervisor is no more.

    `shares` is where it tells the other workers what it has counted.
    """

    def __init__(self, life: int, ready: int, shares: Shares) -> None:
        self.life = life
        self.shares = shares
        self._ready = ready

    def tell_ready(self, line: str, stop: Callable[[], None]) -> None:
        """Tells the supervisor that this worker serves, and what. `stop` is called once the supervisor is no more."""
        asyncio.get_running_loop().add_reader(self.life, self._heed_end, stop)
        os.write(self._ready, line.encode()[:READY_BYTES])
        os.close(self._ready)

    def _heed_end(self, stop: Callable[[], None]) -> None:
        asyncio.get_running_loop().remove_reader(self.life)
        stop()


class Supervisor:
    """Looks after `count` workers. `grace` is how long they may take to end, in seconds.

    `on_ready` is called once, with the line of the first worker, when all are ready. Raises ArgumentError where
    processes can not be forked.
    """

    def __init__(self, count: int, grace: float, on_ready: Callable[[str], None]) -> None:
        if not hasattr(os, "fork"):
            raise ArgumentError("--workers: this system has no fork; start several gateways, and a load balancer")
        self._count = count
        self._grace = grace
        self._on_ready = on_ready
        self._pids: dict[int, int] = {}
        """Workers, and where each says that it is ready; -1 once it has."""
        self._board = Board(count)
        self._slots: dict[int, int] = {}
        """The slot on the board that each worker has."""
        self._line = ""
        self._served = False
        """All of them were ready once."""
        self._deaths: deque[float] = deque()
        self._stops = 0
        self._kill_at: float | None = None
        self._code = 0

    def run(self) -> Worker | int:
        """In a worker, its side of it; in the supervisor, once all have ended, the exit code."""
        gc.freeze()  # what is here already is shared with the workers, and not copied to mark it
        life, self._life = os.pipe()
        woken, waker = os.pipe()
        try:
            with _heeding(self._heed, waker):
                worker = self._look_after(life, woken)
        finally:
            for one in (woken, waker):
                os.close(one)
        return self._code if worker is None or self._stops else worker

    def _look_after(self, life: int, woken: int) -> Worker | None:
        """The worker, in one of them; None when all have ended."""
        while True:
            if self._wants_one and (worker := self._start(life)):
                return worker
            self._wait(woken)
            self._reap()
            self._hear()
            if not self._pids and not self._wants_one:
                return None
            if self._kill_at is not None and time.monotonic() > self._kill_at:
                self._tell(signal.SIGKILL)

    @property
    def _wants_one(self) -> bool:
        """True where a worker is to be started: the others wait until the first one is ready."""
        starting = not self._line and len(self._pids) > 0
        return not self._stops and not self._code and len(self._pids) < self._count and not starting

    def _start(self, life: int) -> Worker | None:
        reader, writer = os.pipe()
        slot = min(set(range(self._count)) - set(self._slots.values()))
        pid = os.fork()
        if pid:
            os.close(writer)
            self._pids[pid] = reader
            self._slots[pid] = slot
            return None
        os.setpgid(0, 0)  # Ctrl-C is for the supervisor, which passes it on
        for one in (reader, self._life, *(ready for ready in self._pids.values() if ready >= 0)):
            os.close(one)
        self._pids.clear()
        return Worker(life, writer, Shares(self._board, slot))

    def _wait(self, woken: int) -> None:
        pipes = [woken, *(ready for ready in self._pids.values() if ready >= 0)]
        seconds = None if self._kill_at is None else max(0.0, self._kill_at - time.monotonic())
        if self._wants_one:  # the next one follows soon
            seconds = 0.0
        readable, _, _ = select.select(pipes, [], [], seconds)
        if woken in readable:
            os.read(woken, READY_BYTES)

    def _hear(self) -> None:
        """Notes who is ready."""
        waiting = {ready: pid for pid, ready in self._pids.items() if ready >= 0}
        readable, _, _ = select.select(list(waiting), [], [], 0)
        for ready in readable:
            if line := os.read(ready, READY_BYTES).decode():
                self._note_ready(waiting[ready], line)

    def _note_ready(self, pid: int, line: str) -> None:
        self._line = self._line or line
        os.close(self._pids[pid])
        self._pids[pid] = -1
        if not self._served and len(self._pids) == self._count and all(ready < 0 for ready in self._pids.values()):
            self._served = True
            self._on_ready(self._line)

    def _reap(self) -> None:
        """Sees to the workers that have ended."""
        with suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                pid, status = ended
                self._hear()
                ready = self._pids.pop(pid, -1)
                self._slots.pop(pid, None)
                if ready >= 0:
                    os.close(ready)
                if not self._stops:
                    self._note_death(os.waitstatus_to_exitcode(status), was_ready=ready < 0)

    def _note_death(self, code: int, *, was_ready: bool) -> None:
        if not (was_ready or self._served):
            self._end(code if code > 0 else 1)
            return
        now = time.monotonic()
        self._deaths.append(now)
        while self._deaths[0] < now - DEATHS_SECONDS:
            self._deaths.popleft()
        if len(self._deaths) > DEATHS_MOST:
            logger.error("%d workers have died within %.0f s, so all end", len(self._deaths), DEATHS_SECONDS)
            self._end(1)
            return
        logger.error("a worker has ended (%d); starting another one", code)
        time.sleep(PAUSE_SECONDS)

    def _end(self, code: int) -> None:
        self._code = self._code or code
        self._heed(signal.SIGTERM)

    def _heed(self, number: int) -> None:
        """Passes a signal on."""
        if number in STOPS:
            self._stops += 1
            self._kill_at = time.monotonic() + self._grace + LATE_SECONDS
            self._tell(signal.SIGTERM)
        else:
            self._tell(signal.Signals(number))

    def _tell(self, number: signal.Signals) -> None:
        for pid in self._pids:
            with suppress(ProcessLookupError):
                os.kill(pid, number)


@contextmanager
def _heeding(heed: Callable[[int], None], waker: int) -> Iterator[None]:
    """Inside, signals are heeded, and wake who waits; the end of a child only wakes."""
    os.set_blocking(waker, False)
    numbers = (*STOPS, signal.SIGHUP)
    before = {number: signal.signal(number, lambda one, _: heed(one)) for number in numbers}
    before[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, lambda *_: None)
    woke = signal.set_wakeup_fd(waker)
    try:
        yield
    finally:
        signal.set_wakeup_fd(woke)
        for number, handler in before.items():
            signal.signal(number, handler)
