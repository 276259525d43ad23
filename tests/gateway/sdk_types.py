"""The official SDK's own types, taken at their word: nothing is converted, and nothing may be left over."""

from collections.abc import Iterator
from typing import Any, TypeVar

from pydantic import BaseModel, TypeAdapter

T = TypeVar("T")


def fits(kind: type[T], data: bytes | str) -> T:
    """The JSON as the SDK's type. Fails where a field is missing, of another type, or unknown."""
    value: T = TypeAdapter(kind).validate_json(data, strict=True)
    assert list(_unknown(value)) == []
    return value


def events(body: bytes) -> list[tuple[str, str]]:
    """Name and data of each event of a stream with names, comments left out."""
    blocks = body.decode().split("\n\n")
    assert blocks.pop() == ""
    lines = [block.split("\n") for block in blocks if not block.startswith(":")]
    return [(name.removeprefix("event: "), data.removeprefix("data: ")) for name, data in lines]


def _unknown(value: Any) -> Iterator[str]:
    """The names of the fields that the type has not."""
    if isinstance(value, BaseModel):
        yield from value.model_extra or {}
        for name in type(value).model_fields:
            yield from _unknown(getattr(value, name))
    elif isinstance(value, list):
        for one in value:
            yield from _unknown(one)
