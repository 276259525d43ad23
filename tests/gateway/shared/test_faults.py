"""What becomes of requests while Redis is away or holds what is not ours, and that all is well afterwards."""

import time
from collections.abc import Callable, Mapping
from itertools import product
from typing import Any

import pytest

from chatdoor.gateway.quota import Quota
from tests.gateway.door import Door, Seen, key
from tests.gateway.shared.conftest import Doors
from tests.servers.redis import RedisServer

MOST_SECONDS = 2.0

Fault = tuple[Callable[[RedisServer], object], Callable[[RedisServer], object]]
FAULTS: Mapping[str, Fault] = {
    "down": (RedisServer.stop, RedisServer.start),
    "frozen": (RedisServer.freeze, RedisServer.thaw),
    "read-only": (
        lambda redis: redis.tell("REPLICAOF", "127.0.0.1", "1"),
        lambda redis: redis.tell("REPLICAOF", "NO", "ONE"),
    ),
    "full": (
        lambda redis: redis.tell("CONFIG", "SET", "maxmemory", "1"),
        lambda redis: redis.tell("CONFIG", "SET", "maxmemory", "0"),
    ),
}
"""How each fault begins, and how it ends."""


class Talk:
    """A conversation of a client that sends its whole list to whichever gateway."""

    def __init__(self, headers: Mapping[str, str] | None = None) -> None:
        self._headers = headers
        self.messages: list[dict[str, str]] = []
        self.said: list[str] = []

    def turn(self, door: Door, text: str) -> Seen:
        """The answer to one more turn, which came soon enough. One that fails is not part of the talk."""
        asked = [*self.messages, {"role": "user", "content": text}]
        began = time.monotonic()
        seen = door.chat(self._headers, messages=asked)
        assert time.monotonic() - began < MOST_SECONDS
        if seen.status == 200:
            reply = seen.json()["choices"][0]["message"]["content"]
            self.messages = [*asked, {"role": "assistant", "content": reply}]
            self.said.append(text)
        return seen


def wait_for(door: Door, state: str) -> None:
    """Waits until the gateway says of the state that it is so."""
    end = time.monotonic() + 10
    while door.send("GET", "/health").json()["state"] != state:
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.mark.parametrize("fault", FAULTS)
def test_serving_from_what_is_known(doors: Doors, redis: RedisServer, fault: str) -> None:
    """While it is away, a gateway goes on with its conversations; once it is back, every other gateway does."""
    begin, end = FAULTS[fault]
    with doors(2, history="id") as ((one, two), practice):
        talk = Talk()
        talk.turn(one, "turn 0")
        begin(redis)
        for number in (1, 2):
            assert talk.turn(one, f"turn {number}").headers["x-chatdoor-fidelity"] == "native"
        wait_for(one, "away")
        assert one.send("GET", "/readyz").status == 200
        end(redis)
        wait_for(one, "ok")
        wait_for(two, "ok")
        talk.turn(one, "turn 3")
        assert talk.turn(two, "turn 4").headers["x-chatdoor-fidelity"] == "native"
        assert practice.heard() == [talk.said]
        assert practice.stats()["tokens"] <= 2


@pytest.mark.parametrize("fault", FAULTS)
def test_refusing(doors: Doors, redis: RedisServer, fault: str) -> None:
    """Where that is wanted, what needs it is answered 503 within two seconds, and the site hears nothing."""
    begin, end = FAULTS[fault]
    with doors(2, serves=False, history="id") as ((one, two), practice):
        talk = Talk()
        talk.turn(one, "turn 0")
        begin(redis)
        for door in (one, two):
            refused = talk.turn(door, "never heard")
            assert (refused.status, refused.error["code"]) == (503, "state_down")
            assert refused.headers["retry-after"] == "1"
            assert refused.headers["x-should-retry"] == "true"
            assert door.send("GET", "/readyz").status == 503
            assert door.send("GET", "/livez").status == 200
        end(redis)
        wait_for(one, "ok")
        wait_for(two, "ok")
        assert two.send("GET", "/readyz").status == 200
        fidelity = talk.turn(two, "turn 1").headers["x-chatdoor-fidelity"]
        assert fidelity == ("replayed" if fault == "down" else "native")  # it keeps nothing over a start
        assert practice.heard()[-1] == talk.said


