"""What gateways share: whichever of them a request comes to, it is answered as by one."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from http.client import IncompleteRead

import msgspec
import pytest

from chatdoor.gateway.quota import Quota
from chatdoor.gateway.state import Conduct
from tests.gateway.door import CHAT, Door, Seen, key
from tests.gateway.shared.conftest import Doors
from tests.gateway.test_joins import KEYED, leaving, until
from tests.servers.redis import RedisServer
from tests.servers.waiting import wait_until

SPLIT = msgspec.msgpack.encode({"status": 200, "headers": [b"a: b\r\nc d\r\n"], "body": b""})
"""An answer with a line in its head that is no header."""

BEARER = {"Authorization": "Bearer k"}


def answers(doors: list[Door], count: int, **request: object) -> list[Seen]:
    """So many chat completions at a time, asked of each gateway in turn."""
    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(lambda at: doors[at % len(doors)].chat(BEARER, **request), range(count)))


def answered_try(redis: RedisServer) -> str:
    """The name of the one try on the server, once its answer is there: that is written after its client has it."""
    (name,) = redis.keys("t:*")
    wait_until(lambda: redis.tell("HEXISTS", "{chatdoor}:" + name, "a") == b":1\r\n")
    return name


def test_a_key_may_ask_as_often_as_it_may_over_all(doors: Doors) -> None:
    """Of twelve requests at once to three gateways, as many pass as the key may send; the headers count for all."""
    with doors(keys=[key("k", quota=Quota(5, 1_000))]) as (three, _):
        wait_for_a_fresh_minute()
        seen = answers(three, 12)
        assert sorted(one.status for one in seen) == [200] * 5 + [429] * 7
        left = [int(one.headers["x-ratelimit-remaining-requests"]) for one in seen if one.status == 200]
        assert sorted(left) == [0, 1, 2, 3, 4]
        refused = next(one for one in seen if one.status == 429)
        assert refused.error["code"] == "rate_limit_exceeded"
        assert 0 < int(refused.headers["retry-after"]) <= 60


def test_a_retry_at_another_gateway_gets_the_first_answer(doors: Doors) -> None:
    """With the key of a try that has ended, every gateway gives its answer; the site is asked once."""
    with doors() as (three, practice):
        for number, stream in enumerate((False, True)):
            marked = {"Idempotency-Key": f"once-{number}"}
            seen = [door.chat(marked, stream=stream) for door in three]
            assert {one.status for one in seen} == {200}
            assert len({one.body for one in seen}) == 1
            other = three[1].chat(marked, stream=stream, messages=[{"role": "user", "content": "Else"}])
            assert (other.status, other.error["code"]) == (422, "idempotency_key_reused")
        assert practice.stats()["accepted"] == 2


def test_a_retry_waits_for_a_try_that_runs_elsewhere(doors: Doors) -> None:
    """While the first try runs at one gateway, its retry at another waits for it."""
    with doors(slow=0.6) as (three, practice):
        first: list[Seen] = []
        marked = {"x-stainless-retry-count": "0"}
        thread = threading.Thread(target=lambda: first.append(three[0].chat(marked)))
        thread.start()
        until(practice, "accepted", 1)
        retry = three[1].chat({"x-stainless-retry-count": "1"})
        thread.join(10)
        assert retry.status == 200
        assert retry.body == first[0].body
        assert practice.stats()["accepted"] == 1


def test_a_retry_that_leaves_waits_no_longer(doors: Doors) -> None:
    """A client that waits for a try elsewhere and hangs up is gone at once, and the try goes on."""
    with doors(slow=3.0) as (three, practice):
        first: list[Seen] = []
        thread = threading.Thread(target=lambda: first.append(three[0].chat(KEYED)))
        thread.start()
        until(practice, "accepted", 1)
        with leaving(three[1], KEYED):
            three[1].wait_until_busy()
        left = time.monotonic()
        three[1].wait_until_idle()
        assert time.monotonic() - left < 2
        thread.join(10)
        assert (first[0].status, practice.stats()["accepted"]) == (200, 1)
        assert three[1].chat(KEYED).body == first[0].body


def test_a_retry_of_a_stream_is_kept_awake(doors: Doors) -> None:
    """A stream that waits for its first try elsewhere gets comments, then all pieces; the site hears it once."""
    with doors(2, slow=0.8) as ((one, two), practice), ThreadPoolExecutor(1) as pool:
        two.state.conduct = Conduct(heartbeat=0.15)
        marked = {"Idempotency-Key": "streamed"}
        running = pool.submit(one.chat, marked, stream=True)
        until(practice, "accepted", 1)
        retry = two.chat(marked, stream=True)
        assert retry.headers["content-type"].startswith("text/event-stream")
        assert retry.body.startswith(b": keep-alive\n\n")
        assert retry.frames() == running.result().frames()
        assert retry.frames()[-1] == "[DONE]"
        assert practice.stats()["accepted"] == 1


def test_a_retry_of_a_stream_that_fails(doors: Doors, redis: RedisServer) -> None:
    """Where the first try fails, the stream that waits for it ends with the error, and with no clean end."""
    with doors(2, slow=0.8, error_every=1) as ((one, two), _), ThreadPoolExecutor(1) as pool:
        two.state.conduct = Conduct(heartbeat=0.15)
        marked = {"Idempotency-Key": "streamed"}
        running = pool.submit(one.chat, marked, stream=True)
        wait_until(lambda: redis.keys("t:*"))
        with pytest.raises(IncompleteRead) as cut:
            two.chat(marked, stream=True)
        assert cut.value.partial.startswith(b": keep-alive\n\n")
        assert cut.value.partial.endswith(b"data: " + running.result().body + b"\n\n")


@pytest.mark.parametrize("serves", [True, False])
def test_a_retry_of_what_runs_elsewhere_never_asks_again(doors: Doors, redis: RedisServer, serves: bool) -> None:
    """Where Redis goes away while a retry waits for another gateway, it is answered 503; the site hears it once."""
    with doors(2, serves=serves, slow=1.0) as ((one, two), practice), ThreadPoolExecutor(2) as pool:
        marked = {"Idempotency-Key": "once"}
        first = pool.submit(one.chat, marked)
        until(practice, "accepted", 1)
        retry = pool.submit(two.chat, marked)
        two.wait_until_busy()
        time.sleep(0.1)  # it has heard of the first one
        redis.stop()
        assert (retry.result().status, retry.result().error["code"]) == (503, "state_down")
        assert first.result().status == 200
        assert practice.stats()["accepted"] == 1


def test_a_response_is_known_to_all(doors: Doors) -> None:
    """A response that one gateway has kept is gone on from at another, and deleted at a third."""
    with doors(history="id") as (three, practice):
        first = three[0].send("POST", "/v1/responses", {"model": "practice", "input": "one"}).json()
        asked = {"model": "practice", "input": "two", "previous_response_id": first["id"]}
        assert three[1].send("POST", "/v1/responses", asked).status == 200
        assert practice.heard() == [["one", "two"]]
        assert three[2].send("DELETE", f"/v1/responses/{first['id']}").status == 200
        assert three[0].send("GET", f"/v1/responses/{first['id']}").status == 404


def wait_for_a_fresh_minute() -> None:
    """A minute that is about to end would count anew in mid-test."""
    if (left := 60 - time.time() % 60) < 5:
        time.sleep(left)


def test_what_is_no_request_counts_too(doors: Doors, redis: RedisServer) -> None:
    """A body that is none counts for the limits, as it does in one gateway."""
    with doors(2, keys=[key("k", quota=Quota(None, 2))]) as ((one, two), _):
        headers = {**BEARER, "Content-Type": "application/json"}
        assert [door.send("POST", CHAT, b"{", headers).status for door in (one, two)] == [400, 400]
        end = time.monotonic() + 5  # nobody waits for the count of a request that has ended
        while not redis.keys("q:*") or b"$1\r\n2" not in redis.tell("HVALS", "{chatdoor}:" + redis.keys("q:*")[0]):
            assert time.monotonic() < end
            time.sleep(0.01)
        assert one.chat(BEARER).status == 429


def test_two_trips_a_request(doors: Doors) -> None:
    """With a key that has limits, a turn of a conversation takes two trips, whole or streamed."""
    with doors(1, history="id", keys=[key("k", quota=Quota(1_000, 10_000))]) as ((door,), _):
        messages = [{"role": "user", "content": "turn 0"}]
        shared = door.state.shared
        assert shared is not None
        assert door.chat(BEARER).status == 200  # it opens the session, which takes two more
        for turn in range(1, 4):
            before = shared.link.trips
            seen = door.chat(BEARER, messages=messages)
            assert shared.link.trips - before == 2
            assert int(seen.headers["x-ratelimit-remaining-requests"]) == 999 - turn
            reply = seen.json()["choices"][0]["message"]
            messages += [reply, {"role": "user", "content": f"turn {turn}"}]
        before = shared.link.trips
        assert door.chat(BEARER, messages=messages, stream=True).frames()[-1] == "[DONE]"
        assert shared.link.trips - before == 2


def test_a_try_whose_gateway_was_killed_is_not_made_again(doors: Doors, redis: RedisServer) -> None:
    """The site may have read it, so its retry is a 409 that says so; without a mark it is another question."""
    with doors(2) as ((one, two), practice):
        marked = {"Idempotency-Key": "once"}
        assert one.chat(marked).status == 200
        name = answered_try(redis)
        redis.tell("HDEL", "{chatdoor}:" + name, "a")
        redis.tell("HSET", "{chatdoor}:" + name, "o", "killed")
        refused = two.chat(marked)
        assert (refused.status, refused.error["code"]) == (409, "first_try_given_up")
        assert refused.headers["x-should-retry"] == "false"
        assert two.chat().status == 200
        assert practice.stats()["accepted"] == 2


@pytest.mark.parametrize("value", [b"", b"no msgpack", b"\x83\xa6status\xcc\xc8\xa7headers\x90\xa4body\xc0", SPLIT])
def test_an_answer_that_is_not_ours_is_not_given(doors: Doors, redis: RedisServer, value: bytes) -> None:
    """Where what is kept of a try is no answer, the site is asked."""
    with doors(2) as ((one, two), practice):
        marked = {"Idempotency-Key": "once"}
        assert one.chat(marked).status == 200
        name = answered_try(redis)
        redis.tell("HSET", "{chatdoor}:" + name, "a", value)
        assert two.chat(marked).status == 200
        assert practice.stats()["accepted"] == 2


def test_what_is_said_at_once_in_one_conversation_is_all_kept(doors: Doors) -> None:
    """Many responses in one conversation, at all gateways at a time: each adds its turn."""
    with doors() as (three, _):
        name = three[0].send("POST", "/v1/conversations", {}).json()["id"]
        asked = {"model": "practice", "input": "Hello", "conversation": name}
        with ThreadPoolExecutor(24) as pool:
            seen = list(pool.map(lambda at: three[at % 3].send("POST", "/v1/responses", asked).status, range(24)))
        assert seen == [200] * 24
        items = three[0].send("GET", f"/v1/conversations/{name}/items?limit=100").json()["data"]
        assert len(items) == 48
