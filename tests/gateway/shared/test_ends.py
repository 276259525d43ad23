"""How requests end that fail at a bad moment: their clients hear of it, and no site is asked twice for it."""

import asyncio
import gc
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from http.client import IncompleteRead
from typing import Any

import pytest

from chatdoor.errors import StateDown
from chatdoor.gateway.ending import Ending
from chatdoor.gateway.events import Events
from chatdoor.gateway.exchange import Exchange
from chatdoor.gateway.problem import Problem
from chatdoor.gateway.quota import Quota
from chatdoor.gateway.state import Conduct
from tests.gateway.door import key
from tests.gateway.shared.conftest import Doors
from tests.gateway.shared.test_faults import wait_for
from tests.gateway.test_joins import KEYED, until
from tests.servers.redis import RedisServer
from tests.servers.waiting import wait_until

RESPONSES = "/v1/responses"


def test_a_stream_that_fails_unheard_may_be_tried_again(doors: Doors) -> None:
    """Where a stream has only begun with a comment and its site has refused it, a retry is a first try anywhere."""
    with doors(2, slow=0.4, limit_every=1, retry_after=3_600) as (two, _):
        two[0].state.conduct = Conduct(heartbeat=0.1)
        with pytest.raises(IncompleteRead):  # it has no clean end
            two[0].chat(KEYED, stream=True)
        assert [door.chat(KEYED, stream=True).status for door in two] == [429, 429]


@pytest.mark.parametrize("marks", [{}, KEYED], ids=["plain", "key"])
def test_a_response_that_can_not_be_kept(doors: Doors, redis: RedisServer, marks: Mapping[str, str]) -> None:
    """Where that is found once its site has answered, its client is told so, and not to ask again."""
    with doors(1, serves=False, slow=0.3) as ((door,), practice), ThreadPoolExecutor(1) as pool:
        named = door.send("POST", "/v1/conversations", {}).json()["id"]
        body = {"model": "practice", "input": "a", "conversation": named}
        asked = pool.submit(door.send, "POST", RESPONSES, body, marks)
        until(practice, "accepted", 1)
        redis.stop()
        seen = asked.result()
        assert (seen.status, seen.error["code"], seen.headers["x-should-retry"]) == (424, "state_down", "false")
        redis.start()
        wait_for(door, "ok")
        if marks:
            assert door.send("POST", RESPONSES, body, marks).body == seen.body
        assert practice.stats()["accepted"] == 1


def test_what_could_not_be_kept_is_answered_nowhere(doors: Doors, redis: RedisServer) -> None:
    """Once the state is back, a retry at another gateway gets the same answer."""
    with doors(2, serves=False, slow=0.3) as ((one, two), practice), ThreadPoolExecutor(1) as pool:
        body = {"model": "practice", "input": "a"}
        asked = pool.submit(one.send, "POST", RESPONSES, body, KEYED)
        until(practice, "accepted", 1)
        redis.freeze()
        assert asked.result().status == 424
        redis.thaw()
        for door in (one, two):
            wait_for(door, "ok")
        assert two.send("POST", RESPONSES, body, KEYED).body == asked.result().body
        assert practice.stats()["accepted"] == 1


def test_a_streamed_response_that_can_not_be_kept(doors: Doors, redis: RedisServer) -> None:
    """Its last event says so."""
    with doors(1, serves=False, slow=0.3) as ((door,), practice), ThreadPoolExecutor(1) as pool:
        named = door.send("POST", "/v1/conversations", {}).json()["id"]
        body = {"model": "practice", "input": "a", "conversation": named, "stream": True}
        asked = pool.submit(door.send, "POST", RESPONSES, body)
        until(practice, "accepted", 1)
        redis.stop()
        with pytest.raises(IncompleteRead) as broken:
            asked.result()
        *_, last = broken.value.partial.decode().rstrip().split("event: ")
        assert last.startswith("response.failed")
        assert "the shared state can not be used now" in last


def test_an_end_that_nobody_waits_for() -> None:
    """What was needed for an answer may fail after its client has left: nothing is told of it."""
    told: list[dict[str, Any]] = []

    async def fail() -> None:
        await asyncio.sleep(0.01)
        raise StateDown("away")

    async def main() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context))
        ending = Ending()
        ending.need(fail())
        waiting = asyncio.create_task(ending.heard())
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.sleep(0.02)

    asyncio.run(main())
    gc.collect()
    assert told == []


class Slow:
    """An exchange whose client is not ready for a head yet, and whose answer needs what fails."""

    def __init__(self) -> None:
        self.ready = asyncio.Event()
        self.ending = Ending()

    async def begin(self, *_: object) -> None:
        """Sends the head, later."""
        await self.ready.wait()

    async def write(self, _: bytes) -> None:
        """As any exchange."""
        await self.ending.heard()

    end = write


def test_a_comment_does_not_hear_of_the_end() -> None:
    """What an answer needs, and fails, is raised at its end, also where a comment is about to begin the stream."""

    async def fail() -> None:
        raise StateDown("away")

    async def main() -> None:
        slow: Any = Slow()
        async with Events(slow, tuple, 0.02) as events:
            await asyncio.sleep(0.1)
            slow.ending.need(fail())
            asyncio.get_running_loop().call_later(0.02, slow.ready.set)
            with pytest.raises(Problem):
                await events.end(b"")

    asyncio.run(main())


def test_a_request_that_names_very_many(doors: Doors) -> None:
    """However many of the kept it names, what all share stays within reach for the others."""
    with doors(1) as ((door,), _):
        items: list[dict[str, str]] = [{"type": "item_reference", "id": f"msg_{at:032x}"} for at in range(21_000)]
        body = {"model": "practice", "input": [*items, {"role": "user", "content": "a"}]}
        assert door.send("POST", RESPONSES, body).status == 404
        assert door.state.shared is not None
        assert door.state.shared.link.missed == 0


def exchanges() -> list[Exchange]:
    """Those that are there."""
    return [one for one in gc.get_objects() if type(one) is Exchange]


@pytest.mark.parametrize("keyed", [False, True])
def test_a_request_with_a_limit_is_let_go(doors: Doors, keyed: bool) -> None:
    """Nothing of it waits for the collector."""
    own = {"Authorization": "Bearer k"}
    with doors(1, keys=[key("k", quota=Quota(100, 1_000))]) as ((door,), _):
        door.chat(own)
        gc.collect()
        of_others = exchanges()  # other tests may hold some
        gc.disable()
        try:
            for number in range(3):
                assert door.chat({**own, "Idempotency-Key": str(number)} if keyed else own).status == 200
            wait_until(lambda: all(any(one is other for other in of_others) for one in exchanges()))
        finally:
            gc.enable()


def test_a_try_that_ends_while_the_state_is_away(doors: Doors, redis: RedisServer) -> None:
    """What it was answered is known elsewhere once the state is back, and nobody waits for it any longer."""
    with doors(2, slow=0.3) as ((one, two), practice), ThreadPoolExecutor(1) as pool:
        asked = pool.submit(one.chat, KEYED)
        until(practice, "accepted", 1)
        redis.freeze()
        answered = asked.result()
        wait_for(one, "away")
        redis.thaw()
        for door in (one, two):
            wait_for(door, "ok")
        assert two.chat(KEYED).body == answered.body
        assert practice.stats()["accepted"] == 1
