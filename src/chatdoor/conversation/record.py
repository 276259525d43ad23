"""A conversation as it is kept: digests of what was said, and what the site's side needs to go on."""

from collections.abc import Mapping, Sequence
from typing import Final, Literal, TypeAlias

import msgspec

from chatdoor.conversation.listing import Listing, Seen, no_system, system_texts, tail, talk_seen
from chatdoor.conversation.normal import REPLY, Digests, digest, follow, normal_text, prefixes
from chatdoor.messages import Message

MAX_SEEN: Final = 400
"""Messages of a conversation that are kept by digest, the newest: a trimmed list longer than that is lost."""

MAX_PASSED: Final = 200
"""Replies of a conversation that are known as passed, the newest: a fork before them is taken for lost."""

MAX_REPLY: Final = 100_000
"""Characters of the last reply that are kept whole. A longer one is not given to a retry, nor known by a part."""

Tag: TypeAlias = Literal["end", "passed", "stopped", "tail", "asked", "request"]


class Turn(msgspec.Struct, frozen=True):
    """The last turn. `at` are the digests of the list up to its reply, `request` the digest of the request.

    `reply` is None where it was longer than MAX_REPLY. `partial` says that it was stopped early, so that a
    client may send less of it.
    """

    at: Digests
    request: str
    reply: str | None
    partial: bool = False


class Conversation(msgspec.Struct, frozen=True, kw_only=True):
    """A conversation that goes on at the site.

    `place` is whose it is: the scope, and the client's own name for its chat where it has one. `end` are the
    digests of the list as the client will send it, our last reply included; `passed` those of the replies
    before, oldest first. `seen` are its messages, `system` stands for its system texts. `held` is what the
    caller needs of the site's side; it is never looked into here. `opened`, `used` and `claimed_until` are in
    seconds since 1970. `claimant` is the claim that has it, None where nobody does.
    """

    id: str
    place: tuple[str, ...]
    revision: int
    held: Mapping[str, object]
    opened: float
    used: float
    end: Digests
    passed: tuple[Digests, ...]
    seen: tuple[Seen, ...]
    system: Digests
    turn: Turn
    claimant: str | None = None
    claimed_until: float = 0.0

    @property
    def scope(self) -> str:
        """Whose it is: site, key and user as one text."""
        return self.place[0]

    def free(self) -> bool:
        """True where nobody has claimed it."""
        return self.claimant is None

    def lapsed(self, now: float) -> bool:
        """True where its claimant has not come back in time. Nobody knows what the site saw, so it does not go on."""
        return self.claimant is not None and self.claimed_until <= now

    def index_keys(self) -> frozenset[str]:
        """What it is found by."""
        told = tail(self.system, talk_seen(self.seen))
        pairs: list[tuple[Tag, Digests | None]] = [
            ("end", self.end),
            ("tail", told),
            ("stopped", self.turn.at if self.turn.partial else None),
            *[("passed", digests) for digests in self.passed],
        ]
        forms = [key for tag, digests in pairs if digests for key in form_keys(tag, digests)]
        return frozenset([*forms, index_key("asked", self.end.asked), index_key("request", self.turn.request)])

    def stopped_short_of(self, reply: Message) -> bool:
        """True where the last reply was stopped early and this is a beginning of it, in one of the two forms."""
        if not self.turn.partial or self.turn.reply is None:
            return False
        whole, part = Message(reply.role, self.turn.reply), normal_text(reply)
        return bool(part) and (whole.text.startswith(reply.text) or normal_text(whole).startswith(part))


class Told(msgspec.Struct, frozen=True):
    """What a client has told by a list, as a conversation keeps it. `end` are the digests of it all."""

    end: Digests
    passed: tuple[Digests, ...]
    seen: tuple[Seen, ...]
    system: Digests

    def with_reply(self, text: str) -> "Told":
        """The same, and our reply at its end. Keeps the newest."""
        seen = Seen(REPLY, digest(Message(REPLY, text)))
        return msgspec.structs.replace(
            self,
            end=follow(self.end, seen.digests),
            passed=self.passed[-MAX_PASSED:],
            seen=(*self.seen, seen)[-MAX_SEEN:],
        )


def told_by(listing: Listing) -> Told:
    """What a whole list tells."""
    passed = tuple([listing.prefixes[cut] for cut in reversed(listing.cuts)])
    system = system_texts(no_system(listing.place), listing.seen)
    return Told(listing.prefixes[-1], passed, listing.seen, system)


def told_after(conversation: Conversation, news: Sequence[Seen]) -> Told:
    """What news tell after all that the conversation has."""
    return Told(
        end=prefixes(conversation.end, (one.digests for one in news))[-1],
        passed=(*conversation.passed, conversation.end),
        seen=(*conversation.seen, *news),
        system=system_texts(conversation.system, news),
    )


def told_trimmed(conversation: Conversation, listing: Listing, cut: int) -> Told:
    """What a list tells whose start was trimmed: the client will send what is left of it, the conversation has more."""
    whole, all_of_it = told_by(listing), told_after(conversation, listing.seen[cut:])
    return msgspec.structs.replace(all_of_it, end=whole.end, passed=whole.passed)


def index_key(tag: Tag, digest: str) -> str:
    """What a digest is found by in a store."""
    return f"{tag}:{digest}"


def form_keys(tag: Tag, digests: Digests) -> tuple[str, str]:
    """The keys of both forms, the exact one first."""
    return (index_key(tag, f"exact:{digests.exact}"), index_key(tag, f"normal:{digests.normal}"))
