"""The async driver: carries out a flow's effects and lets the event loop go on meanwhile."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from concurrent.futures import Future
from types import CoroutineType
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

from chatdoor.drive.clock import moment
from chatdoor.drive.futures import Waited
from chatdoor.drive.http import AsyncHttp
from chatdoor.drive.reading import Reading, too_large
from chatdoor.drive.run import PACE_PHASE, SLOT_PHASE, Run
from chatdoor.drive.sessions import Lead, Opened
from chatdoor.errors import ChatdoorError
from chatdoor.flow.effects import (
    CloseCode,
    Decode,
    Discard,
    Effect,
    HangUp,
    Head,
    HoldOff,
    Learn,
    Make,
    Moment,
    OpenSession,
    ReadBody,
    ReadFrame,
    Reveal,
    Send,
    Sleep,
    T,
)
from chatdoor.flow.session import Session
from chatdoor.messages import Piece
from chatdoor.site.model import SOCKETS

if TYPE_CHECKING:
    from chatdoor.drive.sockets.aio import AsyncFrames, AsyncRefusal

V = TypeVar("V")


class Answer(Protocol):
    """An open answer: of plain HTTP, of the library, or on a websocket."""

    @property
    def head(self) -> Head:
        """Its head."""

    @property
    def close_code(self) -> int | None:
        """How the site closed the websocket, where it is one and is closed."""

    def read(self) -> Waited[bytes | None]:
        """The next bytes, None at the end. Raises TransportError, TimedOut."""

    def close(self) -> Waited[None]:
        """Nothing more is read of it."""


class AsyncRun(Run[T]):
    """One run of a flow, in one task."""

    _http: AsyncHttp
    _answer: Answer | None = None

    async def whole(self) -> T:
        """The flow's result, once the site's pace allows it. Raises TimedOut."""
        try:
            if self.queues:
                await self._take_place()
            await self._advance(hands_on=False)
            return self.result
        finally:
            if closing := self._close():
                await closing

    async def pieces(self) -> AsyncGenerator[Piece, None]:
        """The pieces as they come, once the site's pace allows it; then `result` is there. Raises TimedOut."""
        try:
            if self.queues:
                await self._take_place()
            while (texts := await self._advance(hands_on=True)) is not None:
                for text in texts:
                    yield Piece(text)
        finally:
            if closing := self._close():
                await closing

    @property
    def queues(self) -> bool:
        """True where it may have to wait before it begins."""
        return self.holding is not None or self._pace is not None

    async def _take_place(self) -> None:
        """Waits for a session of one's own, where the conversation needs one, and for the pace."""
        if self.holding and self.holding.ticket:
            self.move_in(await self._wait(self.holding.ticket.slot, SLOT_PHASE))
        if self._pace is None:
            return
        turn = self._pace.request(self.remaining(PACE_PHASE))
        try:
            await asyncio.sleep(self.checked_delay(await self._wait(turn.delay, PACE_PHASE)))
        except BaseException:
            self._pace.give_back(turn)
            raise
        self._turn = turn

    def _close(self) -> Waited[None]:
        """Ends what it has begun: at once, or by what is returned."""
        self._flow.close()
        if self._answer:
            return self._close_answer()
        self._leave()
        return None

    async def _close_answer(self) -> None:
        try:
            if closing := self._discard():
                await closing
        finally:
            self._leave()

    def _leave(self) -> None:
        if self._pace and self._turn:
            self._pace.leave(self._turn)
        self.end_hold()

    async def _advance(self, *, hands_on: bool) -> list[str] | None:
        """The next texts, where it hands them on; None where the flow has ended."""
        while effect := self.wish():
            try:
                if type(effect) is Decode:
                    if (texts := await self._read_on(effect)) and hands_on:
                        return texts
                else:
                    outcome = PERFORM[type(effect)](self, effect)
                    self.outcome = await outcome if isinstance(outcome, CoroutineType) else outcome
            except ChatdoorError as error:
                self.fail(error)
        return None

    async def _read_on(self, effect: Decode) -> list[str]:
        reading = self.reading = self.reading or Reading(effect)
        texts: list[str] = []
        while not texts and not reading.over:
            data = self._answer.read() if self._answer and reading.wants_more else None
            texts = reading.feed(data if data is None or isinstance(data, bytes) else await data)
        if reading.over:
            self.read_out(reading)
            if closing := self._discard():
                await closing
        return texts

    async def _send(self, effect: Send) -> Head:
        if self._answer and (closing := self._discard()):
            await closing
        self.starts(effect)
        while wait := self.checked_holdoff():  # noqa: ASYNC110 - the clock ends it, no event
            await asyncio.sleep(wait)
        if effect.request.method in SOCKETS:
            self._answer = await self._speak(effect)
        else:
            self._answer = await self._http.send(effect.request, self.place, self.remaining("waiting to send"))
        return self.answered(self._answer.head)

    async def _speak(self, effect: Send) -> "AsyncFrames | AsyncRefusal":
        from chatdoor.drive.sockets import aio as sockets  # most sites have none
        from chatdoor.drive.sockets import wire

        reach = wire.Reach(self.visitor.access, self.visitor.site.limits.reply_bytes)
        return await sockets.send(self.lines, effect.request, reach, self.place, self.remaining("waiting to send"))

    def _read_frame(self, effect: ReadFrame) -> Waited[bytes | None]:  # noqa: ARG002 - one signature for all effects
        return self._answer.read() if self._answer else None

    def _close_code(self, effect: CloseCode) -> int | None:  # noqa: ARG002 - one signature for all effects
        return self._answer.close_code if self._answer else self._closed

    async def _read_body(self, effect: ReadBody) -> bytes:
        chunks: list[bytes] = []
        size = 0
        while self._answer:
            data = self._answer.read()
            chunk = data if data is None or isinstance(data, bytes) else await data
            if chunk is None:
                break
            chunks.append(chunk)
            size += len(chunk)
            if size >= effect.limit and effect.cut:
                return b"".join(chunks)
            if size > effect.limit:
                raise too_large(effect.limit)
        return b"".join(chunks)

    def _claim(self, effect: OpenSession) -> "Session | Lead | Future[Opened]":
        return self.sessions.claim(effect.after, time.time(), thread=self.thread, blocking=False)

    def _open_session(self, effect: OpenSession) -> Waited[Session]:
        claim = self._claim(effect)
        return claim if isinstance(claim, Session) else self._await_session(effect, claim)

    async def _await_session(self, effect: OpenSession, claim: "Session | Lead | Future[Opened]") -> Session:
        while not isinstance(claim, Session):
            if isinstance(claim, Lead):
                return await self._lead(effect, claim)
            if session := self.opened(await self._wait(claim, "waiting for a session that another call opens")):
                return session
            claim = self._claim(effect)
        return claim

    async def _lead(self, effect: OpenSession, lead: Lead) -> Session:
        flow = self.opening_flow(effect, lead)
        try:
            session = await AsyncRun(flow, self.visitor, self._http, self.call, paced=False).whole()
        except ChatdoorError as error:
            self.failed(lead, error)
            raise
        except BaseException:
            lead.hand_over()
            raise
        return self.publish(lead, session)

    async def _wait(self, future: "Future[V]", phase: str) -> V:
        """The future's result. It belongs to others too, so a cancelled wait does not cancel it."""
        waiter = asyncio.wrap_future(future)
        try:
            async with asyncio.timeout(self.remaining(phase)):  # wait_for loses a cancellation once it is done
                return await asyncio.shield(waiter)
        except TimeoutError:
            raise self.out_of_time(phase) from None

    async def _sleep(self, effect: Sleep) -> Moment:
        await asyncio.sleep(self.checked_sleep(effect))
        return moment()

    async def _reveal(self, effect: Reveal) -> str:
        """The secret, read on a thread: a person, a keyring or a disk may be slow."""
        return await asyncio.to_thread(self.reveal, effect)

    def _discard(self, effect: Discard | None = None) -> Waited[None]:  # noqa: ARG002 - one signature for all effects
        if self._answer is None:
            return None
        answer, self._answer = self._answer, None
        self._closed = answer.close_code
        return answer.close()


PERFORM: Final[Mapping[type[Effect], Callable[[AsyncRun[Any], Any], object]]] = {
    OpenSession: AsyncRun._open_session,
    Send: AsyncRun._send,
    ReadBody: AsyncRun._read_body,
    ReadFrame: AsyncRun._read_frame,
    Discard: AsyncRun._discard,
    Sleep: AsyncRun._sleep,
    Reveal: AsyncRun._reveal,
    Learn: AsyncRun.learn,
    Make: AsyncRun.make,
    CloseCode: AsyncRun._close_code,
    HangUp: AsyncRun.hang_up,
    HoldOff: AsyncRun.hold_off,
}
"""What carries out each effect, but Decode, whose pieces go to the caller. One that waits gives a coroutine."""