@pytest.mark.parametrize("serves", [True, False])
def test_away_at_the_start(doors: Doors, redis: RedisServer, serves: bool) -> None:
    """A gateway starts without it, and finds it when it comes."""
    redis.stop()
    with doors(2, serves=serves, history="id") as ((one, two), practice):
        talk = Talk()
        assert talk.turn(one, "turn 0").status == (200 if serves else 503)
        redis.start()
        wait_for(one, "ok")
        talk.turn(one, "turn 1")
        talk.turn(two, "turn 2")
        assert practice.heard() == [talk.said]


def test_emptied(doors: Doors, redis: RedisServer) -> None:
    """Emptied in mid-run it is filled again: with the session that is known, and with what is said from then on."""
    with doors(2, history="id") as ((one, two), practice):
        talk = Talk()
        talk.turn(one, "turn 0")
        redis.tell("FLUSHALL")
        assert talk.turn(one, "turn 1").headers["x-chatdoor-fidelity"] == "replayed"
        assert talk.turn(two, "turn 2").headers["x-chatdoor-fidelity"] == "native"
        assert practice.heard()[-1] == talk.said
        assert practice.stats()["tokens"] == 1


HOSTILE: tuple[bytes, ...] = (
    b"",
    b"no json",
    b"\x80\x04\x95",
    b"[]",
    b"{}",
    b'{"generation":1e999}',
    b"[" * 100_000,
    b'{"generation":9,"opened":1,"jar":{"cookies":[{"name":"a","value":"b\\r\\nX: y","domain":"x"}]}}',
    b'{"generation":9,"opened":-1}',
    b"\xff" * 64,
)


@pytest.mark.parametrize("value", HOSTILE, ids=lambda value: repr(value[:24]))
def test_values_that_are_not_ours_are_not_there(doors: Doors, redis: RedisServer, value: bytes) -> None:
    """Whatever stands in the fields of a session or a conversation, requests are answered as if it was not there."""
    with doors(2, history="id") as ((one, two), practice):
        talk = Talk()
        talk.turn(one, "turn 0")
        for name in redis.keys("s:*"):
            for field in ("g", "v", "s"):
                redis.tell("HSET", "{chatdoor}:" + name, field, value or "x")
        for name in redis.keys("c:*"):
            for field in ("k", "l", "c"):
                redis.tell("HSET", "{chatdoor}:" + name, field, value)
        for number, door in enumerate((one, two, one), 1):
            assert talk.turn(door, f"turn {number}").status == 200
        assert practice.heard()[-1][-2:] == talk.said[-2:]


@pytest.mark.parametrize("kind", ["string", "list"])
def test_keys_of_another_kind_are_dropped(doors: Doors, redis: RedisServer, kind: str) -> None:
    """A key that holds another kind of value makes room for ours."""
    put: dict[str, Any] = {"string": ("SET",), "list": ("RPUSH",)}
    with doors(2, history="id") as ((one, two), practice):
        talk = Talk()
        talk.turn(one, "turn 0")
        for name in redis.keys("*"):
            if not name.startswith("alive"):
                redis.tell("DEL", "{chatdoor}:" + name)
                redis.tell(*put[kind], "{chatdoor}:" + name, "hostile")
        for number, door in enumerate((one, two, one), 1):
            assert talk.turn(door, f"turn {number}").status == 200
            wait_for(door, "ok")
        assert practice.heard()[-1] == talk.said
        assert practice.heard()[-1][-2:] == talk.said[-2:]


HUGE: tuple[tuple[str, str], ...] = (("s:*", "s"), ("c:*", "k"), ("k:*", "v"))
"""Keys, and the field of each that holds a text."""


