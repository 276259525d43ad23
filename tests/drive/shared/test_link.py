"""The way to the server: what goes together, what comes too late, and what an address has to be."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from chatdoor import Client
from chatdoor.drive.gate import Lock
from chatdoor.drive.shared.link import Link, Script
from chatdoor.drive.shared.state import SharedState
from chatdoor.errors import ArgumentError, StateDown
from tests.servers.redis import RedisServer

ECHO = Script("return ARGV[1]")
COUNT = Script("return redis.call('INCR', KEYS[1])")


@asynccontextmanager
async def linked(redis: RedisServer, **options: float) -> AsyncIterator[Link]:
    """A link that has met its server."""
    link = Link(redis.url, **options)
    try:
        await link.send(ECHO, [], "met")
        yield link
    finally:
        await link.close()


def test_what_is_sent_in_one_moment_goes_in_one_trip(redis: RedisServer) -> None:
    """A hundred scripts of one moment take one trip, in their order; a script is sent whole only once."""

    async def main() -> None:
        async with linked(redis) as link:
            before = link.trips
            answers = await asyncio.gather(*(link.send(COUNT, ["n:test"]) for _ in range(100)))
            assert answers == list(range(1, 101))
            assert link.trips - before == 1

    asyncio.run(main())


def test_what_needs_a_lock_is_done_with_it_alone(redis: RedisServer) -> None:
    """A script that is sent with a lock does nothing where another has that, nobody has, or it is none."""

    async def main() -> None:
        async with linked(redis) as link:
            for value, given in ((None, None), ("theirs", None), ("ours", 1)):
                if value is not None:
                    redis.tell("HSET", "{chatdoor}:t:lock", "t", value)
                assert await link.send_with(Lock("t:lock", "ours"), COUNT, ["n:test"]) == given
            redis.tell("DEL", "{chatdoor}:t:lock")
            redis.tell("SET", "{chatdoor}:t:lock", "ours")
            assert await link.send_with(Lock("t:lock", "ours"), COUNT, ["n:test"]) is None
            assert await link.send_with(None, COUNT, ["n:test"]) == 2

    asyncio.run(main())


def test_what_comes_too_late_is_not_done(redis: RedisServer) -> None:
    """A server that was frozen does not do afterwards what nobody counts on any more."""

    async def main() -> None:
        async with linked(redis, seconds=0.8) as link:
            while link._clock is None:  # noqa: ASYNC110 - the link tells nobody
                await asyncio.sleep(0.01)
            redis.freeze()
            sent = link.send(COUNT, ["n:test"])
            with pytest.raises(StateDown):
                await sent
            with pytest.raises(StateDown):
                await link.send(COUNT, ["n:test"])
            redis.thaw()
            while link.problem is not None:  # noqa: ASYNC110 - the link tells nobody
                await asyncio.sleep(0.01)
            assert await link.send(COUNT, ["n:test"]) == 1

    asyncio.run(main())


def test_who_waits_for_nothing_hears_of_nothing(redis: RedisServer) -> None:
    """A script that nobody waits for may fail in silence: no task is left with an error."""
    redis.stop()

    async def main() -> None:
        link = Link(redis.url)
        link.send(COUNT, ["n:test"])
        await asyncio.sleep(0.05)
        link.send(COUNT, ["n:test"])
        await link.close()

    asyncio.run(main())


def test_nobody_waits_for_what_went_wrong_in_another_way(redis: RedisServer) -> None:
    """Where a trip ends by an error that nobody has thought of, who waits hears of it."""

    async def main() -> None:
        async with linked(redis) as link:
            sent = link.send(COUNT, ["n:test"])
            link._waiting[0].arguments = [object()]  # type: ignore[list-item]
            with pytest.raises(StateDown):
                await asyncio.wait_for(sent, 5)

    asyncio.run(main())


class Deaf:
    """A client that forgets that it was cancelled, where its answer came in the same moment."""

    def pipeline(self, **_: object) -> "Deaf":
        return self

    def eval(self, *_: object) -> None:
        pass

    async def execute(self, **_: object) -> list[object]:
        with suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        return [(b"0", b"0", b"epoch")]

    async def aclose(self) -> None:
        pass


def test_the_end_is_not_missed() -> None:
    """A link ends at once, whatever the library makes of a cancellation."""

    async def main() -> None:
        link = Link("redis://127.0.0.1:1")
        link._client = Deaf()  # type: ignore[assignment]
        link.begin()
        await asyncio.sleep(0)
        await asyncio.wait_for(link.close(), 5)

    asyncio.run(main())


def test_a_blocking_client_shares_nothing() -> None:
    """Shared state is for event loops, and a client without one says so."""
    with pytest.raises(ArgumentError, match="async client alone"):
        Client("practice", shared=SharedState("redis://127.0.0.1:1"))


def test_who_shares_nothing_loads_nothing_of_it() -> None:
    """A gateway without shared state knows no Redis, and none of what is shared."""
    code = "import sys, chatdoor.cli.serving, chatdoor.gateway.server\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert [name for name in done.stdout.split() if "redis" in name or ".shared" in name] == []
