"""Socket.IO in its own words: text packets, from and to what they mean.

Source: the protocols of Engine.IO 4 and Socket.IO 5 (socket.io/docs/v4/engine-io-protocol and
socket-io-protocol). Over a websocket alone, in the namespace `/`, without acknowledgements and binary parts.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeAlias

import msgspec

from chatdoor.flow.answer import parse_json

PATH_QUERY: Final = "EIO=4&transport=websocket"
"""The query of the URL that a websocket is opened at."""


class PacketError(ValueError):
    """Not a packet that is understood; says why."""


class Open(msgspec.Struct, frozen=True):
    """The first packet. Pings come every `ping_interval` seconds; `ping_timeout` later the connection is dead."""

    ping_interval: float
    ping_timeout: float


class Close(msgspec.Struct, frozen=True):
    """The server closes the transport."""


class Ping(msgspec.Struct, frozen=True):
    """Wants a pong with the same payload."""

    payload: str = ""


class Pong(msgspec.Struct, frozen=True):
    """The answer to a ping of ours."""


class Noop(msgspec.Struct, frozen=True):
    """Nothing."""


class Connected(msgspec.Struct, frozen=True):
    """The server took our connect."""


class ConnectError(msgspec.Struct, frozen=True):
    """The server did not take our connect."""

    message: str


class Disconnect(msgspec.Struct, frozen=True):
    """The server ends the namespace: no more events."""


class Event(msgspec.Struct, frozen=True):
    """A named event and its arguments, as JSON has them."""

    name: str
    arguments: tuple[object, ...]


Packet: TypeAlias = Open | Close | Ping | Pong | Noop | Connected | ConnectError | Disconnect | Event


def parse_packet(text: str) -> Packet:
    """What a frame says. Raises PacketError."""
    if not text:
        raise PacketError("expected a Socket.IO packet, got an empty frame")
    read = _PACKETS.get(text[:2]) or _PACKETS.get(text[:1])
    if read is None:
        raise PacketError(_UNBUILT.get(text[:2]) or _UNBUILT.get(text[:1]) or "expected a Socket.IO packet")
    return read(text)


def encode_connect(auth: Mapping[str, object] | None = None) -> str:
    """Asks for the namespace `/`, with the payload that the site wants."""
    return "40" if auth is None else f"40{_json(auth)}"


def encode_event(name: str, arguments: Sequence[object] = ()) -> str:
    """Sends an event."""
    return f"42{_json([name, *arguments])}"


def encode_pong(ping: Ping) -> str:
    """Answers a ping."""
    return f"3{ping.payload}"


def _open(text: str) -> Packet:
    head = _decode(text[1:])
    times = [head.get(key) for key in ("pingInterval", "pingTimeout")] if isinstance(head, dict) else []
    seconds = [time / 1000 for time in times if isinstance(time, int | float) and not isinstance(time, bool)]
    if len(seconds) < 2:
        raise PacketError("expected the times of pings in the first Socket.IO packet")
    return Open(*seconds)


def _connect_error(text: str) -> Packet:
    payload = _payload(text)
    message = payload.get("message") if isinstance(payload, dict) else payload
    return ConnectError(message if isinstance(message, str) else "")


def _event(text: str) -> Packet:
    if text[2:3].isdigit():
        raise PacketError("the event asks for an acknowledgement, which chatdoor does not send")
    array = _payload(text)
    if not isinstance(array, list) or not array or not isinstance(array[0], str):
        raise PacketError("expected a Socket.IO event with a name")
    return Event(array[0], tuple(array[1:]))


def _payload(text: str) -> object:
    """The JSON after the type. A namespace stands before it and ends with a comma."""
    if text[2:3] == "/" and not text.startswith("/,", 2):
        raise PacketError("the packet is for another namespace than /")
    return _decode(text[2:].removeprefix("/,"))


def _decode(text: str) -> object:
    try:
        return parse_json(text)
    except (ValueError, RecursionError) as error:
        raise PacketError("expected JSON in a Socket.IO packet") from error


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


_PACKETS: Final[Mapping[str, Callable[[str], Packet]]] = {
    "0": _open,
    "1": lambda _: Close(),
    "2": lambda text: Ping(text[1:]),
    "3": lambda _: Pong(),
    "6": lambda _: Noop(),
    "40": lambda _: Connected(),
    "41": lambda _: Disconnect(),
    "42": _event,
    "44": _connect_error,
}
"""How a packet begins -> its reader. The first character is of Engine.IO, the second of Socket.IO."""

_UNBUILT: Final = {
    "43": "the packet is an acknowledgement, and none was asked for",
    "45": "the packet has binary parts, which are not read",
    "46": "the packet has binary parts, which are not read",
    "b": "the packet is binary, which is not read",
    "5": "the packet is an upgrade of the transport, and there is none",
}
"""How a packet begins that the protocol has and chatdoor does not -> why it is an error."""
