"""Who has which conversation: claimed before a turn, finished after it.

A claim ends in one of three ways: `finish`, `give_back` where nothing was sent, or `lose` where nobody knows
what the site has seen. A claimant that never comes back has lost its conversation too: when its lease is over,
the conversation makes room, and nobody goes on with it.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import msgspec

from chatdoor.conversation.listing import make_listing
from chatdoor.conversation.match import Found, Plan, Request, decide, fork, keys
from chatdoor.conversation.record import MAX_REPLY, Conversation, Turn, index_key
from chatdoor.conversation.store import ConversationStore
from chatdoor.errors import ArgumentError
from chatdoor.messages import Message

LEASE: Final = 600.0
"""Seconds that a claim is good for: longer than any turn should take."""

MAX_ATTEMPTS: Final = 5
"""Times that a claim is tried while others are faster. Then the list gets a session of its own."""


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """The right to one turn. `plan` says what to send, `claimed` is the conversation as this claim has it.

    `id` is what the conversation will be called where the turn begins one of its own.
    """

    id: str
    plan: Plan
    request: Request
    claimed: Conversation | None = None


class Ledger:
    """Conversations over a store.

    `gone` is called with each conversation that has left through this ledger, so that what it holds at the site can
    be let go. It may be called twice for the same one.
    """

    def __init__(
        self, store: ConversationStore, *, gone: Callable[[Conversation], None] | None = None, lease: float = LEASE
    ) -> None:
        self._store = store
        self._gone = gone
        self._lease = lease

    def claim(
        self,
        scope: str,
        messages: Sequence[Message],
        *,
        now: float,
        new_id: str,
        sees_system: bool,
        conversation_id: str | None = None,
        chat: str | None = None,
        retry: bool = False,
        key: str | None = None,
    ) -> Claim:
        """What the messages are, and the conversation that they go on in, if any, now claimed.

        `scope` is site, key and user as one text. `new_id` must never have been used. `sees_system` says whether the
        site gets system texts. `conversation_id` is an id that we gave; `chat` is the client's own name for its chat,
        whose whole list it sends. `retry` and `key` (an idempotency key) mark a retry.

        Raises ArgumentError where no message of the user comes after the last reply.
        """
        self.expire(now)
        named = None if conversation_id is None else self._of(scope, conversation_id)
        own = (scope,) if chat is None else (scope, chat)
        request = Request(
            listing=make_listing(named.place if named else own, messages, sees_system=sees_system),
            now=now,
            conversation_id=conversation_id,
            retry=retry,
            key=key,
        )
        return self.claim_for(request, new_id)

    def claim_for(self, request: Request, new_id: str) -> Claim:
        """The same for a request that is made already."""
        claim = self._claim(request, new_id)
        if not claim.plan.news:
            self.give_back(claim, now=request.now)
            raise ArgumentError("messages: nothing to send, no message from the user after the last reply")
        return claim

    def finish(
        self, claim: Claim, reply: str, held: Mapping[str, object], *, now: float, partial: bool = False
    ) -> Conversation:
        """The conversation after the turn, free again. `partial`: the reply was stopped, and this much was sent of it.

        Where it was forgotten meanwhile it stays so.
        """
        conversation = after_turn(claim, reply, held, now=now, partial=partial)
        before = claim.claimed
        if not self._store.compare_and_set(conversation.id, before.revision if before else None, conversation):
            self._leave(conversation)
        self.expire(now)
        return conversation

    def give_back(self, claim: Claim, *, now: float) -> None:
        """Ends a claim of which nothing was sent: the conversation is as before."""
        claimed = claim.claimed
        if claimed is None:
            return
        if not self._store.compare_and_set(claimed.id, claimed.revision, freed(claimed, now)):
            self._leave(claimed)

    def lose(self, claim: Claim) -> None:
        """Ends a claim of which nobody knows what the site saw: the conversation is forgotten."""
        if claim.claimed is not None:
            self._store.compare_and_set(claim.claimed.id, claim.claimed.revision, None)
            self._leave(claim.claimed)

    def forget(self, scope: str | None, conversation_id: str, *, now: float, claimed: bool = True) -> bool:
        """True where there was such a conversation, and it is forgotten. `claimed`: also one that has a claimant.

        A `scope` of None stands for whoever's it is.

        A turn that is under way goes on; its conversation leaves when it ends.
        """
        for _ in range(MAX_ATTEMPTS):
            conversation = self._of(scope, conversation_id)
            if conversation is None:
                return False
            idle = conversation.free() or conversation.lapsed(now)
            if not (idle or claimed):
                return False
            if self._store.compare_and_set(conversation_id, conversation.revision, None):
                if idle:
                    self._leave(conversation)
                return True
        return False

    def expire(self, now: float) -> None:
        """Lets go what is past its time or too much."""
        for conversation in self._store.expire(now):
            self._leave(conversation)

    def _claim(self, request: Request, new_id: str) -> Claim:
        plan = self._decide(request)
        for _ in range(MAX_ATTEMPTS):
            if plan.kind != "continuation" or plan.conversation is None:
                return Claim(id=new_id, plan=plan, request=request)
            claimed = self._taken(plan.conversation, new_id, request.now)
            if claimed is not None:
                return Claim(id=new_id, plan=plan, request=request, claimed=claimed)
            plan = self._decide(request)
        return Claim(id=new_id, plan=fork(request, plan.conversation), request=request)

    def _decide(self, request: Request) -> Plan:
        if request.conversation_id is None:
            return decide(request, self._store.find(keys(request)))
        found: Found = self._store.find([index_key("request", request.digest)])
        return decide(request, found, self._of(request.listing.place[0], request.conversation_id))

    def _taken(self, conversation: Conversation, claimant: str, now: float) -> Conversation | None:
        """The conversation, claimed; None where somebody else was faster."""
        claimed = msgspec.structs.replace(
            conversation,
            revision=conversation.revision + 1,
            claimant=claimant,
            claimed_until=now + self._lease,
            used=now,
        )
        taken = self._store.compare_and_set(conversation.id, conversation.revision, claimed)
        return claimed if taken else None

    def _of(self, scope: str | None, conversation_id: str) -> Conversation | None:
        """The conversation of an id. One of another scope is not there."""
        conversation = self._store.get(conversation_id)
        return conversation if conversation is not None and scope in {None, conversation.scope} else None

    def _leave(self, conversation: Conversation) -> None:
        if self._gone is not None:
            self._gone(conversation)


def freed(claimed: Conversation, now: float) -> Conversation:
    """The conversation as it was before it was claimed, to be claimed again."""
    revision = claimed.revision + 1
    return msgspec.structs.replace(claimed, revision=revision, claimant=None, claimed_until=0.0, used=now)


def after_turn(claim: Claim, reply: str, held: Mapping[str, object], *, now: float, partial: bool) -> Conversation:
    """The conversation after the turn of a claim, free again."""
    told, before = claim.plan.told.with_reply(reply), claim.claimed
    kept = reply if len(reply) <= MAX_REPLY else None
    return Conversation(
        id=before.id if before else claim.id,
        place=claim.request.listing.place,
        revision=before.revision + 1 if before else 0,
        held=held,
        opened=before.opened if before else now,
        used=now,
        end=told.end,
        passed=told.passed,
        seen=told.seen,
        system=told.system,
        turn=Turn(claim.plan.told.end, claim.request.digest, kept, partial),
    )
