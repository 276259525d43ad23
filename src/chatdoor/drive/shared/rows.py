"""Conversations as rows on a server: claimed as they are found, and put there where nobody else has gone on."""

import asyncio
import hashlib
import logging
from collections.abc import Sequence
from functools import partial
from typing import Any, Final

import msgspec

from chatdoor.conversation.ledger import LEASE, freed
from chatdoor.conversation.match import Request, keys
from chatdoor.conversation.record import Conversation, index_key
from chatdoor.conversation.snapshot import Snapshot
from chatdoor.conversation.store import MAX_FOUND, TIME_TO_LIVE
from chatdoor.drive.gate import Elsewhere, Finding, Lock
from chatdoor.drive.shared.link import PREFIX, Link
from chatdoor.drive.shared.scripts import FIND, PUT

logger = logging.getLogger("chatdoor")

KEPT_MOST: Final = 100_000
"""Conversations that the server keeps at most."""

INDEXED_MOST: Final = 4 * MAX_FOUND
"""Conversations that stand under one key at most."""

RECORD_BYTES: Final = 4_000_000
"""The largest text of a conversation that is read."""

EAGER: Final = ("end:", "asked:")
"""Keys of conversations that stand where the list goes on, so that they are claimed as they are found."""

ENDS: Final = 3
"""How many of them there are for one place where a list may go on."""


