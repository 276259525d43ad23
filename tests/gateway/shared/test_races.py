"""Tries of one request at several gateways, at the same time and one after another: one of them asks the site."""

import asyncio
import contextlib
import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from hashlib import sha256
from http.client import HTTPConnection
from typing import Any

import pytest

from chatdoor.drive.shared.link import Link
from chatdoor.gateway.quota import Quota
from chatdoor.gateway.state import Conduct
from chatdoor.practice import Practice
from tests.gateway.door import CHAT, HELLO, Door, Seen, key
from tests.gateway.shared.conftest import Doors
from tests.gateway.shared.test_faults import FAULTS, MOST_SECONDS, wait_for
from tests.gateway.test_joins import KEYED, STREAMED, Asking, leaving, until
from tests.servers.redis import RedisServer
from tests.servers.waiting import wait_until

RESPONSES = "/v1/responses"


@contextlib.contextmanager
def running(door: Door, practice: Practice, **request: Any) -> Iterator["Future[Seen]"]:
    """A keyed chat completion that the site has begun to answer."""
    before = practice.stats()["accepted"]
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(door.chat, KEYED, **request)
        until(practice, "accepted", before + 1)
        yield asked


@STREAMED
@pytest.mark.parametrize("history", ["client", "id", "session"])
def test_one_of_many_at_one_instant_asks(doors: Doors, history: str, streamed: bool) -> None:
    """Of equal tries with a key, three at each of three gateways at the same instant, one asks; all get its answer."""
    with doors(history=history) as (three, practice), ThreadPoolExecutor(9) as pool:
        for number in range(5):
            together = threading.Barrier(9)

            def ask(at: int, number: int = number, together: threading.Barrier = together) -> Seen:
                together.wait()
                marked = {"Idempotency-Key": str(number)}
                return three[at % 3].chat(marked, stream=streamed, messages=[{"role": "user", "content": str(number)}])

            seen = list(pool.map(ask, range(9)))
            assert {one.status for one in seen} == {200}
            assert len({one.body for one in seen}) == 1
        assert practice.stats()["accepted"] == 5
        if history != "client":
            assert sorted(practice.heard()) == [[str(number)] for number in range(5)]


@STREAMED
@pytest.mark.parametrize("after", [False, True], ids=["runs", "has ended"])
def test_a_retry_does_not_disturb_the_conversation(doors: Doors, streamed: bool, after: bool) -> None:
    """While its try runs elsewhere or after it, a retry takes no hold of the conversation: each turn stands once."""
    with doors(2, history="id", slow=0.4, pace=(1, None)) as ((one, two), practice):
        begun = one.chat(messages=[{"role": "user", "content": "0"}])
        name = {"x-conversation-id": begun.headers["x-conversation-id"]}
        for turn in range(1, 3):
            asked = {"messages": [{"role": "user", "content": str(turn)}], "stream": streamed}
            marked = {**name, "Idempotency-Key": str(turn)}
            with ThreadPoolExecutor(1) as pool:
                first = pool.submit(one.chat, marked, **asked)
                if after:
                    first.result()
                else:
                    until(practice, "accepted", turn + 1)
                assert two.chat(marked, **asked).body == first.result().body
        assert two.chat(name, messages=[{"role": "user", "content": "3"}]).status == 200
        assert practice.heard() == [["0", "1", "2", "3"]]
        assert practice.stats()["accepted"] == 4


