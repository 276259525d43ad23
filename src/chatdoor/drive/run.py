"""What the blocking and the async driver have in common: one run of a flow, its time, its small effects."""

import logging
import re
import secrets
import string
import time
import uuid
from collections.abc import Callable, Mapping
from copy import copy
from datetime import UTC, datetime
from typing import Final

from chatdoor.drive.sessions import Lead
from chatdoor.drive.visitor import Visitor
from chatdoor.errors import ChatdoorError, Place, ReplyTooLarge, TimedOut
from chatdoor.flow.effects import Learn, Make, Send
from chatdoor.flow.exchange import Call
from chatdoor.flow.session import Session

logger = logging.getLogger("chatdoor")

PACE_PHASE: Final = "waiting for its turn (the site's pace)"


class Run:
    """One run. A driver adds the effects that wait."""

    def __init__(self, visitor: Visitor, call: Call, thread: int) -> None:
        self.visitor = visitor
        self.call = call
        self.thread = thread
        """The caller's thread, which for a blocking call is not always the one that does the work."""
        self.place = Place(visitor.site.name)

    def remaining(self, phase: str) -> float:
        """Seconds that are left. Raises TimedOut where there are none."""
        left = self.call.deadline - time.monotonic()
        if left <= 0:
            raise self.out_of_time(phase)
        return left

    def out_of_time(self, phase: str) -> TimedOut:
        """The error for a call whose time is up."""
        return TimedOut(f"timed out while {phase}", phase=phase, site=self.place.site, step=self.place.step)

    def checked_delay(self, delay: float) -> float:
        """Seconds that the pace asks to wait. Raises TimedOut at once where they do not fit."""
        if delay >= self.remaining(PACE_PHASE):
            problem = f"the site's pace asks to wait {delay:.0f} s more, over the timeout"
            raise TimedOut(problem, phase=PACE_PHASE, site=self.place.site)
        return delay

    def opened(self, outcome: Session | ChatdoorError | None) -> Session | None:
        """The session that another call opened; None where it handed over. Raises that call's error."""
        if isinstance(outcome, ChatdoorError):
            raise copy(outcome) from outcome
        return outcome

    def failed(self, lead: Lead, error: ChatdoorError) -> None:
        """Gives the error to all who wait for the session; unless it is that this call's own time is up."""
        if isinstance(error, TimedOut) and time.monotonic() >= self.call.deadline - 0.05:
            lead.hand_over()
        else:
            lead.fail(error)

    def starts(self, effect: Send) -> None:
        """Notes which step is under way, for errors and the log."""
        self.place = Place(self.place.site, effect.label)
        if logger.isEnabledFor(logging.DEBUG):
            names = ", ".join(name for name, _ in effect.request.headers)
            size = len(effect.request.body or b"")
            logger.debug("%s: %s: sends %d bytes with the headers %s", *self.place, size, names)

    def learn(self, effect: Learn) -> Session:
        """Merges what an answer changed."""
        if logger.isEnabledFor(logging.DEBUG):
            names = ", ".join((*(cookie.name for cookie in effect.changes.cookies), *effect.changes.values))
            logger.debug("%s: %s: takes %s", *self.place, names or "the page")
        return self.visitor.sessions.learn(effect.session, effect.changes)

    def too_large(self, limit: int) -> ReplyTooLarge:
        """The error for an answer with more than `limit` bytes."""
        return ReplyTooLarge(f"the answer is larger than {limit} bytes", site=self.place.site, step=self.place.step)

    def make(self, effect: Make) -> str:
        """Something fresh, of the kind that a site file names: `hexN` and `alnumN` have N characters."""
        kind, size = _KIND.fullmatch(effect.kind).groups()  # type: ignore[union-attr]  # checked when the file was loaded
        return _MAKERS[kind](int(size or 0))


def _text_of(alphabet: str) -> Callable[[int], str]:
    return lambda size: "".join(secrets.choice(alphabet) for _ in range(size))


def _iso8601(_: int) -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


_KIND = re.compile(r"(uuid4|unix_ms|iso8601|hex|alnum)([0-9]*)")

_MAKERS: Final[Mapping[str, Callable[[int], str]]] = {
    "uuid4": lambda _: str(uuid.uuid4()),
    "unix_ms": lambda _: str(time.time_ns() // 1_000_000),
    "iso8601": _iso8601,
    "hex": _text_of("0123456789abcdef"),
    "alnum": _text_of(string.ascii_letters + string.digits),
}
