"""What a response goes on from, and what is kept of it for the next one."""

import asyncio
import logging
import random
import re
from typing import Final

import msgspec

from chatdoor.gateway.conversation_id import named
from chatdoor.gateway.exchange import Exchange
from chatdoor.gateway.openai.conversations import CONVERSATION
from chatdoor.gateway.openai.items import ITEMS, RESPONSE, Given, Item, references, response_id
from chatdoor.gateway.openai.responses import Response, ResponseRequest
from chatdoor.gateway.problem import Problem
from chatdoor.gateway.shelf import Kept, Shelf
from chatdoor.site.model import Site

logger = logging.getLogger("chatdoor.gateway")

TRIES: Final = 100
"""How often it is tried to add to a conversation while others do the same, of whom one gets through each time."""

APART_SECONDS: Final = 0.02
"""By how much they keep apart, at most."""

SHOWN_MOST: Final = 64
"""Characters of an unknown id that are told back."""

_GIVEN: Final = re.compile(r"[0-9a-f]{32}").fullmatch
"""An id of a site's conversation, as we give them."""


class Past(msgspec.Struct, frozen=True):
    """What was said before. `talk` is the site's conversation that stands at its end, as far as it is known.

    `said` are the items as they are kept.
    `whole` is false where the talk knows more than these items. `conversation` is the one on our shelf that they are.
    """

    items: list[Item]
    said: tuple[bytes, ...] = ()
    talk: str | None = None
    whole: bool = True
    conversation: str | None = None


class Turn(msgspec.Struct, frozen=True):
    """What a request adds to the past. `scope` is whose it is."""

    past: Past
    news: list[Item]
    scope: str
    site: str

    @property
    def told(self) -> list[Item]:
        """What the site is told: the news alone where only itself knows what came before."""
        return [*self.past.items, *self.news] if self.past.whole else self.news


class _Answer(msgspec.Struct, frozen=True):
    output: list[Item]


_ANSWER: Final = msgspec.json.Decoder(_Answer)


def read_said(said: tuple[bytes, ...]) -> list[Item]:
    """The items of lists as they are kept."""
    return [item for part in said for item in ITEMS.decode(part)]


async def find(shelf: Shelf, kept_id: str, scope: str) -> Kept | None:
    """The one of that id, None where there is none, or it is somebody else's."""
    kept = await shelf.get(kept_id)
    return kept if kept is not None and kept.scope == scope else None


async def find_past(shelf: Shelf, exchange: Exchange, request: ResponseRequest, site: Site, scope: str) -> Past:
    """What the request goes on from. Raises Problem: 404 for what is not there."""
    previous, given = request.previous_response_id, request.conversation_id
    if previous is not None and given is not None:
        raise Problem(400, "Only one of 'previous_response_id' and 'conversation' can be given.",
                      param="previous_response_id", code="mutually_exclusive_parameters")  # fmt: skip
    if previous is not None:
        return _after_response(await find(shelf, previous, scope), previous, site)
    if given is None:
        return _in_talk(named(exchange.headers, request.metadata).id if site.remembers else None)
    if site.remembers and _GIVEN(given) and not given.startswith(CONVERSATION):
        return _in_talk(given)
    kept = await find(shelf, given, scope)
    if kept is None or not given.startswith(CONVERSATION):
        raise missing("Conversation", given, "conversation", "conversation_not_found")
    return Past(read_said(kept.items), kept.items, _talk(kept, site), conversation=given)


def _after_response(kept: Kept | None, kept_id: str, site: Site) -> Past:
    if kept is None or not kept_id.startswith(RESPONSE):
        raise missing("Previous response", kept_id, "previous_response_id", "previous_response_not_found")
    said = (*kept.items, msgspec.json.encode(_ANSWER.decode(kept.body).output))
    talk = _talk(kept, site)
    return Past(read_said(said), said, talk, kept.whole or talk is None)


def _in_talk(talk: str | None) -> Past:
    return Past([], (), talk, whole=talk is None)


async def find_references(shelf: Shelf, scope: str, given: Given) -> dict[str, Item]:
    """The answers that the items of a request refer to, by their ids. What is not there is left out."""
    known: dict[str, Item] = {}
    for item_id in references(given):
        kept = await find(shelf, response_id(item_id), scope)
        known |= {item.id: item for item in _ANSWER.decode(kept.body).output} if kept else {}
    return known


async def keep(shelf: Shelf, turn: Turn, response: Response, talk: str | None, *, store: bool) -> None:
    """Keeps what was said: in the conversation of the request, and, where it is to be stored, as the response."""
    past = turn.past
    if past.conversation is not None:
        await _extend(shelf, past.conversation, [*turn.news, *response.output], turn.site, talk)
    if store:
        kept = Kept(
            id=response.id,
            scope=turn.scope,
            body=msgspec.json.encode(response),
            items=(*past.said, msgspec.json.encode(turn.news)),
            whole=past.whole,
            site=turn.site,
            talk=talk,
        )
        await shelf.compare_and_set(kept.id, None, kept)


async def _extend(shelf: Shelf, kept_id: str, news: list[Item], site: str, talk: str | None) -> None:
    """Adds items to a conversation, unless it was deleted meanwhile."""
    for _ in range(TRIES):
        kept = await shelf.get(kept_id)
        if kept is None:
            return
        items = (*kept.items, msgspec.json.encode(news))
        new = msgspec.structs.replace(kept, items=items, site=site, talk=talk, revision=kept.revision + 1)
        if await shelf.compare_and_set(kept_id, kept.revision, new):
            return
        await asyncio.sleep(random.uniform(0, APART_SECONDS))  # noqa: S311 - no secret
    logger.warning("a turn of a conversation is not kept: too many were added to it at once")


def _talk(kept: Kept, site: Site) -> str | None:
    return kept.talk if site.remembers and kept.site == site.name else None


def missing(what: str, kept_id: str, param: str | None, code: str | None) -> Problem:
    """What is told of an id that nothing has."""
    return Problem(404, f"{what} with id {kept_id[:SHOWN_MOST]!r} not found.", param=param, code=code)
