"""A site that goes wrong on purpose: bytes on the wire, no HTTP library between.

``GET /`` is the page, ``/generate_response/`` the chat. For each a test names a fault of the tables in ``faults``, or
a list of them: one for each request in turn, the last one for all that follow. ``/home`` is always a good page,
``/login`` a login page, anything else is not found.
"""

import asyncio
import contextlib
import time
from collections.abc import Mapping, Sequence
from email.utils import formatdate
from typing import Protocol

from .faults import CHAT, PAGE
from .faults.fault import GOOD, HTML, Fault, Stage, page
from .faults.pages import GOOD_PAGE, LOGIN_PAGE
from .faults.replies import GOOD_REPLY
from .listening import Listener, LoopThread, Serve
from .wire import Answer, Request, Wire

Names = str | Sequence[str]

PAGE_PATH = "/"
CHAT_PATH = "/generate_response/"
TOKEN_START = "secrettoken"
"""Every token begins so, which makes one that leaked easy to find."""
SETTLE_ROUNDS = 10
EARLY = (Stage.LISTEN, Stage.ACCEPT)

GOOD_ANSWERS = {
    PAGE_PATH: GOOD_PAGE,
    CHAT_PATH: GOOD_REPLY,
    "/home": GOOD_PAGE,
    "/login": Answer(200, (HTML,), LOGIN_PAGE),
}
NOT_FOUND = Answer(404, (HTML,), page("Not Found"))
AFTER = {PAGE_PATH: "/home", CHAT_PATH: "/login"}
"""Where a redirect within the site leads to."""


class Script:
    """The faults of one path in order; the last one stays."""

    def __init__(self, table: Mapping[str, Fault], names: Names, times: int | None = None) -> None:
        listed = [names] if isinstance(names, str) else list(names)
        if times is not None:
            listed = [*listed * times, "good"]
        self._faults = [table[name] for name in listed]
        self._taken = 0

    @property
    def finished(self) -> bool:
        """Each fault had its turn."""
        return self._taken >= len(self._faults)

    def peek(self) -> Fault:
        """The next fault."""
        return self._faults[min(self._taken, len(self._faults) - 1)]

    def take(self) -> Fault:
        """The next fault, whose turn it is now."""
        fault = self.peek()
        self._taken += 1
        return fault


