"""The shapes of a reply: a text becomes the answer that carries it."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import accumulate

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from chatdoor.practice.behaviour import Behaviour, Shape
from chatdoor.practice.page import PAGE_HEADERS, chat_page
from chatdoor.practice.wire import HTML, JSON, Answer, document, json_document

_WORD = re.compile(r"\s*\S+|\s+\Z")
_STREAM_HEADERS = (
    ("Cache-Control", "no-store"),
    ("X-Accel-Buffering", "no"),  # nginx would hold the words back
)


class Spoken(Struct, frozen=True):
    """What an answer carries.

    `turns` are all turns that the reply answers, the prompt last. `beside` goes out beside the text, where the shape
    has a place for it: in the same object, or as the first event of a stream. `token` stands in a page. An `error`
    comes in place of the text.
    """

    text: str
    turns: Sequence[str] = ("",)
    beside: Mapping[str, str] = {}
    token: str = ""
    error: str = ""


Record = tuple[str, Mapping[str, str]]
"""One record of a stream: the name of the event, where it has one, and the data."""


def _event(record: Record) -> bytes:
    name, data = record
    named = f"event: {name}\n".encode() if name else b""
    return named + b"data: " + msgspec.json.encode(data) + b"\n\n"


class Stream(Struct, frozen=True):
    """How one shape streams: its records, the name of what is beside them, its end, and how a record is written."""

    records: Callable[[Spoken], Iterator[Record]]
    end: bytes
    opening: str = ""
    write: Callable[[Record], bytes] = _event
    media_type: str = "text/event-stream; charset=utf-8"


def compose(behaviour: Behaviour, spoken: Spoken) -> Answer:
    """The answer that says what is spoken, as a visitor of this site gets it in the end."""
    return _SHAPES[behaviour.reply](behaviour, spoken)


def cut_short(answer: Answer, shape: Shape) -> Answer:
    """The same answer without its second half.

    A stream leaves out its end, in an otherwise sound HTTP answer; the connection closes then. A document, and a text
    that has no end of its own, break off before the length that was promised.
    """
    if len(answer.body) > 1:
        half = answer.body[: len(answer.body) // 2]
        return replace(answer, headers=(*answer.headers, ("Connection", "close")), body=half, broken=shape == "text")
    (body,) = answer.body
    return replace(answer, body=(body[: len(body) // 2],), broken=True)


def _document(_behaviour: Behaviour, spoken: Spoken) -> Answer:
    said = {"error": spoken.error} if spoken.error else {"response": spoken.text}
    return json_document(200, {**said, **spoken.beside})


def _result(_behaviour: Behaviour, spoken: Spoken) -> Answer:
    said = {"error": spoken.error} if spoken.error else {"result": {"text": spoken.text}}
    return json_document(200, {"state": "ready", **said})


def _text(_behaviour: Behaviour, spoken: Spoken) -> Answer:
    headers = (("Content-Type", "text/plain; charset=utf-8"), *_STREAM_HEADERS)
    return Answer(status=200, headers=headers, body=tuple(word.encode() for word in _words(spoken)))


def _page(behaviour: Behaviour, spoken: Spoken) -> Answer:
    return document(200, HTML, chat_page(behaviour, spoken.token, spoken), *PAGE_HEADERS)


def _streamed(stream: Stream, _behaviour: Behaviour, spoken: Spoken) -> Answer:
    first: list[Record] = [(stream.opening, spoken.beside)] if spoken.beside else []
    error: list[Record] = [("", {"error": spoken.error})]
    records = (*first, *(error if spoken.error else stream.records(spoken)))
    body = tuple(stream.write(record) for record in records)
    headers = (("Content-Type", stream.media_type), *_STREAM_HEADERS)
    return Answer(status=200, headers=headers, body=(*body, stream.end) if stream.end else body)


def _line(record: Record) -> bytes:
    return _frame(record) + b"\n"


def _frame(record: Record) -> bytes:
    return msgspec.json.encode(record[1])


def _words(spoken: Spoken) -> list[str]:
    return _WORD.findall(spoken.text)


def _deltas(spoken: Spoken) -> Iterator[Record]:
    return (("", {"delta": word}) for word in _words(spoken))


def _wholes(spoken: Spoken) -> Iterator[Record]:
    return (("", {"text": whole}) for whole in accumulate(_words(spoken)))


def _snapshot(spoken: Spoken) -> Iterator[Record]:
    """The words, and at the end all of them once more."""
    yield from (("", {"type": "delta", "text": word}) for word in _words(spoken))
    yield "", {"type": "final", "text": spoken.text}


def _mixed(spoken: Spoken) -> Iterator[Record]:
    """The words, among records that hold other text in the same place: the prompt again, and thoughts."""
    yield "ack", {"text": spoken.turns[-1]}
    yield "reasoning", {"text": "Something was said. "}
    yield "reasoning", {"text": "One of the rules will fit. "}
    yield from (("message", {"text": word}) for word in _words(spoken))


def _lines(spoken: Spoken) -> Iterator[Record]:
    return (("", {"kind": "text", "text": word}) for word in _words(spoken))


def _tokens(spoken: Spoken) -> Iterator[Record]:
    return (("", {"type": "token", "text": word}) for word in _words(spoken))


_STREAMS: Mapping[Shape, Stream] = {
    "sse-delta": Stream(_deltas, b"data: [DONE]\n\n"),
    "sse-cumulative": Stream(_wholes, b"event: done\ndata: {}\n\n"),
    "sse-snapshot": Stream(_snapshot, b""),
    "sse-mixed": Stream(_mixed, b"event: end\ndata: {}\n\n", opening="begin"),
    "ndjson": Stream(_lines, b'{"kind":"end"}\n', write=_line, media_type="application/x-ndjson"),
    "job-stream": Stream(_deltas, b"event: done\ndata: {}\n\n"),
    "websocket": Stream(_tokens, b'{"type":"done"}', write=_frame, media_type=JSON),
}

_SHAPES: Mapping[Shape, Callable[[Behaviour, Spoken], Answer]] = {
    "json": _document,
    "text": _text,
    "html": _page,
    "redirect": _page,
    "job-poll": _result,
    **{shape: partial(_streamed, stream) for shape, stream in _STREAMS.items()},
}
