"""`/v1/conversations`: conversations that a client begins itself, to go on in by `conversation` of a response."""

import time
from typing import Final

import msgspec

from chatdoor.gateway.asker import scope_of
from chatdoor.gateway.body import Form, decode, read_body
from chatdoor.gateway.endpoints.kept import A_CONVERSATION, answer_items, kept_in_path, take_away
from chatdoor.gateway.exchange import Exchange
from chatdoor.gateway.history import find_all, find_references
from chatdoor.gateway.ids import secret_id
from chatdoor.gateway.openai.conversations import (
    CONVERSATION,
    Conversation,
    ConversationRequest,
)
from chatdoor.gateway.openai.items import read_items, references, response_id
from chatdoor.gateway.shelf import Kept
from chatdoor.gateway.state import State
from chatdoor.gateway.terms import tell_left

REQUEST: Final = Form(ConversationRequest)


async def new_conversation(state: State, exchange: Exchange) -> None:
    """Begins a conversation, and answers with it."""
    request = decode(await read_body(exchange, state.conduct.body_bytes), REQUEST)
    scope, given = scope_of(exchange, state.conduct.user_headers), request.items or []
    known = await find_all(state.shelf, map(response_id, references(given)), scope)
    items, left = read_items(given, find_references(known, given), "items")
    tell_left(exchange, left, state.conduct)
    conversation = Conversation(secret_id(CONVERSATION), int(time.time()), request.metadata or {})
    body = msgspec.json.encode(conversation)
    kept = Kept(id=conversation.id, scope=scope, body=body, items=(msgspec.json.encode(items),))
    await state.shelf.compare_and_set(kept.id, None, kept)
    await exchange.answer(200, body)


async def one_conversation(state: State, exchange: Exchange) -> None:
    """Answers with the conversation."""
    await exchange.answer(200, (await kept_in_path(state, exchange, A_CONVERSATION)).body)


async def conversation_items(state: State, exchange: Exchange) -> None:
    """Answers with what was said in the conversation."""
    await answer_items(state, exchange, A_CONVERSATION)


async def delete_conversation(state: State, exchange: Exchange) -> None:
    """Takes the conversation away. The responses in it stay."""
    await take_away(state, exchange, A_CONVERSATION)
