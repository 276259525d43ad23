"""What the head of an answer says of the conversation that it is of, and of its token counts."""

from collections.abc import Mapping, Sequence
from typing import Final

from chatdoor.gateway.header import Header, header
from chatdoor.gateway.question import Answered, Talk
from chatdoor.messages import FIDELITIES

ESTIMATED: Final[Header] = header(b"x-chatdoor-usage", b"estimated")
"""Of token counts that the site did not tell."""

AWAY: Final[Header] = header(b"x-chatdoor-state", b"away")
"""Of an answer by one gateway of several that could not ask what the others know."""

FIDELITY: Final[Mapping[str, Header]] = {word: header(b"x-chatdoor-fidelity", word.encode()) for word in FIDELITIES}
"""How the message list reached the site -> the header that says so."""


def of_answers(answers: Sequence[Answered], *, aside: bool = False) -> list[Header]:
    """The headers of whole answers to one request; `aside` as in a Question."""
    estimated = answers[0].usage.estimated or any(answer.usage.estimated for answer in answers)
    return _headers(answers, aside=aside, estimated=estimated)


def of_talks(talks: Sequence[Talk]) -> list[Header]:
    """The headers of what is streamed, once there is a first piece."""
    question = talks[0].question
    return _headers(talks, aside=question.aside, estimated=not question.served.counts)


def _headers(said: Sequence[Answered | Talk], *, aside: bool, estimated: bool) -> list[Header]:
    """Of several nobody could tell whose conversation is meant, so none is."""
    first, alone = said[0], len(said) == 1
    conversation = first.conversation if alone and not aside else None
    headers: list[Header] = [FIDELITY[first.fidelity]]
    if conversation is not None:
        headers.append(header(b"x-conversation-id", conversation.encode()))
    if estimated:
        headers.append(ESTIMATED)
    if first.apart or (not alone and any(one.apart for one in said)):
        headers.append(AWAY)
    return headers
