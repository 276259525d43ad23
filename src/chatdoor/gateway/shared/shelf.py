"""A shelf that several gateways share: responses, and conversations that clients begin."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any, Final

import msgspec

from chatdoor.drive.shared.link import PREFIX, Link
from chatdoor.drive.shared.scripts import GET_KEPT, PUT_KEPT
from chatdoor.errors import StateDown
from chatdoor.gateway.shelf import TIME_TO_LIVE, Kept, MemoryShelf

logger = logging.getLogger("chatdoor.gateway")

KEPT_BYTES: Final = 8_000_000
"""The largest that is kept, or read."""


def name_of(kept_id: str) -> str:
    """What the one of that id is called on the server."""
    return f"k:{kept_id}"


class SharedShelf:
    """As MemoryShelf, over all gateways.

    While the server is away, what went through here is found here, where one `serves`; all else raises StateDown.
    What is called at one moment goes in one trip: it is sent at once, and awaited later.
    """

    def __init__(self, link: Link, *, serves: bool) -> None:
        self._link = link
        self._serves = serves
        self._near = MemoryShelf()

    def get(self, kept_id: str) -> Coroutine[Any, Any, Kept | None]:
        """The one of that id, None where there is none, or not any more."""
        return self._got(kept_id, self._link.send(GET_KEPT, [name_of(kept_id)]))

    def compare_and_set(self, kept_id: str, expected: int | None, new: Kept | None) -> Coroutine[Any, Any, bool]:
        """True where the revision was the expected one, and the new one is in its place."""
        text = msgspec.json.encode(new) if new is not None else b""
        if len(text) > KEPT_BYTES:
            return self._put(kept_id, new, None)
        there = -1 if expected is None else expected
        revision, site, talk = ("", "", "") if new is None else (new.revision, new.site, new.talk or "")
        milliseconds = int(TIME_TO_LIVE * 1000)
        sent = self._link.send(PUT_KEPT, [name_of(kept_id)], there, revision, text, milliseconds, PREFIX, site, talk)
        return self._put(kept_id, new, sent)

    async def _got(self, kept_id: str, sent: "asyncio.Future[Any]") -> Kept | None:
        try:
            text = await asyncio.shield(sent)
        except StateDown:
            near = await self._near.get(kept_id) if self._serves else None
            if near is None:  # another gateway may have it: that it is not there nobody can say
                raise
            return near
        return None if text is None else self._read(kept_id, text)

    async def _put(self, kept_id: str, new: Kept | None, sent: "asyncio.Future[Any] | None") -> bool:
        await self._remember(kept_id, new)
        if sent is None:
            return True  # as on any shelf: what is too large is not kept
        try:
            return bool(await asyncio.shield(sent))
        except StateDown:
            if not self._serves:
                raise
            return True

    async def _remember(self, kept_id: str, new: Kept | None) -> None:
        old = await self._near.get(kept_id)
        await self._near.compare_and_set(kept_id, old.revision if old else None, new)

    def _read(self, kept_id: str, text: bytes) -> Kept | None:
        try:
            kept = msgspec.json.decode(text[:KEPT_BYTES], type=Kept)
        except (ValueError, RecursionError) as error:  # the library's own errors are ValueErrors
            logger.warning("something shared can not be read (%s), so it is not there", type(error).__name__)
            return None
        return kept if kept.id == kept_id else None
