"""What a browser tells of its network, event by event, as a recording (HAR 1.2).

The events are those of the Chrome DevTools Protocol, domain Network. One request is told in several of them: what is
sent and its headers as they went out with cookies, the head of the answer and its headers as they came, the body in
pieces, the end. A redirect tells the next request under the same id. Several sessions may tell the same event; the
first one counts. Source: https://chromedevtools.github.io/devtools-protocol/tot/Network/
"""

import base64
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple, TypeAlias

import msgspec

from chatdoor.discover.recording import ASSET_KINDS
from chatdoor.flow.answer import Answer
from chatdoor.flow.effects import Head, Moment

Told: TypeAlias = Mapping[str, Any]
"""The parameters of an event, as the protocol has them."""

MAX_BYTES: Final = 400_000_000
"""Bytes of bodies that are kept in all. What comes later has no body."""

_WAITED_FOR: Final = frozenset({"document", "xhr", "fetch", "eventsource", "other"})
"""Kinds of requests that a reply can come by."""


class Taken(NamedTuple):
    """What a recorder brings home: a HAR file, and what was typed as a password, which no file may hold in clear."""

    har: bytes
    passwords: tuple[str, ...]


class Hop:
    """One request and its answer, as far as they were told. A redirect is a hop of its own."""

    def __init__(self, told: Told, kind: str) -> None:
        self.request: Told = told["request"]
        self.kind = kind.lower()
        self.started: float = told.get("wallTime", 0.0)
        self.clock: float = told.get("timestamp", 0.0)
        self.ended: float | None = None
        self.sent_headers: Told = {}
        self.response: Told = {}
        self.came_headers: Told = {}
        self.pieces: list[bytes] = []
        self.whole: bytes | str | None = None
        self.frames: list[dict[str, object]] = []
        self.teller: int | None = None

    @property
    def unended(self) -> bool:
        """True where the answer may still bring a reply."""
        return self.ended is None and self.kind in _WAITED_FOR


