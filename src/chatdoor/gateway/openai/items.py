"""Items, which the Responses API has for messages: read from a request, given back, told to a site.

Source: https://platform.openai.com/docs/api-reference/responses/input-items
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final, Literal

import msgspec

from chatdoor.gateway.ids import fresh_id
from chatdoor.gateway.openai.parts import is_text, kind_of, no_text
from chatdoor.gateway.problem import Problem

ITEM: Final = "msg_"
RESPONSE: Final = "resp_"
"""What ids begin with. The one item of an answer has the digits of its response, and so it is found."""

ROLES: Final = ("user", "assistant", "system", "developer")  # a tuple: a role may be anything, a list too

Role = Literal["user", "assistant", "system", "developer"]
Status = Literal["in_progress", "completed", "incomplete"]


class InputText(msgspec.Struct, frozen=True, tag="input_text"):
    """Text that was said to the site."""

    text: str


class OutputText(msgspec.Struct, frozen=True, tag="output_text"):
    """Text that the site said."""

    text: str
    annotations: tuple[()] = ()
    logprobs: tuple[()] = ()


class Item(msgspec.Struct, frozen=True, tag_field="type", tag="message"):
    """A message, said to the site or by it."""

    id: str
    role: Role
    content: list[InputText | OutputText]
    status: Status = "completed"

    @property
    def text(self) -> str:
        """All of its text."""
        return "".join([part.text for part in self.content])


ITEMS: Final = msgspec.json.Decoder(list[Item])

Given = str | list[dict[str, Any]]
"""What a request says: one text of the user's, or items."""


def references(given: Given) -> list[str]:
    """The ids of the items that are not there themselves but are meant. Raises Problem where one is meant twice.

    A short request could else stand for any amount of text.
    """
    if isinstance(given, str):
        return []
    ids = [item["id"] for item in given if _is_reference(item) and isinstance(item.get("id"), str)]
    if len(set(ids)) < len(ids):
        raise Problem(400, "An item is referred to twice.", param="input", code="invalid_value")
    return ids


def read_items(given: Given, known: Mapping[str, Item], field: str = "input") -> tuple[list[Item], list[str]]:
    """The messages of a request, and the names of what else it holds. `known` are the items that are referred to.

    Raises Problem that names the item, as one of `field`.
    """
    if isinstance(given, str):
        return [_item("user", [given])], []
    left: dict[str, None] = {}
    read = [_read(item, f"{field}[{index}]", known, left) for index, item in enumerate(given)]
    return [item for item in read if item is not None], list(left)


def told(items: Iterable[Item], instructions: str | None) -> list[dict[str, Any]]:
    """The message list that a site is told."""
    messages = [{"role": item.role, "content": item.text} for item in items]
    return [{"role": "system", "content": instructions}, *messages] if instructions else messages


def answer_id(response_id: str) -> str:
    """The id of the item that answers in a response."""
    return ITEM + response_id.removeprefix(RESPONSE)


def response_id(item_id: str) -> str:
    """The id of the response that an item would be the answer of."""
    return RESPONSE + item_id.removeprefix(ITEM)


def _is_reference(item: dict[str, Any]) -> bool:
    return item.get("type") == "item_reference" or ("id" in item and item.keys() <= {"id", "type"})


def _referred(item_id: object, place: str, known: Mapping[str, Item]) -> Item:
    if not isinstance(item_id, str):
        raise _wrong(f"{place}.id", "expected the id of an item")
    if item_id not in known:
        raise Problem(404, f"Item with id {item_id[:64]!r} not found.", param=place)
    return known[item_id]


def _read(item: dict[str, Any], place: str, known: Mapping[str, Item], left: dict[str, None]) -> Item | None:
    """The message; None for anything else, whose name `left` gets."""
    if _is_reference(item):
        return _referred(item.get("id"), place, known)
    if item.get("type") not in (None, "message"):
        left[kind_of(item, place)] = None
        return None
    role = item.get("role")
    if role not in ROLES:
        raise _wrong(f"{place}.role", f"expected one of {', '.join(ROLES)}")
    return _item(role, _texts(item.get("content"), f"{place}.content", left, is_ours=role == "assistant"))


def _texts(content: object, place: str, left: dict[str, None], *, is_ours: bool) -> list[str]:
    """The texts of a message; `left` gets the names of the parts that are none."""
    if isinstance(content, str):
        return [content]
    if not isinstance(content, list):
        raise _wrong(place, "expected text or a list of parts")
    for part in content:
        if not is_text(part):
            left[kind_of(part, place)] = None
    texts = [part if isinstance(part, str) else part.get("text") for part in content if is_text(part)]
    if not all(isinstance(text, str) for text in texts):
        raise _wrong(place, "expected a text in each part of text")
    if not texts and not is_ours:
        raise no_text(place)
    return texts


def _item(role: Role, texts: list[str]) -> Item:
    part = OutputText if role == "assistant" else InputText
    return Item(fresh_id(ITEM), role, [part(text) for text in texts])


def _wrong(place: str, problem: str) -> Problem:
    return Problem(400, f"Invalid value for '{place}': {problem}.", param=place, code="invalid_value")
