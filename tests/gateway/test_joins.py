"""Retries join the try that they repeat: the site hears each question once."""

import contextlib
import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from msgspec.structs import replace

from chatdoor.gateway.access_log import AccessLog
from chatdoor.gateway.along import Along
from chatdoor.gateway.exchange import Exchange
from chatdoor.gateway.house import House
from chatdoor.gateway.joins import LINGER_SECONDS, Joins
from chatdoor.gateway.renewal import Renewals, Renewed
from chatdoor.gateway.state import State
from chatdoor.practice import Practice
from tests.gateway.door import CHAT, HELLO, SECONDS, Door, Seen, gateway, key, practice_door
from tests.gateway.rings import left_in_rings
from tests.gateway.test_access_log import lines
from tests.gateway.test_connection import rest
from tests.gateway.test_metrics import value
from tests.servers.ports import free_port
from tests.servers.waiting import wait_until

KEYED = {"Idempotency-Key": "one"}
FIRST = {"X-Stainless-Retry-Count": "0"}
AGAIN = {"X-Stainless-Retry-Count": "1"}
MARKS = [pytest.param(KEYED, KEYED, id="key"), pytest.param(FIRST, AGAIN, id="count")]
STREAMED = pytest.mark.parametrize("streamed", [True, False], ids=["streamed", "whole"])


class Asking:
    """A request that is on its way while the test goes on."""

    def __init__(self, door: Door, headers: Mapping[str, str], **request: object) -> None:
        self.seen: Seen | None = None
        self._thread = threading.Thread(target=self._ask, args=(door, headers, request), daemon=True)
        self._thread.start()

    def _ask(self, door: Door, headers: Mapping[str, str], request: dict[str, object]) -> None:
        self.seen = door.chat(headers, **request)

    def result(self) -> Seen:
        """The answer."""
        self._thread.join(SECONDS)
        assert self.seen is not None
        return self.seen


@contextlib.contextmanager
def leaving(door: Door, headers: Mapping[str, str], **request: object) -> Iterator[socket.socket]:
    """A request whose client leaves at the end of the block."""
    body = json.dumps({"model": "practice", "messages": HELLO} | request).encode()
    lines = {"Host": f"127.0.0.1:{door.port}", "Content-Type": "application/json", "Content-Length": len(body)}
    head = "".join(f"{name}: {value}\r\n" for name, value in (lines | dict(headers)).items())
    with socket.create_connection(("127.0.0.1", door.port), timeout=SECONDS) as connection:
        connection.sendall(f"POST {CHAT} HTTP/1.1\r\n{head}\r\n".encode() + body)
        yield connection


def until(practice: Practice, name: str, count: int) -> None:
    """Waits until the site has counted so many. Fails after a while."""
    wait_until(lambda: practice.stats()[name] >= count)


def until_left(door: Door) -> None:
    """Waits until the one try that runs is without its client. Fails after a while."""
    (tried,) = door.state.joins._running
    wait_until(lambda: tried.left)


@pytest.fixture
def lingering(monkeypatch: pytest.MonkeyPatch) -> None:
    """A try whose client has left goes on for longer than a test."""
    monkeypatch.setattr("chatdoor.gateway.joins.LINGER_SECONDS", 60.0)


@STREAMED
@pytest.mark.parametrize(("first", "again"), MARKS)
def test_a_retry_joins_the_try_that_runs(first: Mapping[str, str], again: Mapping[str, str], streamed: bool) -> None:
    """Both are answered alike, from the start, and the site is asked once."""
    with practice_door(reply="sse-delta", pause=0.1, slow=0.2) as (door, practice):
        one = Asking(door, first, stream=streamed)
        until(practice, "accepted", 1)
        time.sleep(0.4)
        two = Asking(door, again, stream=streamed)
        assert one.result().status == 200
        assert one.result().body == two.result().body
        assert one.result().headers["x-request-id"] != two.result().headers["x-request-id"]
        assert practice.stats()["accepted"] == 1