class Tape:
    """All that was told. `sent` counts requests and frames, `came` heads of answers, pieces of bodies, frames."""

    def __init__(self) -> None:
        self.sent = 0
        self.came = 0
        self._hops: list[Hop] = []
        self._by_id: dict[str, list[Hop]] = {}
        self._early: dict[str, list[tuple[str, int, Told]]] = {}
        self._heard: set[tuple[str, str, int]] = set()
        self._counts: dict[tuple[int, str, str], int] = {}
        self._bytes = 0

    @property
    def length(self) -> int:
        """How many requests were told."""
        return len(self._hops)

    @property
    def last_page(self) -> Answer | None:
        """The last page that a window was led to, as far as it came."""
        pages = [hop for hop in self._hops if hop.kind == "document" and hop.response]
        return _page(pages[-1]) if pages else None

    def unanswered(self, since: int) -> int:
        """How many requests, of those after the first `since`, have no answer yet."""
        return sum(hop.unended and not hop.response for hop in self._hops[since:])

    def unended(self, since: int) -> int:
        """How many requests, of those after the first `since`, have an answer that has not ended."""
        return sum(hop.unended and bool(hop.response) for hop in self._hops[since:])

    def hear(self, teller: int, event: str, told: Told) -> None:
        """Takes an event; `teller` is the session that told it. One that is of no use is passed over."""
        if event not in EVENTS:
            return
        name = str(told.get("requestId", ""))
        place = (teller, event, name)
        self._counts[place] = nth = self._counts.get(place, 0) + 1
        if event not in _MANY:
            if (event, name, nth) in self._heard:
                return
            self._heard.add((event, name, nth))
        if event not in _FIRST and name not in self._by_id:
            self._early.setdefault(name, []).append((event, teller, told))
            return
        EVENTS[event](self, name, teller, told)
        for early, its, before in self._early.pop(name, ()) if name in self._by_id else ():
            EVENTS[early](self, name, its, before)

    def hear_body(self, name: str, body: bytes | str) -> None:
        """Takes the whole body of the last answer to that request, where no pieces of it were told."""
        hop = self._last(name)
        if hop and hop.whole is None and self._fits(len(body)):
            hop.whole = body

    def hear_beginning(self, name: str, teller: int, data: bytes) -> None:
        """Takes what had come of a body before its pieces are told."""
        hop = self._last(name)
        if hop and hop.teller in {None, teller} and self._fits(len(data)):
            hop.teller = teller
            hop.pieces.insert(0, data)

    def hear_sent(self, name: str, text: str) -> None:
        """Takes the body of a request that its event did not hold."""
        hop = self._last(name)
        if hop:
            hop.request = {**hop.request, "postData": text}

    def hear_whole(self, told: Told, response: Told, body: bytes) -> None:
        """Takes a request with its answer, which no event told."""
        hop = Hop(told, str(told["type"]))
        hop.response, hop.ended = response, hop.clock
        self._hops.append(hop)
        if self._fits(len(body)):
            hop.whole = body

    def is_streamed(self, name: str) -> bool:
        """Whether the pieces of that body are told from its beginning on."""
        hop = self._last(name)
        return bool(hop and hop.teller is not None)

    def har(self, recorder: str, version: str) -> bytes:
        """All of it as a file."""
        creator = {"name": recorder, "version": version}
        entries = [_entry(hop) for hop in self._hops if hop.kind not in ASSET_KINDS]
        return msgspec.json.encode({"log": {"version": "1.2", "creator": creator, "pages": [], "entries": entries}})

    def _last(self, name: str) -> Hop | None:
        return self._by_id[name][-1] if name in self._by_id else None

    def _fits(self, size: int) -> bool:
        self._bytes += size
        return self._bytes <= MAX_BYTES

    def _begin(self, name: str, _teller: int, told: Told) -> None:
        hops = self._by_id.setdefault(name, [])
        if hops and "redirectResponse" in told:
            hops[-1].response = told["redirectResponse"]
            hops[-1].ended = told.get("timestamp")
        self._add(name, Hop(told, str(told.get("type", ""))))

    def _begin_socket(self, name: str, _teller: int, told: Told) -> None:
        self._add(name, Hop({"request": {"method": "GET", "url": told["url"]}}, "websocket"))

    def _add(self, name: str, hop: Hop) -> None:
        self.sent += 1
        self._by_id.setdefault(name, []).append(hop)
        self._hops.append(hop)

    def _socket_sent(self, name: str, _teller: int, told: Told) -> None:
        hop = self._by_id[name][-1]
        hop.started, hop.clock = told.get("wallTime", 0.0), told.get("timestamp", 0.0)
        hop.sent_headers = hop.sent_headers or told["request"].get("headers", {})

    def _socket_opened(self, name: str, _teller: int, told: Told) -> None:
        hop = self._by_id[name][-1]
        hop.response = told["response"]
        hop.sent_headers = told["response"].get("requestHeaders") or hop.sent_headers

    def _sent_headers(self, name: str, _teller: int, told: Told) -> None:
        hop = next((hop for hop in self._by_id[name] if not hop.sent_headers), self._by_id[name][-1])
        hop.sent_headers = told["headers"]

    def _came_headers(self, name: str, _teller: int, told: Told) -> None:
        hop = next((hop for hop in self._by_id[name] if not hop.came_headers), self._by_id[name][-1])
        hop.came_headers = told["headers"]

    def _answered(self, name: str, _teller: int, told: Told) -> None:
        self.came += 1
        hop = self._by_id[name][-1]
        hop.response, hop.kind = told["response"], str(told.get("type", hop.kind)).lower()

    def _piece(self, name: str, teller: int, told: Told) -> None:
        self.came += 1
        hop = self._by_id[name][-1]
        if told.get("data") and hop.teller in {None, teller}:
            data = base64.b64decode(told["data"])
            if self._fits(len(data)):
                hop.teller = teller
                hop.pieces.append(data)

    def _ended(self, name: str, _teller: int, told: Told) -> None:
        self._by_id[name][-1].ended = told.get("timestamp", 0.0)

    def _frame_out(self, name: str, _teller: int, told: Told) -> None:
        self.sent += 1
        self._by_id[name][-1].frames.append(_frame("send", self._by_id[name][-1], told))

    def _frame_in(self, name: str, _teller: int, told: Told) -> None:
        self.came += 1
        self._by_id[name][-1].frames.append(_frame("receive", self._by_id[name][-1], told))


