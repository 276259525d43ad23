"""A try as all gateways know it: whether its site may be asked, and what it was answered.

That it is made is said in the trip in which its call asks for all else, and what comes of it in the last one, so it
costs no trip of its own. Where the first try was made at another gateway, its answer is waited for.
"""

import asyncio
import logging
import re
import secrets
from collections.abc import Sequence
from typing import Annotated, Any, Final

import msgspec

from chatdoor.drive.futures import unheard
from chatdoor.drive.gate import Elsewhere, Lock
from chatdoor.drive.shared.link import PREFIX, Link
from chatdoor.drive.shared.scripts import TRY
from chatdoor.errors import StateDown
from chatdoor.gateway.ending import Ending
from chatdoor.gateway.header import Header
from chatdoor.gateway.joins import KEPT_SECONDS, TOLD_SECONDS, Joined, Mark, Try, key_reused
from chatdoor.gateway.note import Note
from chatdoor.gateway.problem import Problem
from chatdoor.gateway.shared.counts import Admission
from chatdoor.gateway.shared.outcomes import Outcomes
from chatdoor.gateway.tape import given_up, too_long

logger = logging.getLogger("chatdoor.gateway")

ANSWER_BYTES: Final = 1_000_000
"""The largest answer that is kept for other gateways."""

RUNS_SECONDS: Final = 3_600
"""For how long a try that runs is known."""

POLL_SECONDS: Final = 0.05
POLL_MOST_SECONDS: Final = 0.5
"""How often one asks whether a try has ended that runs at another gateway: soon at first."""

_LINES: Final = re.compile(rb"(?:[!-9;-~]+: [^\r\n\0]*\r\n)+").fullmatch

FIRST: Final = b"first"


class Answer(msgspec.Struct, frozen=True):
    """An answer as it was sent. A `status` of 0 stands for one that nobody has: given up, or too long."""

    status: Annotated[int, msgspec.Meta(ge=0, le=599)]
    headers: list[Header]
    body: bytes


NO_ANSWER: Final = Answer(0, [], b"")


