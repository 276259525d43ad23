"""One reader of a tape: its place there, what it is sent, and why there is no more."""

from chatdoor.gateway.events import KEEP_ALIVE
from chatdoor.gateway.exchange import Exchange
from chatdoor.gateway.openai.errors import envelope
from chatdoor.gateway.openai.response_events import error_after, has_names
from chatdoor.gateway.problem import Problem
from chatdoor.gateway.tape import Tape, given_up, too_long, too_slow


class Reading:
    """A place on a tape: its start, or the end of what was sent so far."""

    def __init__(self, tape: Tape, at: int = 0) -> None:
        self._tape = tape
        self._at = at
        self._read = tape.sent if at else 0
        self._last = next((frame for frame in tape.frames if frame != KEEP_ALIVE), b"") if at else b""

    async def next(self) -> bytes | None:
        """The next frame, once it is there; None after the last. Who asks for it has read the one before.

        Raises Problem where it is not held any more.
        """
        tape = self._tape
        tape.has_read(self._read)
        while self._at == tape.count and not tape.ended:
            await tape.next_change()
        if self._at < tape.dropped:
            raise too_slow() if self._at else too_long()
        if (frame := tape.frame(self._at)) is None:
            return None
        self._at, self._read = self._at + 1, self._read + len(frame)
        if frame != KEEP_ALIVE:
            self._last = frame
        return frame

    def error_frame(self, problem: Problem) -> bytes:
        """What tells this reader, in the form of the stream, why there is no more of it."""
        if has_names(self._tape.frames):
            return error_after(self._last, problem)
        return b"data: " + envelope(problem) + b"\n\n"


async def play(tape: Tape, exchange: Exchange) -> None:
    """Sends all that is on a tape, as it comes. Raises Problem where its start is not held any more."""
    tape.readers += 1
    reading = Reading(tape)
    exchange.error_frame = reading.error_frame
    try:
        while (frame := await reading.next()) is not None:
            await _pass_on(tape, exchange, frame)
        await _finish(tape, exchange)
    finally:
        tape.readers -= 1


async def _pass_on(tape: Tape, exchange: Exchange, frame: bytes) -> None:
    if tape.at_once:
        await exchange.answer(tape.status, frame, tape.headers)
        return
    if not exchange.status:
        await exchange.begin(tape.status, tape.headers)
    await exchange.write(frame)


async def _finish(tape: Tape, exchange: Exchange) -> None:
    if not tape.status or not (tape.whole or tape.broken):
        raise given_up()
    if tape.at_once:
        tape.told = True
        return
    if not exchange.status:
        await exchange.begin(tape.status, tape.headers)
    if tape.broken:
        await exchange.carrier.cut()
        return
    await exchange.end()
    tape.told = True
