"""The executor: as many tasks as the limit allows, each asking one row after the other, here or through workers.

It alone decides when the next row may be asked, so that pace, limits and waits hold for all who ask.
"""

import asyncio
import time
from collections.abc import Awaitable
from itertools import count
from typing import Final, Protocol, TypeVar

from chatdoor.batch.asking import Asks, Trial, result_of
from chatdoor.batch.breaker import NAP, Breaker
from chatdoor.batch.limit import Limit
from chatdoor.batch.row import Row
from chatdoor.batch.work import Work
from chatdoor.drive.pace import Pace, Turn
from chatdoor.errors import (
    ArgumentError,
    BatchStopped,
    BotCheckMet,
    ChatdoorError,
    ContentRefused,
    PromptTooLong,
    RateLimited,
    SecretMissing,
    SessionRefused,
    SiteFailed,
    TimedOut,
)

ROWS_OWN: Final = (PromptTooLong, ContentRefused)
"""Errors that say something of the row, and nothing of the site."""

TOO_MUCH: Final = (RateLimited, SiteFailed, TimedOut, SessionRefused)
"""Errors of a site that may have too much to do, or whose tokens change too fast for so many at a time."""

MOST_TRIES: Final = 8
"""How often a row is tried that the site has not heard."""

FIRST_PAUSE: Final = 0.1
LONGEST_PAUSE: Final = 5.0
"""Seconds between two tries of a row, which double from the first to the longest."""

LONG_WAIT: Final = 10.0
"""Seconds from which on a wait that the site asks for is told."""

T = TypeVar("T")


class Pacing(Protocol):
    """Who says when the next row may be asked."""

    async def enter(self) -> object:
        """Waits for a turn."""

    def leave(self, turn: object) -> None:
        """Ends a turn."""


