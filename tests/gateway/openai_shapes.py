"""Whether an answer is what OpenAI's description says, by the types of the official SDK, which are made from it.

The SDK is lenient: it takes fields that nobody knows and does not miss what may be null. Here both are faults.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from openai.types import Model
from openai.types.chat import ChatCompletion, ChatCompletionChunk, ChatCompletionMessage, chat_completion
from openai.types.chat.chat_completion_chunk import Choice as ChunkChoice
from openai.types.shared import ErrorObject
from pydantic import BaseModel, TypeAdapter

Shape = TypeVar("Shape", bound=BaseModel)

SHAPES: Mapping[str, type[BaseModel]] = {
    "chat.completion": ChatCompletion,
    "chat.completion.chunk": ChatCompletionChunk,
    "model": Model,
}
"""What `object` says -> its type."""

NULLABLE: Mapping[type[BaseModel], frozenset[str]] = {
    chat_completion.Choice: frozenset({"logprobs"}),
    ChatCompletionMessage: frozenset({"content", "refusal"}),
    ChunkChoice: frozenset({"finish_reason"}),
    ErrorObject: frozenset({"param", "code"}),
}
"""Type -> fields that may be null and have to be there all the same. The SDK's types do not tell these from others."""


def check_answer(kind: str, body: bytes) -> None:
    """Checks what has a shape here, in any answer; `kind` is its content type. All that `Door` gets goes through it."""
    if kind == "application/json" and body:
        _check_any(json.loads(body))
    elif kind.startswith("text/event-stream"):
        for line in body.splitlines():
            if line.startswith(b"data: {"):
                _check_any(json.loads(line.removeprefix(b"data: ")))


def _check_any(data: Any) -> None:
    if not isinstance(data, dict):
        return
    if set(data) == {"error"}:
        check_error(data)
    elif data.get("object") in SHAPES:
        check_shape(data)


def check_shape(data: Mapping[str, Any]) -> BaseModel:
    """The typed value of what says its own type. Raises ValidationError or AssertionError."""
    return check_as(SHAPES[data["object"]], data)


def check_as(shape: type[Shape], data: Mapping[str, Any]) -> Shape:
    """The typed value of any of the SDK's types. Raises ValidationError or AssertionError."""
    value = TypeAdapter(shape).validate_python(data, strict=True)
    assert list(_faults(value, shape.__name__)) == []
    return value


def check_error(data: Mapping[str, Any]) -> ErrorObject:
    """The error of an envelope, which holds nothing else."""
    assert set(data) == {"error"}
    return check_as(ErrorObject, data["error"])


def check_list(data: Mapping[str, Any]) -> list[BaseModel]:
    """The members of a list."""
    assert data == {"object": "list", "data": data["data"]}
    return [check_shape(member) for member in data["data"]]


def check_frames(frames: Sequence[Any], *, choices: int = 1, usage: bool = False) -> list[ChatCompletionChunk]:
    """The chunks of a stream that is whole, which have to fit together too."""
    *told, end = frames
    assert end == "[DONE]"
    chunks = [check_as(ChatCompletionChunk, frame) for frame in told]
    assert len({(chunk.id, chunk.created, chunk.model) for chunk in chunks}) == 1
    _check_usage(told, usage=usage)
    for index in range(choices):
        _check_choice([choice for frame in told for choice in frame["choices"] if choice["index"] == index])
    assert {choice.index for chunk in chunks for choice in chunk.choices} == set(range(choices))
    return chunks


def _check_usage(frames: Sequence[Any], *, usage: bool) -> None:
    """Where it is asked for: null in all frames but the last, which has no choice. Else there is none."""
    assert [bool(frame["choices"]) for frame in frames] == [True] * (len(frames) - usage) + [False] * usage
    assert ["usage" in frame for frame in frames] == [usage] * len(frames)
    assert [frame["usage"] for frame in frames[:-1] if usage] == [None] * (len(frames) - 1) * usage
    assert not usage or frames[-1]["usage"]


def _check_choice(told: Sequence[Any]) -> None:
    """The role comes once and first, the reason once and last, with nothing beside it."""
    assert ["role" in choice["delta"] for choice in told] == [True] + [False] * (len(told) - 1)
    assert [choice["finish_reason"] is None for choice in told] == [True] * (len(told) - 1) + [False]
    assert told[-1]["delta"] == {}


def _faults(value: object, place: str) -> Iterator[str]:
    """Fields that the description does not have, and those that are not there."""
    if isinstance(value, BaseModel):
        yield from (f"{place}.{name} is unknown" for name in value.model_extra or ())
        missing = NULLABLE.get(type(value), frozenset()) - value.model_fields_set
        yield from (f"{place}.{name} is missing" for name in missing)
        yield from _faults_of_all(value.__dict__.items(), place)
    elif isinstance(value, list):
        yield from _faults_of_all(enumerate(value), place)


def _faults_of_all(members: Iterable[tuple[object, object]], place: str) -> Iterator[str]:
    for name, member in members:
        yield from _faults(member, f"{place}.{name}")
