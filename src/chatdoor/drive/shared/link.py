"""The way to a Redis or Valkey server: scripts that are sent together, and are never waited for long.

What is sent in one moment of the event loop goes in one trip, in order; while a trip is on its way, the next one
gathers. A server that fails once counts as away: until a probe has written there again, everything fails at once.
"""

import asyncio
import hashlib
import logging
import secrets
import time
from collections.abc import Sequence
from contextlib import suppress
from functools import cached_property
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final, Self, TypeAlias

from chatdoor.drive.futures import unheard
from chatdoor.drive.gate import Lock
from chatdoor.drive.shared.address import FORM, check_address
from chatdoor.drive.shared.faults import is_foreign, reason_of
from chatdoor.errors import ArgumentError, StateDown

if TYPE_CHECKING:
    from redis.asyncio import Redis

logger = logging.getLogger("chatdoor")

ANSWER_SECONDS: Final = 1.0
"""How long a trip may take. Nobody waits for a second one that is late, so all ends within two seconds."""

PROBE_SECONDS: Final = 0.25
"""How often a server that is away is tried."""

BEAT_SECONDS: Final = 0.5
"""How often we say that we are alive."""

ALIVE_SECONDS: Final = 2.0
"""For how long that is believed: what a gateway held that was killed is free after this."""

MOST_WAITING: Final = 20_000
"""How many scripts may wait for a trip. More fail at once."""

PREFIX: Final = "{chatdoor}:"
"""What all keys begin with. The braces keep them on one node of a cluster."""

Argument: TypeAlias = str | bytes | int | float


IN_TIME: Final = """
local latest = tonumber(table.remove(ARGV))
if latest > 0 then
  local time = redis.call('TIME')
  if time[1] * 1000 + time[2] / 1000 > latest then return redis.error_reply('LATE it is too late') end
end
"""
"""What stands before each script: a server that was away does not do afterwards what it was asked before."""

READ: Final = """
local function read(key, ...)
  for _, field in ipairs({...}) do
    if redis.call('HSTRLEN', key, field) > 8500000 then error('a value is too large') end
  end
  return redis.call('HMGET', key, ...)
end
"""
"""And this: what a script reads of a hash. What none of us has written might be larger than a trip can bring."""


LOCKED: Final = """
local lock, ticket = table.remove(KEYS), table.remove(ARGV)
if redis.pcall('HGET', lock, 't') ~= ticket then return false end
"""
"""And this before one that is of use with a lock alone. Without it nothing is done, and nothing given."""


class Script:
    """A Lua script, which the server runs as one step, unless it is too late: who sent it counts on it no more."""

    def __init__(self, text: str, check: str = "") -> None:
        self.body = text
        self.text = IN_TIME + check + READ + text
        self.digest = hashlib.sha1(self.text.encode(), usedforsecurity=False).hexdigest()  # Redis knows scripts by it

    @cached_property
    def locked(self) -> Self:
        """The same, for who has a lock."""
        return type(self)(self.body, LOCKED)


class Sent:
    """A script on its way."""

    def __init__(self, script: Script, keys: Sequence[str], arguments: Sequence[Argument]) -> None:
        self.script = script
        self.keys = keys
        self.arguments = arguments
        self.whole = False
        """The script goes as it is, because the server does not know it by its digest."""
        self.mended = False
        self.answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self.answer.add_done_callback(unheard)  # an error that nobody waits for has been logged already


class Away(Exception):
    """A trip that came to nothing, and why. Here alone: others hear of StateDown."""


