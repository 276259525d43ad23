"""The async client: any site, from a program with an event loop."""

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Coroutine
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self, Unpack

from chatdoor.drive.aio import AsyncRun
from chatdoor.drive.asker import NOBODY, Asker
from chatdoor.drive.clock import moment
from chatdoor.drive.talks import Holding
from chatdoor.drive.visitor import Options, Visitor, make_visitor
from chatdoor.errors import ArgumentError
from chatdoor.flow.chat import ask, enter, give_again
from chatdoor.flow.effects import Flow
from chatdoor.flow.exchange import Call
from chatdoor.flow.talk import Talk
from chatdoor.flow.turn import Turn, fidelity
from chatdoor.messages import Messages, Piece, Reply
from chatdoor.site.model import Site

if TYPE_CHECKING:
    from chatdoor.drive.shared.visit import Opening


class AsyncClient:
    """A visitor of one site. May be shared by tasks, also of several event loops; all share one session.

    `site` is a Site, a known name or the path of a site file. Calls raise ChatdoorError.
    """

    def __init__(self, site: Site | str | Path, **options: Unpack[Options]) -> None:
        self._join(make_visitor(site, options))

    @classmethod
    def of(cls, visitor: Visitor) -> Self:
        """A client that shares the session of a visitor."""
        client = cls.__new__(cls)
        client._join(visitor)
        return client

    def _join(self, visitor: Visitor) -> None:
        self.visitor = visitor

    @property
    def site(self) -> Site:
        """The site that is visited."""
        return self.visitor.site

    async def ask(
        self,
        messages: Messages,
        *,
        model: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - the same argument as the blocking client's
        conversation: str | None = None,
        asker: Asker = NOBODY,
        **options: object,
    ) -> Reply:
        """The whole reply. `timeout` is in seconds; `options` are sampling options that the site has a field for.

        `conversation` is that of an earlier reply, where the site remembers: then new messages alone will do. `asker`
        tells the calls of several callers, and their retries, apart.
        """
        turn = self.visitor.turn(messages, model, options)
        return await self.reply_to(turn, self.visitor.total(timeout), conversation, asker)

    def reply_to(
        self, turn: Turn, total: float, conversation: str | None, asker: Asker
    ) -> Coroutine[object, object, Reply]:
        """As `ask`, for a turn that is made already, with `total` seconds for the whole call."""
        shared = self.visitor.shared
        if shared is None:
            return _begin(self.visitor, turn, total, conversation, asker).whole()
        return self._reply_to(turn, total, shared.open(turn, conversation, asker, total))

    async def _reply_to(self, turn: Turn, total: float, opening: "Awaitable[Opening]") -> Reply:
        call = _call(self.visitor, total)
        return await _go_on(self.visitor, turn, call, await opening).whole()

    def stream(
        self,
        messages: Messages,
        *,
        model: str | None = None,
        timeout: float | None = None,
        conversation: str | None = None,
        asker: Asker = NOBODY,
        **options: object,
    ) -> "AsyncStream":
        """The reply as it comes. Arguments are checked now; nothing is sent before the first piece is asked for."""
        turn = self.visitor.turn(messages, model, options)
        return AsyncStream(self.visitor, turn, self.visitor.total(timeout), conversation, asker)

    async def warm_up(
        self,
        n: int = 1,
        *,
        timeout: float | None = None,  # noqa: ASYNC109 - the same argument as the blocking client's
    ) -> None:
        """Opens sessions ahead of the first calls: one, or up to `n` where each conversation has its own.

        What is open stays as it is. `timeout` is for each, in seconds.
        """
        for sessions in self.visitor.ahead(n):
            call = _call(self.visitor, self.visitor.total(timeout))
            run = AsyncRun(enter(), self.visitor, self.visitor.connections.tasks, call, paced=False)
            run.sessions = sessions
            await run.whole()

    async def close(self) -> None:
        """Closes all connections. The client may be used again."""
        self.visitor.hang_up()
        await self.visitor.connections.tasks.close()

    async def __aenter__(self) -> Self:
        """The client."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Closes all connections."""
        await self.close()


class AsyncStream:
    """A reply as it comes: iterate over it for pieces. Once it has ended, `reply` is the whole."""

    def __init__(self, visitor: Visitor, turn: Turn, total: float, conversation: str | None, asker: Asker) -> None:
        self._visitor = visitor
        self._reply: Reply | None = None
        self._turn = turn
        self._talk = Talk()
        self._pieces = self._run(total, conversation, asker)

    @property
    def conversation(self) -> str | None:
        """The id of the conversation, known with the first piece; None where the site remembers none."""
        return self._talk.name

    @property
    def fidelity(self) -> str:
        """How the message list reaches the site (see Reply), known with the first piece."""
        told = self._talk.fidelity
        return fidelity(self._visitor.site, self._turn) if told == "native" else told

    @property
    def reply(self) -> Reply:
        """The whole reply. Raises ArgumentError before the last piece was read."""
        if self._reply is None:
            raise ArgumentError("the reply is whole only after its last piece")
        return self._reply

    async def close(self) -> None:
        """Ends the stream early, and the request with it."""
        await self._pieces.aclose()

    def __aiter__(self) -> AsyncIterator[Piece]:
        """The pieces."""
        return self

    async def __anext__(self) -> Piece:
        """The next piece."""
        return await anext(self._pieces)

    async def __aenter__(self) -> Self:
        """The stream."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Ends the stream."""
        await self.close()

    async def _run(self, total: float, conversation: str | None, asker: Asker) -> AsyncGenerator[Piece, None]:
        shared = self._visitor.shared
        if shared is None:
            run = _begin(self._visitor, self._turn, total, conversation, asker)
        else:
            call = _call(self._visitor, total)
            opening = await shared.open(self._turn, conversation, asker, total)
            run = _go_on(self._visitor, self._turn, call, opening)
        if run.holding:
            self._turn, self._talk = run.holding.turn, run.holding.talk
        pieces = run.pieces()
        try:
            async for piece in pieces:
                yield piece
            self._reply = run.result
        finally:
            await pieces.aclose()


def _begin(visitor: Visitor, turn: Turn, total: float, conversation: str | None, asker: Asker) -> AsyncRun[Reply]:
    """The call, its time begun."""
    call = _call(visitor, total)
    holding = visitor.hold(turn, conversation, asker)
    flow, paced = _flow(visitor, turn, call, holding), holding is None or holding.kept is None
    return AsyncRun(flow, visitor, visitor.connections.tasks, call, paced=paced, holding=holding)


def _flow(visitor: Visitor, turn: Turn, call: Call, holding: Holding | None) -> Flow[Reply]:
    """What asks the site, or gives a reply once more."""
    if holding is None:
        return ask(visitor.site, turn, call, Talk())
    if holding.kept is None:
        return ask(visitor.site, holding.turn, call, holding.talk)
    return give_again(visitor.site, holding.turn, call, holding.talk, holding.kept)


def _go_on(visitor: Visitor, turn: Turn, call: Call, opening: "Opening") -> AsyncRun[Reply]:
    """The same, where other gateways had their say."""
    from chatdoor.drive.shared.run import SharedRun

    holding = opening.holding
    return SharedRun(_flow(visitor, turn, call, holding), visitor, visitor.connections.tasks, call, opening)


def _call(visitor: Visitor, total: float) -> Call:
    began = moment()
    return Call(began, began.tick + total, visitor.hidden)
