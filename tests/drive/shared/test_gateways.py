"""Several clients that share what they know, as several gateways do: on a real Redis, in front of a real site."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from chatdoor import AsyncClient, Practice
from chatdoor.drive.shared.state import SharedState
from chatdoor.messages import Messages
from chatdoor.site import Site
from tests.servers.redis import RedisServer


@asynccontextmanager
async def gateways(
    redis: RedisServer, site: Site, count: int = 3, *, serves: bool = True, **options: Any
) -> AsyncIterator[list[AsyncClient]]:
    """So many clients, each with a connection of its own to the state."""
    states = [SharedState(redis.url, serves=serves) for _ in range(count)]
    clients = [AsyncClient(site, shared=state, **options) for state in states]
    try:
        yield clients
    finally:
        for client in clients:
            await client.close()
        for state in states:
            await state.close()


def talk(said: Sequence[str]) -> Messages:
    """Messages of the user and the assistant in turn."""
    return [{"role": ("user", "assistant")[at % 2], "content": text} for at, text in enumerate(said)]


def trips(client: AsyncClient) -> int:
    """How often the client has asked the state."""
    assert client.visitor.shared is not None
    return client.visitor.shared.holdoff._link.trips


def test_one_refresh_over_all(redis: RedisServer) -> None:
    """Of a hundred callers at three gateways whose token has expired, one fetches the new one."""
    practice = Practice()

    async def main(site: Site) -> None:
        async with gateways(redis, site) as clients:
            await asyncio.gather(*(client.ask(talk(["Hello"])) for client in clients))
            assert practice.stats()["tokens"] == 1
            practice.faults(expire=True)
            await asyncio.gather(*(clients[at % 3].ask(talk([f"Hello {at}"])) for at in range(100)))

    with practice as site:
        asyncio.run(main(site))
        assert practice.stats()["tokens"] == 2
        assert practice.stats()["accepted"] == 103


def test_any_gateway_goes_on_with_a_conversation(redis: RedisServer) -> None:
    """The turns of a conversation reach the site once each, in one conversation, whichever gateway gets them."""
    for history in ("session", "id", "start"):
        practice = Practice(history=history)  # type: ignore[arg-type]

        async def main(site: Site) -> None:
            async with gateways(redis, site) as clients:
                said = ["turn 0"]
                for turn in range(1, 7):
                    reply = await clients[turn % 3].ask(talk(said))
                    assert reply.fidelity == "native"
                    said += [reply.text, f"turn {turn}"]

        with practice as site:
            asyncio.run(main(site))
            assert practice.heard() == [[f"turn {turn}" for turn in range(6)]]


def test_two_trips_a_turn(redis: RedisServer) -> None:
    """A turn takes one trip before the site is asked and one after it, whatever is shared."""

    async def main(site: Site) -> None:
        async with gateways(redis, site, 1, per_minute=60_000, concurrency=50) as (client,):
            reply = await client.ask(talk(["a"]))
            before = trips(client)
            await client.ask(talk(["a", reply.text, "b"]))
            assert trips(client) - before == 2

    with Practice(history="id") as site:
        asyncio.run(main(site))