class Link:
    """A server, used from one event loop. `url` is redis://, rediss:// or unix://; it is never shown."""

    def __init__(self, url: str, *, seconds: float = ANSWER_SECONDS) -> None:
        check_address(url)
        if find_spec("redis") is None:
            raise ArgumentError("state: needs the extra `redis`: pip install 'chatdoor[redis]'")
        self._url, self._seconds = url, seconds
        try:
            self._client: Redis | None = self._connect()
        except ValueError:  # what is wrong with it would show it
            raise ArgumentError(f"state: the address can not be read: {FORM}") from None
        self.name = secrets.token_hex(8)
        """Who we are to the others."""
        self.trips = 0
        """How many there were."""
        self.missed = 0
        """How many scripts came to nothing, since the server was away."""
        self.problem: str | None = None
        """Why the server counts as away; None where it does not."""
        self._waiting: list[Sent] = []
        self._trip: asyncio.Task[None] | None = None
        self._beats: asyncio.Task[None] | None = None
        self._hanging_up: set[asyncio.Task[None]] = set()
        self.epoch = b""
        """Another one where the server was emptied."""
        self._clock: float | None = None
        """What the server's clock is ahead of our own, in milliseconds."""

    def send(self, script: Script, keys: Sequence[str], *arguments: Argument) -> "asyncio.Future[Any]":
        """What the script gives, later. It fails with StateDown. Nobody has to wait for it."""
        self.begin()
        sent = Sent(script, [PREFIX + key for key in keys], arguments)
        if self.problem is not None or len(self._waiting) >= MOST_WAITING:
            self.missed += 1
            sent.answer.set_exception(_down(self.problem or "too much waits for it"))
            return sent.answer
        self._waiting.append(sent)
        if self._trip is None or self._trip.done():
            self._trip = asyncio.create_task(self._go())
        return sent.answer

    def send_with(
        self, lock: Lock | None, script: Script, keys: Sequence[str], *arguments: Argument
    ) -> "asyncio.Future[Any]":
        """The same where one has the lock; else nothing is done, and None is what comes of it."""
        if lock is None:
            return self.send(script, keys, *arguments)
        return self.send(script.locked, [*keys, lock.name], *arguments, lock.ticket)

    def begin(self) -> None:
        """Begins to look after the server, where that was not done yet. In the event loop."""
        if self._beats is None:
            self._beats = asyncio.create_task(self._beat())

    async def close(self) -> None:
        """Ends all connections, once what was sent has gone out."""
        if self._trip is not None:
            await asyncio.wait([self._trip])
        if self._beats is not None:
            self._beats.cancel()
            await asyncio.wait([self._beats])
        self._hang_up(self._client)
        if self._hanging_up:
            await asyncio.wait(self._hanging_up)

    async def _go(self) -> None:
        """Makes trips until nothing waits."""
        while self._waiting:
            batch, self._waiting = self._waiting, []
            self.trips += 1
            try:
                await self._deliver(batch)
            finally:  # whatever went wrong, nobody waits for ever
                for sent in batch:
                    if not sent.answer.done():
                        sent.answer.set_exception(_down(self.problem or "it was not asked to the end"))

    async def _deliver(self, batch: list[Sent]) -> None:
        try:
            answers = await self._ask(batch)
        except Away as error:
            self._fail([*batch, *self._waiting], str(error))
            self._waiting = []
            return
        again: list[Sent] = []
        for sent, answer in zip(batch, answers, strict=True):
            if not isinstance(answer, Exception):
                if not sent.answer.done():
                    sent.answer.set_result(answer)
            elif retried := await self._mended(sent, answer):
                again.append(retried)
            else:
                self._fail([sent], reason_of(answer))
        if again and self.problem is None:
            await self._deliver(again)

    async def _mended(self, sent: Sent, error: Exception) -> Sent | None:
        """The script once more, where the server did not know it, or something in the way was not written by us."""
        if type(error).__name__ == "NoScriptError" and not sent.whole:
            sent.whole = True
            return sent
        if sent.mended or not is_foreign(error):
            return None
        logger.warning("shared state: a value is not one of ours, so it is dropped")
        sent.mended = True
        with suppress(Away):
            await self._ask([whole(DROP, sent.keys)])
        return sent

    async def _ask(self, batch: Sequence[Sent]) -> list[Any]:
        """The answers, errors of single scripts among them. Raises Away."""
        client = self._client = self._client or self._connect()
        pipe = client.pipeline(transaction=False)
        latest = 0 if self._clock is None else int(self._clock + (time.monotonic() + self._seconds) * 1000)
        for sent in batch:
            if sent.whole:
                pipe.eval(sent.script.text, len(sent.keys), *sent.keys, *sent.arguments, latest)
            else:
                pipe.evalsha(sent.script.digest, len(sent.keys), *sent.keys, *sent.arguments, latest)
        try:
            async with asyncio.timeout(self._seconds):
                answers = await pipe.execute(raise_on_error=False)
            _heed_cancellation()
            return answers
        except TimeoutError:
            reason = f"no answer within {self._seconds:g} s"
        except _failures() as error:
            reason = reason_of(error)
            if self._client is not client:  # another trip has ended it under this one, and knows why
                reason = self.problem or reason
        finally:
            if self._client is not client:  # another trip has ended it, and it may have connected since
                self._hang_up(client)
        self._hang_up(client)
        raise Away(reason)

    def _connect(self) -> "Redis":
        from redis.asyncio import Redis
        from redis.asyncio.retry import Retry
        from redis.backoff import NoBackoff

        seconds = self._seconds
        return Redis.from_url(
            self._url, socket_timeout=seconds, socket_connect_timeout=seconds, retry=Retry(NoBackoff(), 0)
        )

    def _hang_up(self, client: "Redis | None") -> None:
        """Ends the connection. Nobody waits for it: TLS to a server that does not answer takes its time."""
        if client is self._client:
            self._client = None
        if client is not None:
            task = asyncio.create_task(_close(client))
            self._hanging_up.add(task)
            task.add_done_callback(self._hanging_up.discard)

    def _fail(self, failed: Sequence[Sent], reason: str) -> None:
        if self.problem is None:
            logger.warning("shared state: %s; it counts as away until it is back", reason)
        self.problem = reason
        self.missed += len(failed)
        for sent in failed:
            if not sent.answer.done():
                sent.answer.set_exception(_down(reason))

    async def _beat(self) -> None:
        """Says that we are alive, for as long as we are, and finds out when the server is back."""
        while True:
            keys, began = [f"{PREFIX}alive:{self.name}", f"{PREFIX}n:epoch"], time.monotonic()
            if self.problem is not None or self._clock is None:  # it has to be able to do all that will be asked
                keys.append(f"{PREFIX}probe:{self.name}")
            beat = whole(BEAT, keys, int(ALIVE_SECONDS * 1000), secrets.token_hex(8))
            try:
                (answer,) = await self._ask([beat])
            except Away as error:
                self._fail([], str(error))
            else:
                await self._note(beat, answer, (began + time.monotonic()) / 2)
            await asyncio.sleep(BEAT_SECONDS if self.problem is None else PROBE_SECONDS)

    async def _note(self, beat: Sent, answer: Any, at: float) -> None:  # noqa: ANN401 - whatever the server says
        if isinstance(answer, Exception):
            if await self._mended(beat, answer) is None:
                self._fail([], reason_of(answer))
            return
        seconds, microseconds, self.epoch = answer
        self._clock = int(seconds) * 1000 + int(microseconds) / 1000 - at * 1000
        if self.problem is not None:
            self.problem = None
            logger.warning("shared state: it is back")