class OwnPace:
    """The pace of this process, which all clients of the site share."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace

    async def enter(self) -> Turn:
        """Waits for a turn. Does not count against the time of a call."""
        turn = self._pace.request()
        try:
            delay = turn.delay.result() if turn.delay.done() else await asyncio.wrap_future(turn.delay)
            if delay:
                await asyncio.sleep(delay)
        except BaseException:
            self._pace.give_back(turn)
            raise
        return turn

    def leave(self, turn: object) -> None:
        """Ends a turn."""
        if isinstance(turn, Turn):
            self._pace.leave(turn)


class Crew:
    """Asks the rows of a run. `pacing` is None where the site has no pace."""

    def __init__(self, site: str, asking: Asks, limit: Limit, breaker: Breaker, pacing: Pacing | None) -> None:
        self._site = site
        self._asking = asking
        self._limit = limit
        self._breaker = breaker
        self._pacing = pacing
        self._waits_asked = 0
        self._alive = 0
        self._empty = False
        self._warming: asyncio.Task[None] | None = None
        self._idle: set[asyncio.Task[None]] = set()
        """Members whose row waits for its turn: nothing of it is under way."""
        self._told_until = 0.0

    async def run(self, work: Work) -> None:
        """Asks all rows. Raises BatchStopped where results can not be kept."""
        self._work = work
        work.when_stopped(self._send_home)
        try:
            async with asyncio.TaskGroup() as self._group:
                self._hire()
        except BaseExceptionGroup as group:
            raise group.exceptions[0] from None

    def _send_home(self) -> None:
        """Ends the waits of members: the run ends, and their rows are left for the next one."""
        for member in self._idle:
            member.cancel()

    async def _unless_stopped(self, wait: Awaitable[T]) -> T:
        """What a member waits for before it asks. The end of the run cancels the member."""
        if (member := asyncio.current_task()) is not None:
            self._idle.add(member)
        try:
            return await wait
        finally:
            self._idle.discard(member)

    def _hire(self) -> None:
        self._work.at_a_time = self._limit.now
        while self._alive < self._limit.now and not self._empty:
            self._alive += 1
            self._group.create_task(self._ask_on())

    async def _ask_on(self) -> None:
        """One member of the crew, until there are more than the limit allows, or no more rows."""
        while self._alive <= self._limit.now and (not self._hindered or await self._may_ask()):
            row = await self._work.take()
            if row is None:
                self._empty = True
                self._breaker.passed()
                break
            await self._ask(row)
            self._hire()
        self._alive -= 1

    @property
    def _hindered(self) -> bool:
        """True where there is a reason to ask nothing just now."""
        return self._work.stopping or self._breaker.paused or self._asking.wait > 0

    async def _may_ask(self) -> bool:
        """Waits while the site wants nothing sent or is down. False where no more is to be asked."""
        while not self._work.stopping:
            wait = min(self._tell_wait(), NAP) or self._breaker.wait(time.monotonic())
            if not wait:
                return True
            if self._breaker.gives_up(time.monotonic()):
                self._work.halt(BatchStopped("the site has been down for too long; the same command goes on from here"))
            await asyncio.sleep(wait)
        return False

    def _tell_wait(self) -> float:
        """Seconds for which the site wants nothing sent. A long wait is told, once."""
        wait, now = self._asking.wait, time.monotonic()
        if wait >= LONG_WAIT and now >= self._told_until:
            self._told_until = now + wait
            self._work.say(f"the site asks for a wait; the run goes on in {wait:.0f} s")
        return wait

    async def _ask(self, row: Row) -> None:
        """Asks a row until there is a result. A run that ends before leaves the row for the next one."""
        if self._warming is None:
            self._warming = self._group.create_task(self._asking.warm_up(self._limit.now))
        if not self._warming.done():
            await asyncio.shield(self._warming)
        attempts, again = 0, False
        for tries in count(1):
            if self._work.stopping:
                return
            turn = await self._unless_stopped(self._pacing.enter()) if self._pacing else None
            try:
                again = self._work.begin(row) or again
                trial = await self._asking.ask(row)
            finally:
                if self._pacing:
                    self._pacing.leave(turn)
            self._hear(trial)
            if trial.error is None or not trial.can_repeat or (tries >= MOST_TRIES and not self._breaker.paused):
                await self._bring(row, trial, attempts=attempts, again=again)
                return
            attempts += trial.sent
            again = again or trial.lost
            if not trial.lost:
                self._work.give_back(row)
            if not self._asking.wait:  # nobody has said how long to wait
                await self._unless_stopped(asyncio.sleep(min(FIRST_PAUSE * 2 ** min(tries, MOST_TRIES), LONGEST_PAUSE)))
            if not await self._may_ask():
                return

    async def _bring(self, row: Row, trial: Trial, *, attempts: int, again: bool) -> None:
        """Brings the result. A secret that can not be sent ends the run: each row would fail for the lack of it."""
        if not isinstance(trial.error, SecretMissing) or trial.replies or trial.sent:
            await self._work.bring(result_of(self._site, row, trial, attempts=attempts, again=again))
            return
        if not again:
            self._work.give_back(row)
        self._work.halt(trial.error)

    def _hear(self, trial: Trial) -> None:
        """Lets the limit and the breaker learn from a try."""
        asked, self._waits_asked = self._waits_asked, self._asking.waits_asked
        if self._waits_asked > asked or isinstance(trial.error, TOO_MUCH):
            self._limit.refused()
        if trial.error is None:
            self._limit.answered(trial.seconds / len(trial.replies))
            if self._breaker.answered():
                self._work.say("the site is back; the run goes on")
        elif trial.lost or _is_rows_own(trial.error):
            self._breaker.passed()
        else:
            self._hear_failure(trial.error)

    def _hear_failure(self, error: ChatdoorError) -> None:
        if isinstance(error, BotCheckMet):
            self._work.halt(error)
        if self._breaker.failed(time.monotonic()):
            self._work.say(f"the site fails ({error}); next try in {self._breaker.pause:.0f} s")
        if self._breaker.hopeless:
            self._work.halt(BatchStopped(f"nothing but failures, so the run stops; the last one: {error}"))


def _is_rows_own(error: ChatdoorError) -> bool:
    """Whether an error says nothing of the site. An argument that a step of the site lacks does."""
    return isinstance(error, ROWS_OWN) or (isinstance(error, ArgumentError) and error.step is None)
