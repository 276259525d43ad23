"""The blocking client: any site, from a plain Python program."""

import threading
from collections.abc import Generator, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self, Unpack

from chatdoor.drive.asker import NOBODY, Asker
from chatdoor.drive.blocking import BlockingRun
from chatdoor.drive.clock import moment
from chatdoor.drive.http import BlockingHttp
from chatdoor.drive.visitor import Options, Visitor, make_visitor
from chatdoor.errors import ArgumentError
from chatdoor.flow.chat import ask, enter, give_again
from chatdoor.flow.exchange import Call
from chatdoor.flow.talk import Talk
from chatdoor.flow.turn import Turn, fidelity
from chatdoor.messages import Messages, Piece, Reply
from chatdoor.site.model import Site


class Client:
    """A visitor of one site. May be shared by threads; all of them share one session.

    `site` is a Site, a known name or the path of a site file. Calls raise ChatdoorError.
    """

    def __init__(self, site: Site | str | Path, **options: Unpack[Options]) -> None:
        if options.get("shared") is not None:
            raise ArgumentError("shared: for the async client alone")
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

    def ask(
        self,
        messages: Messages,
        *,
        model: str | None = None,
        timeout: float | None = None,
        conversation: str | None = None,
        asker: Asker = NOBODY,
        **options: object,
    ) -> Reply:
        """The whole reply. `timeout` is in seconds; `options` are sampling options that the site has a field for.

        `conversation` is that of an earlier reply, where the site remembers: then new messages alone will do. `asker`
        tells the calls of several callers, and their retries, apart.
        """
        turn = self.visitor.turn(messages, model, options)
        return _begin(self.visitor, turn, self.visitor.total(timeout), conversation, asker).whole()

    def stream(
        self,
        messages: Messages,
        *,
        model: str | None = None,
        timeout: float | None = None,
        conversation: str | None = None,
        asker: Asker = NOBODY,
        **options: object,
    ) -> "Stream":
        """The reply as it comes. Arguments are checked now; nothing is sent before the first piece is asked for."""
        turn = self.visitor.turn(messages, model, options)
        return Stream(self.visitor, turn, self.visitor.total(timeout), conversation, asker)

    def warm_up(self, n: int = 1, *, timeout: float | None = None) -> None:
        """Opens sessions ahead of the first calls: one, or up to `n` where each conversation has its own.

        What is open stays as it is. `timeout` is for each, in seconds.
        """
        for sessions in self.visitor.ahead(n):
            call = _call(self.visitor, self.visitor.total(timeout))
            run = BlockingRun(enter(), self.visitor, _http(self.visitor), call, threading.get_ident(), paced=False)
            run.sessions = sessions
            run.whole()

    def close(self) -> None:
        """Closes all connections. The client may be used again."""
        self.visitor.hang_up()
        self.visitor.connections.threads.close()
        self.visitor.connections.main.close()

    def __enter__(self) -> Self:
        """The client."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Closes all connections."""
        self.close()


class Stream:
    """A reply as it comes: iterate over it for pieces. Once it has ended, `reply` is the whole."""

    def __init__(self, visitor: Visitor, turn: Turn, total: float, conversation: str | None, asker: Asker) -> None:
        self._visitor = visitor
        self._turn = turn
        self._talk = Talk()
        self._run: BlockingRun[Reply] | None = None
        self._reply: Reply | None = None
        self._pieces = self._steps(total, conversation, asker)

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

    def close(self) -> None:
        """Ends the stream early, and the request with it. While another thread waits for a piece: with the next."""
        try:
            self._pieces.close()
        except ValueError:  # the generator is at work on another thread
            if self._run:
                self._run.stop()

    def __iter__(self) -> Iterator[Piece]:
        """The pieces."""
        return self

    def __next__(self) -> Piece:
        """The next piece."""
        try:
            return next(self._pieces)
        except StopIteration as stop:
            if stop.value is not None:
                self._reply = stop.value
            raise StopIteration from None

    def __enter__(self) -> Self:
        """The stream."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Ends the stream."""
        self.close()

    def _steps(self, total: float, conversation: str | None, asker: Asker) -> Generator[Piece, None, Reply]:
        run = self._run = _begin(self._visitor, self._turn, total, conversation, asker)
        if run.holding:
            self._turn, self._talk = run.holding.turn, run.holding.talk
        return (yield from run.pieces())


def _begin(visitor: Visitor, turn: Turn, total: float, conversation: str | None, asker: Asker) -> BlockingRun[Reply]:
    """The call, its time begun."""
    call = _call(visitor, total)
    holding = visitor.hold(turn, conversation, asker)
    turn, talk = (holding.turn, holding.talk) if holding else (turn, Talk())
    kept = holding.kept if holding else None
    flow = ask(visitor.site, turn, call, talk) if kept is None else give_again(visitor.site, turn, call, talk, kept)
    thread, paced = threading.get_ident(), kept is None
    return BlockingRun(flow, visitor, _http(visitor), call, thread, paced=paced, holding=holding)


def _call(visitor: Visitor, total: float) -> Call:
    began = moment()
    return Call(began, began.tick + total, visitor.hidden)


def _http(visitor: Visitor) -> BlockingHttp:
    """The connections of this thread."""
    main = threading.current_thread() is threading.main_thread()
    return visitor.connections.main if main else visitor.connections.threads
