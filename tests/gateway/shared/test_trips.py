"""How many trips to the server a request takes: one before its site is asked, and one after."""

import contextlib
import json
import time
from collections.abc import Mapping
from http.client import IncompleteRead
from itertools import product
from typing import Any

import pytest

from chatdoor.gateway.quota import Quota
from tests.gateway.door import CHAT, Door, key
from tests.gateway.shared.conftest import Doors
from tests.gateway.test_joins import AGAIN, FIRST, KEYED, STREAMED

RESPONSES = "/v1/responses"
COMPLETIONS = "/v1/completions"
BEARER = {"Authorization": "Bearer k"}

HISTORIES = pytest.mark.parametrize("history", ["client", "id", "session"])
MARKED: Mapping[str, Mapping[str, str]] = {"plain": {}, "key": KEYED, "first": FIRST, "again": AGAIN}
"""What a request says of its tries."""


def settled(door: Door) -> int:
    """How many trips there were, once none is on its way."""
    assert door.state.shared is not None
    link, end, quiet = door.state.shared.link, time.monotonic() + 10, 0
    while quiet < 5:
        assert time.monotonic() < end
        on_its_way = door.state.running or link._waiting or (link._trip is not None and not link._trip.done())
        quiet = 0 if on_its_way else quiet + 1
        time.sleep(0.002)
    return link.trips


def trips(door: Door, path: str, body: object, headers: Mapping[str, str] = BEARER, status: int = 200) -> int:
    """How many it takes to answer."""
    before = settled(door)
    seen = door.send("POST", path, body, headers)
    assert seen.status == status, seen.body
    return settled(door) - before


def said(path: str, text: str, *, stream: bool = False) -> dict[str, object]:
    """The body of a request in which somebody says so."""
    asked: Mapping[str, dict[str, object]] = {
        CHAT: {"messages": [{"role": "user", "content": text}]},
        COMPLETIONS: {"prompt": text},
        RESPONSES: {"input": text},
    }
    return {"model": "practice", "stream": stream, **asked[path]}


@HISTORIES
@STREAMED
def test_two_trips_for_each_request(doors: Doors, history: str, streamed: bool) -> None:
    """With and without a key or a count, at every endpoint, with limits, a pace and a conversation: two trips each."""
    keys = [key("k", quota=Quota(1_000, 10_000))]
    with doors(1, keys=keys, pace=(5, 60_000), history=history) as ((door,), practice):
        for path, (name, marks) in product((CHAT, COMPLETIONS, RESPONSES), [("warm", KEYED), *MARKED.items()]):
            text = f"{path} {name}"
            own = {"Idempotency-Key": text.replace(" ", "-")} if marks is KEYED else marks
            took = trips(door, path, said(path, text, stream=streamed), {**BEARER, **own})
            assert took == 2 or name == "warm", text
        assert practice.stats()["accepted"] == 3 * (1 + len(MARKED))


@pytest.mark.parametrize("keyed", [False, True])
def test_two_trips_to_go_on(doors: Doors, keyed: bool) -> None:
    """A turn that goes on at another gateway, by its list, by an id, or by both, takes two trips."""
    with doors(2, history="id") as (two, practice):
        for door in two:
            door.chat({"Idempotency-Key": "warm"}, messages=[{"role": "user", "content": "warm"}])
        messages = [{"role": "user", "content": "0"}]
        seen = two[0].chat(messages=messages)
        named = {"x-conversation-id": seen.headers["x-conversation-id"]}
        for turn, (headers, whole) in enumerate([({}, True), (named, True), (named, False), ({}, True)], 1):
            messages += [seen.json()["choices"][0]["message"], {"role": "user", "content": str(turn)}]
            marks = {"Idempotency-Key": str(turn)} if keyed else {}
            before = settled(two[turn % 2])
            seen = two[turn % 2].chat({**headers, **marks}, messages=messages if whole else messages[-1:])
            assert settled(two[turn % 2]) - before == 2, turn
        assert ["0", "1", "2", "3", "4"] in practice.heard()


def respond(door: Door, headers: Mapping[str, str], **more: object) -> tuple[int, Any]:
    """How many trips a response takes, and the response."""
    before = settled(door)
    seen = door.send("POST", RESPONSES, {**said(RESPONSES, "more"), **more}, headers)
    assert seen.status == 200, seen.body
    *_, last = [line.removeprefix(b"data: ") for line in seen.body.splitlines() if line]
    response = json.loads(last)
    return settled(door) - before, response.get("response", response)


@STREAMED
@HISTORIES
def test_what_a_response_goes_on_from(doors: Doors, history: str, streamed: bool) -> None:
    """What is kept is asked for along with the rest; so is the conversation of the site that it was kept with."""
    with doors(2, history=history, pace=(2, 60_000)) as (two, practice):
        (_, first), (_, other) = (respond(door, {"Idempotency-Key": str(door.port)}) for door in two)
        respond(two[1], {}, previous_response_id=other["id"])
        respond(two[0], KEYED, previous_response_id=other["id"])
        before = practice.stats()["accepted"]
        last = first
        for turn in range(6):
            marks = {"Idempotency-Key": f"turn-{turn}"} if turn % 3 else {}
            more = {"stream": streamed, "input": str(turn), "previous_response_id": last["id"]}
            took, last = respond(two[turn % 2], marks, **more)
            assert took == 2, turn
        took, _ = respond(two[1], {}, stream=streamed, input="apart", previous_response_id=first["id"])
        assert took == 2
        if history == "client":
            assert practice.stats()["accepted"] == before + 7
        else:
            assert ["more", *map(str, range(6))] in practice.heard()


