"""The blocking driver: carries out a flow's effects one after the other and waits for each."""

import time
from collections.abc import Callable, Generator, Mapping
from concurrent.futures import Future
from typing import Any, Final, TypeVar

from chatdoor.drive.http import BlockingAnswer, BlockingHttp, moment
from chatdoor.drive.interrupt import run_out
from chatdoor.drive.run import PACE_PHASE, Reading, Run, too_large
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


class BlockingRun(Run[T]):
    """One run of a flow, on one thread at a time."""

    def __init__(self, flow: Flow[T], visitor: Visitor, http: BlockingHttp, call: Call, thread: int) -> None:
        super().__init__(flow, visitor, call, thread)
        self._http = http
        self._answer: BlockingAnswer | None = None
        self._opening: BlockingRun[Session] | None = None
        self._abandoned = False

    def stop(self) -> None:
        """Ends the run from another thread, before it sends or reads anything more."""
        self._abandoned = True
        if self._opening:
            self._opening.stop()

    def abandon(self) -> None:
        """Ends the run from another thread, and what it waits for too: all connections of this thread are closed."""
        self.stop()
        self._http.close()

    def at_its_turn(self) -> Generator[Piece, None, T]:
        """As `pieces`, once the site's pace allows it. Raises TimedOut."""
        pace = self.visitor.pace
        if pace is None:
            return (yield from self.pieces())
        turn = pace.request(self.remaining(PACE_PHASE))
        try:
            time.sleep(self.checked_delay(self._wait(turn.delay, PACE_PHASE)))
        except BaseException:
            pace.give_back(turn)
            raise
        try:
            return (yield from self.pieces())
        finally:
            pace.leave(turn)

    def pieces(self) -> Generator[Piece, None, T]:
        """The pieces as they come; the flow's result is the generator's."""
        try:
            while (texts := self._advance()) is not None:
                for text in texts:
                    yield Piece(text)
            return self.result
        finally:
            self._flow.close()
            self._discard()

    def _advance(self) -> list[str] | None:
        """The next texts; None where the flow has ended."""
        while True:
            effect = self.wish()
            if effect is None:
                return None
            try:
                if type(effect) is not Decode:
                    self.outcome = PERFORM[type(effect)](self, effect)
                elif texts := self._read_on(effect):
                    return texts
            except ChatdoorError as error:
                self.fail(error)

    def _read_on(self, effect: Decode) -> list[str]:
        if self._abandoned:
            raise Abandoned
        reading = self.reading = self.reading or Reading(effect)
        texts = reading.feed(self._answer.read() if self._answer and reading.wants_more else None)
        if reading.over:
            self.read_out(reading)
            self._discard()
        return texts

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
                raise too_large(effect.limit)
        return b"".join(chunks)

    def _open_session(self, effect: OpenSession) -> Session:
        while True:
            claim = self.visitor.sessions.claim(effect.after, time.time(), thread=self.thread, blocking=True)
            if isinstance(claim, Session):
                return claim
            if isinstance(claim, Lead):
                return self._lead(claim)
            if session := self.opened(self._wait(claim, "waiting for a session that another call opens")):
                return session

    def _lead(self, lead: Lead) -> Session:
        flow = open_session(self.visitor.site, self.call, lead.generation, time.time())
        self._opening = BlockingRun(flow, self.visitor, self._http, self.call, self.thread)
        try:
            session = run_out(self._opening.pieces())
        except ChatdoorError as error:
            self.failed(lead, error)
            raise
        except BaseException:
            lead.hand_over()
            raise
        return lead.publish(session)

    def _wait(self, future: "Future[V]", phase: str) -> V:
        try:
            return future.result(self.remaining(phase))
        except TimeoutError:
            raise self.out_of_time(phase) from None

    def _sleep(self, effect: Sleep) -> Moment:
        self.remaining("waiting as the site asked")
        time.sleep(effect.seconds)
        return moment()

    def _discard(self, effect: Discard | None = None) -> None:  # noqa: ARG002 - one signature for all effects
        if self._answer:
            answer, self._answer = self._answer, None
            answer.close()


PERFORM: Final[Mapping[type[Effect], Callable[[BlockingRun[Any], Any], object]]] = {
    OpenSession: BlockingRun._open_session,
    Learn: BlockingRun.learn,
    Send: BlockingRun._send,
    ReadBody: BlockingRun._read_body,
    Discard: BlockingRun._discard,
    Sleep: BlockingRun._sleep,
    Make: BlockingRun.make,
}
"""What carries out each effect but Decode, whose pieces go to the caller."""
