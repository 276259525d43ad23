"""Sessions for a site that keeps each conversation in one: a bounded number, first come, first served.

A conversation has a slot to itself for as long as it lives. Where all slots are taken, the conversation that has
been quiet the longest is let go; where all of them are talking, one waits.
"""

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future

from chatdoor.drive.lines import Lines
from chatdoor.drive.sessions import Sessions
from chatdoor.flow.session import Session


class Slot:
    """A place for one session, and the conversation that has it."""

    def __init__(self, sessions: Sessions) -> None:
        self.sessions = sessions
        self.lines = Lines()
        self.owner: str | None = None
        self.stands = ""
        """Where its conversation stood after the last turn here."""
        self.busy = False
        self.forgotten = False
        """Its conversation was forgotten while it talked, and leaves when the turn ends."""


class Ticket:
    """A conversation's request for a slot, which is done when it is there.

    `restored` is a session from before. `stands` says where the conversation stands: websockets that have not heard it
    up to there are closed.
    """

    def __init__(self, conversation: str, restored: Session | None, stands: str) -> None:
        self.conversation = conversation
        self.restored = restored
        self.stands = stands
        self.slot: Future[Slot] = Future()


class Pool:
    """Grants slots. `make` makes the sessions of a new one.

    `let_go` hears which conversation makes room. It says whether that is over; one with a turn on its way goes on
    elsewhere, and takes its session along. `clean` says that a session may go on to the next conversation, because
    the site opens that with steps of its own.
    """

    def __init__(self, limit: int, make: Callable[[], Sessions], let_go: Callable[[str], bool], *, clean: bool) -> None:
        self._limit = limit
        self._make = make
        self._let_go = let_go
        self._clean = clean
        self._lock = threading.Lock()
        self._slots: list[Slot] = []  # the quiet ones in the order in which they became so
        self._waiting: deque[Ticket] = deque()

    def request(self, conversation: str, restored: Session | None = None, stands: str = "") -> Ticket:
        """A ticket. It ends with `keep` or `free`, or with `give_up` before that."""
        ticket = Ticket(conversation, restored, stands)
        with self._lock:
            self._waiting.append(ticket)
        self._grant()
        return ticket

    def keep(self, slot: Slot, conversation: str) -> None:
        """Ends a turn. The slot stays with the conversation."""
        with self._lock:
            self._slots.remove(slot)
            self._slots.append(slot)
            if slot.forgotten:
                self._vacate(slot)
            else:
                slot.owner, slot.busy = conversation, False
        self._grant()

    def free(self, slot: Slot) -> None:
        """Ends a turn and its conversation."""
        with self._lock:
            self._vacate(slot)
        self._grant()

    def give_up(self, ticket: Ticket) -> None:
        """Ends a request that nobody waits for any more."""
        with self._lock:
            waited = ticket in self._waiting
            if waited:
                self._waiting.remove(ticket)
        if not waited:
            self.free(ticket.slot.result())

    def forget(self, conversation: str) -> None:
        """Lets a conversation go: now where it is quiet, else after its turn."""
        with self._lock:
            for slot in self._slots:
                if slot.owner == conversation and slot.busy:
                    slot.forgotten = True
                elif slot.owner == conversation:
                    self._vacate(slot)
        self._grant()

    def hang_up(self) -> None:
        """Closes the websockets of all conversations."""
        with self._lock:
            for slot in self._slots:
                slot.lines.drop()

    def opened(self) -> list[float]:
        """When each open session was opened, in seconds since 1970."""
        with self._lock:
            found = [slot.sessions.current for slot in self._slots]
        return [session.opened for session in found if session]

    def session_of(self, conversation: str) -> Session | None:
        """The session in which a conversation lives; None where it has none."""
        with self._lock:
            return next((slot.sessions.current for slot in self._slots if slot.owner == conversation), None)

    def warm(self, count: int) -> list[Sessions]:
        """The sessions of empty slots, at most so many, for somebody to open them."""
        with self._lock:
            while len(self._slots) < min(count, self._limit):
                self._slots.append(Slot(self._make()))
            return [slot.sessions for slot in self._slots if slot.owner is None and not slot.busy][:count]

    def _vacate(self, slot: Slot) -> None:
        slot.owner, slot.busy, slot.forgotten = None, False, False
        slot.lines.drop()
        if not self._clean:
            slot.sessions = self._make()

    def _grant(self) -> None:
        while granted := self._next():
            ticket, slot, gone = granted
            self._move_in(slot, ticket, gone)
            ticket.slot.set_result(slot)

    def _next(self) -> tuple[Ticket, Slot, str | None] | None:
        """Who comes first, the slot that is now theirs, and whose it was."""
        with self._lock:
            ticket = self._waiting[0] if self._waiting else None
            slot = self._slot_for(ticket) if ticket else None
            if ticket is None or slot is None:
                return None
            self._waiting.popleft()
            gone, slot.owner, slot.busy = slot.owner, ticket.conversation, True
            return ticket, slot, gone

    def _move_in(self, slot: Slot, ticket: Ticket, gone: str | None) -> None:
        """Nobody else has the slot, so no lock is held: what hears of `gone` may ask for things here."""
        moves = gone is not None and gone != ticket.conversation
        stays = not moves or (self._let_go(str(gone)) and self._clean)
        if gone != ticket.conversation or slot.stands != ticket.stands:  # another process may have gone on
            slot.lines.drop()
        slot.stands = ticket.stands
        if not stays:
            slot.sessions = self._make()
        # Its own slot too may hold less than what was kept: another process may have gone on with the conversation.
        if ticket.restored is not None and ticket.restored != slot.sessions.current:
            slot.lines.drop()
            slot.sessions = self._make()
            slot.sessions.restore(ticket.restored)

    def _slot_for(self, ticket: Ticket) -> Slot | None:
        """The conversation's own slot, an empty one, a new one, or the one that has been quiet the longest."""
        quiet = [slot for slot in self._slots if not slot.busy]
        for slot in quiet:
            if slot.owner == ticket.conversation:
                return slot
        for slot in quiet:
            if slot.owner is None:
                return slot
        if len(self._slots) < self._limit:
            self._slots.append(Slot(self._make()))
            return self._slots[-1]
        return quiet[0] if quiet else None
