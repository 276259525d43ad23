"""Conversations that a client begins itself, and lists of items.

Source: https://platform.openai.com/docs/api-reference/conversations
"""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from chatdoor.gateway.openai.items import Item
from chatdoor.gateway.openai.responses import Metadata
from chatdoor.gateway.problem import Problem

CONVERSATION: Final = "conv_"
"""What ids of conversations begin with."""

MOST_ITEMS: Final = 20
"""How many items a conversation may begin with."""

PAGE: Final = 20
MOST_PAGE: Final = 100
"""How many items a list has, if nothing is said, and at most."""


class ConversationRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A request for a conversation."""

    items: Annotated[list[dict[str, Any]], Meta(max_length=MOST_ITEMS)] | None = None
    metadata: Metadata | None = None


CONVERSATION_REQUEST: Final = msgspec.json.Decoder(ConversationRequest)


class Conversation(msgspec.Struct, frozen=True, tag_field="object", tag="conversation"):
    """A conversation. `created_at` is in seconds since 1970."""

    id: str
    created_at: int
    metadata: dict[str, str]


class Deleted(msgspec.Struct, frozen=True):
    """What is told of something that is gone."""

    id: str
    object: Literal["response", "conversation.deleted"]
    deleted: bool = True


class _ItemList(msgspec.Struct, frozen=True, tag_field="object", tag="list"):
    data: list[Item]
    first_id: str
    last_id: str
    has_more: bool


def page(items: list[Item], query: Mapping[str, str]) -> bytes:
    """The items that the query asks for: `order` (newest first, if it does not say), `after` and `limit`.

    Raises Problem.
    """
    if query.get("order", "desc") not in {"asc", "desc"}:
        raise _wrong("order", "expected asc or desc")
    ordered = items if query.get("order") == "asc" else items[::-1]
    if after := query.get("after"):
        at = next((at for at, item in enumerate(ordered) if item.id == after), None)
        if at is None:
            raise _wrong("after", "there is no such item")
        ordered = ordered[at + 1 :]
    data = ordered[: _limit(query)]
    first, last = (data[0].id, data[-1].id) if data else ("", "")
    return msgspec.json.encode(_ItemList(data, first, last, len(data) < len(ordered)))


def _limit(query: Mapping[str, str]) -> int:
    given = query.get("limit", str(PAGE))
    if not (given.isascii() and given.isdecimal() and len(given) < 4 and 1 <= int(given) <= MOST_PAGE):
        raise _wrong("limit", f"expected a number from 1 to {MOST_PAGE}")
    return int(given)


def _wrong(name: str, problem: str) -> Problem:
    return Problem(400, f"Invalid value for '{name}': {problem}.", param=name, code="invalid_value")
