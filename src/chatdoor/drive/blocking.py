"""The blocking driver: carries out a flow's effects one after the other and waits for each."""

import time
from collections.abc import Callable, Generator, Mapping
from concurrent.futures import Future
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, TypeVar

from chatdoor.drive.clock import moment
from chatdoor.drive.http import BlockingHttp
from chatdoor.drive.plain.blocking import PlainAnswer
from chatdoor.drive.reading import Reading, too_large
from chatdoor.drive.run import PACE_PHASE, SLOT_PHASE, Run
from chatdoor.drive.sessions import Lead
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
    from chatdoor.drive.library import BlockingAnswer
    from chatdoor.drive.sockets.blocking import BlockingFrames, BlockingRefusal

V = TypeVar("V")


CHECK_SECONDS: Final = 0.2
"""How often a wait for another call looks up. On POSIX Ctrl-C ends it at once; on Windows only then."""


class Abandoned(BaseException):
    """The caller has closed the stream, on another thread. No flow catches it."""


class BlockingRun(Run[T]):
    """One run of a flow, on one thread at a time."""

    _http: BlockingHttp
    _answer: "BlockingAnswer | PlainAnswer | BlockingFrames | BlockingRefusal | None" = None
    _opening: "BlockingRun[Session] | None" = None
    _abandoned = False

    def stop(self) -> None:
        """Ends the run from another thread, before it sends or reads anything more."""
        self._abandoned = True
        if self._opening:
            self._opening.stop()

    def whole(self) -> T:
        """The flow's result, once the site's pace allows it. Raises TimedOut."""
        try:
            self._take_slot()
            self._take_turn()
            while self._advance() is not None:
                pass
            return self.result
        finally:
            self._close()

    def pieces(self) -> Generator[Piece, None, T]:
        """The pieces as they come, once the site's pace allows it; the flow's result is the generator's."""
        try:
            self._take_slot()
            self._take_turn()
            while (texts := self._advance()) is not None:
                for text in texts:
                    yield Piece(text)
            return self.result
        finally:
            self._close()

    def _take_slot(self) -> None:
        if self.holding and self.holding.ticket:
            self.move_in(self._wait(self.holding.ticket.slot, SLOT_PHASE))

    def _take_turn(self) -> None:
        if self._pace is None:
            return
        turn = self._pace.request(self.remaining(PACE_PHASE))
        try:
            time.sleep(self.checked_delay(self._wait(turn.delay, PACE_PHASE)))
        except BaseException:
            self._pace.give_back(turn)
            raise
        self._turn = turn

    def _close(self) -> None:
        self._flow.close()
        try:
            if self._answer:
                self._discard()
        finally:
            if self._pace and self._turn:
                self._pace.leave(self._turn)
            self.end_hold()

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
        reading = self.reading = self.reading or Reading(effect)
        texts: list[str] = []
        while not texts and not reading.over:
            if self._abandoned:
                raise Abandoned
            texts = reading.feed(self._answer.read() if self._answer and reading.wants_more else None)
        if reading.over:
            self.read_out(reading)
            self._discard()
        return texts

    def _send(self, effect: Send) -> Head:
        if self._abandoned:
            raise Abandoned
        if self._answer:
            self._discard()
        self.starts(effect)
        while wait := self.checked_holdoff():
            time.sleep(wait)
        if effect.request.method in SOCKETS:
            self._answer = self._speak(effect)
        else:
            self._answer = self._http.send(effect.request, self.place, self.remaining("waiting to send"))
        return self.answered(self._answer.head)

    def _speak(self, effect: Send) -> "BlockingFrames | BlockingRefusal":
        from chatdoor.drive.sockets import blocking as sockets  # most sites have none
        from chatdoor.drive.sockets import wire

        reach = wire.Reach(self.visitor.access, self.visitor.site.limits.reply_bytes)
        return sockets.send(self.lines, effect.request, reach, self.place, self.remaining("waiting to send"))

    def _read_frame(self, effect: ReadFrame) -> bytes | None:  # noqa: ARG002 - one signature for all effects
        return self._answer.read() if self._answer else None

    def _close_code(self, effect: CloseCode) -> int | None:  # noqa: ARG002 - one signature for all effects
        return self._answer.close_code if self._answer else self._closed

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
            claim = self.sessions.claim(effect.after, time.time(), thread=self.thread, blocking=True)
            if isinstance(claim, Session):
                return claim
            if isinstance(claim, Lead):
                return self._lead(effect, claim)
            if session := self.opened(self._wait(claim, "waiting for a session that another call opens")):
                return session

    def _lead(self, effect: OpenSession, lead: Lead) -> Session:
        flow = self.opening_flow(effect, lead)
        self._opening = BlockingRun(flow, self.visitor, self._http, self.call, self.thread, paced=False)
        try:
            session = self._opening.whole()
        except ChatdoorError as error:
            self.failed(lead, error)
            raise
        except BaseException:
            lead.hand_over()
            raise
        return self.publish(lead, session)

    def _wait(self, future: "Future[V]", phase: str) -> V:
        while True:
            with suppress(TimeoutError):
                return future.result(min(self.remaining(phase), CHECK_SECONDS))

    def _sleep(self, effect: Sleep) -> Moment:
        time.sleep(self.checked_sleep(effect))
        return moment()

    def _discard(self, effect: Discard | None = None) -> None:  # noqa: ARG002 - one signature for all effects
        if self._answer:
            answer, self._answer = self._answer, None
            self._closed = answer.close_code
            answer.close()


PERFORM: Final[Mapping[type[Effect], Callable[[BlockingRun[Any], Any], object]]] = {
    OpenSession: BlockingRun._open_session,
    Learn: BlockingRun.learn,
    Send: BlockingRun._send,
    ReadBody: BlockingRun._read_body,
    ReadFrame: BlockingRun._read_frame,
    CloseCode: BlockingRun._close_code,
    HangUp: BlockingRun.hang_up,
    HoldOff: BlockingRun.hold_off,
    Discard: BlockingRun._discard,
    Sleep: BlockingRun._sleep,
    Make: BlockingRun.make,
    Reveal: BlockingRun.reveal,
}
"""What carries out each effect but Decode, whose pieces go to the caller."""