class SharedTry(Ending):
    """What one try is to other gateways: a Gate for its calls, and the Ending of its answer.

    `admission` is whether its key may ask.
    """

    def __init__(
        self, link: Link, outcomes: Outcomes, tried: Try, mark: Mark, admission: Admission | None, *, serves: bool
    ) -> None:
        super().__init__()
        self._link = link
        self._outcomes = outcomes
        self._tried = tried
        self._mark = mark
        self._admission = admission
        self._serves = serves
        self._lock = Lock(f"t:{tried.name.hex()}", secrets.token_hex(8))
        self._joins = bool(mark.key or mark.retry)
        self._asked: asyncio.Future[Any] | None = None
        """What the server was asked last."""
        self._waiting: asyncio.Future[None] | None = None
        self._ours = not self._joins
        """True once it is known that the site may be asked."""
        self._runs = False
        """True once it is known that another gateway has made the try."""
        self._joined = False
        self._told = False

    def begin(self) -> Lock | None:
        """See Gate: says that the try is made, unless another gateway has made it."""
        if self._asked is None:
            self._ask()
        lock = None if self._ours else self._lock
        if self._admission is not None:
            self._admission.begin(lock)
        return lock

    async def passes(self) -> None:
        """See Gate. Raises Joined, Problem (409, 422, 429) and StateDown."""
        if not self._ours and not await self._may_ask(self._asked or self._ask()):
            raise Elsewhere
        if self._admission is not None:
            await self._admission.passes()

    async def opens(self) -> None:
        """See Gate. Raises as `passes`."""
        if self._waiting is None:
            self._waiting = asyncio.ensure_future(self._wait())
            self._waiting.add_done_callback(unheard)  # a request that has ended meanwhile does not wait
        await asyncio.shield(self._waiting)

    def ended(self) -> None:
        """Counts the request, unless it has joined another."""
        if self._admission is not None and not self._joined:
            self._admission.ended()

    @property
    def elsewhere(self) -> bool:
        """True where the try on the server is another one."""
        return self._asked is not None and not self._ours

    async def heard(self) -> None:
        """As Ending. Where it raises, what was told of the try is not its answer: that is still to come."""
        try:
            await super().heard()
        except Problem:
            self._told = False
            raise

    async def whole(self, status: int, headers: Sequence[Header], body: bytes, *, unsent: bool) -> None:
        """Before a whole answer is sent: all gateways get it."""
        own = self._tried.tape.own
        kept = Answer(status, [header for header in headers if header not in own], body)
        self._tell(None if unsent else kept)
        await self.heard()

    async def rest(self, data: bytes) -> None:
        """Before the rest of an answer is sent: all gateways get all of it."""
        tape = self._tried.tape
        body = tape.all_of_it(ANSWER_BYTES)
        self._tell(NO_ANSWER if body is None else Answer(tape.status, list(tape.headers), body + data))
        await self.heard()

    def cut(self, *, unsent: bool) -> None:
        """Before an answer ends which is not whole: nobody has it."""
        self._tell(None if unsent else NO_ANSWER)

    def close(self) -> None:
        """The try has ended, with or without an answer."""
        if self._waiting is not None:
            self._waiting.cancel()
        self._tell(None if self._tried.unsent else NO_ANSWER)

    def _tell(self, answer: Answer | None) -> None:
        """Tells all gateways, once, where they may have heard of it; None for a try that is to be forgotten."""
        if self._told or not self._may_be_known():
            return
        self._told = True
        if answer is not None and len(answer.body) > ANSWER_BYTES:
            answer = NO_ANSWER
        text = b"" if answer is None or not self._ours else msgspec.msgpack.encode(answer)
        seconds = KEPT_SECONDS if self._mark.key else TOLD_SECONDS
        self._outcomes.tell(self._lock, text, int(seconds * 1000))

    def _may_be_known(self) -> bool:
        """True where the try on the server is this one, or may be."""
        asked = self._asked
        return asked is not None and (not asked.done() or asked.exception() is not None or asked.result()[0] == FIRST)

    def _ask(self) -> "asyncio.Future[Any]":
        lock, joins = self._lock, int(self._joins)
        digest, most = self._tried.digest, RUNS_SECONDS * 1000
        self._asked = self._link.send(TRY, [lock.name], PREFIX, self._link.name, lock.ticket, digest, joins, most)
        return self._asked

    async def _wait(self) -> None:
        """Waits until the site may be asked."""
        pause, asked = POLL_SECONDS, self._asked or self._ask()
        while not await self._may_ask(asked):
            await asyncio.sleep(pause)
            pause, asked = min(2 * pause, POLL_MOST_SECONDS), self._ask()

    async def _may_ask(self, asked: "asyncio.Future[Any]") -> bool:
        """Whether the site may be asked now. Raises what the call raises where it never may."""
        try:
            word, *told = await asyncio.shield(asked)
        except StateDown:
            if self._runs or not self._serves:  # what runs elsewhere is not asked once more
                self._unnote()
                raise
            self._ours = True
        else:
            self._ours = word == FIRST or not self._runs_there(word, *told)
        return self._ours

    def _runs_there(self, word: bytes, digest: bytes, text: bytes = b"") -> bool:
        """Whether another gateway makes the try now. Raises where it has made it."""
        if self._mark.key and digest != self._tried.digest:
            self._unnote()
            raise key_reused()
        if word == b"lost":
            self._unnote()
            raise given_up()
        if word == b"answered":
            self._join(text)
            return False
        self._runs = True
        return True

    def _join(self, text: bytes) -> None:
        """Raises what the other gateway has answered; returns where that is no answer."""
        try:
            answer = msgspec.msgpack.decode(text, type=Answer)
            if not _is_sane(answer):
                raise ValueError("not an answer of ours")
        except (ValueError, RecursionError) as error:  # the library's own errors are ValueErrors
            logger.warning("a shared answer can not be read (%s), so the site is asked", type(error).__name__)
            return
        self._joined = True
        self._unnote()
        if not answer.status:
            raise too_long()
        raise Joined(answer.status, answer.headers, answer.body, self._tried.tape.own)

    def _unnote(self) -> None:
        """No site is asked."""
        self._tried.note.follow(Note(), counted=True)


def _is_sane(answer: Answer) -> bool:
    """True for an answer that can be sent: nothing in its head begins another line."""
    return all(map(_LINES, answer.headers))
