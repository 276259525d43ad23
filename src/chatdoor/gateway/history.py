"""What a response goes on from, and what is kept of it for the next one."""

import asyncio
import logging
import random
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Final, TypeAlias

import msgspec

from chatdoor.gateway.conversation_id import NOTHING, named
from chatdoor.gateway.exchange import Exchange
from chatdoor.gateway.masked import masked_name
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

AT_A_TIME: Final = 16
"""How many of the kept are asked for at once: a request may name any number, and a trip has to be over in time."""

SHOWN_MOST: Final = 64
"""Characters of an unknown id that are told back."""

_GIVEN: Final = re.compile(r"[0-9a-f]{32}").fullmatch
"""An id of a site's conversation, as we give them."""


Add: TypeAlias = Callable[[Kept], Awaitable[bool]]
"""Adds a turn to a conversation as it was found. False where that has changed."""


class Past(msgspec.Struct, frozen=True):
    """What was said before. `talk` is the site's conversation that stands at its end, as far as it is known.

    `said` are the items as they are kept.
    `whole` is false where the talk knows more than these items. `conversation` is the one on our shelf that they are,
    as it was found. `chat` is the client's own name for it.
    """

    items: list[Item]
    said: tuple[bytes, ...] = ()
    talk: str | None = None
    whole: bool = True
    conversation: Kept | None = None
    chat: str | None = None


class Turn(msgspec.Struct, frozen=True):
    """What a request adds to the past. `scope` is whose it is."""

    past: Past
    news: list[Item]
    scope: str
    site: str

    @property
    def apart(self) -> "Turn":
        """The same, as a turn of no conversation: nothing is added to one."""
        past = msgspec.structs.replace(self.past, talk=None, conversation=None, chat=None)
        return msgspec.structs.replace(self, past=past)

    @property
    def told(self) -> list[Item]:
        """What the site is told: the news alone where only itself knows what came before."""
        return [*self.past.items, *self.news] if self.past.whole else self.news


class Meant(msgspec.Struct, frozen=True):
    """The ids of what is kept that a request goes on from, and that its items refer to."""

    past: str | None
    others: list[str]

    @property
    def ids(self) -> list[str]:
        """All of them."""
        return self.others if self.past is None else [self.past, *self.others]


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


async def find_all(shelf: Shelf, kept_ids: Iterable[str], scope: str) -> Mapping[str, Kept]:
    """Those that are there, and nobody else's."""
    wanted, found = list(dict.fromkeys(kept_ids)), list[Kept | None]()
    for at in range(0, len(wanted), AT_A_TIME):
        asked = [shelf.get(kept_id) for kept_id in wanted[at : at + AT_A_TIME]]
        found += await asyncio.gather(*asked) if len(asked) > 1 else [await asked[0]]
    return {kept.id: kept for kept in found if kept is not None and kept.scope == scope}


def meant_by(request: ResponseRequest, site: Site) -> Meant:
    """What of the kept the request means. Raises Problem."""
    previous, given = request.previous_response_id, request.conversation_id
    if previous is not None and given is not None:
        raise Problem(400, "Only one of 'previous_response_id' and 'conversation' can be given.",
                      param="previous_response_id", code="mutually_exclusive_parameters")  # fmt: skip
    past = previous if given is None or _is_talk(given, site) else given
    return Meant(past, [response_id(item_id) for item_id in references(request.input)])


def find_past(kept: Mapping[str, Kept], exchange: Exchange, request: ResponseRequest, site: Site) -> Past:
    """What the request goes on from, of what is kept. Raises Problem: 404 for what is not there."""
    previous, given = request.previous_response_id, request.conversation_id
    if previous is not None:
        return _after_response(kept.get(previous), previous, site)
    if given is None:
        name = named(exchange.headers, request.metadata) if site.remembers else NOTHING
        return msgspec.structs.replace(_in_talk(name.id), chat=name.chat)
    if _is_talk(given, site):
        return _in_talk(given)
    found = kept.get(given)
    if found is None or not given.startswith(CONVERSATION):
        raise missing("Conversation", given, "conversation", "conversation_not_found")
    return Past(read_said(found.items), found.items, _talk(found, site), conversation=found)


def _is_talk(given: str, site: Site) -> bool:
    """True for the id of a conversation of the site's."""
    return bool(site.remembers and _GIVEN(given) and not given.startswith(CONVERSATION))


def _after_response(kept: Kept | None, kept_id: str, site: Site) -> Past:
    if kept is None or not kept_id.startswith(RESPONSE):
        raise missing("Previous response", kept_id, "previous_response_id", "previous_response_not_found")
    said = (*kept.items, msgspec.json.encode(_ANSWER.decode(kept.body).output))
    talk = _talk(kept, site)
    return Past(read_said(said), said, talk, kept.whole or talk is None)


def _in_talk(talk: str | None) -> Past:
    return Past([], (), talk, whole=talk is None)


def find_references(kept: Mapping[str, Kept], given: Given) -> dict[str, Item]:
    """The answers that the items of a request refer to, by their ids. What is not kept is left out."""
    named = dict.fromkeys(map(response_id, references(given)))
    found = [kept[kept_id] for kept_id in named if kept_id in kept]
    return {item.id: item for one in found for item in _ANSWER.decode(one.body).output}


def keep(shelf: Shelf, turn: Turn, response: Response, talk: str | None, *, store: bool) -> list[Awaitable[object]]:
    """Keeps what was said: in the conversation of the request, and, where it is to be stored, as the response.

    Gives what is to be awaited for it. On a shared shelf all of it is under way.
    """
    past, begun = turn.past, list[Awaitable[object]]()
    if past.conversation is not None:
        news = [*turn.news, *response.output]
        begun.append(_extend(shelf, past.conversation, msgspec.json.encode(news), turn.site, talk))
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
        begun.append(shelf.compare_and_set(kept.id, None, kept))
    return begun


def _extend(shelf: Shelf, kept: Kept, news: bytes, site: str, talk: str | None) -> Awaitable[None]:
    """Adds items to a conversation, unless it was deleted meanwhile."""

    def add(kept: Kept) -> Awaitable[bool]:
        new = msgspec.structs.replace(kept, items=(*kept.items, news), site=site, talk=talk, revision=kept.revision + 1)
        return shelf.compare_and_set(kept.id, kept.revision, new)

    return _add_later(shelf, kept.id, add(kept), add)


async def _add_later(shelf: Shelf, kept_id: str, added: Awaitable[bool], add: Add) -> None:
    """Adds to the newest revision, where others have added to the one that was known."""
    for _ in range(TRIES):
        if await added:
            return
        await asyncio.sleep(random.uniform(0, APART_SECONDS))  # noqa: S311 - no secret
        kept = await shelf.get(kept_id)
        if kept is None:
            return
        added = add(kept)
    logger.warning("a turn of a conversation is not kept: too many were added to it at once")


def _talk(kept: Kept, site: Site) -> str | None:
    return kept.talk if site.remembers and kept.site == site.name else None


def missing(what: str, kept_id: str, param: str | None, code: str | None) -> Problem:
    """What is told of an id that nothing has."""
    return Problem(404, f"{what} with id {masked_name(kept_id[:SHOWN_MOST])!r} not found.", param=param, code=code)