BEAT: Final = Script("""
redis.call('SET', KEYS[1], '1', 'PX', ARGV[1])
if redis.call('STRLEN', KEYS[2]) ~= #ARGV[2] then redis.call('SET', KEYS[2], ARGV[2]) end
if KEYS[3] then
  for at, words in ipairs({
    {'DEL'}, {'HSET', 'f', '1'}, {'HINCRBY', 'f', '1'}, {'HGETALL'}, {'HSTRLEN', 'f'}, {'HMGET', 'f'}, {'HGET', 'f'},
    {'PEXPIRE', '2000'}, {'EXPIRE', '2'}, {'PTTL'}, {'EXISTS'}, {'HDEL', 'f'},
    {'ZADD', '1', 'f'}, {'ZREVRANGE', '0', '0'}, {'ZRANGE', '0', '0'}, {'ZCARD'}, {'ZREMRANGEBYRANK', '0', '-2'},
    {'ZREM', 'f'},
  }) do
    redis.call(table.remove(words, 1), KEYS[3], unpack(words))
  end
end
local time = redis.call('TIME')
return {time[1], time[2], redis.call('GET', KEYS[2])}""")

DROP: Final = Script("return redis.call('DEL', unpack(KEYS))")


def whole(script: Script, keys: Sequence[str], *arguments: Argument) -> Sent:
    """A script that the server need not know yet."""
    sent = Sent(script, keys, arguments)
    sent.whole = True
    return sent


def _heed_cancellation() -> None:
    """Ends a task that was cancelled. The library waits with `asyncio.wait_for`, which in Python 3.11 may forget it."""
    if (task := asyncio.current_task()) is not None and task.cancelling():
        raise asyncio.CancelledError


async def _close(client: "Redis") -> None:
    with suppress(*_failures()):
        await client.aclose()


def _failures() -> tuple[type[Exception], ...]:
    """What a trip can raise."""
    from redis.exceptions import RedisError

    return (RedisError, OSError, ValueError)


def _down(reason: str) -> StateDown:
    return StateDown(f"the shared state can not be used now ({reason})")