@STREAMED
@pytest.mark.parametrize(("first", "again"), MARKS)
def test_a_retry_of_what_was_answered_gets_the_answer(
    first: Mapping[str, str], again: Mapping[str, str], streamed: bool
) -> None:
    """The same reply, id, and conversation come again, and the site is not asked."""
    with practice_door(history="session") as (door, practice):
        seen = [door.chat(headers, stream=streamed) for headers in (first, again, again)]
        assert {(one.status, one.body, one.headers["x-conversation-id"]) for one in seen} == {
            (200, seen[0].body, seen[0].headers["x-conversation-id"])
        }
        assert practice.heard() == [["Hello"]]


@pytest.mark.parametrize("headers", [{}, FIRST], ids=["unmarked", "first tries"])
def test_equal_requests_are_asked_apart(headers: Mapping[str, str]) -> None:
    """Evaluations ask the same thing many times at once, and mean it."""
    with practice_door(slow=0.2) as (door, practice):
        asking = [Asking(door, headers) for _ in range(4)]
        assert len({one.result().json()["id"] for one in asking}) == 4
        assert practice.stats()["accepted"] == 4


def test_other_requests_are_asked_apart() -> None:
    """A retry count joins nothing that differs: in its body, its conversation, or its key."""
    practice = Practice()
    with practice as site, gateway(site, keys=[key("one"), key("two")]) as door:
        one, two = ({"Authorization": f"Bearer {name}"} for name in ("one", "two"))
        door.chat(one | FIRST | KEYED)
        door.chat(two | AGAIN | KEYED)
        door.chat(one | AGAIN, user="else")
        door.chat(one | AGAIN | {"X-OpenWebUI-Chat-Id": "c"})
        assert practice.stats()["accepted"] == 4


def test_a_key_stands_for_one_request() -> None:
    """The same key with another body is refused, and the site is not asked."""
    with practice_door() as (door, practice):
        assert door.chat(KEYED).status == 200
        seen = door.chat(KEYED, user="else")
        assert (seen.status, seen.error["code"]) == (422, "idempotency_key_reused")
        assert practice.stats()["accepted"] == 1


@pytest.mark.parametrize("given", ["", "a b", "x" * 256, "\xff"])
def test_a_key_that_is_none(given: str) -> None:
    """A key that can not be one is a 400."""
    with gateway() as door:
        assert door.chat({"Idempotency-Key": given}).status == 400


@STREAMED
def test_the_first_may_leave(streamed: bool) -> None:
    """The first one's leaving does not end what another waits for."""
    with practice_door(reply="sse-delta", pause=0.2) as (door, practice):
        with leaving(door, KEYED, stream=streamed):
            until(practice, "accepted", 1)
            two = Asking(door, KEYED, stream=streamed)
            door.wait_until_busy(2)
        assert two.result().status == 200
        assert practice.stats()["accepted"] == 1


def test_a_try_goes_on_until_its_retry_comes() -> None:
    """The official clients come back half a second after they hung up."""
    assert LINGER_SECONDS > 0.5


@pytest.mark.usefixtures("lingering")
def test_a_retry_after_its_first_try_has_left_joins() -> None:
    """A client that comes back in time finds its try."""
    with practice_door(slow=1.0) as (door, practice):
        with leaving(door, FIRST):
            until(practice, "accepted", 1)
        until_left(door)
        assert door.chat(AGAIN).status == 200
        assert practice.stats()["accepted"] == 1


def test_when_all_have_left_it_ends() -> None:
    """Within a second the request to the site is over; who comes later is told so, and the site is not asked again."""
    with practice_door(reply="sse-delta", slow=30.0) as (door, practice):
        with leaving(door, KEYED):
            until(practice, "accepted", 1)
            assert door.state.joins.running == 1
        left = time.monotonic()
        wait_until(lambda: not door.state.joins.running)
        assert time.monotonic() - left < 2
        seen = door.chat(KEYED)
        assert (seen.status, seen.error["code"]) == (409, "first_try_given_up")
        assert seen.headers["x-should-retry"] == "false"
        assert practice.stats()["accepted"] == 1


