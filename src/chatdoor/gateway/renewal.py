"""Sites, keys and settings read anew while the gateway runs: what is on its way ends as it began."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterable
from typing import Any, TypeAlias

import msgspec

from chatdoor.drive.async_client import AsyncClient
from chatdoor.errors import ChatdoorError
from chatdoor.gateway.guard import Guard
from chatdoor.gateway.house import House
from chatdoor.gateway.state import Conduct, State

logger = logging.getLogger("chatdoor.gateway")


class Renewed(msgspec.Struct, frozen=True):
    """What is served from now on."""

    house: House
    guard: Guard
    conduct: Conduct


Renew: TypeAlias = Callable[[State], Renewed]
"""Reads anew what is served, given what is served now. Raises ChatdoorError."""


class Renewals:
    """Renews a gateway, as often as it is asked to, one after another. `running` are the tasks of its requests."""

    def __init__(self, state: State, renew: Renew, running: Iterable["asyncio.Task[Any]"]) -> None:
        self._state = state
        self._renew = renew
        self._running = running
        self._asked = False
        self._renewing: asyncio.Task[None] | None = None
        self._retiring: set[asyncio.Task[None]] = set()

    def ask(self) -> None:
        """Asks for a renewal. Asked again before it has begun, it is one; after that, one more follows."""
        self._asked = True
        if self._renewing is None or self._renewing.done():
            self._renewing = asyncio.get_running_loop().create_task(self._go_on())

    async def close(self) -> None:
        """Waits until sites that are served no more are closed."""
        if self._renewing is not None:
            await asyncio.wait([self._renewing])
        await asyncio.gather(*self._retiring)

    async def _go_on(self) -> None:
        while self._asked:
            self._asked = False
            try:
                renewed = await asyncio.to_thread(self._renew, self._state)
            except ChatdoorError as error:
                logger.error("nothing was reloaded, all stays as it was: %s", error)  # noqa: TRY400 - one line
            else:
                self._take(renewed)

    def _take(self, renewed: Renewed) -> None:
        state = self._state
        kept = renewed.house.clients
        gone = [client for client in state.house.clients if client not in kept]
        state.house, state.guard, state.conduct = renewed.house, renewed.guard, renewed.conduct
        logger.info("reloaded: %s", ", ".join(renewed.house.sites))
        if gone:
            self._begin(self._retire(gone))

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._retiring.add(task)
        task.add_done_callback(self._retiring.discard)

    async def _retire(self, clients: list[AsyncClient]) -> None:
        """Closes the clients once all requests have ended that may ask them."""
        if running := list(self._running):
            await asyncio.wait(running)
        await asyncio.gather(*(client.close() for client in clients))
