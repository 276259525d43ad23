"""A retry joins the try that it repeats, so that the site is asked once.

A retry is known by its `Idempotency-Key`, or by a client that counts its tries (`x-stainless-retry-count`, which the
official SDKs send) and whose request is the same. Equal requests alone are different questions. What is known of a try
is kept here, in memory; `shared/joins.py` knows the tries of other gateways too.
Source: https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header
"""

import asyncio
import re
import time
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from hashlib import sha256
from http import HTTPStatus
from typing import Final, TypeAlias

import msgspec

from chatdoor.gateway.along import Along
from chatdoor.gateway.conversation_id import NAMING
from chatdoor.gateway.exchange import Exchange
from chatdoor.gateway.header import Header
from chatdoor.gateway.note import Note
from chatdoor.gateway.problem import Problem
from chatdoor.gateway.reading import play
from chatdoor.gateway.room import Room
from chatdoor.gateway.tape import Tape, given_up

KEY: Final = b"idempotency-key"
COUNT: Final = b"x-stainless-retry-count"

KEPT_SECONDS: Final = 300.0
KEPT_MOST: Final = 1_000
KEPT_BYTES: Final = 4_000_000
"""For how long, how many, and how large together answers are kept that have ended."""

ROOM_BYTES: Final = 64_000_000
"""How many bytes all answers may hold, those under way too."""

TOLD_SECONDS: Final = 10.0
"""For how long a retry that is known by its count alone may be of an answer that was sent to its end. Later it is more
likely one of an equal question that never came here."""

LINGER_SECONDS: Final = 0.7
"""How long a try goes on that nobody waits for. The SDKs try again after half a second at first."""

_SANE: Final = re.compile(rb"[!-~]{1,255}").fullmatch

Ask: TypeAlias = Callable[[Exchange], Awaitable[None]]
"""Answers an exchange, whatever happens; says by `exchange.unsent` that no site has heard of it."""


class Joined(Exception):
    """A try that another gateway has answered already. Who settles a request sends that answer.

    `own` are the headers that every answer to this request has.
    """

    def __init__(self, status: int, headers: Sequence[Header], body: bytes, own: Collection[Header]) -> None:
        super().__init__()
        self._status, self._headers, self._body, self._own = status, headers, body, own

    async def tell(self, exchange: Exchange) -> None:
        """Sends the answer, as the rest of the stream where one was begun."""
        exchange.common = list(self._own)  # the others are among those of the answer
        if not exchange.status:
            await exchange.answer(self._status, self._body, self._headers)
        elif self._status == HTTPStatus.OK:
            await exchange.end(self._body)
        else:
            await exchange.write(b"data: " + self._body + b"\n\n")
            await exchange.carrier.cut()


class Mark(msgspec.Struct, frozen=True):
    """What a client says of its try: its key, where it has one, and whether it is not the first."""

    key: bytes
    retry: bool


def mark_of(headers: Mapping[bytes, bytes]) -> Mark | None:
    """The mark of a request; None where its client does not repeat requests. Raises Problem."""
    key, count = headers.get(KEY), headers.get(COUNT)
    if key is None and count is None:
        return None
    if key is not None and not _SANE(key):
        raise Problem(400, "Idempotency-Key: expected up to 255 visible ASCII characters.", code="invalid_value")
    return Mark(key or b"", bool(count and count.isdigit() and count.strip(b"0")))


class Try:
    """One try, which runs for as long as somebody waits for it: in its client's own task, also after that has left."""

    ended = 0.0
    """When it has ended, on the monotonic clock."""
    unsent = False
    """True where it has failed before the site could read it: its retry asks the site."""
    left = False
    """True once its own client has left."""
    carrier: Along | None = None
    """None where it is not on its way: the two know each other, and what is kept should be free of cycles."""

    def __init__(self, tape: Tape, name: bytes, digest: bytes, note: Note) -> None:
        self.tape = tape
        self.name = name
        self.digest = digest
        self.note = note

    async def play(self, exchange: Exchange) -> None:
        """Sends its answer to one who has joined it."""
        try:
            await play(self.tape, exchange)
        finally:
            self.linger()

    def client_left(self) -> None:
        """Its own client waits no longer."""
        self.left = True
        self.tape.readers -= 1
        self.linger()

    def linger(self) -> None:
        """Ends it after a while, unless somebody waits for it then."""
        if not self.tape.readers and not self.tape.over:
            asyncio.get_running_loop().call_later(LINGER_SECONDS, self.give_up)

    def give_up(self) -> None:
        """Ends it, unless somebody waits for it."""
        if not self.tape.readers and not self.tape.over and self.carrier is not None:
            self.carrier.give_up()


