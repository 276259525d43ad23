"""What a request asks of a site, whatever endpoint it came in by: put to it whole, or piece by piece."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any

import msgspec

from chatdoor.drive.asker import NOBODY, Asker
from chatdoor.drive.async_client import AsyncStream
from chatdoor.gateway.house import Served
from chatdoor.gateway.note import Note
from chatdoor.gateway.openai.stop import Stopper
from chatdoor.messages import CheckedMessages, Usage, estimate_tokens, estimate_tokens_of


class Answered(msgspec.Struct, frozen=True, gc=False):
    """A whole answer. `finish` is the site's word for how it ended, or ours.

    `apart`: what other gateways know of the conversation could not be asked.
    """

    text: str
    finish: str
    usage: Usage
    conversation: str | None
    fidelity: str
    apart: bool = False


class Question(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A question to a site. `asker` is whose it is; `conversation` the one it goes on in, where it names one.

    `aside`: nobody can go on in its conversation, so that nobody is told its id. `stops` and `most_tokens` are applied
    by us. `note` is the request's (`exchange.note`), and hears what comes of it.
    """

    served: Served
    messages: CheckedMessages
    sampling: Mapping[str, Any] = {}
    conversation: str | None = None
    asker: Asker = NOBODY
    aside: bool = False
    stops: tuple[str, ...] = ()
    most_tokens: int | None = None
    note: Note = msgspec.field(default_factory=Note)

    async def ask(self) -> Answered:
        """The whole answer."""
        if self.stops or self.most_tokens is not None:
            talk = Talk(self)
            async with aclosing(talk.texts()) as texts:
                async for _ in texts:
                    pass
            return talk.answered
        served, note = self.served, self.note
        note.asks(served.site.name, served.name, self.messages)
        client, visitor = served.client, served.client.visitor
        shared = visitor.shared
        missed = 0 if shared is None else shared.missed
        turn = visitor.turn(self.messages, served.model, self.sampling)
        reply = await client.reply_to(turn, visitor.total(None), self.conversation, self.asker)
        note.first = reply.timings.first_piece
        note.has_reply(reply.text, reply.finish, reply.usage, reply.conversation)
        apart = shared is not None and shared.missed != missed
        return Answered(reply.text, reply.finish, reply.usage, reply.conversation, reply.fidelity, apart)


class Talk:
    """A question, answered piece by piece."""

    __slots__ = ("_answered", "_missed", "_stopper", "_stream", "question")

    def __init__(self, question: Question) -> None:
        self.question = question
        self._answered: Answered | None = None
        self._missed = question.served.client.visitor.missed
        question.note.asks(question.served.site.name, question.served.name, question.messages)
        self._stream: AsyncStream = question.served.client.stream(
            question.messages,
            model=question.served.model,
            conversation=question.conversation,
            asker=question.asker,
            **question.sampling,
        )
        limited = question.stops or question.most_tokens is not None
        self._stopper = Stopper(question.stops, question.most_tokens) if limited else None

    async def texts(self) -> AsyncGenerator[str, None]:
        """The pieces as the site sends them. Closing it ends the request to the site."""
        stopper, note = self._stopper, self.question.note
        try:
            async for piece in self._stream:
                note.has_piece()
                text = piece.text if stopper is None else stopper.feed(piece.text)
                if text:
                    yield text
                if stopper is not None and stopper.finish:
                    break
            else:
                if stopper is not None and (text := stopper.rest()):
                    yield text
            whole = self.answered
            note.has_reply(whole.text, whole.finish, whole.usage, whole.conversation)
        finally:
            note.conversation = self._stream.conversation
            await self._stream.close()

    @property
    def answered(self) -> Answered:
        """The whole, once there are no more pieces."""
        if self._answered is None:
            self._answered = self._whole()
        return self._answered

    def _whole(self) -> Answered:
        stopper, stream = self._stopper, self._stream
        if stopper is not None and stopper.finish:  # the site's own numbers are of more than was handed on
            usage = self._estimate(stopper.text)
            return Answered(stopper.text, stopper.finish, usage, stream.conversation, stream.fidelity, self.apart)
        reply = stream.reply
        return Answered(reply.text, reply.finish, reply.usage, reply.conversation, reply.fidelity, self.apart)

    def _estimate(self, text: str) -> Usage:
        return Usage(estimate_tokens_of(self.question.messages), estimate_tokens(text))

    @property
    def conversation(self) -> str | None:
        """The id of the conversation, known with the first piece; None where the site remembers none."""
        return self._stream.conversation

    @property
    def apart(self) -> bool:
        """As in Answered, known with the first piece."""
        return self.question.served.client.visitor.missed != self._missed

    @property
    def fidelity(self) -> str:
        """How the message list reaches the site, known with the first piece."""
        return self._stream.fidelity