class Rows:
    """The rows of all conversations on one server. What is asked goes out at once; the answers are awaited."""

    def __init__(self, link: Link) -> None:
        self._link = link

    async def find(self, request: Request, new_id: str, lock: Lock | None) -> tuple[Snapshot, str]:
        """What the request may go on in, as it was before, and the id of the one that is claimed now ("" for none).

        Raises Elsewhere where another call has the lock, StateDown.
        """
        wanted, name = _wanted(request), request.conversation_id or ""
        eager = sum(key.startswith(EAGER) for key in wanted)
        guard = len(wanted) if request.retry or request.key else 0
        by_name = "1" if name and not request.listing.cuts else "0"
        until = request.now + LEASE
        names = [_index_name(key) for key in wanted]
        sent = self._link.send_with(lock, FIND, names, PREFIX, eager, guard, name, by_name, new_id, until, MAX_FOUND)
        lists, read, taken = await self._answer(sent, request.now)
        standing = {name: one.index_keys() for name, one in read.items()}
        found = {
            key: [read[at] for one in ids if key in standing.get(at := one.decode(), ())]
            for key, ids in zip(wanted, lists, strict=True)
        }
        named = [read[name]] if name in read else []
        return Snapshot({key: ones for key, ones in found.items() if ones}, named), taken

    def find_kept(self, kept: str, site: str, *, now: float, new_id: str, lock: Lock | None) -> Finding:
        """Looks up the conversation that something kept is of. `kept` is its name on the server."""
        arguments = (PREFIX, 0, 0, "", "1", new_id, now + LEASE, 0, PREFIX + kept, site)
        return Finding(new_id, now, self._link.send_with(lock, FIND, [], *arguments))

    async def found(self, finding: Finding) -> tuple[Snapshot, str]:
        """The one of a look-up by what is kept, as `find` gives it."""
        _, read, taken = await self._answer(finding.sent, finding.now)
        return Snapshot({}, read.values()), taken

    def give_up(self, finding: Finding) -> None:
        """Ends a look-up that nobody has a use for."""
        finding.sent.add_done_callback(partial(self._unwanted, finding.now))

    async def take(self, old: Conversation, claimed: Conversation, now: float) -> bool:
        """Claims what was found, where nobody else has meanwhile."""
        sent = self.put(old.id, old.revision, claimed, claimed)
        try:
            return bool(await asyncio.shield(sent))
        except asyncio.CancelledError:
            sent.add_done_callback(partial(self._untaken, old, now))
            raise

    def untake(self, taken: Conversation | None, now: float) -> None:
        """Gives back what was claimed: `taken` is how it was before."""
        if taken is not None:
            claimed = msgspec.structs.replace(taken, revision=taken.revision + 1)
            self.put(taken.id, claimed.revision, freed(claimed, now), claimed)

    def put(
        self, conversation_id: str, expected: int | None, new: Conversation | None, old: Conversation | None
    ) -> "asyncio.Future[Any]":
        """A compare-and-set. `old` is what is there, where that is known; without it, all that finds it is written."""
        same = old is not None and new is not None and (old.end, old.turn) == (new.end, new.turn)
        before = old.index_keys() if old and not same else frozenset[str]()
        after = new.index_keys() if new and not same else frozenset[str]()
        return self._link.send(
            PUT,
            [f"c:{conversation_id}", "u:all", *map(_index_name, sorted(after - before))],
            PREFIX,
            conversation_id,
            -1 if expected is None else expected,
            "" if new is None else new.revision,
            new.claimant or "" if new else "",
            new.claimed_until if new else 0,
            new.used if new else 0,
            "" if new is None or same else msgspec.json.encode(new),
            int(TIME_TO_LIVE * 1000),
            KEPT_MOST,
            INDEXED_MOST,
            *(PREFIX + _index_name(key) for key in sorted(before - after)),
        )

    async def _answer(
        self, sent: "asyncio.Future[Any]", now: float
    ) -> tuple[Sequence[Sequence[bytes]], dict[str, Conversation], str]:
        """Ids for each key that was looked up, what they name, and the id that is claimed now."""
        try:
            answer = await asyncio.shield(sent)
        except asyncio.CancelledError:
            sent.add_done_callback(partial(self._unwanted, now))
            raise
        if answer is None:
            raise Elsewhere
        lists, rows, taken = answer
        return lists, {one.id: one for row in rows if (one := self._read(row))}, taken.decode()

    def _unwanted(self, now: float, sent: "asyncio.Future[Any]") -> None:
        """Gives back what was claimed as it was found, for somebody who has left."""
        if sent.cancelled() or sent.exception() is not None or sent.result() is None:
            return
        _, rows, taken = sent.result()
        for row in rows:
            if row[0] == taken:
                self.untake(self._read(row), now)

    def _untaken(self, old: Conversation, now: float, sent: "asyncio.Future[Any]") -> None:
        """Gives back what was taken, for somebody who has left."""
        if not sent.cancelled() and sent.exception() is None and sent.result():
            self.untake(old, now)

    def _read(self, row: Sequence[bytes]) -> Conversation | None:
        """The conversation of a row. One that is none of ours is dropped."""
        name, revision, claimant, until, text = row
        try:
            kept = msgspec.json.decode(text[:RECORD_BYTES], type=Conversation)
            if kept.id != name.decode() or not kept.place:
                raise ValueError("another conversation's")
            return msgspec.structs.replace(
                kept, revision=int(revision), claimant=claimant.decode() or None, claimed_until=float(until)
            )
        except (ValueError, TypeError, RecursionError) as error:  # the library's own errors are ValueErrors
            logger.warning("a shared conversation can not be read (%s), so it is lost", type(error).__name__)
            self._link.send(PUT, [f"c:{name.decode('ascii', 'replace')}", "u:all"],
                            PREFIX, name, revision, "", "", 0, 0, "", 1, KEPT_MOST, INDEXED_MOST)  # fmt: skip
            return None


def _wanted(request: Request) -> list[str]:
    """What is looked up, what may be claimed at once first, and the request's own key last."""
    own = index_key("request", request.digest)
    wanted = [key for key in keys(request) if key != own]
    if request.conversation_id is not None:  # most likely it stands at the last reply
        return [*[key for key in wanted if key.startswith(EAGER)][:ENDS], own]
    return [*sorted(wanted, key=lambda key: not key.startswith(EAGER)), own]


def _index_name(key: str) -> str:
    """The short name of a key: 96 bits of it, and what is found is looked at."""
    return f"i:{hashlib.blake2b(key.encode(), digest_size=12).hexdigest()}"