def test_a_stream_that_was_given_up_says_so() -> None:
    """Who comes later gets what was sent, and an error after it: never a mere end."""
    with practice_door(reply="sse-delta", pause=0.5) as (door, practice):
        with leaving(door, KEYED, stream=True) as connection:
            assert connection.recv(65_536)
        wait_until(lambda: not door.state.joins.running)
        with leaving(door, KEYED, stream=True) as connection:
            received = rest(connection)
        assert received.startswith(b"HTTP/1.1 200 OK")
        assert received.count(b"first_try_given_up") == 1
        assert b"[DONE]" not in received
        assert practice.stats()["accepted"] == 1


@STREAMED
def test_what_was_cut_is_cut_again(streamed: bool) -> None:
    """A site that broke off may have read the question: a retry gets the same error, and the site is not asked."""
    with practice_door(reply="sse-delta", cut_every=1) as (door, practice):
        for _ in range(2):
            if streamed:
                with pytest.raises(http.client.IncompleteRead) as cut:
                    door.chat(KEYED, stream=True)
                assert b"reply_cut_short" in cut.value.partial
            else:
                assert door.chat(KEYED).status == 424
        assert practice.stats()["accepted"] == 1


def test_a_failure_that_repeats_nothing_is_tried_again() -> None:
    """After a 429, a lost connection or a wrong request, the same key asks the site."""
    practice = Practice(limit_every=1, retry_after=600)
    with practice as site, gateway(site) as door:
        assert door.chat(KEYED, model="none").status == 404
        assert door.chat(KEYED).status == 429
        practice.faults(limit_every=0)
    with practice as site, gateway(site) as door:
        practice.stop()
        assert door.chat(KEYED).status == 503
        assert door.chat(KEYED).status == 503


def test_a_retry_of_a_failure_gets_no_other_answer() -> None:
    """Of two equal questions one is answered and one finds no site: the retry of that one asks the site."""
    practice = Practice(port=free_port())
    with practice as site, gateway(site) as door:
        answered = door.chat(FIRST)
        practice.stop()
        assert [answered.status, door.chat(FIRST).status] == [200, 503]
        practice.start()
        asked = door.chat(AGAIN)
        assert (asked.status, practice.stats()["accepted"]) == (200, 1)
        assert asked.json()["id"] != answered.json()["id"]


def test_a_count_alone_finds_no_old_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was sent to its end some time ago is another question's answer; by its key it is found."""
    monkeypatch.setattr("chatdoor.gateway.joins.TOLD_SECONDS", 0.0)
    with practice_door() as (door, practice):
        for headers in (FIRST, AGAIN, KEYED, KEYED):
            assert door.chat(headers).status == 200
        assert practice.stats()["accepted"] == 3


def test_a_failure_that_may_repeat_a_turn_is_told_again() -> None:
    """A site that answered 500 has read the question."""
    with practice_door(fail_every=1) as (door, practice):
        assert {door.chat(KEYED).status for _ in range(3)} == {424}
        assert practice.stats()["failed"] == 1


def test_what_is_kept_is_bounded() -> None:
    """The oldest goes, by age, by number and by size; what is gone holds no room."""
    with practice_door() as (door, practice):
        for joins in (Joins(most=2), Joins(seconds=0), Joins(most_bytes=0)):
            door.state.joins = joins
            room = joins.room.left
            for name in "abc":
                door.chat({"Idempotency-Key": name})
            assert joins.kept <= 2
            before = practice.stats()["accepted"]
            door.chat({"Idempotency-Key": "a"})
            assert practice.stats()["accepted"] == before + 1
            if not joins.kept:
                assert joins.room.left == room


