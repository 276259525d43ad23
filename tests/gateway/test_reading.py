"""Retries that read along, at each endpoint: what goes wrong is told in that endpoint's own form."""

import asyncio
import contextlib
import http.client
import json
import socket
from typing import Any

import pytest
from openai.types.responses import ResponseStreamEvent

from chatdoor.gateway.exchange import Exchange
from chatdoor.gateway.joins import Joins, Mark
from chatdoor.gateway.problem import Problem
from chatdoor.gateway.reading import Reading
from chatdoor.gateway.room import Room
from chatdoor.gateway.state import Conduct
from chatdoor.gateway.tape import TAPE_BYTES, Tape, too_slow
from tests.gateway.door import SECONDS, Door, practice_door
from tests.gateway.openai_shapes import check_error
from tests.gateway.sdk_types import events, fits
from tests.gateway.test_along import Client
from tests.servers.waiting import wait_until

KEYED = {"Idempotency-Key": "one"}
EVENT: Any = ResponseStreamEvent
HELLO: dict[str, dict[str, object]] = {
    "/v1/chat/completions": {"messages": [{"role": "user", "content": "Hello"}]},
    "/v1/completions": {"prompt": "Hello"},
    "/v1/responses": {"input": "Hello"},
}
ENDPOINTS = pytest.mark.parametrize("path", HELLO)
FORMS = pytest.mark.parametrize("streamed", [True, False], ids=["streamed", "whole"])
BEGINS = pytest.mark.parametrize("heartbeat", [15.0, 0.1], ids=["begun", "only comments"])


def ask(door: Door, path: str, *, streamed: bool, reads: int | None = None, wait: float = SECONDS) -> tuple[int, bytes]:
    """Status and body of one try; what is there of it where it breaks off.

    It leaves after `wait` seconds with no answer, or after it has read so many bytes.
    """
    connection = http.client.HTTPConnection("127.0.0.1", door.port, timeout=wait)
    body = json.dumps({"model": "practice", "stream": streamed, **HELLO[path]})
    with contextlib.closing(connection):
        connection.request("POST", path, body, {"Content-Type": "application/json", **KEYED})
        answer = connection.getresponse()
        try:
            return answer.status, answer.read(reads)
        except http.client.IncompleteRead as cut:
            return answer.status, cut.partial
        finally:
            answer.close()


def check_stream(path: str, body: bytes, code: str) -> None:
    """The stream ends with an error of that code in the endpoint's form, and each event before it is a good one."""
    assert b"[DONE]" not in body
    assert b"response.completed" not in body
    if path != "/v1/responses":
        *_, last, rest = body.decode().split("\n\n")
        assert (check_error(json.loads(last.removeprefix("data: "))).code, rest) == (code, "")
        return
    read = [fits(EVENT, data) for _, data in events(body)]
    assert [name for name, _ in events(body)] == [event.type for event in read]
    assert [event.sequence_number for event in read] == list(range(len(read)))
    assert [event.type for event in read[-2:]] == ["error", "response.failed"]
    assert read[-2].code == code
    assert read[-1].response.status == "failed"


@ENDPOINTS
@FORMS
def test_what_fails_is_told_again_in_its_own_form(path: str, streamed: bool) -> None:
    """A site that broke off: the retry gets what the first try got, byte for byte."""
    with practice_door(reply="sse-delta", cut_every=1) as (door, practice):
        first, again = (ask(door, path, streamed=streamed) for _ in range(2))
        assert first == again
        assert practice.stats()["accepted"] == 1
    if streamed:
        check_stream(path, again[1], "reply_cut_short")
    else:
        assert (again[0], check_error(json.loads(again[1])).code) == (424, "reply_cut_short")


@ENDPOINTS
@BEGINS
def test_a_stream_that_is_given_up_says_so_in_its_own_form(path: str, heartbeat: float) -> None:
    """Who comes back after all have left gets what was sent, and then the endpoint's own error."""
    slow: dict[str, Any] = {"pause": 1.0} if heartbeat > 1 else {"slow": 30.0}
    with practice_door(reply="sse-delta", **slow) as (door, practice):
        door.state.conduct = Conduct(heartbeat=heartbeat)
        status, _ = ask(door, path, streamed=True, reads=5)
        wait_until(lambda: not door.state.joins.running)
        assert (status, practice.stats()["accepted"]) == (200, 1)
        status, body = ask(door, path, streamed=True)
    assert status == 200
    check_stream(path, body, "first_try_given_up")


