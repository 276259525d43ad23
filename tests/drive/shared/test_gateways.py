"""Several clients that share what they know, as several gateways do: on a real Redis, in front of a real site."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest

from chatdoor import AsyncClient, Practice, Timeout, load_site
from chatdoor.drive.sessions import Lead
from chatdoor.drive.shared.state import SharedState
from chatdoor.errors import RateLimited, TimedOut
from chatdoor.messages import Messages
from chatdoor.site import Site
from tests.drive.faces import HELLO
from tests.servers.faulty import Faulty
from tests.servers.redis import RedisServer
from tests.servers.waiting import wait_until


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


@pytest.mark.parametrize("rotate", [False, True])
@pytest.mark.parametrize("pause", [0.0, 0.002])
def test_two_trips_a_turn(redis: RedisServer, monkeypatch: pytest.MonkeyPatch, rotate: bool, pause: float) -> None:
    """A turn takes one trip before the site is asked and one after it, whatever is shared and whatever changes."""
    monkeypatch.setattr("chatdoor.drive.shared.sessions.SAVE_SECONDS", 5.0)

    async def main(site: Site) -> None:
        async with gateways(redis, site, 1, per_minute=60_000, concurrency=50) as (client,):
            reply = await client.ask(talk(["a"]))
            before = trips(client)
            await client.ask(talk(["a", reply.text, "b"]))
            assert trips(client) - before == 2

    with Practice(history="id", rotate=rotate, reply="sse-delta", pause=pause) as site:
        asyncio.run(main(site))


def test_one_of_many_claims(redis: RedisServer) -> None:
    """Of equal next turns at once, at several gateways, one goes on; the others are told in their own."""
    practice = Practice(history="id")

    async def main(site: Site) -> None:
        async with gateways(redis, site) as clients:
            reply = await clients[0].ask(talk(["a"]))
            asked = [client.ask(talk(["a", reply.text, "b"])) for client in clients * 3]
            replies = await asyncio.gather(*asked)
            assert sorted(reply.fidelity for reply in replies) == ["native"] + ["replayed"] * 8

    with practice as site:
        asyncio.run(main(site))
        assert sorted(map(tuple, practice.heard())) == [("a", "b")] * 9


def test_a_token_that_each_answer_renews(redis: RedisServer) -> None:
    """Where each answer brings a new token and the old one dies, every gateway has the newest: none is refused."""
    practice = Practice(rotate=True)

    async def main(site: Site) -> None:
        async with gateways(redis, site) as clients:
            for at in range(12):
                await clients[at % 3].ask(talk([f"Hello {at}"]))

    with practice as site:
        asyncio.run(main(site))
        assert practice.stats()["refused"] == 0
        assert practice.stats()["pages"] == 1


def test_who_was_killed_while_it_opened_a_session_is_not_waited_for_long(redis: RedisServer) -> None:
    """The right to open a session goes to another gateway within seconds after its holder has died."""
    practice = Practice()

    async def main(site: Site) -> None:
        async with gateways(redis, site, 2) as (one, two):
            sessions = one.visitor.shared.sessions
            await sessions.enter(0, Lead(sessions, 1, None), 5)
            link = one.visitor.shared.holdoff._link
            link._beats.cancel()
            began = time.monotonic()
            assert (await two.ask(talk(["Hello"]))).text
            assert 0.5 < time.monotonic() - began < 4

    with practice as site:
        asyncio.run(main(site))


def test_an_error_of_who_leads_goes_to_all(redis: RedisServer, faulty: Faulty) -> None:
    """Where the session can not be opened, all who wait for it at all gateways hear why, and the site is asked once."""
    server = faulty(page=["never_answers", "good"])
    site = load_site("voigpt", url=server.url)

    async def main() -> list[object]:
        async with gateways(redis, site, timeout=Timeout(gap=0.4, total=20)) as clients:
            errors = await asyncio.gather(*(one.ask(HELLO) for one in clients * 5), return_exceptions=True)
            await clients[2].ask(HELLO)  # the next call tries again
            return list(errors)

    errors = asyncio.run(main())
    assert {type(error) for error in errors} == {TimedOut}
    assert len({str(error) for error in errors}) == 1
    assert server.pages == 2


def test_the_pace_holds_over_all(redis: RedisServer) -> None:
    """Of three gateways, two messages at a time and ten a second go to the site, whoever asks."""

    async def timed(site: Site, count: int, **limits: float) -> float:
        async with gateways(redis, site, **limits) as clients:
            await asyncio.gather(*(client.ask(talk(["warm"])) for client in clients))
            began = time.monotonic()
            await asyncio.gather(*(clients[at % 3].ask(talk([f"{at}"])) for at in range(count)))
            return time.monotonic() - began

    with Practice(slow=0.1) as site:
        assert asyncio.run(timed(site, 12, concurrency=2)) >= 0.6
    with Practice() as site:
        assert asyncio.run(timed(site, 9, concurrency=1, per_minute=600)) >= 0.8
        assert redis.keys("r:*") == []


def test_a_wait_that_the_site_asks_for_is_heeded_by_all(redis: RedisServer) -> None:
    """What one gateway was told, the others heed before they ask."""
    practice = Practice(limit_every=2, retry_after=1)

    async def main(site: Site) -> None:
        async with gateways(redis, site) as clients:
            await clients[0].ask(talk(["a"]))
            limited = asyncio.create_task(clients[1].ask(talk(["b"])))
            await asyncio.to_thread(wait_until, lambda: redis.keys("h:*"))
            with pytest.raises(RateLimited):
                await clients[2].ask(talk(["c"]), timeout=0.3)
            await limited

    with practice as site:
        asyncio.run(main(site))
        assert practice.stats()["limited"] == 1


def test_who_leaves_gives_back_what_it_has(redis: RedisServer) -> None:
    """A call that is cancelled at any moment leaves no claim and no place behind."""

    async def main(site: Site) -> None:
        async with gateways(redis, site, 2, concurrency=2) as (one, two):
            reply = await one.ask(talk(["a"]))
            for wait in (0, 0.0005, 0.001, 0.002, 0.003):
                task = asyncio.create_task(one.ask(talk(["a", reply.text, "b"])))
                await asyncio.sleep(wait)
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
            await asyncio.to_thread(wait_until, lambda: not redis.keys("r:*"))
            again = await two.ask(talk(["a", reply.text, "c"]))
            assert again.fidelity in {"native", "replayed"}
            claimed = [redis.tell("HGET", "{chatdoor}:" + name, "c") for name in redis.keys("c:*")]
            assert set(claimed) == {b"$0\r\n\r\n"}

    with Practice(history="id", slow=0.05) as site:
        asyncio.run(main(site))


def test_a_place_of_who_was_killed_is_free_soon(redis: RedisServer) -> None:
    """The place of a gateway that died while its message was on the way is somebody else's within seconds."""

    async def main(site: Site) -> None:
        async with gateways(redis, site, 2, concurrency=1) as (one, two):
            pace, link = one.visitor.shared.pace, one.visitor.shared.holdoff._link
            await pace.enter(None, 5)
            link._beats.cancel()
            began = time.monotonic()
            assert (await two.ask(talk(["Hello"]))).text
            assert 0.5 < time.monotonic() - began < 4

    with Practice() as site:
        asyncio.run(main(site))
