"""Who has which conversation, over all gateways: the pure ledger decides, the server compares and sets.

A turn takes two trips. The first one finds, and claims at once what is most likely the conversation that goes on; the
decision is made here, and where it is another one, that claim is given back. The second one puts the conversation
there as it is after the turn.

What went through here is remembered here too. While the server is away this is what one goes on from, and what has
gone on meanwhile is put there when it is back, unless another gateway has gone on with it.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import islice
from typing import Any, Final

import msgspec

from chatdoor.conversation.ledger import MAX_ATTEMPTS, Claim, Ledger, after_turn, freed
from chatdoor.conversation.listing import make_listing
from chatdoor.conversation.match import Request, fork
from chatdoor.conversation.record import Conversation
from chatdoor.conversation.snapshot import Snapshot
from chatdoor.conversation.store import MemoryStore
from chatdoor.drive.gate import Finding, Lock
from chatdoor.drive.shared.link import Link
from chatdoor.drive.shared.rows import Rows
from chatdoor.errors import ArgumentError, StateDown
from chatdoor.messages import Message

UNSAVED_MOST: Final = 10_000
UNSAVED_AT_A_TIME: Final = 100
"""Conversations that wait for the server to be back, and how many of them go in one trip."""


class Unsaved(msgspec.Struct, frozen=True):
    """A conversation that has gone on here alone: the revision that the server has, and when it was not yet emptied."""

    there: int | None
    epoch: bytes


class SharedLedger:
    """Conversations on a server. `gone` is called with each that has left through this ledger.

    `serves`: while the server is away, one goes on from what is known here; else a claim raises StateDown.
    """

    def __init__(self, link: Link, *, gone: Callable[[Conversation], None], serves: bool) -> None:
        self._link = link
        self._rows = Rows(link)
        self._gone = gone
        self._serves = serves
        self._near = MemoryStore()
        self._near_ledger = Ledger(self._near)
        self._unsaved: dict[str, Unsaved] = {}
        """What the server does not have, or may not have, as it is here."""
        self._sending: set[str] = set()
        self._endings: dict[str, asyncio.Future[Any]] = {}

    def find_kept(self, kept: str, site: str, *, now: float, new_id: str, lock: Lock | None) -> Finding:
        """Looks up the conversation that something kept is of. `kept` is its name on the server."""
        self._save_rest()
        return self._rows.find_kept(kept, site, now=now, new_id=new_id, lock=lock)

    def give_up(self, finding: Finding) -> None:
        """Ends a look-up that nobody has a use for."""
        self._rows.give_up(finding)

    async def claim(
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
        lock: Lock | None = None,
        finding: Finding | None = None,
    ) -> Claim:
        """As Ledger.claim, where one has the lock, if there is one; else raises Elsewhere.

        `finding` is what `find_kept` gave, which ends here.

        Raises StateDown too, where the server is away and that is how it was wanted.
        """
        listing = make_listing((scope,) if chat is None else (scope, chat), messages, sees_system=sees_system)
        request = Request(listing=listing, now=now, conversation_id=conversation_id, retry=retry, key=key)
        try:
            return await self._claim(request, new_id, sees_system=sees_system, lock=lock, finding=finding)
        except StateDown:
            if not self._serves:
                raise
        claim = self._near_ledger.claim_for(self._placed(request, self._near.get, sees_system=sees_system), new_id)
        if claim.claimed is not None:
            self._differs(claim.claimed.id, claim.claimed.revision - 1)
        return claim

    def finish(
        self, claim: Claim, reply: str, held: Mapping[str, object], *, now: float, partial: bool = False
    ) -> Conversation:
        """The conversation after the turn. `ended` waits until the server has it."""
        conversation = after_turn(claim, reply, held, now=now, partial=partial)
        self._end(claim, conversation.id, conversation)
        self._near.expire(now)
        return conversation

    def give_back(self, claim: Claim, *, now: float) -> None:
        """Ends a claim of which nothing was sent: the conversation is as before."""
        if claim.claimed is not None:
            self._end(claim, claim.claimed.id, freed(claim.claimed, now))

    def lose(self, claim: Claim) -> None:
        """Ends a claim of which nobody knows what the site saw: the conversation is forgotten."""
        if claim.claimed is not None:
            self._end(claim, claim.claimed.id, None)
            self._gone(claim.claimed)

    def forget(self, scope: str | None, conversation_id: str, *, now: float, claimed: bool = True) -> bool:  # noqa: ARG002 - the ledger's signature
        """False: what makes room here may go on at another gateway, and here again from what is kept of it."""
        return False

    def ending(self, claim: Claim) -> "asyncio.Future[Any] | None":
        """Done once the server has heard how the claim ended, or is known to be away; None where it is by now."""
        return self._endings.get(claim.id)

    async def ended(self, claim: Claim) -> None:
        """Returns once the server has heard how the claim ended, or is known to be away."""
        if (ending := self.ending(claim)) is not None:
            await asyncio.wait([ending])

    def _end(self, claim: Claim, conversation_id: str, new: Conversation | None) -> None:
        before = claim.claimed.revision if claim.claimed else None
        self._remember(conversation_id, new)
        ending = self._endings[claim.id] = self._save(conversation_id, before, new, claim.claimed)
        ending.add_done_callback(lambda _: self._endings.pop(claim.id, None))

    def _remember(self, conversation_id: str, new: Conversation | None) -> None:
        old = self._near.get(conversation_id)
        if old is not None or new is not None:
            self._near.compare_and_set(conversation_id, old.revision if old else None, new)

    def _differs(self, conversation_id: str, there: int | None) -> Unsaved:
        """Notes that the server does not have a conversation as it is here. `there` is what it has, if not known."""
        unsaved = self._unsaved.setdefault(conversation_id, Unsaved(there, self._link.epoch))
        if len(self._unsaved) > UNSAVED_MOST:
            del self._unsaved[next(iter(self._unsaved))]
        return unsaved

    def _save(
        self, conversation_id: str, there: int | None, new: Conversation | None, old: Conversation | None
    ) -> "asyncio.Future[Any]":
        """Puts a conversation there. Where that can not be done now, it is done later."""
        unsaved = self._differs(conversation_id, there)
        emptied = unsaved.epoch != self._link.epoch
        sent = self._rows.put(conversation_id, None if emptied else unsaved.there, new, old)
        self._sending.add(conversation_id)
        sent.add_done_callback(partial(self._saved, conversation_id))
        return sent

    def _saved(self, conversation_id: str, sent: "asyncio.Future[Any]") -> None:
        self._sending.discard(conversation_id)
        if sent.cancelled() or sent.exception() is not None:
            return
        self._unsaved.pop(conversation_id, None)
        if not sent.result():  # another gateway has gone on with it, or it was forgotten
            self._remember(conversation_id, None)

    def _save_rest(self) -> None:
        """Puts there what has gone on while the server was away. It goes in the same trip as what comes next."""
        if self._link.problem is not None:
            return
        for conversation_id in list(islice(self._unsaved, UNSAVED_AT_A_TIME)):
            near = self._near.get(conversation_id)
            if conversation_id not in self._sending and (near is None or near.free()):
                self._save(conversation_id, None, near, None)

    async def _claim(
        self, request: Request, new_id: str, *, sees_system: bool, lock: Lock | None, finding: Finding | None
    ) -> Claim:
        if finding is not None and (request.conversation_id is None or request.retry or request.key):
            # It may go on in another one, which only its messages or its key can tell.
            snapshot, taken = await self._rows.found(finding)
            self._rows.untake(snapshot.get(taken), request.now)
            finding = None
        for _ in range(MAX_ATTEMPTS):
            if finding is None:
                self._save_rest()
                snapshot, taken = await self._rows.find(request, new_id, lock)
            else:
                snapshot, taken = await self._rows.found(finding)
                finding = None
            claim = self._decided(self._placed(request, snapshot.get, sees_system=sees_system), new_id, snapshot, taken)
            if claim.claimed is None or claim.claimed.id == taken:
                return claim
            old = claim.plan.conversation
            if old and await self._rows.take(old, claim.claimed, request.now):
                return claim
        return Claim(id=new_id, plan=fork(request, None), request=request)

    def _decided(self, request: Request, new_id: str, snapshot: Snapshot, taken: str) -> Claim:
        """The claim. What was taken and is not it is given back."""
        try:
            claim = Ledger(snapshot).claim_for(request, new_id)
        except ArgumentError:
            self._rows.untake(snapshot.get(taken), request.now)
            raise
        if claim.claimed is None or claim.claimed.id != taken:
            self._rows.untake(snapshot.get(taken), request.now)
        return claim

    def _placed(self, request: Request, get: Callable[[str], Conversation | None], *, sees_system: bool) -> Request:
        """The request at the place of the conversation that it names."""
        named = None if request.conversation_id is None else get(request.conversation_id)
        if named is None or named.place == request.listing.place or named.scope != request.listing.place[0]:
            return request
        listing = make_listing(named.place, request.listing.messages, sees_system=sees_system)
        return msgspec.structs.replace(request, listing=listing)
