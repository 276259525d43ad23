"""What the blocking and the async driver have in common: one run of a flow, its time, its small effects."""

import logging
import threading
import time
from copy import copy
from functools import cached_property
from typing import Final, Generic

from chatdoor.drive.fresh import make_fresh
from chatdoor.drive.http import AsyncHttp, BlockingHttp
from chatdoor.drive.lines import Lines
from chatdoor.drive.pace import Turn
from chatdoor.drive.pool import Slot
from chatdoor.drive.reading import Reading
from chatdoor.drive.secrets import SecretUse, forget_answers
from chatdoor.drive.sessions import Lead
from chatdoor.drive.talks import Holding
from chatdoor.drive.visitor import Visitor
from chatdoor.errors import (
    ChatdoorError,
    LoginFailed,
    Place,
    RateLimited,
    TimedOut,
)
from chatdoor.flow.effects import (
    Effect,
    Flow,
    HangUp,
    Head,
    HoldOff,
    Learn,
    Make,
    OpenSession,
    Reveal,
    Send,
    Sleep,
    T,
)
from chatdoor.flow.excerpt import mask
from chatdoor.flow.exchange import Call
from chatdoor.flow.opening import open_session, refresh_session
from chatdoor.flow.session import Session

logger = logging.getLogger("chatdoor")

WAIT_PHASE: Final = "waiting as the site asked"
PACE_PHASE: Final = "waiting for its turn (the site's pace)"
SLOT_PHASE: Final = "waiting for a session (all are talking; limits.sessions)"