@ENDPOINTS
def test_a_whole_answer_that_was_given_up_is_a_409(path: str) -> None:
    """There is one envelope for all endpoints."""
    with practice_door(slow=30.0) as (door, _):
        with pytest.raises(TimeoutError):
            ask(door, path, streamed=False, wait=0.2)
        wait_until(lambda: not door.state.joins.running)
        status, told = ask(door, path, streamed=False)
        assert (status, check_error(json.loads(told)).code) == (409, "first_try_given_up")


def test_a_reader_who_is_too_slow_is_told_in_the_form_of_the_stream() -> None:
    """A streamed response goes on counting its events; other streams have a mere envelope."""
    delta = b'event: response.output_text.delta\ndata: {"sequence_number":%d,"delta":"%b"}\n\n'

    async def error(*frames: bytes) -> bytes:
        tape = Tape(Room(10**9))
        reading = Reading(tape)
        for frame in frames:
            tape.add(frame)
            assert await reading.next() == frame
        tape.has_read(tape.sent)
        tape.add(b": keep-alive\n\n")
        for number in range(8, 12):
            tape.add(delta % (number, b"x" * TAPE_BYTES) if frames[0].startswith(b"event") else b"x" * TAPE_BYTES)
            tape.all_is_read()
        with pytest.raises(Problem) as problem:
            await reading.next()
        return reading.error_frame(problem.value)

    named = asyncio.run(error(delta % (7, rb"in \"sequence_number\":99"), b": keep-alive\n\n"))
    ((name, data),) = events(named)
    told = fits(EVENT, data)
    assert (name, told.type, told.sequence_number, told.code) == ("error", "error", 8, "answer_not_kept")
    plain = asyncio.run(error(b"data: {}\n\n")).decode()
    assert check_error(json.loads(plain.removeprefix("data: "))).message == too_slow().message


def test_a_client_that_takes_nothing_keeps_no_retry_waiting() -> None:
    """While one try's connection is full, another reads ten megabytes; what is held of them is bounded."""
    prompts = {"model": "practice", "prompt": ["w" * 150_000] * 4, "n": 16, "echo": True, "stream": True}
    body = json.dumps(prompts).encode()
    lines = ["POST /v1/completions HTTP/1.1", "Content-Type: application/json", f"Content-Length: {len(body)}"]
    with practice_door(reply="sse-delta", slow=1.5) as (door, _), contextlib.ExitStack() as stack:
        head = "\r\n".join([*lines, f"Host: 127.0.0.1:{door.port}", "Idempotency-Key: one", "", ""]).encode()
        stuck, fast = (stack.enter_context(socket.socket()) for _ in range(2))
        stuck.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)  # else the system reads megabytes for it
        for count, one in enumerate((stuck, fast), 1):
            one.settimeout(SECONDS)
            one.connect(("127.0.0.1", door.port))
            one.sendall(head + body)
            door.wait_until_busy(count)
        received, tail = 0, b""
        while tail != b"0\r\n\r\n" and (last := fast.recv(1_000_000)):
            received, tail = received + len(last), (tail + last)[-5:]
        assert received > 64 * 150_000
        (tried,) = door.state.joins._running
        assert tried.tape.size <= TAPE_BYTES


@pytest.mark.parametrize("over", [True, False], ids=["was answered", "is answered"])
def test_a_retry_that_has_ended_its_own_side(over: bool) -> None:
    """As with any request: it is answered what needs no site, and else it is gone, and noted as that alone."""

    class Half(Client):
        def watch(self, leave: Any) -> None:
            leave(asyncio.current_task())

    async def scene() -> None:
        joins, mark, ends, late = Joins(), Mark(b"k", retry=True), asyncio.Event(), Half()

        async def answer(first: Exchange) -> None:
            await first.begin(200, [])
            await first.write(b"part")
            await ends.wait()
            await first.end()

        trying = asyncio.create_task(joins.answer(Client().exchange, "", mark, b"", answer))
        await asyncio.sleep(0)
        if over:
            ends.set()
            await trying
        exchange = late.exchange
        await asyncio.wait([asyncio.create_task(joins.answer(exchange, "", mark, b"", answer))])
        ends.set()
        await trying
        heard = ["200", b"part", b"", "end"] if over else []
        assert (exchange.gone, exchange.status, late.heard) == (not over, 200 * over, heard)

    asyncio.run(scene())