@STREAMED
@pytest.mark.parametrize("history", ["client", "id"])
def test_where_the_first_try_fails_unheard_its_retry_asks(
    doors: Doors, redis: RedisServer, history: str, streamed: bool
) -> None:
    """A retry that waits for a try elsewhere asks the site once that is forgotten, in the stream that was begun."""
    with doors(2, history=history, slow=0.6) as ((one, two), practice):
        two.state.conduct = Conduct(heartbeat=0.1)
        with running(one, practice, stream=streamed) as first:
            retry = Asking(two, KEYED, stream=streamed)
            time.sleep(0.3)
            redis.tell("DEL", *("{chatdoor}:" + name for name in redis.keys("t:*")))
            assert retry.result().status == first.result().status == 200
        assert retry.result().body.startswith(b": keep-alive\n\n") == streamed
        assert retry.result().body != first.result().body
        assert two.chat(KEYED, stream=streamed).body == retry.result().body
        assert practice.stats()["accepted"] == 2


@STREAMED
def test_another_body_is_refused_while_the_first_runs(doors: Doors, streamed: bool) -> None:
    """The key of a request that runs elsewhere is good for no other one, and neither is asked twice."""
    with doors(2, history="id", slow=0.4) as ((one, two), practice), running(one, practice, stream=streamed) as first:
        other = two.chat(KEYED, stream=streamed, messages=[{"role": "user", "content": "else"}])
        assert (other.status, other.error["code"]) == (422, "idempotency_key_reused")
        assert two.chat(KEYED, stream=streamed).body == first.result().body
        assert practice.heard() == [["Hello"]]


def test_who_waits_does_not_count(doors: Doors) -> None:
    """A retry that waits for its try elsewhere takes nothing of what its key may ask; a refused one does."""
    own = {"Authorization": "Bearer k"}
    with doors(2, keys=[key("k", quota=Quota(3, 100))], slow=0.3) as ((one, two), practice):
        with ThreadPoolExecutor(1) as pool:
            first = pool.submit(one.chat, {**own, **KEYED})
            until(practice, "accepted", 1)
            assert two.chat({**own, **KEYED}).body == first.result().body
            assert one.chat({**own, **KEYED}).body == first.result().body
        assert two.chat({**own, **KEYED}, model="none").status == 404
        statuses = [two.chat(own).status, one.chat(own).status]
        assert statuses == [200, 429]


@pytest.mark.parametrize("request_of", ["n", "prompts"])
def test_several_questions_of_one_try(doors: Doors, request_of: str) -> None:
    """A request with several answers is one try: its retry elsewhere waits for it, and the site hears each once."""
    path, more = {
        "n": (CHAT, {"messages": [{"role": "user", "content": "a"}], "n": 2}),
        "prompts": ("/v1/completions", {"prompt": ["a", "b"]}),
    }[request_of]
    with doors(2, history="id", slow=0.3) as ((one, two), practice), ThreadPoolExecutor(1) as pool:
        for stream in (False, True):
            marked = {"Idempotency-Key": f"{stream}"}
            body = {"model": "practice", "stream": stream, **more}
            before = practice.stats()["accepted"]
            first = pool.submit(one.send, "POST", path, body, marked)
            until(practice, "accepted", before + 2)
            retry = two.send("POST", path, body, marked)
            assert (retry.status, retry.body) == (200, first.result().body)
            assert practice.stats()["accepted"] == before + 2


def test_who_leaves_while_it_waits_leaves_nothing(doors: Doors, redis: RedisServer) -> None:
    """Retries whose clients leave at any moment hold no try and no conversation, and ask no more."""
    with doors(2, history="id", slow=2.5, pace=(3, None)) as ((one, two), practice):
        link = two.state.shared.link
        with running(one, practice) as first:
            for wait in (0, 0.001, 0.002, 0.005, 0.05):
                with leaving(two, KEYED):
                    time.sleep(wait)
            two.wait_until_idle()
            asked = link.trips
            time.sleep(0.6)
            assert link.trips == asked
            assert not first.done()
            assert two.chat(KEYED).body == first.result().body
        assert practice.stats()["accepted"] == 1
        claimed = {redis.tell("HGET", "{chatdoor}:" + name, "c") for name in redis.keys("c:*")}
        assert claimed == {b"$0\r\n\r\n"}
        wait_until(lambda: redis.keys("r:*") == [])


