"""How often a key has asked, over all gateways."""

import asyncio
import time
from typing import Any

from chatdoor.drive.futures import unheard
from chatdoor.drive.gate import Lock
from chatdoor.drive.shared.link import Link
from chatdoor.drive.shared.scripts import COUNT
from chatdoor.errors import StateDown
from chatdoor.gateway.exchange import Exchange
from chatdoor.gateway.keys import Key
from chatdoor.gateway.quota import Quota


class Admission:
    """Whether a request may be asked: not before it was counted. A Gate.

    It is counted in the trip in which it finds its conversation, so nobody waits for that alone. One that does not get
    so far is counted when it has ended.
    """

    def __init__(self, counts: "SharedCounts", exchange: Exchange, key: Key, quota: Quota) -> None:
        self._counts = counts
        self._exchange = exchange
        self._key = key
        self._quota = quota
        self._begun: asyncio.Future[bool] | None = None
        """Whether it is counted: it is not without the lock that it was to be counted with."""

    def begin(self, lock: Lock | None = None) -> None:
        """Counts it, once."""
        if self._begun is None:
            self._begun = self._count(lock)

    async def passes(self) -> None:
        """Returns when it is counted. Raises Problem (429) where there were too many, and StateDown."""
        begun = self._begun = self._begun or self._count(None)
        if not await asyncio.shield(begun):
            if self._begun is begun:
                self._begun = self._count(None)
            await asyncio.shield(self._begun)

    async def opens(self) -> None:
        """Returns at once: who was refused has to ask again."""

    def ended(self) -> None:
        """Counts the request that has ended, where that was not done."""
        begun = self._begun
        if begun is None or (begun.done() and not begun.cancelled() and not begun.exception() and not begun.result()):
            self._begun = self._count(None)

    def _count(self, lock: Lock | None) -> "asyncio.Future[bool]":
        sent = self._counts.count(self._key, self._quota, lock)
        begun = asyncio.ensure_future(self._admit(sent))
        begun.add_done_callback(unheard)  # a request that fails by itself does not wait to be admitted
        return begun

    async def _admit(self, sent: "asyncio.Future[Any]") -> bool:
        try:
            counted = await sent
        except StateDown:
            if not self._counts.serves:
                raise
            self._exchange.common += self._quota.take(time.time())
            return True
        if counted is None:
            return False
        now, full, *counts = counted
        self._exchange.common += self._quota.taken(now, full, counts)
        return True


class SharedCounts:
    """Counts requests by key. While the server is away each gateway counts its own, where it `serves`."""

    def __init__(self, link: Link, *, serves: bool) -> None:
        self._link = link
        self.serves = serves

    def admission(self, exchange: Exchange, key: Key, quota: Quota) -> Admission:
        """The admission of a request."""
        return Admission(self, exchange, key, quota)

    def count(self, key: Key, quota: Quota, lock: Lock | None) -> "asyncio.Future[Any]":
        """Counts one, with the lock if there is one: the time, the window that is full, and the count of each."""
        wanted = [number for window in quota.windows for number in (window.seconds, window.most)]
        return self._link.send_with(lock, COUNT, [f"q:{key.scope}"], *wanted)
