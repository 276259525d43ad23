"""The events of a streamed response.

Source: https://platform.openai.com/docs/api-reference/responses-streaming
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from chatdoor.gateway.openai.items import Item, OutputText, answer_id
from chatdoor.gateway.openai.responses import Response, ResponseError
from chatdoor.gateway.problem import Problem

FAILURES: Final[Mapping[str, Any]] = {
    "rate_limit_exceeded": "rate_limit_exceeded",
    "content_filter": "invalid_prompt",
    "context_length_exceeded": "invalid_prompt",
}
"""A problem's code -> the code of a failed response. Any other is the server's."""

_NUMBER: Final = re.compile(rb'"sequence_number":(\d+)')
"""In no text: there the marks of quotation are escaped."""

_OUTPUT: Final[Mapping[str, int]] = {"output_index": 0}
_DELTA: Final = "response.output_text.delta"


class ResponseEvents:
    """Makes the events of one streamed answer, numbered from 0. What does not change is encoded once."""

    __slots__ = ("_begun", "_content", "_delta", "_item_id", "_number", "_response")

    def __init__(self, response: Response) -> None:
        self._response = response
        self._item_id = item_id = answer_id(response.id)
        self._number = 0
        self._begun = False
        self._content = {"item_id": item_id, **_OUTPUT, "content_index": 0}
        head = {"type": _DELTA, **self._content, "logprobs": []}
        self._delta = b"event: %b\ndata: " % _DELTA.encode() + msgspec.json.encode(head)[:-1]

    def opening(self) -> bytes:
        """The events before the first text."""
        item = Item(self._item_id, "assistant", [], "in_progress")
        return (
            self._created()
            + self._event("response.output_item.added", **_OUTPUT, item=item)
            + self._event("response.content_part.added", **self._content, part=OutputText(""))
        )

    def delta(self, text: str) -> bytes:
        """The event with a piece of the answer."""
        number, self._number = self._number, self._number + 1
        return self._delta + b',"sequence_number":%d,"delta":' % number + msgspec.json.encode(text) + b"}\n\n"

    def closing(self, response: Response) -> bytes:
        """The events after the last text."""
        (item,) = response.output
        (part,) = item.content
        return (
            self._event("response.output_text.done", **self._content, text=part.text, logprobs=[])
            + self._event("response.content_part.done", **self._content, part=part)
            + self._event("response.output_item.done", **_OUTPUT, item=item)
            + self._event(f"response.{response.status}", response=response)
        )

    def failure(self, problem: Problem) -> bytes:
        """The events that say what went wrong."""
        code = FAILURES.get(problem.code or "", "server_error")
        failed = msgspec.structs.replace(self._response, status="failed", error=ResponseError(code, problem.message))
        return (
            (b"" if self._begun else self._created())
            + self._event("error", code=problem.code, message=problem.message, param=problem.param)
            + self._event("response.failed", response=failed)
        )

    def _created(self) -> bytes:
        self._begun = True
        response = msgspec.Raw(msgspec.json.encode(self._response))
        created = self._event("response.created", response=response)
        return created + self._event("response.in_progress", response=response)

    def _event(self, kind: str, **fields: object) -> bytes:
        number, self._number = self._number, self._number + 1
        data = {"type": kind, "sequence_number": number, **fields}
        return b"event: %b\ndata: %b\n\n" % (kind.encode(), msgspec.json.encode(data))


def has_names(frames: Iterable[bytes]) -> bool:
    """True for frames of a streamed response; those of other streams have no names."""
    return any(frame.startswith(b"event: ") for frame in frames)


def error_after(frame: bytes, problem: Problem) -> bytes:
    """The event that says what went wrong, to one who has had the events of `frame` last."""
    numbers = _NUMBER.findall(frame)
    error = {
        "type": "error",
        "sequence_number": int(numbers[-1]) + 1 if numbers else 0,
        "code": problem.code,
        "message": problem.message,
        "param": problem.param,
    }
    return b"event: error\ndata: " + msgspec.json.encode(error) + b"\n\n"
