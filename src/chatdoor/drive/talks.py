"""The conversations of one visitor with a site that keeps the turns: which one a message list goes on in, and where.

A call claims its conversation, has a session for it, and ends the claim by what came of it: a reply, a part of
one, nothing that the site could have heard, or nobody knows what.
"""

import logging
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Final, Protocol, TypedDict

import msgspec

from chatdoor.conversation.ledger import Claim, Ledger
from chatdoor.conversation.record import Conversation
from chatdoor.conversation.store import ConversationStore, MemoryStore
from chatdoor.drive.asker import Asker
from chatdoor.drive.pool import Pool, Slot, Ticket
from chatdoor.drive.sessions import Sessions
from chatdoor.drive.store import is_sound
from chatdoor.drive.trouble import Trouble
from chatdoor.errors import ChatdoorError, ConversationBusy, ConversationLost, StateError
from chatdoor.flow.session import Session
from chatdoor.flow.talk import Talk
from chatdoor.flow.turn import Turn
from chatdoor.messages import Message, Reply
from chatdoor.site.model import Site

logger = logging.getLogger("chatdoor")

REFUSED: Final[Mapping[str, tuple[type[ChatdoorError], str]]] = {
    "lost": (ConversationLost, "is not known, or not any more"),
    "busy": (ConversationBusy, "is talking already"),
}
"""Kinds of plans for a conversation that was named, and what is told where there is no list to fork with."""


class Held(msgspec.Struct, frozen=True):
    """What is kept of the site's side of a conversation. `session` is there where the site keeps the turns in it."""

    values: dict[str, object]
    root: int
    session: Session | None = None


class Holding:
    """One call's hold on a conversation. It ends with `end`, whatever becomes of the call."""

    def __init__(self, talks: "Talks", claim: Claim, turn: Turn, held: Held | None) -> None:
        again = claim.plan.conversation if claim.plan.kind == "retry" else None
        self.kept = again.turn.reply if again else None
        """The reply of a turn that is asked for once more. The site is not asked, and nothing is held."""
        self.turn = turn
        going_on = again or claim.claimed
        self.id = going_on.id if going_on else claim.id
        self.talk = Talk(self.id, dict(held.values), held.root) if held else Talk(self.id)
        self.ticket: Ticket | None = None
        self.claim = claim
        self._talks = talks
        if talks.pool and self.kept is None:
            stands = claim.claimed.end.exact if claim.claimed else ""
            self.ticket = talks.pool.request(self.id, held.session if held else None, stands)

    def end(self, reply: object, partial: str, *, told: bool) -> None:
        """Ends the claim: the conversation goes on from the reply, or from the part of it that was not stopped.

        With neither it is as before, or forgotten where the site may have heard what was `told`.
        """
        if self.kept is not None:
            return
        slot, lives = self._slot(), False
        try:
            lives = self._end_claim(slot, reply, partial, told=told)
        except StateError as error:  # the reply counts more than the conversation
            self._talks.trouble.tell(error)
        else:
            if lives:
                self._talks.trouble.over()
        finally:
            self._leave(slot, lives=lives)

    def _end_claim(self, slot: Slot | None, reply: object, partial: str, *, told: bool) -> bool:
        """True where the conversation goes on."""
        ledger = self._talks.ledger
        whole = isinstance(reply, Reply)
        if (whole or partial) and self.talk.begun:
            held = _keep(self.talk, slot.sessions if slot else None)
            text = reply.text if isinstance(reply, Reply) else partial
            kept = ledger.finish(self.claim, text, held, now=time.time(), partial=not whole)
            if slot:
                slot.stands = kept.end.exact
            return True
        if told:
            ledger.lose(self.claim)
            return False
        ledger.give_back(self.claim, now=time.time())
        return self.claim.claimed is not None

    def _slot(self) -> Slot | None:
        """The slot, if it was granted."""
        ticket = self.ticket
        return ticket.slot.result() if ticket and ticket.slot.done() else None

    def _leave(self, slot: Slot | None, *, lives: bool) -> None:
        pool = self._talks.pool
        if pool is None or self.ticket is None:
            return
        if slot is None:
            pool.give_up(self.ticket)
        elif lives:
            pool.keep(slot, self.id)
        else:
            pool.free(slot)


class Asked(TypedDict):
    """What a ledger is asked (see Ledger.claim), but for the time and a new id."""

    scope: str
    messages: Sequence[Message]
    sees_system: bool
    conversation_id: str | None
    chat: str | None
    retry: bool
    key: str | None


