"""The pace of a site over all gateways: how many messages go there at a time and in a minute, and what it asked for."""

import asyncio
import hashlib
import time
from typing import Any, Final

from chatdoor.drive.gate import Lock
from chatdoor.drive.holdoff import MAX_HOLDOFF, Holdoff
from chatdoor.drive.pace import Pace, Turn
from chatdoor.drive.shared.link import PREFIX, Link
from chatdoor.drive.shared.scripts import HOLD_OFF, LEAVE_PLACE, RUNS, TAKE_PLACE
from chatdoor.errors import StateDown

POLL_SECONDS: Final = 0.01
POLL_MOST_SECONDS: Final = 0.1
"""How often one asks for a place where there is none: soon at first."""

PATIENCE_MOST_MS: Final = 1e12

NO_PLACE: Final = (0, 0, 0)


class Place:
    """A place among those whose messages are on their way. It ends with `leave` of its pace."""

    def __init__(self, *, booked: bool = False, near: Turn | None = None, counted: bool = False) -> None:
        self.booked = booked
        self.near = near
        """The turn at our own pace, where the server is away."""
        self.counted = counted


class SharedPace:
    """As Pace, over all gateways; in each by itself while the server is away, where one serves without it."""

    def __init__(self, link: Link, key: str, near: Pace, *, serves: bool) -> None:
        self._link = link
        name = hashlib.sha256(key.encode()).hexdigest()[:32]
        self._keys = [f"r:{name}", f"p:{name}"]
        self._near = near
        self._serves = serves
        self._queue = asyncio.Lock()
        """Who waits for a place here: the first of them asks."""
        self._running = 0
        """How many places we have."""
        self._told = True
        """The server knows how many: nothing that we gave back was lost."""

    def ask(self, patience: float, lock: Lock | None = None) -> "asyncio.Future[Any] | None":
        """Asks for a place at once; None where others wait here already. It ends with `enter` or `unasked`."""
        return None if self._queue.locked() else self._send(patience, lock)

    def unasked(self, asked: "asyncio.Future[Any] | None") -> None:
        """Gives back what was asked for, whether or not it came."""
        if asked is not None:
            asked.add_done_callback(self._give_up)

    async def enter(self, asked: "asyncio.Future[Any] | None", patience: float) -> tuple[Place, float]:
        """A place, and the seconds to wait in it before anything is sent.

        Raises TimeoutError where there is none within `patience` seconds, and StateDown.
        """
        try:
            async with asyncio.timeout(patience):
                return await self._enter(asked, time.monotonic() + patience)
        except StateDown:
            if not self._serves:
                raise
        turn = self._near.request(patience)
        try:
            async with asyncio.timeout(patience):
                delay = await asyncio.shield(asyncio.wrap_future(turn.delay))
        except BaseException:
            self._near.leave(turn)
            raise
        return Place(near=turn), delay

    def leave(self, place: Place, *, sent: bool) -> None:
        """Ends a place. One in which nothing was sent does not count for the pace."""
        if place.near is not None:
            (self._near.leave if sent else self._near.give_back)(place.near)
        else:
            back = self._near.interval * 1000 if place.booked and not sent else 0
            self._running -= 1
            sent_back = self._link.send(LEAVE_PLACE, self._keys, self._link.name, int(place.counted), back)
            sent_back.add_done_callback(self._left)

    async def _enter(self, asked: "asyncio.Future[Any] | None", until: float) -> tuple[Place, float]:
        found = await self._found(asked) if asked is not None else None
        if found is None:
            async with self._queue:
                pause = POLL_SECONDS
                while (found := await self._found(self._send(until - time.monotonic()))) is None:
                    await asyncio.sleep(pause)
                    pause = min(2 * pause, POLL_MOST_SECONDS)
        return found

    async def _found(self, asked: "asyncio.Future[Any]") -> tuple[Place, float] | None:
        try:
            answer = await asyncio.shield(asked)
        except asyncio.CancelledError:
            self.unasked(asked)
            raise
        return self._place(answer)

    def _place(self, answer: list[int] | None) -> tuple[Place, float] | None:
        there, delay, booked = answer or NO_PLACE
        if not there:
            return None
        self._running += 1
        return Place(booked=bool(booked), counted=self._near.concurrency is not None), delay / 1000

    def _send(self, patience: float, lock: Lock | None = None) -> "asyncio.Future[Any]":
        near, most_ms = self._near, min(patience * 1000, PATIENCE_MOST_MS)
        if not self._told and self._link.problem is None:
            self._told = True
            self._link.send(RUNS, self._keys[:1], self._link.name, self._running).add_done_callback(self._left)
        return self._link.send_with(
            lock,
            TAKE_PLACE,
            self._keys,
            PREFIX,
            self._link.name,
            near.concurrency or 0,
            near.interval * 1000,
            near.burst * 1000,
            most_ms,
        )

    def _left(self, sent: "asyncio.Future[Any]") -> None:
        if sent.cancelled() or sent.exception() is not None:
            self._told = False

    def _give_up(self, asked: "asyncio.Future[Any]") -> None:
        if not asked.cancelled() and asked.exception() is None and (found := self._place(asked.result())):
            self.leave(found[0], sent=False)


class SharedHoldoff(Holdoff):
    """A wait that a site has asked for, which all gateways heed. `near` is what callers here go by."""

    def __init__(self, link: Link, key: str, near: Holdoff) -> None:
        super().__init__()
        self._link = link
        self.key = f"h:{hashlib.sha256(key.encode()).hexdigest()[:32]}"
        """What it is called on the server."""
        self._near = near

    @property
    def left(self) -> float:
        """Seconds that are left of it, as far as it is known here."""
        return self._near.left

    @property
    def missed(self) -> int:
        """See Link."""
        return self._link.missed

    def begin(self, seconds: float) -> None:
        """Begins it for all."""
        self._near.begin(seconds)
        self._link.send(HOLD_OFF, [self.key], int(min(seconds, MAX_HOLDOFF) * 1000))

    def ask(self) -> "asyncio.Future[Any]":
        """Asks whether another gateway was told to wait, and for how many milliseconds it lasts."""
        return self._link.send(HOLD_OFF, [self.key], 0)

    def heed(self, left: int) -> None:
        """Heeds what the others were told: so many milliseconds."""
        if left > self._near.left * 1000:
            self._near.begin(left / 1000)
