"""The blocking driver: carries out a flow's effects one after the other and waits for each."""

import time
from collections.abc import Callable, Generator, Mapping
from concurrent.futures import Future
from typing import Any, Final, TypeVar

from chatdoor.drive.http import BlockingAnswer, BlockingHttp, moment
from chatdoor.drive.interrupt import run_out
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


class Abandoned(BaseException):
    """The caller has gone, by Ctrl-C. No flow catches it."""


class BlockingRun(Run):
    """One run of a flow on one thread at a time."""

    def __init__(self, visitor: Visitor, http: BlockingHttp, call: Call, thread: int) -> None:
        super().__init__(visitor, call, thread)
        self._http = http
        self._answer: BlockingAnswer | None = None
        self._abandoned = False

    def abandon(self) -> None:
        """Ends the run from another thread: what is under way fails, and nothing more is sent."""
        self._abandoned = True
        self._http.close()

    def pieces(self, flow: Flow[T]) -> Generator[Piece, None, T]:
        """Runs the flow; its pieces as they come, its result as the generator's."""
        result: object = None
        failure: ChatdoorError | None = None
        try:
            while True:
                try:
                    effect = flow.throw(failure) if failure else flow.send(result)
                except StopIteration as stop:
                    value: T = stop.value
                    return value
                failure = None
                try:
                    if type(effect) is Decode:
                        result = yield from self._decode(effect)
                    else:
                        result = PERFORM[type(effect)](self, effect)
                except ChatdoorError as error:
                    failure = error
        finally:
            flow.close()
            self._discard()

    def at_its_turn(self, flow: Flow[T]) -> Generator[Piece, None, T]:
        """The same, once the site's pace allows it. Raises TimedOut."""
        pace = self.visitor.pace
        if pace is None:
            return (yield from self.pieces(flow))
        turn = pace.request()
        try:
            time.sleep(self.checked_delay(self._wait(turn, PACE_PHASE)))
            return (yield from self.pieces(flow))
        finally:
            pace.leave(turn)

    def _send(self, effect: Send) -> Head:
        if self._abandoned:
            raise Abandoned
        self._discard()
        self.starts(effect)
        self._answer = self._http.send(effect.request, self.place, self.remaining("waiting to send"))
        return self._answer.head

    def _read_body(self, effect: ReadBody) -> bytes:
        chunks: list[bytes] = []
        size = 0
        while self._answer and (chunk := self._answer.read()) is not None:
            chunks.append(chunk)
            size += len(chunk)
            if size >= effect.limit and effect.cut:
                return b"".join(chunks)
            if size > effect.limit:
                raise self.too_large(effect.limit)
        self._discard()
        return b"".join(chunks)

    def _decode(self, effect: Decode) -> Generator[Piece, None, tuple[Moment, Moment]]:
        decoder, size, first = effect.decoder, len(effect.seen), None
        chunk: bytes | None = effect.seen
        while chunk is not None and not decoder.ended:
            for text in decoder.feed(chunk) if chunk else ():
                first = first or moment()
                yield Piece(text)
            chunk = self._answer.read() if self._answer and not decoder.ended else None
            size += len(chunk or b"")
            if size > effect.limit:
                raise self.too_large(effect.limit)
        for text in decoder.finish():
            first = first or moment()
            yield Piece(text)
        self._discard()
        end = moment()
        return first or end, end

    def _open_session(self, effect: OpenSession) -> Session:
        while True:
            claim = self.visitor.sessions.claim(effect.after, time.time(), thread=self.thread, blocking=True)
            if isinstance(claim, Session):
                return claim
            if isinstance(claim, Lead):
                return self._lead(claim)
            if session := self.opened(self._wait(claim, "waiting for a session that another call opens")):
                return session

    def _wait(self, future: "Future[V]", phase: str) -> V:
        try:
            return future.result(self.remaining(phase))
        except TimeoutError:
            raise self.out_of_time(phase) from None

    def _lead(self, lead: Lead) -> Session:
        try:
            session = run_out(self.pieces(open_session(self.visitor.site, self.call, lead.generation, time.time())))
        except ChatdoorError as error:
            self.failed(lead, error)
            raise
        except BaseException:
            lead.hand_over()
            raise
        return lead.publish(session)

    def _sleep(self, effect: Sleep) -> Moment:
        self.remaining("waiting as the site asked")
        time.sleep(effect.seconds)
        return moment()

    def _discard(self, effect: Discard | None = None) -> None:  # noqa: ARG002 - one signature for all effects
        if self._answer:
            answer, self._answer = self._answer, None
            answer.close()


PERFORM: Final[Mapping[type[Effect], Callable[[BlockingRun, Any], object]]] = {
    OpenSession: BlockingRun._open_session,
    Learn: BlockingRun.learn,
    Send: BlockingRun._send,
    ReadBody: BlockingRun._read_body,
    Discard: BlockingRun._discard,
    Sleep: BlockingRun._sleep,
    Make: BlockingRun.make,
}
"""What carries out each effect but Decode, whose pieces go to the caller."""
