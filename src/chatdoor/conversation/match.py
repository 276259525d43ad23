"""Which conversation a message list belongs to: rules in order, and the first that knows decides.

A rule looks at the request and at the conversations that are found by its keys. It does nothing else.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Final, Literal, TypeAlias

import msgspec

from chatdoor.conversation.listing import Listing, no_system, system_texts, tail, talk_seen
from chatdoor.conversation.normal import SYSTEM_ROLES, beginning, follow
from chatdoor.conversation.record import Conversation, Told, form_keys, index_key, told_after, told_by, told_trimmed
from chatdoor.messages import Message

Kind: TypeAlias = Literal["new", "continuation", "retry", "fork", "lost", "busy"]
Found: TypeAlias = Mapping[str, Sequence[Conversation]]
"""Key -> the conversations that it finds, the newest first."""


class Request(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """What came in.

    `conversation_id` is an id of ours: the list may then be the news alone. `retry` says that the client has
    marked it as a retry. `key` is its idempotency key, which is such a mark in itself.
    """

    listing: Listing
    now: float
    conversation_id: str | None = None
    retry: bool = False
    key: str | None = None

    @cached_property
    def digest(self) -> str:
        """Equal for a request and its retry. Two requests with different keys are different requests."""
        marks = beginning("request", self.conversation_id or "", self.key or "")
        return follow(marks, self.listing.prefixes[-1]).exact

    @property
    def cuts(self) -> tuple[int, ...]:
        """Where a conversation may stand: after the last reply of the list.

        A conversation that stands earlier does not know the replies since, and may be another client's that began
        alike. Only where an id says whose it is, what follows may be replies that the site never gave.
        """
        return self.listing.cuts[: None if self.conversation_id else 1]

    @property
    def named(self) -> bool:
        """True where the client names the conversation, so that our replies need not have come back as they were."""
        return self.conversation_id is not None or len(self.listing.place) > 1


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What a request is.

    - `new`: no replies in it, so nothing to go on from.
    - `continuation`: goes on in `conversation`, which is free.
    - `retry`: of the last turn of `conversation`, whose reply is there.
    - `fork`: of `conversation`, which has gone on from there or is claimed.
    - `lost`: a history, or an id, that no live conversation has.
    - `busy`: news alone for a conversation that is claimed. There is no history to fork with.

    `before` is what a new session at the site would not know. `after` is what comes after it, and `news` its
    user messages, which are to be sent. `system` are the system texts that the site has, or gets with `before`; `late`
    are those that it has not heard in the conversation that goes on. `told` is what to keep of it.
    """

    kind: Kind
    before: tuple[Message, ...]
    after: tuple[Message, ...]
    system: tuple[Message, ...]
    told: Told
    conversation: Conversation | None = None
    late: tuple[Message, ...] = ()

    @property
    def news(self) -> tuple[Message, ...]:
        """All user messages after the last reply that the site knows."""
        return tuple([one for one in self.after if one.role == "user"])


Rule: TypeAlias = Callable[[Request, Found], Plan | None]


def keys(request: Request) -> tuple[str, ...]:
    """All that a decision on the request looks up in a store."""
    listing = request.listing
    found = [index_key("request", request.digest)]
    for cut in request.cuts:
        found += _end_keys(request, cut)
        found += form_keys("stopped", listing.prefixes[cut - 1])
    if listing.cuts:
        found += form_keys("passed", listing.prefixes[listing.cuts[0]])
    for cut in listing.cuts[:1]:
        found += _tail_keys(listing, cut)
    return tuple(dict.fromkeys(found))


def decide(request: Request, found: Found, named: Conversation | None = None) -> Plan:
    """What the request is. `found` is what its keys find; `named` is the conversation of its id, if there is one."""
    live = {key: _live(request, conversations) for key, conversations in found.items()}
    if request.conversation_id is not None:
        return _retry(request, live) or _by_id(request, named)
    plans = (rule(request, live) for rule in RULES)
    return next((plan for plan in plans if plan is not None), None) or _unknown(request)


def fork(request: Request, conversation: Conversation | None) -> Plan:
    """A session of its own for all of the list."""
    return _apart(request, "fork", conversation)


def _live(request: Request, conversations: Iterable[Conversation]) -> list[Conversation]:
    """Those that may be looked at: of the same place, and not left behind by a claimant."""
    return [one for one in conversations if one.place == request.listing.place and not one.lapsed(request.now)]


def _retry(request: Request, found: Found) -> Plan | None:
    """A marked retry whose first try has a reply. Several first tries, and it is not known which one is meant."""
    same = found.get(index_key("request", request.digest), ())
    if len(same) != 1 or not (request.retry or request.key):
        return None
    turn = same[0].turn
    return None if turn.partial or turn.reply is None else _apart(request, "retry", same[0])


