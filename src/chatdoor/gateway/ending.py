"""What the end of an answer waits for, where several gateways share what they know.

A turn has to be known to all of them before anybody is told that it is over. So what has to be known is sent as soon
as the reply is whole, in one trip, and awaited before the last of the answer is sent.
"""

import asyncio
from collections.abc import Awaitable, Sequence
from typing import Any

from chatdoor.drive.futures import unheard
from chatdoor.errors import ChatdoorError
from chatdoor.gateway.header import Header
from chatdoor.gateway.openai.errors import without_retry


class Ending:
    """What one answer's end waits for."""

    def __init__(self) -> None:
        self._sent: list[asyncio.Future[Any]] = []
        self._needed: list[asyncio.Future[Any]] = []

    def add(self, sent: "asyncio.Future[Any]") -> None:
        """One more thing to wait for, however it ends."""
        self._sent.append(sent)

    def need(self, work: Awaitable[object]) -> None:
        """One more, without which there is no answer: it has to end well."""
        needed = asyncio.ensure_future(work)
        needed.add_done_callback(unheard)  # nobody waits where the client has left
        self._needed.append(needed)
        self._sent.append(needed)

    async def heard(self) -> None:
        """Returns once nothing is waited for.

        Raises Problem, once, where what was needed has failed. The site was asked, so nobody is told to ask again.
        """
        while waited := [one for one in self._sent if not one.done()]:
            await asyncio.wait(waited)
        self._sent.clear()
        needed, self._needed = self._needed, []
        try:
            for one in needed:
                one.result()
        except ChatdoorError as error:
            raise without_retry(error) from error

    async def whole(self, status: int, headers: Sequence[Header], body: bytes, *, unsent: bool) -> None:  # noqa: ARG002 - for those who keep it
        """Before a whole answer is sent; `unsent` as in Exchange."""
        await self.heard()

    async def rest(self, data: bytes) -> None:  # noqa: ARG002 - for those who keep it
        """Before the rest of an answer is sent, which comes in parts."""
        await self.heard()

    def cut(self, *, unsent: bool) -> None:
        """Before an answer ends which is not whole; `unsent` as in Exchange."""
