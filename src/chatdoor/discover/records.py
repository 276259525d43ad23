"""The records of a stream, as recorders kept it: server-sent events, JSON lines, frames.

A record is the name of its event (empty for none) and its data, parsed where it is JSON.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import msgspec

from chatdoor.discover import socketio
from chatdoor.discover.recording import Exchange
from chatdoor.discover.sends import parse_json


class Record(NamedTuple):
    """One record. `event` is "message" where a server-sent event has no name (WHATWG HTML, section 9.2.6)."""

    event: str
    data: object


def read_events(text: str) -> list[Record]:
    """The events of a `text/event-stream`."""
    found, name, data = [], "message", list[str]()
    for line in [*text.replace("\r\n", "\n").split("\n"), ""]:
        field, _, value = line.partition(":")
        if not line and data:
            found.append(Record(name, _data("\n".join(data))))
        if not line:
            name, data = "message", []
        elif field == "event":
            name = value.removeprefix(" ")
        elif field == "data":
            data.append(value.removeprefix(" "))
    return found


def read_lines(text: str) -> list[Record]:
    """The records of JSON lines."""
    return [Record("", _data(line)) for line in text.splitlines() if line.strip()]


def is_lines(text: str) -> bool:
    """Whether a text is JSON lines: two or more, each a table."""
    lines = [line for line in text.splitlines() if line.strip()]
    return len(lines) > 1 and all(line.lstrip().startswith("{") and _is_json(line) for line in lines)


def read_frames(exchange: Exchange, after: int) -> list[Record]:
    """What came over a websocket after that frame, up to the next one that was sent."""
    found = list(_frames(exchange.frames[after + 1 :]))
    return [_event(each.data) for each in found] if exchange.kind == socketio.KIND else found


def _event(data: object) -> Record:
    """A Socket.IO event: one argument stands by itself, as the reply's decoder has it."""
    name, *arguments = data if isinstance(data, list) and data else [""]
    return Record(str(name), arguments[0] if len(arguments) == 1 else arguments or None)


def _frames(frames: Iterable[object]) -> Iterator[Record]:
    for frame in frames:
        if getattr(frame, "sent", False):
            return
        content = getattr(frame, "content", None)
        if isinstance(content, str):
            yield Record("", _data(content))


def _is_json(text: str) -> bool:
    return parse_json(text) is not msgspec.UNSET


def _data(text: str) -> object:
    parsed = parse_json(text)
    return text if parsed is msgspec.UNSET else parsed
