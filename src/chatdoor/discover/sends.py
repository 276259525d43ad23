"""What a browser sent, as a site file would write it: where to, what is in the body, what is in the query.

A request and a frame of a websocket are the same here. Headers that a browser writes by itself are left out.
"""

import re
from collections.abc import Iterator
from typing import Final, TypeAlias
from urllib.parse import parse_qsl, unquote

import msgspec

from chatdoor.discover import socketio
from chatdoor.discover.opaque import shape_of
from chatdoor.discover.recording import Exchange, Recording
from chatdoor.site.headers import is_header

Place: TypeAlias = tuple[str | int, ...]
"""Where a value stands in what was sent: `("path", 1)`, `("query", "q")`, `("header", "x-token")`,
`("body", "messages", 0, "content")`; `("body",)` is a body of plain text."""

_WRITTEN_BY_BROWSERS: Final = frozenset(
    (
        *("accept", "accept-encoding", "accept-language", "cache-control", "connection", "content-length", "cookie"),
        *("content-type", "dnt", "host", "if-modified-since", "if-none-match", "keep-alive", "origin", "pragma"),
        *(
            "priority",
            "range",
            "referer",
            "te",
            "trailer",
            "transfer-encoding",
            "upgrade",
            "user-agent",
            "x-client-data",
        ),
        *("upgrade-insecure-requests", "traceparent", "tracestate", "baggage", "sentry-trace", "newrelic"),
    )
)
"""Headers of browsers, and those by which monitoring follows a request (W3C Trace Context, Sentry, New Relic)."""


class Sent(msgspec.Struct, frozen=True):
    """One request, or one frame. `kind` is the body's key in a site file, empty for none.

    `verb` is the step's key: HEAD is written as `get`, which gives the same headers (RFC 9110, section 9.3.2; SAP's
    pages fetch their token so).

    `body` is parsed JSON, a table of fields, or text. `index` is the entry's, `frame` the frame's place in it or -1.
    `is_binary`: a frame whose bytes are no text.
    """

    exchange: Exchange
    verb: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    kind: str = ""
    body: object = None
    frame: int = -1
    is_binary: bool = False

    @property
    def index(self) -> int:
        """The entry's place in the file."""
        return self.exchange.index

    @property
    def is_frame(self) -> bool:
        """Whether it went over a connection that stays open."""
        return self.frame >= 0

    @property
    def host(self) -> str:
        """Host and port."""
        return self.exchange.request.parts.netloc


def sent_by(recording: Recording) -> list[Sent]:
    """All of it, in order, without what only decorates a page."""
    return [each for exchange in recording.exchanges if not exchange.is_asset for each in _of_exchange(exchange)]


def values(sent: Sent) -> Iterator[tuple[Place, object]]:
    """Each text, number and null, with its place; lists and tables are gone into."""
    yield from ((("path", at), unquote(part)) for at, part in enumerate(sent.path.split("/")) if part)
    yield from ((("query", name), value) for name, value in sent.query.items())
    yield from ((("header", name), value) for name, value in sent.headers.items())
    yield from _walk(("body",), sent.body)


def value_at(sent: Sent, place: Place) -> object:
    """The value at a place; UNSET where there is no such place."""
    if place[0] == "path":
        parts = sent.path.split("/")
        at = int(place[1])
        return unquote(parts[at]) if at < len(parts) else msgspec.UNSET
    roots: dict[str | int, object] = {"query": sent.query, "header": sent.headers, "body": sent.body}
    value = roots[place[0]]
    for part in place[1:]:
        value = _step(value, part)
    return value


def _step(value: object, part: str | int) -> object:
    if isinstance(value, dict):
        return value.get(part, msgspec.UNSET)
    if isinstance(value, list) and isinstance(part, int) and -len(value) <= part < len(value):
        return value[part]
    return msgspec.UNSET


def _walk(place: Place, value: object) -> Iterator[tuple[Place, object]]:
    waiting: list[tuple[Place, object]] = [(place, value)] if value is not None or len(place) > 1 else []
    while waiting:
        at, each = waiting.pop()
        if isinstance(each, dict):
            waiting += [((*at, str(key)), below) for key, below in reversed(each.items())]
        elif isinstance(each, list):
            waiting += [((*at, number), below) for number, below in reversed(list(enumerate(each)))]
        else:
            yield at, each


def _of_exchange(exchange: Exchange) -> Iterator[Sent]:
    request = exchange.request
    parts = request.parts
    query = dict(parse_qsl(parts.query, keep_blank_values=True)) if parts.query else {}
    if exchange.kind == socketio.KIND:
        yield from _events(exchange, {name: each for name, each in query.items() if name not in _OF_TRANSPORT})
        return
    if parts.scheme in {"ws", "wss"} or exchange.frames:
        for at, frame in enumerate(exchange.frames):
            if frame.sent:
                kind, body = _text_body(frame.content) if isinstance(frame.content, str) else ("", None)
                binary = not isinstance(frame.content, str)
                yield Sent(exchange, "websocket", parts.path or "/", query, {}, kind, body, at, binary)
        return
    kind, body = _request_body(exchange)
    verb = "get" if request.method == "HEAD" else request.method.lower()
    yield Sent(exchange, verb, parts.path or "/", query, _own_headers(exchange), kind, body)


_OF_TRANSPORT: Final = frozenset({"EIO", "transport", "sid", "t"})
"""Fields of a query that Engine.IO itself writes."""


def _events(exchange: Exchange, query: dict[str, str]) -> Iterator[Sent]:
    """What was sent over Socket.IO: each event with what the page connected with, as a step has both."""
    auth = socketio.auth_of(exchange)
    for at, frame in enumerate(exchange.frames):
        parsed = parse_json(frame.content) if isinstance(frame.content, str) else None
        if frame.sent and isinstance(parsed, list):
            body = {"emit": parsed} if auth is None else {"auth": auth, "emit": parsed}
            yield Sent(exchange, "socketio", exchange.request.parts.path or "/", query, {}, "socketio", body, at)


def _own_headers(exchange: Exchange) -> dict[str, str]:
    return {name: value for name, value in exchange.request.headers if _is_own(name) and is_header(name, value)}


def _is_own(name: str) -> bool:
    others = ("sec-", "proxy-", "x-sentry", "x-datadog", "x-b3-")
    return name not in _WRITTEN_BY_BROWSERS and not name.startswith(others)


def _request_body(exchange: Exchange) -> tuple[str, object]:
    request = exchange.request
    if request.fields:
        return ("multipart" if "multipart" in request.body.type else "form"), dict(request.fields)
    return _text_body(request.body.text) if request.body.text else ("", None)


def _text_body(text: str) -> tuple[str, object]:
    """JSON where it is a list or a table, whatever its declared type: `navigator.sendBeacon` says text/plain."""
    parsed = parse_json(text)
    return ("json", parsed) if isinstance(parsed, dict | list) else ("text", text)


def parse_json(text: str) -> object:
    """The JSON in a text; UNSET where it is none."""
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError, UnicodeEncodeError):
        return msgspec.UNSET


def path_shape(path: str) -> str:
    """The path with `*` for what differs from call to call: ids and numbers."""
    return "/".join("*" if shape_of(part) or part.isdigit() or _has_id(part) else part for part in path.split("/"))


def _has_id(part: str) -> bool:
    return any(shape_of(piece) for piece in re.split(r"[_.:-]", part)) and any(each.isdigit() for each in part)
