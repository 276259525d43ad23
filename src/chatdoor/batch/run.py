"""One run of a batch: what is missing is asked, what is answered is kept."""

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Final

from chatdoor.batch.committer import Committer
from chatdoor.batch.course import Course
from chatdoor.batch.done import Done, Ids
from chatdoor.batch.files import journal_of, output_of
from chatdoor.batch.interrupts import Interrupts
from chatdoor.batch.journal import Journal
from chatdoor.batch.keeping import Output, results_in
from chatdoor.batch.plan import Ended, Plan, Progress, Watcher
from chatdoor.batch.result import About, Result, bad_row
from chatdoor.batch.row import BadRow, Record, Row
from chatdoor.batch.shapes import line_id
from chatdoor.batch.source import Source
from chatdoor.batch.summary import Count, Summary
from chatdoor.batch.work import Executor, Work
from chatdoor.errors import ArgumentError, BatchStopped

TICK_SECONDS: Final = 0.25
"""How often a watcher hears how far it is."""

GROUP: Final = 1_000
"""Results of an earlier run that are counted together."""

MOST_SHOWN: Final = 20
"""Rows that can not be asked of which one is told before a run."""

FINISHING: Final = "finishing what is under way; Ctrl-C again stops at once"


class Run:
    """One run: the input, the output, what is done. `site` is the site's name."""

    def __init__(self, plan: Plan, site: str, watcher: Watcher, interrupts: Interrupts) -> None:
        self._plan = plan
        self._site = site
        self._watcher = watcher
        self._interrupts = interrupts
        self._source = Source(plan.source, plan.form, plan.columns)
        self._done = Done()
        self._count = Count()
        self._asked = 0
        self._began = time.monotonic()
        self._rows = 0
        self._lacking = 0
        """Of these rows, those without a result."""
        self._work: Work | None = None
        self._course = Course()

    async def carry_out(self, executor: Executor) -> Ended:
        """Asks what is missing. Raises ChatdoorError where the run ends before its end; what was kept stays."""
        journal, output = self._open()
        try:
            self._count_rows()
            interrupted = await self._ask_all(executor, journal, output)
        finally:
            output.close()
            journal.close()
        return Ended(self.summary(), interrupted, self._course.points)

    def look(self) -> Summary:
        """What is done and what is missing, rows that can not be asked among the failed. Nothing is sent or written."""
        if self._plan.output.exists():
            found = results_in(self._plan.output)
            self._heed(about for about in found if not (self._plan.retry_failed and about.error))
        self._count_rows()
        bad = (found for found in self._missing() if isinstance(found, Result))
        for number, result in enumerate(bad):
            if number < MOST_SHOWN and result.error:
                self._watcher.said(result.error.message)
            self._count.add([result.chatdoor])
            self._lacking -= 1
        return self.summary()

    def summary(self) -> Summary:
        """The summary so far."""
        seconds = time.monotonic() - self._began
        return self._count.summary(self._site, self._rows, self._lacking, seconds=seconds, asked=self._asked)

    def _open(self) -> tuple[Journal, Output]:
        """The journal, locked, and the output; what it holds is counted."""
        path = output_of(self._plan)
        try:
            journal = Journal(journal_of(path))
        except OSError as error:
            raise BatchStopped(f"{path}: {error.strerror}") from error
        try:
            output = Output(path)
        except BaseException:
            journal.close()
            raise
        try:
            self._read(output, journal)
        except BaseException:
            output.close()
            journal.close()
            raise
        return journal, output

    def _read(self, output: Output, journal: Journal) -> None:
        """Counts what the output holds. Failed rows that are to be asked again are taken out."""
        self._heed(output.results())
        journal.take_over(self._done)
        if self._plan.retry_failed and self._count.failed:
            output.without_failed()
            self._done, self._count = Done(), Count()
            self._heed(output.results())

    def _heed(self, found: Iterator[About]) -> None:
        """Notes results of earlier runs. Raises ArgumentError for one of another site."""
        while group := list(islice(found, GROUP)):
            self._count.add([about for about in group if self._is_new(about)])

    def _is_new(self, about: About) -> bool:
        if about.site != self._site:
            path = self._plan.output
            raise ArgumentError(f"{path}: holds results of the site {about.site!r}; take another output")
        return self._done.add(about.line, about.mark)

    def _count_rows(self) -> None:
        """Counts the rows to look at, and those without a result. Raises ArgumentError where one was changed since."""
        if not self._done.count and self._plan.limit is None:  # with nothing to compare them with
            self._rows = self._lacking = self._source.count()
            return
        for record in self._records():
            self._rows += 1
            self._lacking += not self._done.has(record)

    def _records(self) -> Iterator[Record]:
        return islice(self._source.records(), self._plan.limit)

    def _missing(self) -> Iterator[Row | Result]:
        """What has no result yet: rows to ask, and the results of those that can not be asked."""
        ids = Ids()
        for record in self._records():
            try:
                row = self._source.row(record)
                if row.named and not ids.add(row.custom_id):
                    raise BadRow(f"the id {row.custom_id!r:.100} is taken by an earlier row", row.custom_id)
            except BadRow as bad:
                if not self._done.has(record):
                    custom_id = bad.custom_id or line_id(record.line)
                    yield bad_row(record.line, record.mark, custom_id, self._site, bad.problem)
            else:
                if not self._done.has(record):
                    yield row

    async def _ask_all(self, executor: Executor, journal: Journal, output: Output) -> bool:
        """True where Ctrl-C ended it. Raises ChatdoorError."""
        committer = Committer(output, lambda kept: self._kept(journal, kept))
        work = self._work = Work(self._missing(), journal, committer, self._watcher.said)
        asking = asyncio.create_task(executor.run(work))
        ticking = asyncio.create_task(self._tick())
        interrupted = False

        def interrupt() -> None:
            nonlocal interrupted
            if interrupted:
                asking.cancel()
            else:
                self._watcher.said(FINISHING)
            interrupted = True
            work.stop()

        try:
            with self._interrupts.heeding(interrupt):
                await _ended(asking, lambda: interrupted)
        finally:
            ticking.cancel()
            asking.cancel()
            await asyncio.wait({ticking, asking})
            await committer.close()
            self._watcher.progressed(self._progress())
        if work.failure:
            raise work.failure
        return interrupted

    def _kept(self, journal: Journal, rows: Sequence[About]) -> None:
        for about in rows:
            self._done.add(about.line, about.mark)
            journal.end(about.line)
        self._count.add(rows)
        self._asked += len(rows)
        self._lacking -= len(rows)

    async def _tick(self) -> None:
        while True:
            progress = self._progress()
            self._course.add(progress)
            self._watcher.progressed(progress)
            await asyncio.sleep(TICK_SECONDS)

    def _progress(self) -> Progress:
        return Progress(
            rows=self._rows,
            done=self._rows - self._lacking,
            failed=self._count.failed,
            asked=self._asked,
            at_a_time=self._work.at_a_time if self._work else 0,
            seconds=time.monotonic() - self._began,
        )


async def _ended(asking: "asyncio.Task[None]", interrupted: Callable[[], bool]) -> None:
    """Returns when the task has ended, also where Ctrl-C cancelled it. Raises what it raised."""
    try:
        await asking
    except asyncio.CancelledError:
        if not (asking.cancelled() and interrupted()):
            raise