def _by_prefix(request: Request, found: Found) -> Plan | None:
    """The longest prefix at whose end a live conversation stands, the exact form first."""
    for cut in request.cuts:
        standing = [
            *(one for key in _end_keys(request, cut) for one in found.get(key, ())),
            *_stopped(request.listing, cut, found),
        ]
        if standing:
            return _go_on(request, cut, standing, told_by(request.listing))
    return None


def _by_tail(request: Request, found: Found) -> Plan | None:
    """A list whose start was trimmed: its last two exchanges are the last of one conversation and of no other."""
    listing = request.listing
    for cut in listing.cuts[:1]:
        for at, key in enumerate(_tail_keys(listing, cut)):
            standing = found.get(key, ())
            if len(standing) == 1 and _is_rest_of(standing[0], listing, cut, at):
                return _go_on(request, cut, standing, told_trimmed(standing[0], listing, cut))
    return None


def _passed(request: Request, found: Found) -> Plan | None:
    """Edited or regenerated: a live conversation came by here and has gone on."""
    for cut in request.listing.cuts[:1]:
        for key in form_keys("passed", request.listing.prefixes[cut]):
            for conversation in found.get(key, ()):
                return fork(request, conversation)
    return None


RULES: Final[tuple[Rule, ...]] = (_retry, _by_prefix, _by_tail, _passed)
"""The rules for a list without an id of ours, in order."""


def _unknown(request: Request) -> Plan:
    return _apart(request, "lost" if request.listing.cuts else "new", None)


def _by_id(request: Request, named: Conversation | None) -> Plan:
    """An id wins. What it names is lost, goes on, has gone on already, or gets news alone."""
    conversation = next(iter(_live(request, [named] if named else [])), None)
    if conversation is None:
        return _apart(request, "lost", None)
    own = {key: [conversation] for key in conversation.index_keys()}
    plan = _by_prefix(request, own) or _by_tail(request, own)
    if plan is not None:
        return plan
    if request.listing.cuts:
        return fork(request, conversation)
    if not conversation.free():
        return _apart(request, "busy", conversation)
    return _go_on(request, 0, [conversation], told_after(conversation, request.listing.seen))


def _end_keys(request: Request, cut: int) -> tuple[str, ...]:
    digests = request.listing.prefixes[cut]
    both = form_keys("end", digests)
    return (*both, index_key("asked", digests.asked)) if request.named else both


def _tail_keys(listing: Listing, cut: int) -> tuple[str, ...]:
    system = system_texts(no_system(listing.place), listing.seen[:cut])
    digests = tail(system, talk_seen(listing.seen[:cut]))
    return form_keys("tail", digests) if digests else ()


def _stopped(listing: Listing, cut: int, found: Found) -> Iterator[Conversation]:
    reply = listing.heard[cut - 1]
    for key in form_keys("stopped", listing.prefixes[cut - 1]):
        yield from (one for one in found.get(key, ()) if one.stopped_short_of(reply))


def _is_rest_of(conversation: Conversation, listing: Listing, cut: int, form: int) -> bool:
    """True where all that the list tells up to the cut is the end of a conversation that has more."""
    told, whole = talk_seen(listing.seen[:cut]), talk_seen(conversation.seen)
    return len(told) < len(whole) and all(
        one.digests.exact == other.digests.exact if form == 0 else one.digests.normal == other.digests.normal
        for one, other in zip(told, whole[-len(told) :], strict=True)
    )


def _go_on(request: Request, cut: int, standing: Sequence[Conversation], told: Told) -> Plan:
    """Goes on in the first that is free; where all are claimed, the list gets a session of its own."""
    free = next((one for one in standing if one.free()), None)
    if free is None:
        return fork(request, standing[0])
    listing = request.listing
    late = _late(free, listing, cut)
    return Plan(
        kind="continuation",
        conversation=free,
        before=listing.before(cut),
        after=listing.after(cut),
        system=tuple([one for one in _system(listing) if one not in late]),
        told=told,
        late=late,
    )


def _late(conversation: Conversation, listing: Listing, cut: int) -> tuple[Message, ...]:
    """The system texts after a cut that the conversation does not have. Programs repeat theirs with each message."""
    heard = zip(listing.heard[cut:], listing.seen[cut:], strict=True)
    texts = [(message, seen) for message, seen in heard if seen.role in SYSTEM_ROLES]
    if not texts:
        return ()
    known = {seen.digests.normal for seen in conversation.seen}
    return tuple([message for message, seen in texts if seen.digests.normal not in known])


def _apart(request: Request, kind: Kind, conversation: Conversation | None) -> Plan:
    listing = request.listing
    cut = listing.cuts[0] if listing.cuts else 0
    return Plan(
        kind=kind,
        conversation=conversation,
        before=listing.before(cut),
        after=listing.after(cut),
        system=_system(listing),
        told=told_by(listing),
    )


def _system(listing: Listing) -> tuple[Message, ...]:
    return tuple([one for one in listing.messages if one.role in SYSTEM_ROLES])
