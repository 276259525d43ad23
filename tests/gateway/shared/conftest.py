"""Several gateways with one Redis behind them, each with an event loop of its own."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Any

import pytest
from msgspec.structs import replace

from chatdoor.drive.shared.state import SharedState
from chatdoor.practice import Practice
from tests.gateway.door import Door, gateway
from tests.servers.redis import RedisServer

Row = tuple[list[Door], Practice]
Doors = Callable[..., AbstractContextManager[Row]]


@pytest.fixture
def doors(redis: RedisServer) -> Doors:
    """Makes gateways in front of a practice site with these options."""

    @contextmanager
    def made(
        count: int = 3, *, serves: bool = True, keys: Any = (), pace: Any = (None, None), **options: Any
    ) -> Iterator[Row]:
        practice = Practice(**options)
        with practice as served, ExitStack() as stack:
            limits = replace(served.limits, concurrency=pace[0], per_minute=pace[1])
            site = replace(served, limits=limits)
            states = [SharedState(redis.url, serves=serves) for _ in range(count)]
            yield [stack.enter_context(gateway(site, keys=keys, shared=state)) for state in states], practice

    return made
