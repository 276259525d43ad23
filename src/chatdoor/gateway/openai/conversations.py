"""Conversations that a client begins itself, and lists of items.

Source: https://platform.openai.com/docs/api-reference/conversations
"""

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


class ItemList(msgspec.Struct, frozen=True, tag_field="object", tag="list"):
    """Items, and whether there are more. The ids are empty where there is none."""

    data: list[Item]
    first_id: str
    last_id: str
    has_more: bool


class ListQuery(msgspec.Struct, frozen=True):
    """Which items a list has."""

    order: Annotated[Literal["asc", "desc"], Meta(description="The oldest first, or the newest.")] = "desc"
    after: Annotated[str, Meta(description="The id of the item after which it begins.")] = ""
    limit: Annotated[int, Meta(ge=1, le=MOST_PAGE, description="How many items it has at most.")] = PAGE


def page(items: list[Item], query: ListQuery) -> bytes:
    """The items that the query asks for. Raises Problem."""
    ordered = items if query.order == "asc" else items[::-1]
    if query.after:
        at = next((at for at, item in enumerate(ordered) if item.id == query.after), None)
        if at is None:
            raise Problem(400, "Invalid value for 'after': there is no such item.", param="after", code="invalid_value")
        ordered = ordered[at + 1 :]
    data = ordered[: query.limit]
    first, last = (data[0].id, data[-1].id) if data else ("", "")
    return msgspec.json.encode(ItemList(data, first, last, len(data) < len(ordered)))