class Ends(Protocol):
    """How claims end (see Ledger), and how a conversation is let go."""

    def finish(
        self, claim: Claim, reply: str, held: Mapping[str, object], *, now: float, partial: bool = False
    ) -> Conversation:
        """The conversation after the turn."""
        ...

    def give_back(self, claim: Claim, *, now: float) -> None:
        """Ends a claim of which nothing was sent."""
        ...

    def lose(self, claim: Claim) -> None:
        """Ends a claim of which nobody knows what the site saw."""
        ...

    def forget(self, scope: str | None, conversation_id: str, *, now: float, claimed: bool = True) -> bool:
        """True where there was such a conversation, and it is forgotten."""
        ...


class Talks:
    """All conversations of a visitor. `scope` is whose they are."""

    def __init__(
        self, site: Site, scope: str, make: Callable[[], Sessions], store: ConversationStore | None = None
    ) -> None:
        self._site = site
        self._scope = scope
        self.pool: Pool | None = None
        self.trouble = Trouble()
        """Of the store."""
        self._claims = Ledger(MemoryStore() if store is None else store, gone=self._gone)
        self.ledger: Ends = self._claims
        if site.in_sessions:
            clean = bool(site.conversation.start)
            self.pool = Pool(site.limits.sessions, make, self._let_go, clean=clean)

    def hold(self, turn: Turn, conversation: str | None, asker: Asker) -> Holding:
        """The conversation that the messages go on in, claimed; a new one where there is none.

        Raises ConversationLost for a `conversation` that is not there, ConversationBusy for one that is talking, where
        the messages do not hold what was said; and StateError.
        """
        while True:
            claim = self._claim(self.asked(turn, conversation, asker))
            try:
                return self.begin(claim, turn, conversation)
            except msgspec.ValidationError:
                self.can_not_read(claim)

    def _claim(self, asked: Asked) -> Claim:
        try:
            return self._claims.claim(now=time.time(), new_id=uuid.uuid4().hex, **asked)
        except StateError as error:
            self.trouble.tell(error)
            raise

    def asked(self, turn: Turn, conversation: str | None, asker: Asker) -> Asked:
        """What a ledger is asked for the turn."""
        return {
            "scope": f"{self._scope}/{asker.scope}" if asker.scope else self._scope,
            "messages": turn.messages,
            "sees_system": self._site.messages.system != "drop",
            "conversation_id": conversation,
            "chat": asker.chat,
            "retry": asker.retry,
            "key": asker.key,
        }

    def begin(self, claim: Claim, turn: Turn, conversation: str | None) -> Holding:
        """The hold that a claim gives.

        Raises as `hold`, and ValidationError where what is kept of the site's side can not be read.
        """
        plan, held = claim.plan, _held(claim.claimed)
        if plan.kind in REFUSED and conversation is not None and not plan.before:
            kind, problem = REFUSED[plan.kind]
            raise kind(f"the conversation {conversation} {problem}", site=self._site.name)
        going_on = claim.claimed is not None
        messages = (*plan.system, *plan.before, *plan.late, *plan.after)
        known = len(plan.system) + len(plan.before) if going_on else 0
        told = msgspec.structs.replace(turn, messages=messages, known=known, rest=going_on and not plan.before)
        return Holding(self, claim, told, held)

    def can_not_read(self, claim: Claim) -> None:
        """A conversation whose side of the site can not be read is lost."""
        logger.warning("a kept conversation of %s can not be read, so it is lost", self._site.name)
        self.ledger.lose(claim)

    def _let_go(self, conversation: str) -> bool:
        """A conversation that makes room in the pool is over, unless somebody has claimed it."""
        try:
            return self.ledger.forget(None, conversation, now=time.time(), claimed=False)
        except StateError as error:  # somebody else's turn does not fail for it
            self.trouble.tell(error)
            return False

    def _gone(self, conversation: Conversation) -> None:
        """A conversation that has left the ledger."""
        if self.pool:
            self.pool.forget(conversation.id)


def _keep(talk: Talk, sessions: Sessions | None) -> dict[str, object]:
    held = Held(talk.values, talk.root or 0, sessions.current if sessions else None)
    kept: dict[str, object] = msgspec.to_builtins(held)
    return kept


def _held(conversation: Conversation | None) -> Held | None:
    """What is kept of the site's side. Raises ValidationError where that is not what we keep."""
    held = None if conversation is None else msgspec.convert(conversation.held, Held)
    if held is not None and held.session is not None and not is_sound(held.session):
        raise msgspec.ValidationError("a session that no site can have begun")
    return held
