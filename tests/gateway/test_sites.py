"""The state of the sites, and who may see what of it."""

import contextlib
import http.client
import json
import time
from typing import Any

import pytest

from chatdoor.gateway.counts import CLIENT_LEFT
from chatdoor.gateway.recent import KEPT, TEXT_MOST
from chatdoor.gateway.state import Conduct
from chatdoor.practice import Practice
from tests.gateway.door import CHAT, HELLO, Door, Seen, gateway, key, practice_door
from tests.servers.waiting import wait_until

STATE = "/v1/chatdoor/state"


def told(door: Door, token: str | None = None) -> Any:
    """The state as a key sees it, once nothing is on its way."""
    door.wait_until_idle()
    return door.send("GET", STATE, headers=bearer(token)).json()


def bearer(token: str | None) -> dict[str, str]:
    """The header for a key."""
    return {} if token is None else {"Authorization": f"Bearer {token}"}


def say(door: Door, text: str, token: str | None = None, **more: object) -> Seen:
    """Asks the practice site."""
    return door.chat(bearer(token), messages=[{"role": "user", "content": text}], **more)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("history", ["client", "session", "id"])
def test_a_request_is_told(stream: bool, history: str) -> None:
    """Time, model, status, durations and conversation of a request; its site is ready, with an open session."""
    with practice_door(history=history) as (door, _):
        assert told(door)["sites"][0]["state"] == "unasked"
        assert told(door)["sites"][0]["session_age"] is None
        seen = say(door, "Hello", stream=stream)
        state = told(door)
        (row,) = state["requests"]
        (site,) = state["sites"]
        assert (row["site"], row["model"], row["status"], row["code"]) == ("practice", "practice", 200, None)
        assert row["conversation"] == seen.headers.get("x-conversation-id")
        assert 0 <= row["first_ms"] <= row["ms"] < 10_000
        assert abs(row["at"] - time.time()) < 60
        assert (site["state"], site["requests"], site["faults"], site["fault"]) == ("ready", 1, 0, None)
        assert site["session_age"] in range(60)
        assert len(site["took"]) == 1
        assert row["prompt"] == row["reply"] == ""


def test_a_fault_is_told_until_it_is_over() -> None:
    """A site that fails is failing, with message and way out, and ready again after the next good answer."""
    with practice_door(fail_every=2) as (door, _):
        say(door, "Hello")
        say(door, "Hello")
        (site,) = told(door)["sites"]
        assert (site["state"], site["requests"], site["faults"]) == ("failing", 2, 1)
        assert site["fault"]["code"] == "site_failed"
        assert "HTTP 500" in site["fault"]["message"]
        assert "operator" in site["fault"]["way_out"]
        say(door, "Hello")
        (site,) = told(door)["sites"]
        assert (site["state"], site["faults"], site["fault"]["code"]) == ("ready", 1, "site_failed")


def test_a_stream_that_breaks_is_told_by_its_error() -> None:
    """Its status was 200 when it began; what counts is how it ended."""
    with practice_door(reply="sse-delta", cut_every=1) as (door, _):
        with contextlib.suppress(http.client.IncompleteRead):
            say(door, "Hello", stream=True)
        (row,) = told(door)["requests"]
        assert (row["status"], row["code"]) == (424, "reply_cut_short")


def test_a_client_that_leaves_is_no_fault() -> None:
    """It is told as 499, and the site stays as it was."""
    with practice_door(slow=5.0) as (door, practice):
        connection = http.client.HTTPConnection("127.0.0.1", door.port, timeout=10)
        body = json.dumps({"model": "practice", "messages": HELLO, "stream": True})
        connection.request("POST", CHAT, body, {"Content-Type": "application/json"})
        wait_until(lambda: practice.stats()["accepted"])
        connection.close()
        state = told(door)
        assert [row["status"] for row in state["requests"]] == [CLIENT_LEFT]
        assert (state["sites"][0]["state"], state["sites"][0]["faults"]) == ("ready", 0)


def test_what_never_came_to_a_site_is_not_told(door: Door) -> None:
    """A wrong model name, say, is nothing that a site did."""
    before = told(door)["requests"]
    assert door.chat(model="nobody").status == 404
    assert told(door)["requests"] == before


def test_a_key_sees_its_own() -> None:
    """Requests of others, sites that it may not ask and messages of others' errors are not told. No key, nothing."""
    with Practice(fail_every=3) as site:
        keys = [key("one"), key("two"), key("none", sites=frozenset())]
        with gateway(site, keys=keys) as door:
            for token in ("one", "two", "one"):
                say(door, "Hello", token)
            one, two = told(door, "one"), told(door, "two")
            assert [len(one["requests"]), len(two["requests"])] == [2, 1]
            assert one["sites"][0]["requests"] == two["sites"][0]["requests"] == 3
            assert "HTTP 500" in one["sites"][0]["fault"]["message"]
            assert (two["sites"][0]["fault"]["message"], two["sites"][0]["fault"]["code"]) == ("", "site_failed")
            none = told(door, "none")
            assert none["keys"]
            assert none["sites"] == none["requests"] == []
            assert door.send("GET", STATE).status == 401


@pytest.mark.parametrize("stream", [False, True])
def test_texts_are_told_where_the_operator_says_so(stream: bool) -> None:
    """With show_texts all see what was said, in part, and what looks like a token masked."""
    token = "sk-abcdefghijklmnop1234567890"
    keys, conduct = [key("one"), key("two")], Conduct(show_texts=True)
    filler = "word " * 94 + "words "  # the limit falls into the second token of the prompt
    with Practice(reply="sse-delta") as site, gateway(site, keys=keys, conduct=conduct) as door:
        say(door, f"say exactly: {token} {filler[40:]}{token} {token}", "one", stream=stream)
        state = told(door, "two")
        (row,) = state["requests"]
        assert state["texts"]
        assert row["prompt"].startswith("say exactly: *** word")
        assert row["reply"].startswith("*** word")
        assert TEXT_MOST / 2 < len(row["prompt"]) <= TEXT_MOST
        assert "sk-" not in json.dumps(state)


def test_so_many_are_kept_and_no_more(door: Door) -> None:
    """The number of requests grows, what is kept of them does not."""
    for _ in range(KEPT + 2):
        door.chat()
    (site,) = told(door)["sites"]
    assert site["requests"] >= KEPT + 2
    assert len(site["took"]) == KEPT
    assert len(door.state.recent.of("practice").last) == KEPT