@pytest.mark.parametrize("stays", [True, False], ids=["the site changed", "the site is gone"])
@pytest.mark.usefixtures("lingering")
def test_a_try_that_lingers_goes_on_over_a_reload(stays: bool) -> None:
    """Its client left, all is read again, and its retry comes: it is answered, and the site was asked once."""
    with practice_door(slow=0.6) as (door, practice):
        house = door.state.house
        before = house.sites["practice"].site
        sites = [replace(before, limits=replace(before.limits, timeout=9.0))] if stays else []

        def renew(now: State) -> Renewed:
            return Renewed(House(sites, {}, before=now.house), now.guard, now.conduct)

        door.server._renewals = Renewals(door.state, renew, door.server.tasks)
        with leaving(door, KEYED):
            until(practice, "accepted", 1)
        door.server.renew()
        wait_until(lambda: door.state.house is not house)
        assert door.chat(KEYED).status == 200
        assert practice.stats()["accepted"] == 1
        assert door.chat().status == (200 if stays else 404)


@STREAMED
def test_a_try_that_has_ended_leaves_nothing_to_the_collector(streamed: bool) -> None:
    """What answered a request is freed as soon as it has ended, and not held in a ring until somebody looks."""
    with practice_door() as (door, _):
        door.chat(FIRST, stream=streamed)
        with left_in_rings(Exchange, Along) as held:
            for _ in range(3):
                door.chat(FIRST, stream=streamed)
            door.wait_until_idle()
        assert not held


@pytest.mark.usefixtures("lingering")
def test_the_end_of_the_gateway_ends_what_lingers() -> None:
    """A try that nobody waits for does not outlive the gateway."""
    with practice_door(reply="sse-delta", slow=30.0) as (door, practice):
        with leaving(door, KEYED):
            until(practice, "accepted", 1)
        until_left(door)
        assert door.state.joins.running == 1
        door.server.stop()
    assert not door.state.joins.running


@pytest.mark.usefixtures("lingering")
def test_a_try_that_nobody_waits_for_is_counted_as_running() -> None:
    """The site is asked for as long as it lingers, so the metrics say so; while somebody waits it counts once."""
    with practice_door(slow=30.0) as (door, practice):
        with leaving(door, KEYED):
            until(practice, "accepted", 1)
            assert value(door, "chatdoor_requests_running") == 2
        until_left(door)
        assert value(door, "chatdoor_requests_running") == 2


@pytest.mark.usefixtures("lingering")
def test_the_answer_of_a_try_whose_client_left_is_counted_for_its_retry(tmp_path: Path) -> None:
    """The retry's line and the metrics say what the site answered, and the tokens count once."""
    practice = Practice(slow=1.0)
    with practice as site, gateway(site, log=AccessLog(tmp_path / "log")) as door:
        with leaving(door, KEYED):
            until(practice, "accepted", 1)
        assert door.chat(KEYED).status == 200
        door.wait_until_idle()
        once = value(door, "chatdoor_tokens_total", direction="output")
        assert door.chat(KEYED).status == 200
        assert value(door, "chatdoor_tokens_total", direction="output") == once == 8
        assert value(door, "chatdoor_requests_total", site="practice", status="200") == 2
        assert value(door, "chatdoor_first_piece_seconds_count", site="practice") == 1
    asked = [line for line in lines(tmp_path / "log") if line["path"] == CHAT]
    assert [(line["status"], line["site"], line.get("finish")) for line in asked] == [
        (499, "practice", None),
        (200, "practice", "stop"),
        (200, "practice", "stop"),
    ]


def test_a_failure_is_logged_for_all_and_counted_once(tmp_path: Path) -> None:
    """A stream that breaks is no success for who has joined it, and one error of the site."""
    practice = Practice(reply="sse-delta", cut_every=1)
    with practice as site, gateway(site, log=AccessLog(tmp_path / "log")) as door:
        for _ in range(2):
            with pytest.raises(http.client.IncompleteRead):
                door.chat(KEYED, stream=True)
        assert value(door, "chatdoor_site_errors_total") == 1
    asked = [line for line in lines(tmp_path / "log") if line["path"] == CHAT]
    assert [(line["status"], line["error"]) for line in asked] == [(200, "reply_cut_short")] * 2
