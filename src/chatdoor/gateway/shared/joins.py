"""Retries that come to another gateway than their first try: they get its answer, once it has ended there."""

import asyncio
import logging
import secrets
import time
from http import HTTPStatus
from typing import Annotated, Any, Final

import msgspec

from chatdoor.drive.shared.link import PREFIX, Link
from chatdoor.drive.shared.scripts import END_TRY, TRY
from chatdoor.errors import StateDown
from chatdoor.gateway.events import KEEP_ALIVE
from chatdoor.gateway.exchange import SSE, Exchange
from chatdoor.gateway.joins import KEPT_SECONDS, TOLD_SECONDS, Ask, Joins, Mark, Try, key_reused
from chatdoor.gateway.note import Note
from chatdoor.gateway.tape import Tape, given_up, too_long

logger = logging.getLogger("chatdoor.gateway")

ANSWER_BYTES: Final = 1_000_000
"""The largest answer that is kept for other gateways."""

RUNS_SECONDS: Final = 3_600
"""For how long a try that runs is known."""

POLL_SECONDS: Final = 0.05
POLL_MOST_SECONDS: Final = 0.5
"""How often one asks whether a try has ended that runs at another gateway: soon at first."""

QUIET_SECONDS: Final = 15.0
"""How long a stream is quiet that waits for it."""


class Waiting:
    """A retry that waits for a try elsewhere. One for a stream hears now and then that somebody is there."""

    def __init__(self, exchange: Exchange, body: bytes) -> None:
        self._exchange = exchange
        self._body = body
        self._told = time.monotonic()
        self.begun = False
        """True once the head of a stream was sent."""

    async def sleep(self, seconds: float) -> None:
        """Waits so long, unless the client leaves."""
        self._exchange.watch()
        await asyncio.sleep(seconds)
        await self._tell()
        self._exchange.carrier.watch(lambda _task: None)  # what is asked of the server is not left half way

    async def _tell(self) -> None:
        """Says that somebody is there, where that was not said for a while."""
        if time.monotonic() - self._told > QUIET_SECONDS and (self.begun or _wants_stream(self._body)):
            self._told = time.monotonic()
            if not self.begun:
                self.begun = True
                await self._exchange.begin(200, SSE)
            await self._exchange.write(KEEP_ALIVE)

    async def end(self, tape: Tape) -> None:
        """Sends the answer, as the rest of the stream that was begun."""
        body = tape.all_of_it(ANSWER_BYTES) or b""
        if tape.status == HTTPStatus.OK:
            await self._exchange.write(body)
            await self._exchange.end()
        else:
            await self._exchange.write(b"data: " + body + b"\n\n")
            await self._exchange.carrier.cut()


class Streamed(msgspec.Struct, frozen=True):
    """What a request says of how it is answered."""

    stream: bool = False


def _wants_stream(body: bytes) -> bool:
    try:
        return msgspec.json.decode(body, type=Streamed).stream
    except (ValueError, RecursionError):  # the library's own errors are ValueErrors
        return False


class Answer(msgspec.Struct, frozen=True):
    """An answer as it was sent. A `status` of 0 stands for one that nobody has: given up, or too long."""

    status: Annotated[int, msgspec.Meta(ge=0, le=599)]
    headers: list[tuple[bytes, bytes]]
    body: bytes


class Ticket(msgspec.Struct, frozen=True):
    """What a try is known by on the server, and for how many seconds after its end."""

    text: str
    seconds: float


class SharedJoins(Joins):
    """As Joins, over all gateways. While the server is away each knows its own tries, where it `serves`."""

    def __init__(self, link: Link, *, serves: bool) -> None:
        super().__init__()
        self._link = link
        self._serves = serves
        self._tickets: dict[Try, Ticket] = {}

    async def answer(self, exchange: Exchange, asker: str, mark: Mark, body: bytes, ask: Ask) -> None:
        """As Joins. Raises Problem (409) for a try whose gateway is no more, too, and StateDown."""
        name, digest = self._named(exchange, asker, mark, body)
        tried = self._find(name, digest, mark)
        if tried is not None:
            await self._play(exchange, tried)
            return
        ticket = Ticket(secrets.token_hex(8), KEPT_SECONDS if mark.key else TOLD_SECONDS)
        waiting = Waiting(exchange, body)
        tried = await self._elsewhere(name, digest, mark, ticket.text, waiting)
        if tried is None and waiting.begun:  # it has failed there, and what was begun here can not be begun again
            self._link.send(END_TRY, [f"t:{name.hex()}"], ticket.text, b"", 0)
            raise StateDown("the first try failed at another gateway before the site had heard of it")
        if tried is None:
            first = Try(Tape(self.room), name, digest, exchange.note)
            self._tickets[first] = ticket
            await self._try(first, exchange, body, ask)
        elif waiting.begun:
            await waiting.end(tried.tape)
        else:
            await self._play(exchange, tried)

    async def _elsewhere(self, name: bytes, digest: bytes, mark: Mark, ticket: str, waiting: "Waiting") -> Try | None:
        """The try that this one repeats, where that was made at another gateway and has ended."""
        pause, runs = POLL_SECONDS, False
        while found := await self._ask(name, digest, ticket, joins=bool(mark.key or mark.retry), alone=not runs):
            word, *told = found
            runs = True
            if word == b"first":
                break
            if mark.key and told[0] != digest:
                raise key_reused()
            if word == b"lost":
                raise given_up()
            if word == b"answered":
                return self._of(name, digest, told[1])
            await waiting.sleep(pause)
            pause = min(2 * pause, POLL_MOST_SECONDS)
        return None

    async def _ask(self, name: bytes, digest: bytes, ticket: str, *, joins: bool, alone: bool) -> list[Any] | None:
        sent = self._link.send(
            TRY, [f"t:{name.hex()}"], PREFIX, self._link.name, ticket, digest, int(joins), RUNS_SECONDS * 1000
        )
        if not joins:  # nobody has to wait: it goes with what comes next
            return None
        try:
            found: list[Any] = await asyncio.shield(sent)
        except StateDown:
            if not (self._serves and alone):  # what runs elsewhere is not asked once more
                raise
            return None
        return found

    def _of(self, name: bytes, digest: bytes, text: bytes) -> Try | None:
        """The try with an answer of another gateway; None for what is no answer."""
        try:
            answer = msgspec.msgpack.decode(text, type=Answer)
            if not _is_sane(answer):
                raise ValueError("not an answer of ours")
        except (ValueError, RecursionError) as error:  # the library's own errors are ValueErrors
            logger.warning("a shared answer can not be read (%s), so the site is asked", type(error).__name__)
            return None
        if not answer.status:
            raise too_long()
        return Try(Tape.of(self.room, answer.status, tuple(answer.headers), answer.body), name, digest, Note())

    def _keep(self, tried: Try) -> None:
        super()._keep(tried)
        ticket, tape = self._tickets.pop(tried, None), tried.tape
        if ticket is None:
            return
        body = tape.all_of_it(ANSWER_BYTES) if tape.whole else None
        answer = Answer(0, [], b"") if body is None else Answer(tape.status, list(tape.headers), body)
        text = b"" if tried.unsent else msgspec.msgpack.encode(answer)
        self._link.send(END_TRY, [f"t:{tried.name.hex()}"], ticket.text, text, int(ticket.seconds * 1000))


def _is_sane(answer: Answer) -> bool:
    """True for an answer that can be sent: nothing in its head begins another line."""
    texts = [text for header in answer.headers for text in header]
    return not any(b"\r" in text or b"\n" in text or b"\0" in text for text in texts)
