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


class SharedCounts:
    """Counts requests by key. While the server is away each gateway counts its own, where it `serves`."""

    def __init__(self, link: Link, *, serves: bool) -> None:
        self._link = link
        self._serves = serves

    def admit(self, exchange: Exchange, key: Key, quota: Quota) -> "asyncio.Future[None]":
        """Done when the request is counted. It fails with Problem (429) where there were too many, or StateDown.

        It goes in the trip in which the request finds its conversation, so nobody waits for it alone.
        """
        wanted = [number for window in quota.windows for number in (window.seconds, window.most)]
        sent = self._link.send(COUNT, [f"q:{key.scope}"], *wanted)
        admitted = asyncio.ensure_future(self._admit(exchange, quota, sent))
        admitted.add_done_callback(_heard)
        return admitted

    async def _admit(self, exchange: Exchange, quota: Quota, sent: "asyncio.Future[Any]") -> None:
        try:
            now, full, *counts = await sent
        except StateDown:
            if not self._serves:
                raise
            exchange.common += quota.take(time.time())
        else:
            exchange.common += quota.taken(now, full, counts)


def _heard(admitted: "asyncio.Future[None]") -> None:
    """A request that fails by itself does not wait to be admitted."""
    if not admitted.cancelled():
        admitted.exception()
