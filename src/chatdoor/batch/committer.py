"""Groups results, so that one trip to the disk keeps many of them: a row counts only after that."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from chatdoor.batch.keeping import Output, joined
from chatdoor.batch.result import Result

GAP_SECONDS: Final = 0.02
"""Between two trips. A row that was answered in it is asked again after a kill."""

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
        """Takes a result, once there is room for it. Raises BatchStopped where an earlier one could not be kept."""
        self._waiting.append(result)
        if self._task is None:
            self._task = asyncio.create_task(self._commit())
        elif self._task.done():
            self._task.result()
            self._task = asyncio.create_task(self._commit())
        while len(self._waiting) > MOST_WAITING:
            await asyncio.shield(self._task)

    async def close(self) -> None:
        """Returns when all results are kept. Raises BatchStopped."""
        try:
            if self._task:
                await self._task
            if self._waiting:
                await self._commit()
        finally:
            self._thread.shutdown()

    async def _commit(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            group, self._waiting = self._waiting, []
            await loop.run_in_executor(self._thread, _keep, self._output, group)
            self._on_kept(group)
            await asyncio.sleep(GAP_SECONDS)


def _keep(output: Output, group: Sequence[Result]) -> None:
    output.append(joined(group))