@STREAMED
@pytest.mark.parametrize("history", ["client", "id"])
def test_what_a_response_is_added_to(doors: Doors, history: str, streamed: bool) -> None:
    """A turn of a conversation takes two trips; three where no conversation of the site is known yet that it is."""
    with doors(2, history=history) as (two, practice):
        for door in two:
            _, first = respond(door, {})
            respond(door, {"Idempotency-Key": f"{door.port}"}, previous_response_id=first["id"])
        named = two[0].send("POST", "/v1/conversations", {}).json()["id"]
        for turn in range(5):
            marks = {"Idempotency-Key": f"turn-{turn}"} if turn % 3 else {}
            took, _ = respond(two[turn % 2], marks, stream=streamed, input=str(turn), conversation=named)
            assert took == (3 if history == "id" and not turn else 2), turn
        items = two[0].send("GET", f"/v1/conversations/{named}/items?order=asc").json()["data"]
        assert [item["role"] for item in items] == ["user", "assistant"] * 5
        if history == "id":
            assert list(map(str, range(5))) in practice.heard()
        refers = [{"type": "item_reference", "id": first["output"][0]["id"]}, {"role": "user", "content": "again"}]
        took, _ = respond(two[0], {}, stream=streamed, input=refers)
        assert took == (3 if history == "id" else 2)


@HISTORIES
@STREAMED
def test_a_retry_of_what_another_gateway_has_answered_takes_one(doors: Doors, history: str, streamed: bool) -> None:
    """Its answer comes in the trip in which it is asked for; it counts for no limit, and gives nothing back."""
    keys = [key("k", quota=Quota(3, 10_000))]
    with doors(2, keys=keys, pace=(1, 60_000), history=history) as ((one, two), practice):
        two.chat({**BEARER, "Idempotency-Key": "warm"})
        body, marked = said(CHAT, "Hello", stream=streamed), {**BEARER, **KEYED}
        answered = one.send("POST", CHAT, body, marked)
        settled(one)
        assert [trips(two, CHAT, body, marked) for _ in range(3)] == [1, 1, 1]
        assert two.send("POST", CHAT, body, marked).body == answered.body
        assert [two.chat(BEARER).status for _ in range(2)] == [200, 429]
        assert practice.stats()["accepted"] == 3


def test_what_is_refused_before_a_site_is_asked_takes_none(doors: Doors) -> None:
    """A request that can not be asked says nothing of its try, and the same key is good for another."""
    with doors(1, history="id") as ((door,), _):
        assert door.chat({"Idempotency-Key": "warm"}).status == 200
        assert trips(door, CHAT, {**said(CHAT, "Hello"), "model": "none"}, KEYED, 404) == 0
        assert trips(door, CHAT, {"model": "practice"}, KEYED, 400) == 0
        assert trips(door, CHAT, said(CHAT, "Hello"), KEYED) == 2


@STREAMED
@pytest.mark.parametrize("fault", ["fail_every", "cut_every"])
def test_a_try_that_fails_takes_two(doors: Doors, streamed: bool, fault: str) -> None:
    """How it has failed is told along with what became of its conversation, and its retry is told so."""
    with doors(2, history="id", reply="sse-delta") as ((one, two), practice):
        one.chat({"Idempotency-Key": "warm"})
        practice.faults(**{fault: 1})
        before = settled(one)
        with contextlib.suppress(IncompleteRead):
            assert one.chat(KEYED, stream=streamed).status == 424
        assert settled(one) - before == 2
        accepted = practice.stats()["accepted"]
        assert two.chat(KEYED, stream=streamed).status in {409, 424}
        assert practice.stats()["accepted"] == accepted


@STREAMED
@HISTORIES
@pytest.mark.parametrize("marks", [{}, KEYED], ids=["plain", "key"])
def test_several_answers(doors: Doors, history: str, streamed: bool, marks: Mapping[str, str]) -> None:
    """Several answers of one request are begun in one trip; each may end in one of its own, and a try does then."""
    keys = [key("k", quota=Quota(100, 1_000))]
    with doors(1, keys=keys, pace=(5, 60_000), history=history, slow=0.02) as ((door,), _):
        door.chat({**BEARER, "Idempotency-Key": "warm"}, n=3)
        for path, more in ((CHAT, {"n": 3}), (COMPLETIONS, {"prompt": ["a", "b", "c"]})):
            own = {**marks, "Idempotency-Key": path} if marks else {}
            took = trips(door, path, {**said(path, "Hello", stream=streamed), **more}, {**BEARER, **own})
            assert 2 <= took <= 4 + len(marks)
