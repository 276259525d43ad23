"""The async driver, where several gateways share what they know: it waits for them too."""

import asyncio
from typing import Final

from chatdoor.drive.aio import AsyncRun
from chatdoor.drive.http import AsyncHttp
from chatdoor.drive.run import PACE_PHASE, SLOT_PHASE
from chatdoor.drive.sessions import Lead
from chatdoor.drive.shared.pace import Place
from chatdoor.drive.shared.sessions import Entry, SharedSessions
from chatdoor.drive.shared.visit import Opening
from chatdoor.drive.visitor import Visitor
from chatdoor.errors import ChatdoorError
from chatdoor.flow.effects import Flow, OpenSession, T
from chatdoor.flow.exchange import Call
from chatdoor.flow.session import Session

OPEN_PHASE: Final = "waiting for a session that another gateway opens"


class SharedRun(AsyncRun[T]):
    """As AsyncRun. `opening` is what came before it, which ends with it; its waiting does not count for the call."""

    def __init__(self, flow: Flow[T], visitor: Visitor, http: AsyncHttp, call: Call, opening: Opening) -> None:
        super().__init__(flow, visitor, http, call, paced=False, holding=opening.holding)
        call.deadline += opening.waited
        self._visit = opening.visit
        self._waits = opening.waits
        self._asked = opening.asked
        self._place: Place | None = None

    @property
    def queues(self) -> bool:
        """True: the others come first, at times."""
        return True

    async def _take_place(self) -> None:
        if self.holding and self.holding.ticket:
            if not self.holding.ticket.slot.done():  # who waits for a session keeps nobody from going on in one
                self._unask()
            self.move_in(await self._wait(self.holding.ticket.slot, SLOT_PHASE))
        pace = self._visit.pace
        if pace is None or (self.holding and self.holding.kept is not None):
            return
        left = self.remaining(PACE_PHASE)
        asked, self._asked = self._asked, None  # from here on, `enter` gives it back
        try:
            self._place, delay = await pace.enter(asked, left)
        except TimeoutError:
            raise self.out_of_time(PACE_PHASE) from None
        try:
            await asyncio.sleep(self.checked_delay(delay))
        except BaseException:
            pace.leave(self._place, sent=False)
            self._place = None
            raise

    async def _close(self) -> None:
        self._unask()
        try:
            if closing := super()._close():
                await closing
        finally:
            if self._visit.pace and self._place:
                self._visit.pace.leave(self._place, sent=True)
            await self._visit.close(self.holding, self._waits)

    def _unask(self) -> None:
        asked, self._asked = self._asked, None
        if self._visit.pace:
            self._visit.pace.unasked(asked)

    async def _lead(self, effect: OpenSession, lead: Lead) -> Session:
        sessions = self.sessions
        if not isinstance(sessions, SharedSessions):
            return await super()._lead(effect, lead)
        entry = await self._enter(sessions, effect, lead)
        return lead.publish(entry) if isinstance(entry, Session) else await self._open(sessions, effect, lead, entry)

    async def _enter(self, sessions: SharedSessions, effect: OpenSession, lead: Lead) -> Session | Entry:
        try:
            return await sessions.enter(effect.after, lead, self.remaining(OPEN_PHASE))
        except TimeoutError:
            lead.hand_over()
            raise self.out_of_time(OPEN_PHASE) from None
        except ChatdoorError as error:
            lead.fail(error)
            raise
        except BaseException:
            lead.hand_over()
            raise

    async def _open(self, sessions: SharedSessions, effect: OpenSession, lead: Lead, entry: Entry) -> Session:
        lead.generation = entry.generation
        flow = self.opening_flow(effect, lead)
        try:
            opened = await AsyncRun(flow, self.visitor, self._http, self.call, paced=False).whole()
            session = await sessions.publish(entry, opened)
        except ChatdoorError as error:
            sessions.leave(entry, None if self.out_of_own_time(error) else error)
            self.failed(lead, error)
            raise
        except BaseException:
            sessions.leave(entry, None)
            lead.hand_over()
            raise
        return self.publish(lead, session)
