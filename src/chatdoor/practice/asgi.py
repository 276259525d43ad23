"""The practice site as an ASGI application (ASGI specification 3.0, HTTP 2.3): bytes and time, no decisions."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Required, TypedDict

from chatdoor.practice.app import answer
from chatdoor.practice.frames import Heard, answer_frame, takes_frames
from chatdoor.practice.state import State
from chatdoor.practice.wire import Answer, Request, problem

BODY_MOST = 1_000_000
"""Bytes of a request's body that are kept. A longer body is answered 413."""
DRAIN_MOST = 16_000_000
"""Bytes of a request's body that are read at all. Reading on lets a client see the 413, not a reset."""

DROP = "chatdoor.drop"
"""Our extension of the scope: its `now` drops the connection after what was sent."""


class Scope(TypedDict, total=False):
    """What a server says about a connection's request."""

    type: Required[str]
    method: str
    path: str
    query_string: bytes
    headers: list[tuple[bytes, bytes]]
    client: tuple[str, int] | None
    server: tuple[str, int | None] | None
    extensions: Mapping[str, Mapping[str, Callable[[], None]]]


class Event(TypedDict, total=False):
    """What the server and the application tell each other."""

    type: Required[str]
    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes
    more_body: bool
    text: str
    code: int


Receive = Callable[[], Awaitable[Event]]
Send = Callable[[Event], Awaitable[None]]


class PracticeApp:
    """The ASGI application of one practice site."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request, or talks over one websocket. Ends early, without a word, where the client is gone."""
        if scope["type"] == "websocket":
            await _talk(scope, receive, send, self._state)
            return
        body = await _read_body(receive)
        if body is None:
            return
        too_large = len(body) > BODY_MOST
        given = _TOO_LARGE if too_large else answer(_request(scope, body), self._state)
        await _send_answer(given, scope, receive, send)


_TOO_LARGE = problem(413, f"the body has more than {BODY_MOST} bytes", ("Connection", "close"))


async def _talk(scope: Scope, receive: Receive, send: Send, state: State) -> None:
    """Opens the websocket and answers its frames. What comes while a reply goes out is passed over."""
    await receive()
    handshake = _request(scope, b"")
    if not takes_frames(handshake, state):
        await send({"type": "websocket.close"})  # before it is accepted: HTTP 403
        return
    await send({"type": "websocket.accept"})
    while (event := await receive())["type"] == "websocket.receive":
        if not await _send_frames(answer_frame(handshake, (event.get("text") or "").encode(), state), receive, send):
            break


async def _send_frames(heard: Heard, receive: Receive, send: Send) -> bool:
    """Whether the connection is still there after what was heard got its frames."""
    if await _is_gone_within(heard.wait, receive):
        return False
    for index, frame in enumerate(heard.frames):
        if index and await _is_gone_within(heard.pause, receive):
            return False
        await send({"type": "websocket.send", "text": frame})
    if heard.close:
        await send({"type": "websocket.close", "code": heard.close})
    return not heard.close


def _request(scope: Scope, body: bytes) -> Request:
    return Request(
        method=scope.get("method", "GET"),
        path=scope["path"],
        query=scope["query_string"].decode("latin-1"),
        headers={name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]},
        body=body,
        peer=(scope.get("client") or ("", 0))[0],
        port=(scope.get("server") or ("", 0))[1] or 0,
    )


async def _read_body(receive: Receive) -> bytes | None:
    """The body, at most one byte more than is kept of it. None: the client is gone."""
    kept = bytearray()
    read = 0
    while read <= DRAIN_MOST:
        event = await receive()
        if event["type"] == "http.disconnect":
            return None
        chunk = event.get("body", b"")
        read += len(chunk)
        kept += chunk[: BODY_MOST + 1 - len(kept)]
        if not event.get("more_body", False):
            break
    return bytes(kept)


async def _send_answer(given: Answer, scope: Scope, receive: Receive, send: Send) -> None:
    if await _is_gone_within(given.wait, receive):
        return
    headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in given.headers]
    await send({"type": "http.response.start", "status": given.status, "headers": headers})
    for index, chunk in enumerate(given.body):
        if index and await _is_gone_within(given.pause, receive):
            return
        await send({"type": "http.response.body", "body": chunk, "more_body": True})
    if given.broken:
        await _drop(scope, receive)
    else:
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _is_gone_within(seconds: float, receive: Receive) -> bool:
    """Whether the client leaves within so many seconds. Returns after them, or as soon as it has left."""
    if not seconds:
        return False
    try:
        async with asyncio.timeout(seconds):
            await _until_gone(receive)
    except TimeoutError:
        return False
    return True


async def _drop(scope: Scope, receive: Receive) -> None:
    extension = scope.get("extensions", {}).get(DROP)
    if extension is not None:  # another server drops the connection itself, since the answer has no end
        extension["now"]()
        await _until_gone(receive)


async def _until_gone(receive: Receive) -> None:
    while not (await receive())["type"].endswith(".disconnect"):
        pass