def test_each_header_stands_once(doors: Doors) -> None:
    """The answer of another gateway has what that one said, and what every answer to this request has."""
    with doors(2, keys=[key("k", quota=Quota(5, 100))]) as (two, _):
        names: list[list[str]] = []
        for door in two:
            with contextlib.closing(HTTPConnection("127.0.0.1", door.port, timeout=10)) as connection:
                marked = {**KEYED, "Authorization": "Bearer k", "Content-Type": "application/json"}
                body = json.dumps({"model": "practice", "messages": HELLO, "logit_bias": {"1": 1}})
                connection.request("POST", CHAT, body, marked)
                answer = connection.getresponse()
                names.append(sorted(name.lower() for name, _ in answer.getheaders()))
        assert names[0] == names[1]
        assert {"x-chatdoor-ignored", "x-ratelimit-remaining-requests"} <= set(names[1])
        assert len(names[1]) == len(set(names[1]))


@pytest.mark.parametrize("kind", ["string", "list"])
def test_a_try_that_is_none_of_ours(doors: Doors, redis: RedisServer, kind: str) -> None:
    """Where something else stands under its name it makes room, and no conversation is lost for it."""
    put = {"string": "SET", "list": "RPUSH"}[kind]
    with doors(1, history="id") as ((door,), practice):
        first = door.chat(messages=[{"role": "user", "content": "0"}])
        name = {"x-conversation-id": first.headers["x-conversation-id"]}
        tried = sha256(b"\n" + KEYED["Idempotency-Key"].encode()).hexdigest()
        redis.tell(put, "{chatdoor}:t:" + tried, "hostile")
        asked = {"messages": [{"role": "user", "content": "1"}]}
        assert door.chat({**name, **KEYED}, **asked).headers["x-chatdoor-fidelity"] == "native"
        assert practice.heard() == [["0", "1"]]


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("serves", [True, False])
def test_keyed_requests_and_responses_while_it_is_away(
    doors: Doors, redis: RedisServer, fault: str, serves: bool
) -> None:
    """They are answered, or refused and nothing is asked, within two seconds; a retry joins what is known here."""
    begin, end = FAULTS[fault]
    with doors(1, serves=serves, history="id") as ((door,), practice):
        before = door.send("POST", RESPONSES, {"model": "practice", "input": "0"}).json()
        begin(redis)
        if fault == "full":  # a new conversation only reads, which still can be done
            wait_for(door, "away")
        heard = practice.stats()["accepted"]
        more = {"model": "practice", "input": "1", "previous_response_id": before["id"]}
        for _ in range(2):
            for path, body in ((CHAT, {"model": "practice", "messages": HELLO}), (RESPONSES, more)):
                marked = {"Idempotency-Key": path}
                began = time.monotonic()
                seen = door.send("POST", path, body, marked)
                assert time.monotonic() - began < MOST_SECONDS + 0.2
                assert (seen.status, serves) in {(200, True), (503, False)}
        assert practice.stats()["accepted"] == heard + (2 if serves else 0)
        end(redis)
        wait_for(door, "ok")
        assert door.chat({"Idempotency-Key": "else"}).status == 200


@STREAMED
def test_a_response_is_known_before_it_is_told(doors: Doors, monkeypatch: pytest.MonkeyPatch, streamed: bool) -> None:
    """Whoever has a whole response finds it at every gateway, however slow the way there is."""
    slow = Link._deliver

    async def later(link: Link, batch: Any) -> None:
        await asyncio.sleep(0.1)
        await slow(link, batch)

    with doors(2, history="id") as ((one, two), practice):
        one.send("POST", RESPONSES, {"model": "practice", "input": "warm", "stream": streamed})
        for marks in ({}, KEYED):
            monkeypatch.setattr(Link, "_deliver", later)
            seen = one.send("POST", RESPONSES, {"model": "practice", "input": "0", "stream": streamed}, marks)
            monkeypatch.setattr(Link, "_deliver", slow)
            told = last_of(seen) if streamed else seen.json()
            assert two.send("GET", f"{RESPONSES}/{told['id']}").json() == told
            more = {"model": "practice", "input": "1", "previous_response_id": told["id"]}
            assert two.send("POST", RESPONSES, more).headers["x-chatdoor-fidelity"] == "native"
        assert practice.heard() == [["warm"], ["0", "1"], ["0", "1"]]


