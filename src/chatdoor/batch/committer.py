"""Writes each result at once, and groups the trips to the disk: a row counts only after one."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from chatdoor.batch.keeping import Output, as_line
from chatdoor.batch.result import Result

GAP_SECONDS: Final = 0.05
"""Between two trips. After a power cut, what was answered in it is asked again."""

MOST_WAITING: Final = 4_096
"""Results that wait for the disk, at most."""


class Committer:
    """Keeps results, in the order in which they come. `on_kept` hears of them when they count."""

    def __init__(self, output: Output, on_kept: Callable[[Sequence[Result]], None]) -> None:
        self._output = output
        self._on_kept = on_kept
        self._waiting: list[Result] = []
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="chatdoor-batch")
        self._task: asyncio.Task[None] | None = None

    async def put(self, result: Result) -> None:
        """Writes a result. Raises BatchStopped where it, or one before, could not be written."""
        if self._task is None or self._task.done():
            if self._task is not None:
                self._task.result()
            self._task = asyncio.create_task(self._commit())
        self._output.write(as_line(result))
        self._waiting.append(result)
        while len(self._waiting) > MOST_WAITING:
            await asyncio.shield(self._task)

    async def close(self) -> None:
        """Returns when all that was written counts. Raises BatchStopped."""
        try:
            if self._task:
                await self._task
            if self._waiting:
                await self._commit()
        finally:
            self._thread.shutdown()

    async def _commit(self) -> None:
        await asyncio.sleep(0)  # whoever began it has yet to write
        while self._waiting:
            group, self._waiting = self._waiting, []
            await asyncio.get_running_loop().run_in_executor(self._thread, self._output.sync)
            self._on_kept(group)
            await asyncio.sleep(GAP_SECONDS)
