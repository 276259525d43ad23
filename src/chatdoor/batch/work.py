"""The seam between a run and who carries it out: rows are taken here, results are brought here.

An executor takes rows until there are none, says of each when its first request is about to go out, and brings the
result. Whether it asks by itself or lets a cluster ask is its own affair.
"""

from collections.abc import Callable, Iterator
from typing import Protocol

from chatdoor.batch.committer import Committer
from chatdoor.batch.journal import Journal
from chatdoor.batch.result import Result
from chatdoor.batch.row import Row
from chatdoor.errors import ChatdoorError


class Executor(Protocol):
    """Who carries out a run."""

    async def run(self, work: "Work") -> None:
        """Takes rows and brings their results, until there are none or the work ends."""


class Work:
    """The rows of one run. `rows` has a result for a row that can not be asked. For one event loop."""

    def __init__(
        self, rows: Iterator[Row | Result], journal: Journal, committer: Committer, say: Callable[[str], None]
    ) -> None:
        self._rows = rows
        self._journal = journal
        self._committer = committer
        self.say = say
        """Tells the person in front of it what happens, in a line."""
        self._told: list[Callable[[], None]] = []
        self.stopping = False
        """No more rows are given; what is under way may end."""
        self.failure: ChatdoorError | None = None
        """Why the run ends before its end."""
        self.at_a_time = 0
        """Rows that are under way at most, as the executor has it now."""

    async def take(self) -> Row | None:
        """The next row to ask; None where there is none, or no more are to be begun."""
        try:
            while not self.stopping and (found := next(self._rows, None)) is not None:
                if isinstance(found, Row):
                    return found
                await self.bring(found)
        except ChatdoorError as error:
            self.halt(error)
        return None

    def begin(self, row: Row) -> bool:
        """Notes that the row is about to be asked. True where an earlier run may have asked it. Raises BatchStopped."""
        return self._journal.begin(row.line)

    def give_back(self, row: Row) -> None:
        """Notes that the row was not asked after all. Raises BatchStopped."""
        self._journal.give_back(row.line)

    async def bring(self, result: Result) -> None:
        """Brings a result. Raises BatchStopped where it can not be kept."""
        if self._committer.put(result):
            await self._committer.room()

    def stop(self) -> None:
        """Lets no more rows begin."""
        self.stopping = True
        for told in self._told:
            told()

    def when_stopped(self, told: Callable[[], None]) -> None:
        """Tells somebody, from then on, when no more rows may begin."""
        self._told.append(told)

    def halt(self, error: ChatdoorError) -> None:
        """Lets no more rows begin, for a reason that the run then raises. The first reason counts."""
        self.failure = self.failure or error
        self.stop()
