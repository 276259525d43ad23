"""The application as ASGI sees it, driven by hand."""

import asyncio
import tracemalloc
from collections.abc import Iterable

from msgspec.structs import replace

from chatdoor.practice.asgi import BODY_MOST, DRAIN_MOST, Event, PracticeApp, Scope
from chatdoor.practice.behaviour import Behaviour
from chatdoor.practice.state import State

GONE: Event = {"type": "http.disconnect"}
BEHAVIOUR = Behaviour(token="none", history="none")


def _drive(events: Iterable[Event], behaviour: Behaviour = BEHAVIOUR) -> list[Event]:
    """What the application sends when it receives these events; after them the client is gone."""
    coming = iter(events)
    sent: list[Event] = []
    scope: Scope = {
        "type": "http",
        "method": "POST",
        "path": "/generate_response/",
        "query_string": b"",
        "headers": [(b"host", b"localhost"), (b"content-type", b"application/json")],
    }

    async def receive() -> Event:
        return next(coming, GONE)

    async def send(event: Event) -> None:
        sent.append(event)

    asyncio.run(PracticeApp(State(behaviour))(scope, receive, send))
    return sent


def _chunk(body: bytes = b"", *, more: bool = False) -> Event:
    return {"type": "http.request", "body": body, "more_body": more}


def test_a_body_in_pieces_is_one_body() -> None:
    """A body that comes in several pieces, some empty, is read to its end and answered once."""
    start, body, end = _drive([_chunk(b'{"prompt": ', more=True), _chunk(more=True), _chunk(b'"Hello"}')])
    assert start["status"] == 200
    assert body == {
        "type": "http.response.body",
        "body": b'{"response":"Hello. How do you feel today?"}',
        "more_body": True,
    }
    assert end == {"type": "http.response.body", "body": b"", "more_body": False}


def test_a_client_that_leaves_in_its_body_gets_nothing() -> None:
    """When the client is gone before its body has ended, nothing is sent, since there is nobody to read it."""
    assert _drive([_chunk(b"{", more=True)]) == []


def test_a_client_that_leaves_while_it_waits_gets_nothing() -> None:
    """When the client is gone before a slow answer begins, nothing is sent."""
    slow = replace(BEHAVIOUR, slow=3_600.0)
    assert _drive([_chunk(b'{"prompt": "Hello"}')], slow) == []


def test_a_client_that_leaves_in_a_stream_gets_no_more() -> None:
    """When the client is gone in the pause after the first word, nothing follows."""
    slow = replace(BEHAVIOUR, reply="sse-delta", pause=3_600.0)
    start, word = _drive([_chunk(b'{"prompt": "Hello"}')], slow)
    assert start["status"] == 200
    assert word["body"] == b'data: {"delta":"Hello."}\n\n'


def test_a_long_body_takes_no_memory() -> None:
    """What a body has beyond its limit is read and let go, up to a second limit, and answered 413."""
    piece = _chunk(b" " * 65_536, more=True)
    tracemalloc.start()
    tracemalloc.reset_peak()
    before, _ = tracemalloc.get_traced_memory()
    try:
        start, *_ = _drive(piece for _ in range(2 * DRAIN_MOST // 65_536))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert start["status"] == 413
    assert peak - before < 4 * BODY_MOST
