"""How often a key has asked, over all gateways."""

import asyncio
import time
from typing import Any

from chatdoor.drive.shared.link import Link
from chatdoor.drive.shared.scripts import COUNT
from chatdoor.errors import StateDown
from chatdoor.gateway.exchange import Exchange
from chatdoor.gateway.keys import Key
from chatdoor.gateway.quota import Quota


class Admission:
    """Whether a request may be asked: not before it was counted.

    It is counted in the trip in which it finds its conversation, so nobody waits for that alone. One that does not get
    so far is counted when it has ended.
    """

    def __init__(self, counts: "SharedCounts", exchange: Exchange, key: Key, quota: Quota) -> None:
        self._counts = counts
        self._exchange = exchange
        self._key = key
        self._quota = quota
        self._begun: asyncio.Future[None] | None = None

    def begin(self) -> "asyncio.Future[None]":
        """Done when it is counted. It fails with Problem (429) where there were too many, or StateDown."""
        if self._begun is None:
            sent = self._counts.count(self._key, self._quota)
            self._begun = asyncio.ensure_future(self._admit(sent))
            self._begun.add_done_callback(_heard)
        return self._begun

    async def _admit(self, sent: "asyncio.Future[Any]") -> None:
        try:
            now, full, *counts = await sent
        except StateDown:
            if not self._counts.serves:
                raise
            self._exchange.common += self._quota.take(time.time())
        else:
            self._exchange.common += self._quota.taken(now, full, counts)


class SharedCounts:
    """Counts requests by key. While the server is away each gateway counts its own, where it `serves`."""

    def __init__(self, link: Link, *, serves: bool) -> None:
        self._link = link
        self.serves = serves

    def admission(self, exchange: Exchange, key: Key, quota: Quota) -> Admission:
        """The admission of a request."""
        return Admission(self, exchange, key, quota)

    def count(self, key: Key, quota: Quota) -> "asyncio.Future[Any]":
        """Counts one: the time, the window that is full, and the count of each."""
        wanted = [number for window in quota.windows for number in (window.seconds, window.most)]
        return self._link.send(COUNT, [f"q:{key.scope}"], *wanted)


def _heard(admitted: "asyncio.Future[None]") -> None:
    """A request that fails by itself does not wait to be admitted."""
    if not admitted.cancelled():
        admitted.exception()