class FaultyServer:
    """A running faulty site.

    `url` and `foreign_url` are without a slash at the end. The foreign site listens on another address, and on another
    port of the site's own address; no client has any business there.
    """

    def __init__(self, thread: LoopThread, scripts: Mapping[str, Script], *, page_first: bool) -> None:
        self._thread = thread
        self._scripts = scripts
        self._page_first = page_first
        self._answers = 0
        self._seen: list[Request] = []
        self._foreign: list[Request] = []
        self._home = Listener("127.0.0.1", self._serve)
        self._strangers = [_other_host(self._serve_foreign), Listener("127.0.0.1", self._serve_foreign)]
        self.url = f"http://{self._home.place}"
        self.foreign_url = f"http://{self._strangers[0].place}"
        thread.run(self._open())

    @property
    def seen(self) -> list[Request]:
        """The requests so far, in the order in which they were read."""
        self._thread.run(_settle())
        return list(self._seen)

    @property
    def prompts(self) -> int:
        """How many prompts were read whole: POST to the chat's path."""
        return sum(seen.complete and (seen.method, seen.path) == ("POST", CHAT_PATH) for seen in self.seen)

    @property
    def pages(self) -> int:
        """How often the page was asked for."""
        return sum(seen.path == PAGE_PATH for seen in self.seen)

    @property
    def foreign(self) -> list[Request]:
        """What reached the foreign site, connections without a request among it. Has to be empty."""
        self._thread.run(_settle())
        return list(self._foreign)

    def close(self) -> None:
        """End all connections and let go of the ports."""
        self._thread.run(self._close())

    async def _open(self) -> None:
        for stranger in self._strangers:
            stranger.open()
        if self._awaited().peek().stage is not Stage.LISTEN:
            self._home.open()

    async def _close(self) -> None:
        for listener in (self._home, *self._strangers):
            await listener.close()

    def _awaited(self) -> Script:
        """The script that the next connection belongs to: the page's until it is finished, then the chat's."""
        return self._scripts[PAGE_PATH if self._page_first and not self._scripts[PAGE_PATH].finished else CHAT_PATH]

    async def _serve(self, wire: Wire) -> None:
        if self._awaited().peek().stage is Stage.ACCEPT:
            await self._awaited().take().act(wire)
            return
        while (head := await wire.read_head()) is not None:
            if not await self._answer(wire, head):
                await wire.finish()
                return

    async def _answer(self, wire: Wire, request: Request) -> bool:
        """Whether the connection goes on after it."""
        path, _, _ = request.path.partition("?")
        fault = self._scripts[path].take() if path in self._scripts else GOOD
        if fault.stage is not Stage.HEAD:
            request = await wire.read_body(request)
        self._seen.append(request)
        after = self._awaited().peek().stage
        if after is Stage.LISTEN:
            self._home.refuse()
        self._answers += 1
        wire.marks = self._marks(path)
        wire.good = GOOD_ANSWERS.get(path, NOT_FOUND).filled(wire.marks)
        wire.last = after in EARLY
        await fault.act(wire)
        return fault.goes_on and not wire.last and request.header("connection") != "close"

    def _marks(self, path: str) -> Mapping[bytes, bytes]:
        """What the marks in an answer stand for."""
        marks = {
            "@TOKEN@": f"{TOKEN_START}{self._answers:021d}",
            "@PATH@": path,
            "@NEXT@": AFTER.get(path, PAGE_PATH),
            "@HOME_PLACE@": self._home.place,
            "@FOREIGN@": self.foreign_url,
            "@FOREIGN_PLACE@": self._strangers[0].place,
            "@OTHER_PORT@": f"http://{self._strangers[1].place}",
            "@DATE_IN_2S@": formatdate(time.time() + 2, usegmt=True),
        }
        return {mark.encode(): value.encode() for mark, value in marks.items()}

    async def _serve_foreign(self, wire: Wire) -> None:
        number = len(self._foreign)
        self._foreign.append(Request())
        if (head := await wire.read_head()) is not None:
            self._foreign[number] = await wire.read_body(head)
            wire.marks, wire.last = self._marks(head.path), True
            await wire.answer(GOOD_ANSWERS.get(head.path, GOOD_PAGE))
            await wire.finish()


class Faulty(Protocol):
    """Starts a faulty server for the length of a test.

    `page` and `chat` are names of faults. With `times`, what is not good comes that often, then all is good. A `page`
    of None says that no page will be fetched: then a fault of the connection itself meets the chat at once; else it
    waits until the page's faults have had their turn.
    """

    def __call__(self, page: Names | None = "good", chat: Names = "good", *, times: int | None = None) -> FaultyServer:
        """A server that is ready."""
        ...


def start_faulty(
    thread: LoopThread, page: Names | None = "good", chat: Names = "good", *, times: int | None = None
) -> FaultyServer:
    """A server that is ready; its caller closes it. For the arguments see ``Faulty``."""
    scripts = {
        PAGE_PATH: Script(PAGE, page or "good", None if page in (None, "good") else times),
        CHAT_PATH: Script(CHAT, chat, None if chat == "good" else times),
    }
    return FaultyServer(thread, scripts, page_first=page is not None)


def _other_host(serve: Serve) -> Listener:
    # macOS has no address but 127.0.0.1 on loopback; there the other port has to do.
    with contextlib.suppress(OSError):
        return Listener("127.0.0.2", serve)
    return Listener("127.0.0.1", serve)


async def _settle() -> None:
    # What a client has sent is with the kernel; each round reads a further step of it.
    for _ in range(SETTLE_ROUNDS):
        await asyncio.sleep(0.001)
