"""The shapes of a reply: a text becomes the answer that carries it."""

import re
from collections.abc import Callable, Iterator, Mapping
from itertools import accumulate

import msgspec
from msgspec.structs import replace

from chatdoor.practice.behaviour import Shape
from chatdoor.practice.wire import Answer, json_document

_WORD = re.compile(r"\s*\S+|\s+\Z")
_STREAM_HEADERS = (
    ("Content-Type", "text/event-stream; charset=utf-8"),
    ("Cache-Control", "no-store"),
    ("X-Accel-Buffering", "no"),  # nginx would hold the words back
)


def compose(shape: Shape, text: str, extra: Mapping[str, str]) -> Answer:
    """The answer that says `text`.

    `extra` goes out beside the text: in the same object, or as the first event of a stream.
    """
    return _SHAPES[shape](text, extra)


def cut_short(answer: Answer) -> Answer:
    """The same answer without its second half.

    A stream leaves out its end, in an otherwise sound HTTP answer; the connection closes then. A document breaks off
    before the length that it promised.
    """
    if len(answer.body) > 1:
        return replace(
            answer, headers=(*answer.headers, ("Connection", "close")), body=answer.body[: len(answer.body) // 2]
        )
    (body,) = answer.body
    return replace(answer, body=(body[: len(body) // 2],), broken=True)


def _document(text: str, extra: Mapping[str, str]) -> Answer:
    return json_document(200, {"response": text, **extra})


def _deltas(text: str, extra: Mapping[str, str]) -> Answer:
    words = ({"delta": word} for word in _WORD.findall(text))
    return _stream(words, extra, end=b"data: [DONE]\n\n")


def _wholes(text: str, extra: Mapping[str, str]) -> Answer:
    wholes = ({"text": whole} for whole in accumulate(_WORD.findall(text)))
    return _stream(wholes, extra, end=b"event: done\ndata: {}\n\n")


def _stream(events: Iterator[Mapping[str, str]], extra: Mapping[str, str], *, end: bytes) -> Answer:
    first = [extra] if extra else []
    body = tuple(b"data: " + msgspec.json.encode(event) + b"\n\n" for event in (*first, *events))
    return Answer(status=200, headers=_STREAM_HEADERS, body=(*body, end))


_SHAPES: Mapping[Shape, Callable[[str, Mapping[str, str]], Answer]] = {
    "json": _document,
    "sse-delta": _deltas,
    "sse-cumulative": _wholes,
}
