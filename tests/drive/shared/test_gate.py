"""What else has a say in a call: a gate that it has to pass, and somebody who waits for its end in its place."""

import asyncio
from typing import Any

import pytest

from chatdoor import AsyncClient, Practice
from chatdoor.drive.asker import Asker
from chatdoor.drive.gate import Elsewhere, Lock
from chatdoor.drive.shared.link import Link
from chatdoor.errors import ArgumentError, TimedOut
from chatdoor.site import Site
from tests.drive.shared.test_gateways import gateways, talk, trips
from tests.servers.redis import RedisServer

WAIT = 0.6


class Held:
    """A gate that is shut for a while, or for ever, because another has the right."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.begun = 0
        self.open = False

    def begin(self) -> Lock | None:
        """The lock that another has."""
        self.begun += 1
        return None if self.open else Lock("t:held", "mine")

    async def passes(self) -> None:
        """Not before it is open."""
        if not self.open:
            raise Elsewhere

    async def opens(self) -> None:
        """Opens after a while."""
        await asyncio.sleep(WAIT)
        if self.error is not None:
            raise self.error
        self.open = True


class Waits:
    """Takes what a call's end waits for."""

    def __init__(self) -> None:
        self.sent: list[asyncio.Future[Any]] = []

    def add(self, sent: "asyncio.Future[Any]") -> None:
        """One more."""
        self.sent.append(sent)


def left_behind(redis: RedisServer) -> set[object]:
    """What is held on the server: places at the site, and claims of conversations."""
    claims = {redis.tell("HGET", "{chatdoor}:" + name, "c") for name in redis.keys("c:*")}
    return {*redis.keys("r:*"), *(claims - {b"$0\r\n\r\n"})}


@pytest.mark.parametrize("error", [None, ArgumentError("refused")])
def test_a_call_that_has_to_wait_holds_nothing(redis: RedisServer, error: Exception | None) -> None:
    """It claims no conversation and takes no place before the gate opens; then it goes on, or raises what that says."""
    practice, gate = Practice(history="id"), Held(error)

    async def main(site: Site) -> None:
        async with gateways(redis, site, 2, concurrency=1, per_minute=60_000) as (one, two):
            first = await one.ask(talk(["a"]))
            said = talk(["a", first.text, "b"])
            asked = asyncio.create_task(two.ask(said, asker=Asker(gate=gate), timeout=WAIT / 2))
            await asyncio.sleep(WAIT / 2)
            assert left_behind(redis) == set()
            if error is None:
                assert (await asked).fidelity == "native"  # and what it waited is no time of its own
            else:
                with pytest.raises(ArgumentError, match="refused"):
                    await asked
            assert gate.begun == (2 if error is None else 1)

    with practice as site:
        asyncio.run(main(site))
        assert practice.heard() == [["a", "b"] if error is None else ["a"]]
        assert left_behind(redis) == set()


def test_somebody_else_waits_for_the_end(redis: RedisServer) -> None:
    """A call whose end is waited for elsewhere returns at once; what was sent in that moment goes in its trip."""

    async def main(client: AsyncClient, other: AsyncClient) -> None:
        waits, before = Waits(), trips(client)
        reply = await client.ask(talk(["a"]), asker=Asker(waits=waits))
        assert waits.sent
        assert not any(one.done() for one in waits.sent)
        holdoff = client.visitor.shared.holdoff
        await asyncio.wait([*waits.sent, holdoff.ask()])
        assert trips(client) - before == 2
        assert (await other.ask(talk(["a", reply.text, "b"]))).fidelity == "native"

    async def begin(site: Site) -> None:
        async with gateways(redis, site, 2) as (one, two):
            await one.ask(talk(["warm"]))
            await main(one, two)

    with Practice(history="id", rotate=True) as site:
        asyncio.run(begin(site))


def test_what_was_asked_ahead_is_used_or_given_back(redis: RedisServer) -> None:
    """What is asked before it is known what a call says takes no further trip, and is free where there is no call."""

    async def main(site: Site) -> None:
        async with gateways(redis, site, 1, concurrency=1) as (client,):
            await client.ask(talk(["warm"]))
            await asyncio.sleep(0.05)  # nobody waits for what is given back
            shared, before = client.visitor.shared, trips(client)
            ahead = shared.ahead(None, 5)
            assert (await client.ask(talk(["a"]), asker=Asker(ahead=ahead))).text
            await asyncio.sleep(0.05)
            assert trips(client) - before == 2
            shared.give_up(shared.ahead(None, 5))
            assert (await client.ask(talk(["b"]), timeout=1)).text

    with Practice() as site:
        asyncio.run(main(site))
        assert redis.keys("r:*") == []


def test_a_place_that_comes_too_late_is_given_back(redis: RedisServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the time of a call is up by the end of its first trip, the place that it got there is free again."""
    at_once = Link._deliver

    async def later(link: Link, batch: Any) -> None:
        await asyncio.sleep(0.2)
        await at_once(link, batch)

    async def main(site: Site) -> None:
        async with gateways(redis, site, 1, concurrency=1) as (client,):
            await client.ask(talk(["warm"]))
            await asyncio.sleep(0.05)  # nobody waits for what is given back
            with monkeypatch.context() as patch:
                patch.setattr(Link, "_deliver", later)
                with pytest.raises(TimedOut):
                    await client.ask(talk(["a"]), timeout=0.1)
            assert (await client.ask(talk(["b"]), timeout=2)).text

    with Practice() as site:
        asyncio.run(main(site))
        assert redis.keys("r:*") == []
