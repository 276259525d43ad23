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
    """A conversation that is looked up for who does not know its id, and claimed as `new_id` where it can be."""

    new_id: str
    now: float
    sent: "asyncio.Future[Any]"


class Ahead(msgspec.Struct, frozen=True):
    """What was asked for a call before it is known what it says: what others know, a place, maybe a conversation.

    It ends with the call, or with `give_up` (see SharedVisit).
    """

    lock: Lock | None
    known: "asyncio.Future[Any]"
    asked: "asyncio.Future[Any] | None"
    finding: Finding | None


class Elsewhere(Exception):
    """Another call has the right. Here alone: who meets it waits for the gate."""


class Gate(Protocol):
    """Says whether a call may go on. It may be the gate of several calls."""

    def begin(self) -> Lock | None:
        """Asks, unless it has. What is claimed for the call is claimed only with the lock, if there is one."""
        ...

    async def passes(self) -> None:
        """Returns where the call may go on. Raises Elsewhere where it has to wait first, and what the call raises."""
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
