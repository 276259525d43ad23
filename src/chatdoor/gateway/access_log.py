"""The access log: a JSON object on a line for each request, when its answer has ended.

Lines are gathered, and a thread writes them: a disk or a pipe that is slow keeps no request waiting, and one that takes
nothing does not keep the gateway from its end.
"""

import asyncio
import contextlib
import logging
import os
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec

from chatdoor.errors import ArgumentError
from chatdoor.gateway.counts import CLIENT_LEFT
from chatdoor.gateway.exchange import Exchange
from chatdoor.gateway.masked import masked, masked_path

EVERY_SECONDS: Final = 0.2
"""How long a line waits at most until it is written."""

MOST_LINES: Final = 50_000
"""Lines that may wait, where writing is too slow. More are dropped, and their number is told."""

LAST_SECONDS: Final = 5.0
"""How long the last lines may take to be written."""

PATH_MOST: Final = 200
"""Characters of a path that are logged."""

BAD: Final = 400
"""From this status on, an answer is an error."""

logger = logging.getLogger("chatdoor.gateway")


class Line(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A line. What is not known is left out. `time` is when the answer had ended (UTC)."""

    time: datetime
    id: str
    method: str
    path: str
    status: int
    seconds: float
    bytes: int
    site: str = ""
    model: str = ""
    key: str = ""
    conversation: str | None = None
    first_piece: float | None = None
    finish: str = ""
    error: str = ""
    messages: list[dict[str, str]] = []
    replies: list[str] = []


class Dropped(msgspec.Struct, frozen=True):
    """A line in place of those that were too many."""

    time: datetime
    dropped: int


class AccessLog:
    """The log, in a file or, with no `path`, on standard error. `texts`: prompts and replies stand in it.

    The file is opened for each batch of lines, so that it may be moved away and begun anew.
    """

    def __init__(self, path: Path | None = None, *, texts: bool = False) -> None:
        self._path = path
        self._texts = texts
        self._lines: list[bytes] = []
        self._dropped = 0
        self._failed = False
        self._writing: asyncio.Task[None] | None = None
        self._closing = asyncio.Event()

    def check(self) -> None:
        """Raises ArgumentError where the file can not be written. The reader of a pipe may come later."""
        try:
            if self._path is not None and not self._path.is_fifo():
                self._put(b"")
        except OSError as error:
            raise ArgumentError(f"the access log {self._path} can not be written: {error.strerror}") from error

    def add(self, exchange: Exchange, now: float) -> None:
        """Logs a request that has ended; `now` is by the clock of its note."""
        if len(self._lines) >= MOST_LINES:
            self._dropped += 1
            return
        self._lines.append(msgspec.json.encode(_line(exchange, now, texts=self._texts)))
        if self._writing is None:
            self._writing = asyncio.get_running_loop().create_task(self._write_on())

    async def close(self) -> None:
        """Writes what waits, as far as it is taken within a few seconds."""
        self._closing.set()
        if (writing := self._writing) is not None:
            await asyncio.wait([writing], timeout=LAST_SECONDS)
            writing.cancel()

    async def _write_on(self) -> None:
        while self._lines:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(EVERY_SECONDS):
                    await self._closing.wait()
            await _apart(self._write, self._take())
        self._writing = None

    def _take(self) -> bytes:
        lines, self._lines = self._lines, []
        dropped, self._dropped = self._dropped, 0
        if dropped:
            lines.append(msgspec.json.encode(Dropped(datetime.now(UTC), dropped)))
        return b"".join([line + b"\n" for line in lines])

    def _write(self, data: bytes) -> None:
        try:
            self._put(data)
            self._failed = False
        except (OSError, ValueError) as error:  # a standard error that was closed is the latter
            if not self._failed:  # told once, until it goes again
                reason = error.strerror if isinstance(error, OSError) else error
                logger.error("the access log can not be written: %s", reason)  # noqa: TRY400 - one line
            self._failed = True

    def _put(self, data: bytes) -> None:
        if self._path is not None:
            with open(self._path, "ab", opener=_private) as file:
                file.write(data)
        elif sys.stderr is None:
            raise ValueError("there is no standard error")
        else:  # not by its own buffer: who waits there would keep the interpreter from its end
            with open(sys.stderr.fileno(), "wb", closefd=False) as file:
                file.write(data)


async def _apart(write: Callable[[bytes], None], data: bytes) -> None:
    """Writes in a thread that nobody has to wait for."""
    loop, written = asyncio.get_running_loop(), asyncio.Event()

    def run() -> None:
        try:
            write(data)
        finally:
            with contextlib.suppress(RuntimeError):  # the loop has ended already
                loop.call_soon_threadsafe(written.set)

    threading.Thread(target=run, name="chatdoor-log", daemon=True).start()
    await written.wait()


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _line(exchange: Exchange, now: float, *, texts: bool) -> Line:
    note, key = exchange.note, exchange.key
    return Line(
        time=datetime.now(UTC),
        id=exchange.id.decode(),
        method=exchange.method[:PATH_MOST],
        path=_path(exchange)[:PATH_MOST],
        status=exchange.status or CLIENT_LEFT,
        seconds=round(now - note.began, 6),
        bytes=exchange.sent,
        site=note.site,
        model=note.model,
        key=key.shown if key is not None else "",
        conversation=note.conversation,
        first_piece=note.first,
        finish=note.finish,
        error=_error(exchange),
        messages=[{"role": one.role, "content": one.text} for one in note.messages] if texts else [],
        replies=list(note.texts) if texts else [],
    )


def _path(exchange: Exchange) -> str:
    """The path; of one that was not answered as it asks only what can be no key that was pasted into it."""
    path, route = exchange.path.decode("ascii", "replace"), exchange.route
    if 0 < exchange.status < BAD or path == route:
        return path
    return route.replace("{id}", masked(exchange.tail.decode("ascii", "replace"))) if route else masked_path(path)


def _error(exchange: Exchange) -> str:
    problem = exchange.note.problem
    if problem is not None:
        return problem.code or problem.type
    return "client_left" if exchange.gone or not exchange.status else ""