EVENTS: Final[Mapping[str, Callable[[Tape, str, int, Told], None]]] = {
    "Network.requestWillBeSent": Tape._begin,
    "Network.requestWillBeSentExtraInfo": Tape._sent_headers,
    "Network.responseReceived": Tape._answered,
    "Network.responseReceivedExtraInfo": Tape._came_headers,
    "Network.dataReceived": Tape._piece,
    "Network.loadingFinished": Tape._ended,
    "Network.loadingFailed": Tape._ended,
    "Network.webSocketCreated": Tape._begin_socket,
    "Network.webSocketWillSendHandshakeRequest": Tape._socket_sent,
    "Network.webSocketHandshakeResponseReceived": Tape._socket_opened,
    "Network.webSocketFrameSent": Tape._frame_out,
    "Network.webSocketFrameReceived": Tape._frame_in,
    "Network.webSocketClosed": Tape._ended,
}
"""The events that are heard -> what they do to the tape."""

_FIRST: Final = {"Network.requestWillBeSent", "Network.webSocketCreated"}
_MANY: Final = {"Network.dataReceived"}
"""Told often, and of each session's own: a piece is kept with the session that told the first."""


def _frame(kind: str, hop: Hop, told: Told) -> dict[str, object]:
    frame = told["response"]
    at = hop.started + told.get("timestamp", hop.clock) - hop.clock
    return {"type": kind, "time": at, "opcode": frame.get("opcode", 1), "data": frame.get("payloadData", "")}


def _entry(hop: Hop) -> dict[str, object]:
    ended = hop.clock if hop.ended is None else hop.ended
    frames = {"_webSocketMessages": hop.frames} if hop.kind == "websocket" else {}
    return {
        "startedDateTime": datetime.fromtimestamp(hop.started, UTC).isoformat(),
        "time": max(ended - hop.clock, 0.0) * 1000,
        "request": _request(hop),
        "response": _response(hop),
        "_resourceType": hop.kind,
        **frames,
    }


def _request(hop: Hop) -> dict[str, object]:
    headers = hop.sent_headers or hop.request.get("headers", {})
    text = _sent_text(hop.request)
    kind = _lower(headers).get("content-type", "")
    post = {"postData": {"mimeType": kind, "text": text}} if text else {}
    fragment = hop.request.get("urlFragment", "")
    url = str(hop.request["url"]).removesuffix(fragment) if fragment else hop.request["url"]
    about = {"httpVersion": "", "queryString": [], "headersSize": -1, "bodySize": -1}
    return {"method": hop.request["method"], "url": url, "headers": _pairs(headers), "cookies": [], **about, **post}


def _sent_text(request: Told) -> str:
    """The body of a request. Where it was sent in parts, these; bytes that are no text become U+FFFD."""
    if request.get("postData") is not None:
        return str(request["postData"])
    parts = [base64.b64decode(part["bytes"]) for part in request.get("postDataEntries", ()) if "bytes" in part]
    return b"".join(parts).decode("utf-8", "replace")


def _response(hop: Hop) -> dict[str, object]:
    headers = _came(hop)
    kind = _lower(headers).get("content-type") or hop.response.get("mimeType", "")
    return {
        "status": hop.response.get("status", 0),
        "statusText": "",
        "httpVersion": "",
        "headers": _pairs(headers),
        "cookies": [],
        "content": {"mimeType": kind, **_content(_body(hop))},
        "redirectURL": _lower(headers).get("location", ""),
        "headersSize": -1,
        "bodySize": -1,
    }


def _came(hop: Hop) -> Told:
    return hop.came_headers or hop.response.get("headers", {})


def _body(hop: Hop) -> bytes | str | None:
    return b"".join(hop.pieces) if hop.teller is not None else hop.whole


def _content(body: bytes | str | None) -> dict[str, object]:
    if isinstance(body, bytes):
        return {"size": len(body), "text": base64.b64encode(body).decode(), "encoding": "base64"}
    return {"size": -1} if body is None else {"size": len(body), "text": body}


def _page(hop: Hop) -> Answer:
    body = _body(hop) or b""
    head = Head(hop.response.get("status", 0), tuple(_lower(_came(hop)).items()), hop.request["url"], Moment(0.0, 0.0))
    return Answer(head, body.encode() if isinstance(body, str) else body)


def _pairs(headers: Told) -> list[dict[str, str]]:
    return [{"name": name, "value": str(value)} for name, value in headers.items()]


def _lower(headers: Told) -> dict[str, str]:
    return {name.lower(): str(value) for name, value in headers.items()}
