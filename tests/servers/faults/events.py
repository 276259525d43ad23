"""Chat answers as server-sent events: ``{"delta": text}`` each, closed by ``[DONE]``."""

import asyncio
import json

from tests.servers.wire import Answer, Wire

from .fault import Fault, answer
from .transport import chunk

EVENT_STREAM = "Content-Type: text/event-stream; charset=utf-8"
PIECES = ("Good", " day", " \u2013 to \U0001f600", " you.")
EVENTS_TEXT = "".join(PIECES)
DONE = b"data: [DONE]\n\n"
GAP_SECONDS = 0.02
SPLIT_SECONDS = 0.002


def event(piece: str) -> bytes:
    """One event, its text as UTF-8."""
    return f"data: {json.dumps({'delta': piece}, ensure_ascii=False)}\n\n".encode()


DELTAS = b"".join(map(event, PIECES))


async def stream(wire: Wire) -> None:
    """Each event in a packet of its own, GAP_SECONDS apart."""
    await _begin(wire)
    for piece in PIECES:
        await wire.send(chunk(event(piece)))
        await asyncio.sleep(GAP_SECONDS)
    await wire.send(chunk(DONE) + b"0\r\n\r\n")


async def cut_off(wire: Wire) -> None:
    """Two events, then the end of the connection."""
    await _begin(wire)
    await wire.send(chunk(event(PIECES[0])) + chunk(event(PIECES[1])))


async def reset_after_two(wire: Wire) -> None:
    """Two events, then a TCP reset."""
    await cut_off(wire)
    await asyncio.sleep(GAP_SECONDS)
    wire.reset()


async def stalled(wire: Wire) -> None:
    """Two events, then silence."""
    await cut_off(wire)
    await wire.stall()


async def endless(wire: Wire) -> None:
    """Events without end, as fast as they are read."""
    await _begin(wire)
    while True:
        await wire.send(chunk(event("again ") * 100))


async def endless_slow(wire: Wire) -> None:
    """Events without end, GAP_SECONDS apart."""
    await _begin(wire)
    while True:
        await wire.send(chunk(event("again ")))
        await asyncio.sleep(GAP_SECONDS)


async def endless_line(wire: Wire) -> None:
    """One event whose line never ends."""
    await _begin(wire)
    await wire.send(chunk(b'data: {"delta": "'))
    while True:
        await wire.send(chunk(b"a" * 65536))


async def endless_comments(wire: Wire) -> None:
    """Comments that keep the connection alive, and never an event."""
    await _begin(wire)
    while True:
        await wire.send(chunk(b": ping\n\n"))
        await asyncio.sleep(GAP_SECONDS)


async def split(wire: Wire) -> None:
    """All of it byte by byte, each in a packet of its own."""
    await _begin(wire)
    for byte in DELTAS + DONE:
        await wire.send(chunk(bytes([byte])))
        await asyncio.sleep(SPLIT_SECONDS)
    await wire.send(b"0\r\n\r\n")


async def _begin(wire: Wire) -> None:
    await wire.send(Answer(200, (EVENT_STREAM,)).head("Transfer-Encoding: chunked"))


EVENTS = {
    "sse_good": Fault(stream, goes_on=True),
    "sse_split": Fault(split, goes_on=True),
    "sse_crlf": answer(200, (DELTAS + DONE).replace(b"\n", b"\r\n"), EVENT_STREAM),
    "sse_no_done": answer(200, DELTAS, EVENT_STREAM),
    "sse_cut_off": Fault(cut_off),
    "sse_reset": Fault(reset_after_two),
    "sse_stalled": Fault(stalled),
    "sse_error_event": answer(200, event(PIECES[0]) + b'event: error\ndata: {"error": "overloaded"}\n\n', EVENT_STREAM),
    "sse_not_json": answer(200, event(PIECES[0]) + b"data: {half\n\n" + DONE, EVENT_STREAM),
    "sse_invalid_utf8": answer(200, b'data: {"delta": "caf\xe9"}\n\n' + DONE, EVENT_STREAM),
    "sse_empty": answer(200, b"", EVENT_STREAM),
    "sse_endless": Fault(endless),
    "sse_endless_slow": Fault(endless_slow),
    "sse_endless_line": Fault(endless_line),
    "sse_endless_comments": Fault(endless_comments),
}