class Run(Generic[T]):
    """One run of a flow: what it waits for, and what came of the last effect.

    A driver repeats: ask for the `wish`, carry it out, put what came of it into `outcome`; or `fail`.
    What all runs begin with and few change stands in the class.
    """

    result: T
    """What the flow returned, once there is no wish left."""
    step: str | None = None
    """Which step is under way."""
    reading: Reading | None = None
    said = ""
    """A reply that was read to its end, until the flow has gone on from there."""
    ended = False
    """The flow has returned its result."""
    _refreshes = False
    _tells = False
    """What it does is logged."""
    _wanted: Effect | None = None
    _turn: Turn | None = None
    """Its place in the site's pace."""
    _closed: int | None = None
    """How the site closed the last websocket that was read."""

    def __init__(
        self,
        flow: Flow[T],
        visitor: Visitor,
        http: AsyncHttp | BlockingHttp,
        call: Call,
        thread: int | None = None,
        *,
        paced: bool = True,
        holding: Holding | None = None,
    ) -> None:
        self.visitor = visitor
        self.sessions = visitor.sessions
        self.holding = holding
        self.call = call
        self.thread = threading.get_ident() if thread is None else thread
        """The caller's thread, which for a blocking call is not always the one that does the work."""
        self.outcome: object = None
        self.failure: ChatdoorError | None = None
        self._flow = flow
        self._http = http
        self._pace = visitor.pace if paced else None

    @cached_property
    def lines(self) -> Lines:
        """The websockets of the conversation."""
        return Lines()

    @property
    def place(self) -> Place:
        """Where the call is, for errors and the log."""
        return Place(self.visitor.site.name, self.step)

    def wish(self) -> Effect | None:
        """The effect that the flow wants; None where it has ended. A Decode is wanted until it is read out."""
        if self.reading:
            return self._wanted
        self.said = ""
        try:
            if self.failure is None:
                self._wanted = wanted = self._flow.send(self.outcome)
            else:
                failure, self.failure, self.outcome = self.failure, None, None
                self._wanted = wanted = self._flow.throw(failure)
        except StopIteration as stop:
            self.result = stop.value
            self.ended = True
            return None
        return wanted

    def opening_flow(self, effect: OpenSession, lead: Lead) -> Flow[Session]:
        """What opens the session that the effect asks for."""
        site, current, now = self.visitor.site, self.sessions.current, time.time()
        aged = site.refreshes and not effect.after  # it is there, so it is too old
        self._refreshes = bool(current and (effect.refresh or aged))
        if current and self._refreshes:
            return refresh_session(site, self.call, current, lead.generation, opened=now)
        return open_session(site, self.call, lead.generation, now)

    def move_in(self, slot: Slot) -> None:
        """Goes on in the session of the conversation."""
        self.sessions, self.lines = slot.sessions, slot.lines
        if self.holding and self.visitor.site.in_connections:
            self.lines.enter(begun=self.holding.talk.begun)

    def end_hold(self) -> None:
        """Ends the hold on the conversation, by what came of the call.

        Its websockets stay open only after a whole reply: later, nobody could tell which frames belong to which turn.
        """
        if self.visitor.site.has_sockets:
            self._end_lines()
        if self.holding:
            partial = self.reading.text if self.reading else self.said
            self.holding.end(self.result if self.ended else None, partial, told=self.call.told)

    def _end_lines(self) -> None:
        if self.ended and self.visitor.site.in_connections:
            self.lines.rest()
        else:
            self.lines.drop()

    def fail(self, error: ChatdoorError) -> None:
        """Notes what went wrong; the flow decides what that means."""
        self.failure = error
        self.reading = None

    def read_out(self, reading: Reading) -> None:
        """Ends the reading; its times are what came of it."""
        self.outcome = reading.times
        if self.holding:
            self.said = reading.text
        self.reading = None

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
        if delay:
            self.visitor.tally.wait(delay)
        return delay

    def opened(self, outcome: Session | ChatdoorError | None) -> Session | None:
        """The session that another call opened; None where it handed over. Raises that call's error."""
        if isinstance(outcome, ChatdoorError):
            raise copy(outcome) from outcome
        return outcome

    def publish(self, lead: Lead, session: Session) -> Session:
        """Gives the session to all who wait for it."""
        if self._refreshes:
            self.visitor.tally.sessions_refreshed += 1
        else:
            self.visitor.tally.sessions_opened += 1
        return lead.publish(session)

    def failed(self, lead: Lead, error: ChatdoorError) -> None:
        """Gives the error to all who wait for the session; unless it is that this call's own time is up."""
        if isinstance(error, LoginFailed):
            forget_answers(self.visitor.site.fingerprint)
        if self.out_of_own_time(error):
            lead.hand_over()
        else:
            lead.fail(error)

    def out_of_own_time(self, error: ChatdoorError) -> bool:
        """True where it is this call's own time that is up."""
        return isinstance(error, TimedOut) and time.monotonic() >= self.call.deadline - 0.05

    def starts(self, effect: Send) -> None:
        """Notes which step is under way, for errors and the log."""
        self.step = effect.label
        if self.visitor.witness:
            self.visitor.witness.sends(effect)
        self._tells = logger.isEnabledFor(logging.DEBUG)
        if self._tells:
            names = mask(", ".join(name for name, _ in effect.request.headers), self.call.secrets)
            size = len(effect.request.body or b"")
            logger.debug("%s: %s: sends %d bytes with the headers %s", *self.place, size, names)

    def answered(self, head: Head) -> Head:
        """The head, noted in the log."""
        if self.visitor.witness:
            self.visitor.witness.answered(head)
        if self._tells:
            logger.debug("%s: %s: is answered with HTTP %d", *self.place, head.status)
        return head

    def learn(self, effect: Learn) -> Session:
        """Merges what an answer changed."""
        if logger.isEnabledFor(logging.DEBUG):
            names = ", ".join((*(cookie.name for cookie in effect.changes.cookies), *effect.changes.values))
            logger.debug("%s: %s: takes %s", *self.place, names or "the page")
        return self.sessions.learn(effect.session, effect.changes)

    def checked_sleep(self, effect: Sleep) -> float:
        """Seconds to wait as the flow asks. Raises TimedOut at once where they do not fit."""
        if effect.seconds >= self.remaining(WAIT_PHASE):
            raise self.out_of_time(WAIT_PHASE)
        return effect.seconds

    def hold_off(self, effect: HoldOff) -> None:
        """Lets nobody send anything for as long as the site asks."""
        self.visitor.tally.waits_asked += 1
        self.visitor.holdoff.begin(effect.seconds)

    def checked_holdoff(self) -> float:
        """Seconds for which the site wants nothing sent. Raises RateLimited at once where they do not fit."""
        wait = self.visitor.holdoff.left
        if wait and wait >= self.remaining(WAIT_PHASE):
            problem = f"the site asks all to wait {wait:.0f} s more, over the timeout"
            raise RateLimited(problem, retry_after=wait, site=self.place.site, step=self.place.step)
        if wait:
            self.visitor.tally.wait(wait)
        return wait

    def hang_up(self, effect: HangUp | None = None) -> None:  # noqa: ARG002 - one signature for all effects
        """Closes the websockets of the conversation."""
        self.lines.drop()

    def make(self, effect: Make) -> str:
        """Something fresh."""
        return make_fresh(effect.kind)

    def reveal(self, effect: Reveal) -> str:
        """The secret. The time that a person takes to answer is not the call's."""
        site, began = self.visitor.site, time.monotonic()
        use = SecretUse(site.name, site.fingerprint, effect.reference, effect.origin, effect.label)
        try:
            return self.visitor.secrets.reveal(use)
        finally:
            self.call.deadline += time.monotonic() - began
