"""What else may have a say in a call: whether it goes on to its site, and what its reply's end has to wait for.

All of it is asked in the trips that a call makes anyway.
"""

from typing import TYPE_CHECKING, Any, Protocol

import msgspec

if TYPE_CHECKING:
    import asyncio


class Lock(msgspec.Struct, frozen=True):
    """A right that one call has: `name` is a hash on the server, `ticket` is in its field `t` for who has the right."""

    name: str
    ticket: str


class Finding(msgspec.Struct, frozen=True):
    """A look-up, on its way, of a conversation by who does not know its id; it is claimed as `new_id` where it can be.

    `sent` is the server's answer; `now` is when it was asked, in seconds since 1970.
    """

    new_id: str
    now: float
    sent: "asyncio.Future[Any]"


class Ahead(msgspec.Struct, frozen=True):
    """What was asked for a call before it is known what it says: what others know, a place, maybe a conversation.

    `known` is the answer about the session, `asked` that about a place in the site's pace, both on their way. All of
    it ends with the call, or with `give_up` (see SharedVisit).
    """

    lock: Lock | None
    known: "asyncio.Future[Any]"
    asked: "asyncio.Future[Any] | None"
    finding: Finding | None


class Elsewhere(Exception):
    """Another call has the right. Here alone: who meets it waits for the gate."""


class Gate(Protocol):
    """Says whether a call may go on to its site. It may be the gate of several calls.

    What becomes of a call at its gate (see SharedVisit.open):

        begin    as it asks for all else; what is claimed for it is claimed only with the lock that it gets
        passes   once all that is there; or gives back what it claimed, where another has the right
        opens    for one that had to wait: it begins anew, and gets no lock then
        ended    once, whatever came of it
    """

    def begin(self) -> Lock | None:
        """Asks, unless it has. The lock is None where nobody else can have the right."""
        ...

    async def passes(self) -> None:
        """Returns where the call may go on. Raises Elsewhere where it has to wait first, or the call's own error."""
        ...

    async def opens(self) -> None:
        """Returns once the call may begin anew, with no lock. Raises what the call raises."""
        ...

    def ended(self) -> None:
        """Hears that what the calls were for has ended, whatever came of it."""
        ...


class Waits(Protocol):
    """Takes what the end of a reply waits for."""

    def add(self, sent: "asyncio.Future[Any]") -> None:
        """One more thing to wait for, however it ends."""
        ...
