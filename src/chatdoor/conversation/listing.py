"""A message list as matching sees it: what of it the site hears, and the digest of each prefix."""

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Final

import msgspec

from chatdoor.conversation.normal import REPLY, SYSTEM_ROLES, Digests, beginning, digest, prefixes
from chatdoor.messages import Message

MAX_CUTS: Final = 200
"""Replies of a list that are looked for, the newest. A list with more foreign ones at its end is lost."""

TAIL_REPLIES: Final = 2
"""Exchanges that tell a list whose start was trimmed. One would be too common: "Hello", "How can I help you?"."""


class Seen(msgspec.Struct, frozen=True, array_like=True):
    """One message of a conversation, by role and digests."""

    role: str
    digests: Digests


class Listing(msgspec.Struct, frozen=True, dict=True):
    """A message list and its digests.

    `heard` are the messages that are part of a match: all, or all but the system texts where the site does
    not get these. `prefixes[n]` are the digests of the first n of them.
    """

    place: tuple[str, ...]
    messages: tuple[Message, ...]
    heard: tuple[Message, ...]
    seen: tuple[Seen, ...]
    prefixes: tuple[Digests, ...]

    @cached_property
    def cuts(self) -> tuple[int, ...]:
        """Where the list may be cut: after each reply that says something, the last first. Indices into `heard`."""
        cuts = [at + 1 for at, one in enumerate(self.heard) if one.role == REPLY and one.text.strip()]
        return tuple(cuts[: -MAX_CUTS - 1 : -1])

    def before(self, cut: int) -> tuple[Message, ...]:
        """The talk up to a cut, without system texts."""
        return talk(self.heard[:cut])

    def after(self, cut: int) -> tuple[Message, ...]:
        """The talk after a cut, without system texts."""
        return talk(self.heard[cut:])


def make_listing(place: tuple[str, ...], messages: Sequence[Message], *, sees_system: bool) -> Listing:
    """The listing of a message list. `place` is whose it is: lists of different places have nothing in common."""
    heard = tuple(messages) if sees_system else talk(messages)
    seen = tuple([Seen(one.role, digest(one)) for one in heard])
    return Listing(place, tuple(messages), heard, seen, prefixes(beginning(*place), (one.digests for one in seen)))


def talk(messages: Iterable[Message]) -> tuple[Message, ...]:
    """The messages without the system texts."""
    return tuple([one for one in messages if one.role not in SYSTEM_ROLES])


def talk_seen(seen: Iterable[Seen]) -> tuple[Seen, ...]:
    """The same for messages known by their digests."""
    return tuple([one for one in seen if one.role not in SYSTEM_ROLES])


def system_texts(start: Digests, seen: Iterable[Seen]) -> Digests:
    """What stands for all system texts, in order: those of `start`, then those among the messages."""
    return prefixes(start, (one.digests for one in seen if one.role in SYSTEM_ROLES))[-1]


def no_system(place: tuple[str, ...]) -> Digests:
    """What stands for no system text."""
    return beginning("system", *place)


def tail(system: Digests, told: Sequence[Seen]) -> Digests | None:
    """The digests of the last two exchanges of a talk that ends in a reply; None where it has fewer.

    The earlier exchange counts from the message right before its reply. `system` stands for the system texts, and
    for the place.
    """
    replies = [at for at, one in enumerate(told) if one.role == REPLY][-TAIL_REPLIES:]
    if len(replies) < TAIL_REPLIES or replies[0] == 0:
        return None
    window = told[replies[0] - 1 :]
    return prefixes(beginning("tail", system.normal), (one.digests for one in window))[-1]