@STREAMED
@pytest.mark.parametrize("history", ["client", "id", "session"])
@pytest.mark.parametrize("after", [False, True], ids=["runs", "has ended"])
def test_a_retry_of_a_response_that_goes_on(doors: Doors, history: str, streamed: bool, after: bool) -> None:
    """It waits for its try elsewhere, and what comes next goes on from there: each turn stands once."""
    with doors(2, history=history, slow=0.2, pace=(1, None)) as ((one, two), practice):
        body: dict[str, object] = {"model": "practice", "input": "0"}
        body["previous_response_id"] = one.send("POST", RESPONSES, body).json()["id"]
        for turn in range(1, 3):
            asked = {**body, "input": str(turn), "stream": streamed}
            with ThreadPoolExecutor(1) as pool:
                first = pool.submit(one.send, "POST", RESPONSES, asked, marked := {"Idempotency-Key": str(turn)})
                if after:
                    first.result()
                else:
                    until(practice, "accepted", turn + 1)
                retry = two.send("POST", RESPONSES, asked, marked)
            assert retry.body == first.result().body
            body["previous_response_id"] = (last_of(retry) if streamed else retry.json())["id"]
        assert two.send("POST", RESPONSES, {**body, "input": "3"}).status == 200
        assert practice.stats()["accepted"] == 4
        assert history == "client" or practice.heard() == [["0", "1", "2", "3"]]


def test_a_response_of_somebody_else_is_not_gone_on_from(doors: Doors, redis: RedisServer) -> None:
    """Its id is not found with another key, and its conversation is as it was."""
    mine, yours = {"Authorization": "Bearer k"}, {"Authorization": "Bearer j"}
    with doors(2, keys=[key("k"), key("j")], history="id") as ((one, two), practice):
        asked = {"model": "practice", "input": "0"}
        more = {**asked, "input": "1", "previous_response_id": one.send("POST", RESPONSES, asked, mine).json()["id"]}
        assert two.send("POST", RESPONSES, more, yours).status == 404
        (name,) = redis.keys("c:*")
        claimed, end = b"", time.monotonic() + 10
        while claimed != b"$0\r\n\r\n":
            assert time.monotonic() < end
            claimed = redis.tell("HGET", "{chatdoor}:" + name, "c")
        assert two.send("POST", RESPONSES, more, mine).headers["x-chatdoor-fidelity"] == "native"
        assert practice.heard() == [["0", "1"]]


def test_two_that_go_on_from_one_response(doors: Doors) -> None:
    """Of two at once that go on from the same response, one goes on in its conversation; the other gets its own."""
    with doors(2, history="id", slow=0.1) as (two, practice), ThreadPoolExecutor(2) as pool:
        asked = {"model": "practice", "input": "0"}
        more = {**asked, "previous_response_id": two[0].send("POST", RESPONSES, asked).json()["id"]}
        both = list(pool.map(lambda at: two[at].send("POST", RESPONSES, {**more, "input": str(at)}), range(2)))
        assert sorted(one.headers["x-chatdoor-fidelity"] for one in both) == ["native", "replayed"]
        assert sorted(practice.heard()) == [["0", "0"], ["0", "1"]]


def last_of(seen: Seen) -> Any:
    """The response at the end of a stream."""
    *_, last = [line for line in seen.body.decode().splitlines() if line.startswith("data: ")]
    return json.loads(last.removeprefix("data: "))["response"]
