"""The async driver: carries out a flow's effects and lets the event loop go on meanwhile."""

import asyncio
import threading
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from concurrent.futures import Future
from typing import Any, Final, Generic, TypeVar

from chatdoor.drive.http import AsyncAnswer, AsyncHttp, moment
from chatdoor.drive.run import PACE_PHASE, Run
from chatdoor.drive.sessions import Lead
from chatdoor.drive.visitor import Visitor
from chatdoor.errors import ChatdoorError
from chatdoor.flow.effects import (
    Decode,
    Discard,
    Effect,
    Flow,
    Head,
    Learn,
    Make,
    Moment,
    OpenSession,
    ReadBody,
    Send,
    Sleep,
    T,
)
from chatdoor.flow.exchange import Call
from chatdoor.flow.opening import open_session
from chatdoor.flow.session import Session
from chatdoor.messages import Piece

V = TypeVar("V")


class AsyncRun(Run, Generic[T]):
    """One run of a flow in one task. `result` is the flow's, once the pieces have ended."""

    result: T

    def __init__(self, visitor: Visitor, http: AsyncHttp, call: Call) -> None:
        super().__init__(visitor, call, threading.get_ident())
        self._http = http
        self._answer: AsyncAnswer | None = None
        self._times: tuple[Moment, Moment] | None = None

    async def pieces(self, flow: Flow[T]) -> AsyncGenerator[Piece, None]:
        """Runs the flow; its pieces as they come."""
        result: object = None
        failure: ChatdoorError | None = None
        try:
            while True:
                try:
                    effect = flow.throw(failure) if failure else flow.send(result)
                except StopIteration as stop:
                    self.result = stop.value
                    return
                failure = None
                try:
                    if type(effect) is Decode:
                        async for piece in self._decode(effect):
                            yield piece
                        result = self._times
                    elif type(effect) in AT_ONCE:
                        result = AT_ONCE[type(effect)](self, effect)
                    else:
                        result = await PERFORM[type(effect)](self, effect)
                except ChatdoorError as error:
                    failure = error
        finally:
            flow.close()
            await self._discard()

    async def at_its_turn(self, flow: Flow[T]) -> AsyncGenerator[Piece, None]:
        """The same, once the site's pace allows it. Raises TimedOut."""
        pace = self.visitor.pace
        turn = pace.request() if pace else None
        pieces = self.pieces(flow)
        try:
            if turn and (delay := self.checked_delay(await self._wait(turn, PACE_PHASE))):
                await asyncio.sleep(delay)
            async for piece in pieces:
                yield piece
        finally:
            await pieces.aclose()
            if pace and turn:
                pace.leave(turn)

    async def finish(self, pieces: AsyncGenerator[Piece, None]) -> T:
        """The result, where nobody wants the pieces."""
        async for _ in pieces:
            pass
        return self.result

    async def _wait(self, future: "Future[V]", phase: str) -> V:
        """The future's result. It belongs to others too, so a cancelled wait does not cancel it."""
        waiter = asyncio.wrap_future(future)
        try:
            return await asyncio.wait_for(asyncio.shield(waiter), self.remaining(phase))
        except TimeoutError:
            raise self.out_of_time(phase) from None

    async def _send(self, effect: Send) -> Head:
        await self._discard()
        self.starts(effect)
        self._answer = await self._http.send(effect.request, self.place, self.remaining("waiting to send"))
        return self._answer.head

    async def _read_body(self, effect: ReadBody) -> bytes:
        chunks: list[bytes] = []
        size = 0
        while self._answer and (chunk := await self._answer.read()) is not None:
            chunks.append(chunk)
            size += len(chunk)
            if size >= effect.limit and effect.cut:
                return b"".join(chunks)
            if size > effect.limit:
                raise self.too_large(effect.limit)
        await self._discard()
        return b"".join(chunks)

    async def _decode(self, effect: Decode) -> AsyncGenerator[Piece, None]:
        decoder, size, first = effect.decoder, len(effect.seen), None
        chunk: bytes | None = effect.seen
        while chunk is not None and not decoder.ended:
            for text in decoder.feed(chunk) if chunk else ():
                first = first or moment()
                yield Piece(text)
            chunk = await self._answer.read() if self._answer and not decoder.ended else None
            size += len(chunk or b"")
            if size > effect.limit:
                raise self.too_large(effect.limit)
        for text in decoder.finish():
            first = first or moment()
            yield Piece(text)
        await self._discard()
        end = moment()
        self._times = first or end, end

    async def _open_session(self, effect: OpenSession) -> Session:
        while True:
            claim = self.visitor.sessions.claim(effect.after, time.time(), thread=self.thread, blocking=False)
            if isinstance(claim, Session):
                return claim
            if isinstance(claim, Lead):
                return await self._lead(claim)
            if session := self.opened(await self._wait(claim, "waiting for a session that another call opens")):
                return session

    async def _lead(self, lead: Lead) -> Session:
        run: AsyncRun[Session] = AsyncRun(self.visitor, self._http, self.call)
        try:
            session = await run.finish(
                run.pieces(open_session(self.visitor.site, self.call, lead.generation, time.time()))
            )
        except ChatdoorError as error:
            self.failed(lead, error)
            raise
        except BaseException:
            lead.hand_over()
            raise
        return lead.publish(session)

    async def _sleep(self, effect: Sleep) -> Moment:
        self.remaining("waiting as the site asked")
        await asyncio.sleep(effect.seconds)
        return moment()

    async def _discard(self, effect: Discard | None = None) -> None:  # noqa: ARG002 - one signature for all effects
        if self._answer:
            answer, self._answer = self._answer, None
            await answer.close()


PERFORM: Final[Mapping[type[Effect], Callable[[AsyncRun[Any], Any], Awaitable[object]]]] = {
    OpenSession: AsyncRun._open_session,
    Send: AsyncRun._send,
    ReadBody: AsyncRun._read_body,
    Discard: AsyncRun._discard,
    Sleep: AsyncRun._sleep,
}
"""What carries out each effect that waits, but Decode, whose pieces go to the caller."""

AT_ONCE: Final[Mapping[type[Effect], Callable[[AsyncRun[Any], Any], object]]] = {
    Learn: AsyncRun.learn,
    Make: AsyncRun.make,
}
"""What carries out each effect that does not."""
