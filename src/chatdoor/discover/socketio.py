"""Socket.IO in a recording: its packets as frames of one exchange, whether they went over a websocket or by polling.

Source: the protocols of Engine.IO 4 and Socket.IO 5 (socket.io/docs/v4/engine-io-protocol, "HTTP long-polling", and
socket-io-protocol, "Packet encoding"). What follows is for every server that speaks them.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final
from urllib.parse import parse_qs

import msgspec
from msgspec.structs import replace

from chatdoor.discover.recording import Body, Exchange, Frame, Recording

KIND: Final = "socketio"
"""The kind of an exchange whose frames are events: the name and the arguments as a JSON list."""

_SEPARATOR: Final = "\x1e"
_EVENT: Final = re.compile(r"42(?:/,)?\d*(\[.*)", re.DOTALL)
_CONNECT: Final = re.compile(r"40(?:/,)?(\{.*\})", re.DOTALL)
_SESSION: Final = re.compile(r'0\{.*?"sid"\s*:\s*"([^"]+)"', re.DOTALL)


def with_events(recording: Recording) -> Recording:
    """The recording with each Socket.IO connection as one exchange, at the place where it began."""
    connections: dict[str, list[Exchange]] = {}
    for exchange in recording.exchanges:
        session = _session(exchange)
        if session:
            connections.setdefault(session, []).append(exchange)
    if not connections:
        return recording
    merged = {id(own[0]): _merged(own) for own in connections.values()}
    inside = {id(each) for own in connections.values() for each in own[1:]}
    kept = (merged.get(id(each), each) for each in recording.exchanges if id(each) not in inside)
    return replace(recording, exchanges=tuple(kept))


def auth_of(exchange: Exchange) -> object:
    """What the page sent when it connected; None for nothing."""
    return msgspec.json.decode(exchange.request.body.text) if exchange.request.body.text else None


def _session(exchange: Exchange) -> str:
    """What connects the requests of one connection; empty where this is none of Socket.IO."""
    query = parse_qs(exchange.request.parts.query)
    if query.get("EIO") != ["4"]:
        return ""
    opened = _SESSION.match(exchange.answer.body.text)
    return query["sid"][0] if "sid" in query else opened[1] if opened else f"entry {exchange.index}"


def _merged(own: Sequence[Exchange]) -> Exchange:
    packets = [packet for exchange in own for packet in _packets(exchange)]
    if all(packet.at is not None for packet in packets):
        packets.sort(key=lambda packet: packet.at or 0)
    events = ((packet, _EVENT.fullmatch(str(packet.content))) for packet in packets)
    frames = tuple(replace(packet, content=found[1]) for packet, found in events if found)
    connects = (_CONNECT.fullmatch(str(packet.content)) for packet in packets if packet.sent)
    auth = next((found[1] for found in connects if found), "")
    request = replace(own[0].request, method="GET", body=Body("application/json", auth) if auth else Body())
    return replace(own[0], request=request, answer=replace(own[0].answer, body=Body()), frames=frames, kind=KIND)


def _packets(exchange: Exchange) -> Iterator[Frame]:
    """What went over a websocket, or in the bodies of a request that polls or posts."""
    if exchange.frames:
        yield from (frame for frame in exchange.frames if isinstance(frame.content, str))
        return
    sides = ((True, exchange.request.body.text, exchange.started), (False, exchange.answer.body.text, exchange.ended))
    for sent, text, at in sides:
        yield from (Frame(sent, packet, at) for packet in text.split(_SEPARATOR) if packet)
