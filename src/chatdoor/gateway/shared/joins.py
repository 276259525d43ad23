"""Retries that come to another gateway than their first try: they get its answer, once it has ended there."""

import asyncio
import logging
import secrets
from typing import Annotated, Any, Final

import msgspec

from chatdoor.drive.shared.link import PREFIX, Link
from chatdoor.drive.shared.scripts import END_TRY, TRY
from chatdoor.errors import StateDown
from chatdoor.gateway.exchange import Exchange
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
        if tried is None:
            ticket = Ticket(secrets.token_hex(8), KEPT_SECONDS if mark.key else TOLD_SECONDS)
            tried = await self._elsewhere(name, digest, mark, ticket.text, exchange=exchange)
            if tried is None:
                first = Try(Tape(self.room), name, digest, exchange.note)
                self._tickets[first] = ticket
                await self._try(first, exchange, body, ask)
                return
        await self._play(exchange, tried)

    async def _elsewhere(
        self, name: bytes, digest: bytes, mark: Mark, ticket: str, *, exchange: Exchange
    ) -> Try | None:
        """The try that this one repeats, where that was made at another gateway and has ended."""
        pause = POLL_SECONDS
        while found := await self._ask(name, digest, ticket, joins=bool(mark.key or mark.retry)):
            word, *told = found
            if word == b"first":
                break
            if mark.key and told[0] != digest:
                raise key_reused()
            if word == b"lost":
                raise given_up()
            if word == b"answered":
                return self._of(name, digest, told[1])
            await _wait(exchange, pause)
            pause = min(2 * pause, POLL_MOST_SECONDS)
        return None

    async def _ask(self, name: bytes, digest: bytes, ticket: str, *, joins: bool) -> list[Any] | None:
        sent = self._link.send(
            TRY, [f"t:{name.hex()}"], PREFIX, self._link.name, ticket, digest, int(joins), RUNS_SECONDS * 1000
        )
        if not joins:  # nobody has to wait: it goes with what comes next
            return None
        try:
            found: list[Any] = await asyncio.shield(sent)
        except StateDown:
            if not self._serves:
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


async def _wait(exchange: Exchange, seconds: float) -> None:
    """Waits, unless the client leaves."""
    exchange.watch()
    await asyncio.sleep(seconds)
    exchange.carrier.watch(lambda _task: None)  # what is asked of the server is not left half way


def _is_sane(answer: Answer) -> bool:
    """True for an answer that can be sent: nothing in its head begins another line."""
    texts = [text for header in answer.headers for text in header]
    return not any(b"\r" in text or b"\n" in text or b"\0" in text for text in texts)
