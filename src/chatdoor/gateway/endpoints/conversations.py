"""`/v1/conversations`: conversations that a client begins itself, to go on in by `conversation` of a response."""

import time

import msgspec

from chatdoor.gateway.asker import scope_of
from chatdoor.gateway.body import decode, read_body
from chatdoor.gateway.exchange import Exchange
from chatdoor.gateway.history import find, find_references, missing
from chatdoor.gateway.ids import secret_id
from chatdoor.gateway.openai.conversations import (
    CONVERSATION,
    CONVERSATION_REQUEST,
    Conversation,
    Deleted,
    ListQuery,
    page,
)
from chatdoor.gateway.openai.items import ITEMS, read_items
from chatdoor.gateway.query import read_query
from chatdoor.gateway.shelf import Kept
from chatdoor.gateway.state import State
from chatdoor.gateway.terms import tell_left


async def new_conversation(state: State, exchange: Exchange) -> None:
    """Begins a conversation, and answers with it."""
    request = decode(await read_body(exchange, state.conduct.body_bytes), CONVERSATION_REQUEST)
    scope, given = scope_of(exchange, state.conduct.user_headers), request.items or []
    items, left = read_items(given, await find_references(state.shelf, scope, given), "items")
    tell_left(exchange, left, state.conduct)
    conversation = Conversation(secret_id(CONVERSATION), int(time.time()), request.metadata or {})
    body = msgspec.json.encode(conversation)
    kept = Kept(id=conversation.id, scope=scope, body=body, items=msgspec.json.encode(items))
    await state.shelf.compare_and_set(kept.id, None, kept)
    await exchange.answer(200, body)


async def one_conversation(state: State, exchange: Exchange) -> None:
    """Answers with the conversation."""
    await exchange.answer(200, (await _kept(state, exchange)).body)


async def conversation_items(state: State, exchange: Exchange) -> None:
    """Answers with what was said in the conversation."""
    kept = await _kept(state, exchange)
    await exchange.answer(200, page(ITEMS.decode(kept.items), read_query(exchange, ListQuery)))


async def delete_conversation(state: State, exchange: Exchange) -> None:
    """Takes the conversation away. The responses in it stay."""
    kept = await _kept(state, exchange)
    await state.shelf.compare_and_set(kept.id, kept.revision, None)
    await exchange.answer(200, msgspec.json.encode(Deleted(kept.id, "conversation.deleted")))


async def _kept(state: State, exchange: Exchange) -> Kept:
    """The conversation of the path. Raises Problem (404)."""
    kept_id = exchange.tail.decode("ascii", "replace")
    kept = (
        await find(state.shelf, kept_id, scope_of(exchange, state.conduct.user_headers))
        if kept_id.startswith(CONVERSATION)
        else None
    )
    if kept is None:
        raise missing("Conversation", kept_id, None, None)
    return kept
