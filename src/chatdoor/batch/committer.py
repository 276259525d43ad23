"""Writes results, and groups the trips to the disk: a row counts only after one."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Final

from chatdoor.batch.keeping import Output, as_line
from chatdoor.batch.result import About, Result
from chatdoor.errors import ChatdoorError

GAP_SECONDS: Final = 0.05
"""Between two trips. After a power cut, what was answered in it is asked again."""

MOST_WAITING: Final = 4_096
"""Results that wait for the disk, at most."""


class Committer:
    """Keeps results, in the order in which they come. `on_kept` hears of them when they count.

    Those of one round of the event loop are written together, at its end: until then their rows are under way.
    """

    def __init__(self, output: Output, on_kept: Callable[[Sequence[About]], None]) -> None:
        self._output = output
        self._on_kept = on_kept
        self._lines: list[bytes] = []
        self._unwritten: list[About] = []
        self._waiting: list[About] = []
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="chatdoor-batch")
        self._task: asyncio.Task[None] | None = None
        self._failure: ChatdoorError | None = None
        self._closing = asyncio.Event()

    def put(self, result: Result) -> bool:
        """Takes a result. True where there should be `room` before the next. Raises BatchStopped."""
        if self._failure:
            raise self._failure
        if not self._lines:
            asyncio.get_running_loop().call_soon(self._write)
        self._lines.append(as_line(result))
        self._unwritten.append(result.chatdoor)
        return len(self._waiting) > MOST_WAITING

    async def room(self) -> None:
        """Returns when fewer results wait for the disk."""
        while self._task and len(self._waiting) > MOST_WAITING and not self._failure:
            await asyncio.shield(self._task)

    async def close(self) -> None:
        """Returns when all that was taken counts. Raises BatchStopped."""
        self._write()
        self._closing.set()
        try:
            if self._task:
                await self._task
        finally:
            self._thread.shutdown()
        if self._failure:
            raise self._failure

    def _write(self) -> None:
        lines, self._lines = self._lines, []
        written, self._unwritten = self._unwritten, []
        if not lines or self._failure:
            return
        try:
            self._output.write(b"".join(lines))
        except ChatdoorError as error:
            self._failure = error
            return
        self._waiting += written
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._commit())

    async def _commit(self) -> None:
        try:
            while self._waiting:
                group, self._waiting = self._waiting, []
                await asyncio.get_running_loop().run_in_executor(self._thread, self._output.sync)
                self._on_kept(group)
                with suppress(TimeoutError):
                    async with asyncio.timeout(GAP_SECONDS):
                        await self._closing.wait()
        except ChatdoorError as error:
            self._failure = error
