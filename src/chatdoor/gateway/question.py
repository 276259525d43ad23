"""What a request asks of a site, whatever endpoint it came in by: put to it whole, or piece by piece."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any

import msgspec

from chatdoor.drive.asker import NOBODY, Asker
from chatdoor.drive.async_client import AsyncStream
from chatdoor.gateway.house import Served
from chatdoor.gateway.openai.stop import Stopper
from chatdoor.gateway.problem import Header
from chatdoor.gateway.recent import Told
from chatdoor.messages import Usage, estimate_tokens, parse_messages


class Answered(msgspec.Struct, frozen=True):
    """A whole answer. `finish` is the site's word for how it ended, or ours."""

    text: str
    finish: str
    usage: Usage
    conversation: str | None
    fidelity: str


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """A question to a site. `asker` is whose it is; `conversation` the one it goes on in, where it names one.

    `told` hears what becomes of it. `stops` and `most_tokens` are applied by us.
    """

    served: Served
    told: Told
    messages: list[dict[str, Any]]
    sampling: Mapping[str, Any] = {}
    conversation: str | None = None
    asker: Asker = NOBODY
    stops: tuple[str, ...] = ()
    most_tokens: int | None = None

    async def ask(self) -> Answered:
        """The whole answer."""
        if self.stops or self.most_tokens is not None:
            talk = Talk(self)
            async with aclosing(talk.texts()) as texts:
                async for _ in texts:
                    pass
            return talk.answered
        reply = await self.served.client.ask(
            self.messages,
            model=self.served.model,
            conversation=self.conversation,
            asker=self.asker,
            **self.sampling,
        )
        self.told.begin(reply.conversation)
        self.told.add(reply.text)
        return Answered(reply.text, reply.finish, reply.usage, reply.conversation, reply.fidelity)


class Talk:
    """A question, answered piece by piece."""

    __slots__ = ("_question", "_stopper", "_stream")

    def __init__(self, question: Question) -> None:
        self._question = question
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
        stopper, told = self._stopper, self._question.told
        try:
            async for piece in self._stream:
                text = piece.text if stopper is None else stopper.feed(piece.text)
                if text:
                    if not told.first:
                        told.begin(self._stream.conversation)
                    if told.shows:
                        told.add(text)
                    yield text
                if stopper is not None and stopper.finish:
                    return
            if stopper is not None and (text := stopper.rest()):
                yield text
        finally:
            await self._stream.close()

    @property
    def answered(self) -> Answered:
        """The whole, once there are no more pieces."""
        stopper, stream = self._stopper, self._stream
        if stopper is not None and stopper.finish:  # the site's own numbers are of more than was handed on
            usage = self._estimate(stopper.text)
            return Answered(stopper.text, stopper.finish, usage, stream.conversation, stream.fidelity)
        reply = stream.reply
        return Answered(reply.text, reply.finish, reply.usage, reply.conversation, reply.fidelity)

    def _estimate(self, text: str) -> Usage:
        told = sum(estimate_tokens(message.text) for message in parse_messages(self._question.messages))
        return Usage(told, estimate_tokens(text))

    @property
    def conversation(self) -> str | None:
        """The id of the conversation, known with the first piece; None where the site remembers none."""
        return self._stream.conversation

    @property
    def fidelity(self) -> str:
        """How the message list reaches the site, known with the first piece."""
        return self._stream.fidelity


def talk_headers(conversation: str | None, fidelity: str) -> tuple[Header, ...]:
    """What the head of an answer says of the conversation."""
    said = ((b"x-chatdoor-fidelity", fidelity.encode()),)
    return said if conversation is None else (*said, (b"x-conversation-id", conversation.encode()))