@pytest.mark.parametrize(("pattern", "field"), HUGE, ids=lambda text: text)
def test_huge_values_are_dropped(doors: Doors, redis: RedisServer, pattern: str, field: str) -> None:
    """What is larger than a trip can bring is not read, but dropped: all goes on, and nobody counts as away."""
    with doors(2, history="id") as ((one, two), practice):
        talk = Talk()
        talk.turn(one, "turn 0")
        assert one.send("POST", "/v1/responses", {"model": "practice", "input": "other"}).status == 200
        for name in redis.keys(pattern):
            redis.tell("HSET", "{chatdoor}:" + name, field, HUGE_TEXT)
        for name in redis.keys("k:*"):
            assert one.send("GET", f"/v1/responses/{name[2:]}").status == (404 if pattern == "k:*" else 200)
        for number, door in enumerate((one, two, one), 1):
            assert talk.turn(door, f"turn {number}").status == 200
            assert door.send("GET", "/health").json()["state"] == "ok"
        assert talk.said in practice.heard()


HUGE_TEXT = b"x" * 120_000_000


@pytest.mark.parametrize("value", [b"x", b"nan", b"9" * 40], ids=repr)
def test_one_hostile_value_at_a_time(doors: Doors, redis: RedisServer, value: bytes) -> None:
    """A single key of ours that holds a wrong value, of whatever kind, ends nothing: it heals by itself."""
    wrong: dict[str, tuple[str | bytes, ...]] = dict.fromkeys(("SET", "RPUSH", "SADD"), (value,))
    wrong |= {"ZADD": ("1", value), "HSET": ("n60", value, "w60", value)}
    with doors(1, history="id", keys=[key("k", quota=Quota(1_000, None))], pace=(5, 60_000)) as ((door,), _):
        talk = Talk({"Authorization": "Bearer k"})
        talk.turn(door, "turn 0")
        shared: Any = next(iter(door.state.house.sites.values())).visitor.shared
        names = {name[:1]: name for name in redis.keys("*")} | {name[:1]: name for name in shared.pace._keys}
        for number, (name, command) in enumerate(product([*names.values(), shared.holdoff.key, "n:all"], wrong)):
            redis.tell("DEL", "{chatdoor}:" + name)
            redis.tell(command, "{chatdoor}:" + name, *wrong[command])
            assert talk.turn(door, f"turn {number}").status == 200
            assert door.send("GET", "/health").json()["state"] == "ok", (name, command)


@pytest.mark.parametrize("stream", [False, True])
def test_who_answers_alone_says_so(doors: Doors, redis: RedisServer, stream: bool) -> None:
    """An answer that was given without what the others know has a header for it, the first one of an outage too."""
    with doors(1, history="id") as ((door,), _):
        assert "x-chatdoor-state" not in door.chat(stream=stream).headers
        redis.freeze()
        for _ in range(2):
            assert door.chat(stream=stream).headers["x-chatdoor-state"] == "away"
        redis.thaw()
        wait_for(door, "ok")
        assert "x-chatdoor-state" not in door.chat(stream=stream).headers


def test_what_others_may_have_is_not_called_lost(doors: Doors, redis: RedisServer) -> None:
    """While it is away, an id that is not known here is answered 503, to ask again, and found once it is back."""
    with doors(2, history="id") as ((one, two), practice):
        first = one.send("POST", "/v1/responses", {"model": "practice", "input": "one"}).json()
        name = {"x-conversation-id": one.chat().headers["x-conversation-id"]}
        redis.freeze()
        more = {"model": "practice", "input": "two", "previous_response_id": first["id"]}
        for seen in (two.chat(name), two.send("POST", "/v1/responses", more)):
            assert (seen.status, seen.error["code"]) == (503, "state_down")
            assert seen.headers["x-should-retry"] == "true"
        assert one.send("POST", "/v1/responses", more).headers["x-chatdoor-state"] == "away"
        redis.thaw()
        wait_for(two, "ok")
        assert two.chat(name).status == 200
        assert ["one", "two"] in practice.heard()
