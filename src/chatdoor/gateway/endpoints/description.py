"""`GET /openapi.json`: the description of what is served."""

from collections.abc import Callable, Mapping
from functools import lru_cache

import msgspec

from chatdoor.gateway.exchange import Exchange
from chatdoor.gateway.openapi import describe
from chatdoor.gateway.route import Endpoint, Methods
from chatdoor.gateway.state import State


def description_of(routes: Callable[[], Mapping[bytes, Methods]]) -> Endpoint:
    """The endpoint that describes these routes; it stands among them, so they are asked for when it answers."""

    @lru_cache
    def page() -> bytes:
        return msgspec.json.encode(describe(routes()))

    async def openapi(_state: State, exchange: Exchange) -> None:
        """Answers with the OpenAPI description of the gateway."""
        await exchange.answer(200, page())

    return openapi
