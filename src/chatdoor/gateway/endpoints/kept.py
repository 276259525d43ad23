"""What is kept on the shelf, by the id in the path: shown, listed, taken away."""

from typing import Final, Literal

import msgspec

from chatdoor.gateway.asker import scope_of
from chatdoor.gateway.exchange import Exchange
from chatdoor.gateway.history import find, missing, read_said
from chatdoor.gateway.openai.conversations import CONVERSATION, Deleted, ListQuery, page
from chatdoor.gateway.openai.items import RESPONSE
from chatdoor.gateway.query import read_query
from chatdoor.gateway.shelf import Kept
from chatdoor.gateway.state import State


class Kind(msgspec.Struct, frozen=True):
    """A kind of what is kept: its name, how its ids begin, and what it is called once it is gone."""

    name: str
    beginning: str
    gone: Literal["response", "conversation.deleted"]


A_RESPONSE: Final = Kind("Response", RESPONSE, "response")
A_CONVERSATION: Final = Kind("Conversation", CONVERSATION, "conversation.deleted")


async def kept_in_path(state: State, exchange: Exchange, kind: Kind) -> Kept:
    """The one that the path names. Raises Problem (404)."""
    kept_id = exchange.tail.decode("ascii", "replace")
    scope = scope_of(exchange, state.conduct.user_headers)
    kept = await find(state.shelf, kept_id, scope) if kept_id.startswith(kind.beginning) else None
    if kept is None:
        raise missing(kind.name, kept_id, None, None)
    return kept


async def answer_items(state: State, exchange: Exchange, kind: Kind) -> None:
    """Answers with a list of its items. Raises Problem."""
    kept = await kept_in_path(state, exchange, kind)
    await exchange.answer(200, page(read_said(kept.items), read_query(exchange, ListQuery)))


async def take_away(state: State, exchange: Exchange, kind: Kind) -> None:
    """Takes it away, and answers that it is gone. Raises Problem."""
    kept = await kept_in_path(state, exchange, kind)
    await state.shelf.compare_and_set(kept.id, kept.revision, None)
    await exchange.answer(200, msgspec.json.encode(Deleted(kept.id, kind.gone)))