class Joins:
    """The tries that are on their way, and those that have ended lately."""

    def __init__(self, *, seconds: float = KEPT_SECONDS, most: int = KEPT_MOST, most_bytes: int = KEPT_BYTES) -> None:
        self._seconds = seconds
        self._most = most
        self._most_bytes = most_bytes
        self.room = Room(ROOM_BYTES)
        """What their answers may still hold."""
        self._tries: dict[bytes, list[Try]] = {}
        self._ended: deque[Try] = deque()
        self._bytes = 0
        self._running: set[Try] = set()

    @property
    def running(self) -> int:
        """How many tries are on their way."""
        return len(self._running)

    @property
    def kept(self) -> int:
        """How many that have ended are kept."""
        return len(self._ended)

    async def answer(self, exchange: Exchange, asker: str, mark: Mark, body: bytes, ask: Ask) -> None:
        """Answers with what the first try is answered, or makes this one the first. `asker` is whose request it is.

        Raises Problem: 422 for a key that stands for another request, 409 for a try whose answer is not there.
        """
        name, digest = self._named(exchange, asker, mark, body)
        tried = self._find(name, digest, mark)
        if tried is None:
            await self._try(Try(Tape(self.room), name, digest, exchange.note), exchange, body, ask)
        else:
            await self._play(exchange, tried)

    def _named(self, exchange: Exchange, asker: str, mark: Mark, body: bytes) -> tuple[bytes, bytes]:
        """What the tries of a request are known by, and its digest."""
        self._expire()
        digest = _digest(exchange, asker, body)
        return sha256(b"%b\n%b" % (asker.encode(), mark.key)).digest() if mark.key else digest, digest

    async def _play(self, exchange: Exchange, tried: Try) -> None:
        try:
            if not tried.tape.over:  # else it waits for no site, and a client that only ended its own side is answered
                exchange.watch()
                await asyncio.sleep(0)  # who is gone already hears nothing of what is there
            await tried.play(exchange)
        finally:
            exchange.note.follow(tried.note, counted=not tried.left)

    def _find(self, name: bytes, digest: bytes, mark: Mark) -> Try | None:
        """The try that this one repeats: rather one that lost its client than one that has it still."""
        tries = self._tries.get(name)
        if not tries or not (mark.key or mark.retry):
            return None
        if mark.key and tries[0].digest != digest and not tries[0].unsent:
            raise key_reused()
        tried = min(tries, key=_likelihood)
        if tried.unsent:
            self._forget(tried)
            return None
        stale = tried.tape.told and not mark.key and time.monotonic() - tried.ended > TOLD_SECONDS
        return None if stale else tried

    async def _try(self, tried: Try, exchange: Exchange, body: bytes, ask: Ask) -> None:
        """Answers, and lets others join."""
        tape = tried.tape
        tape.readers = 1
        exchange.give_room_back()  # the body is read once more
        tape.own = tuple(exchange.common)
        carrier = exchange.carrier
        exchange.carrier = tried.carrier = along = Along(carrier, tape, body, tried.client_left)
        self._tries.setdefault(tried.name, []).append(tried)
        self._running.add(tried)
        try:
            await ask(exchange)
            await along.finish()
        finally:
            along.close()
            self._running.discard(tried)
            tried.carrier, exchange.carrier = None, carrier  # a ring of them would wait for the collector
            tried.ended = time.monotonic()
            tried.unsent = exchange.unsent
            if tried.left:
                exchange.end_unheard()
            else:
                tape.readers -= 1
                tape.told = tape.whole
            if tape.status and not tape.ended:
                tried.note.problem = problem = given_up()
                tape.give_up(exchange.error_frame(problem))
            tape.close()
            self._keep(tried)

    def _keep(self, tried: Try) -> None:
        self._ended.append(tried)
        self._bytes += tried.tape.size
        self._expire()

    def _expire(self) -> None:
        """Lets go what is past its time or too much, the oldest first."""
        oldest = time.monotonic() - self._seconds
        while self._ended and (
            self._ended[0].ended < oldest or len(self._ended) > self._most or self._bytes > self._most_bytes
        ):
            self._forget(self._ended[0])

    def _forget(self, tried: Try) -> None:
        tries = self._tries[tried.name]
        tries.remove(tried)
        if not tries:
            del self._tries[tried.name]
        self._ended.remove(tried)
        self._bytes -= tried.tape.size
        tried.tape.release()

    def end_lingering(self) -> None:
        """Ends all that nobody waits for."""
        for tried in list(self._running):
            tried.give_up()


def key_reused() -> Problem:
    """What is told of a key that stands for another request."""
    return Problem(422, "This Idempotency-Key was used for another request.", code="idempotency_key_reused")


def _digest(exchange: Exchange, asker: str, body: bytes) -> bytes:
    """Equal for equal requests: of one asker, to the same path, in the same conversation, with the same bytes."""
    parts = [asker.encode(), exchange.path]
    for name in NAMING:
        parts.append(exchange.headers.get(name, b""))  # noqa: PERF401 - a comprehension is a call
    return sha256(b"\n".join([*parts, body])).digest()


def _likelihood(tried: Try) -> tuple[bool, bool, int]:
    """The least for the try that a retry most likely repeats.

    That is one which lost its client, then one which failed, then one whose client still waits.
    """
    return tried.tape.told and not tried.unsent, not tried.unsent and tried.tape.readers > 0, tried.tape.readers
