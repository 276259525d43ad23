"""The turns of a chat: what was typed, what it was sent in, and where the reply came back.

What was typed was in no earlier answer, and is answered by new prose. Each of these is a point for a place, and the
place with the most points is the chat.
"""

from collections.abc import Sequence
from typing import Final

import msgspec

from chatdoor.discover import words
from chatdoor.discover.answers import Answers, later_answers, own_answers
from chatdoor.discover.past import Past
from chatdoor.discover.progress import Tell, nobody
from chatdoor.discover.prose import counted, is_prose, normal, weight
from chatdoor.discover.recording import Exchange, Recording
from chatdoor.discover.refusals import Group, sorted_out
from chatdoor.discover.replies import Guess, Known, guesses
from chatdoor.discover.sends import path_shape, sent_by
from chatdoor.discover.troubles import no_reply, not_possible, nothing_typed
from chatdoor.discover.typed import Asked, Mode, groups, message_lists, strings
from chatdoor.discover.unable import unable
from chatdoor.errors import RecordingError

_CERTAIN: Final = 100.0
_CLOSE: Final = 1.0
"""Points between two places within which nobody can tell which is the chat."""


class Turn(msgspec.Struct, frozen=True):
    """One turn. `answered` is the exchange that holds the reply, `polled` those before it of its kind."""

    asked: Asked
    answered: Exchange
    reply: Guess
    polled: tuple[Exchange, ...] = ()


class Chat(msgspec.Struct, frozen=True):
    """The turns of one chat, in order, and how sure it is.

    `seen` is all that was typed at its place, also what was refused or failed.
    """

    turns: tuple[Turn, ...]
    score: float
    told: bool
    seen: Group

    @property
    def mode(self) -> Mode:
        """What is sent in each turn."""
        return self.turns[-1].asked.mode


def find_chat(recording: Recording, prompts: Sequence[str], name: str, tell: Tell = nobody) -> Chat:
    """The chat in a recording. `prompts` are texts that were typed, as far as told; `name` is the file's.

    Raises RecordingError, which says what to do, where there is none, or more than one.
    """
    told = frozenset(normal(prompt) for prompt in prompts)
    typed = groups(sent_by(recording), told)
    if not typed:
        raise RecordingError(nothing_typed(recording, told, name))
    past = Past(recording, tell)
    chats = sorted(
        (chat for group in typed if (chat := _chat(sorted_out(group), past, told))), key=lambda chat: -chat.score
    )
    if not chats:
        raise RecordingError(no_reply(recording, typed, name))
    _check_one(chats, name)
    because = unable(each for turn in chats[0].turns for each in (turn.asked.sent.exchange, turn.answered))
    if because:
        raise RecordingError(not_possible(because, name))
    return chats[0]


def _check_one(chats: list[Chat], name: str) -> None:
    """Raises RecordingError for two chats: other texts, sent elsewhere, answered as well."""
    best = chats[0]
    own = {turn.asked.prompt for turn in best.turns}
    for other in chats[1:]:
        texts = {turn.asked.prompt for turn in other.turns}
        elsewhere = other.turns[0].asked.sent.path != best.turns[0].asked.sent.path
        if not best.told and elsewhere and not own & texts and best.score - other.score < _CLOSE:
            places = " and ".join(f"{_label(each)} ({_said(each)})" for each in (best, other))
            raise RecordingError(f"{name}: two chats: {places}; say with --prompt TEXT which one is meant")


def _label(chat: Chat) -> str:
    sent = chat.turns[0].asked.sent
    return f"{sent.verb.upper()} {path_shape(sent.path)}"


def _said(chat: Chat) -> str:
    return f"{counted(len(chat.turns), 'turn')} from entry {chat.turns[0].asked.sent.index}"


def _chat(seen: Group, past: Past, told: frozenset[str]) -> Chat | None:
    """The chat that these turns make with the answers that fit best; None where no answer is text."""
    group = seen.answered
    knowns = [_known(asked, group, past) for asked in group]
    options = [own_answers(group, past.recording), *later_answers(group, past.recording)]
    best: tuple[float, Answers, list[Guess]] | None = None
    for penalty, answers in options:
        read = _common(group, answers, knowns)
        if read and (best is None or read[0] - penalty > best[0]):
            best = (read[0] - penalty, answers, read[1])
    if best is None:
        return None
    pairs = [(each, found) for each, found in zip(group, best[1], strict=True) if found]
    turns = [Turn(asked, found[-1], reply, found[:-1]) for (asked, found), reply in zip(pairs, best[2], strict=True)]
    return Chat(tuple(turns), best[0] + _typed_score(group, past, told), bool(told), seen)


def _common(group: list[Asked], answers: Answers, knowns: list[Known]) -> tuple[float, list[Guess]] | None:
    """The way to read that gives text in every turn that has an answer, and its mean score."""
    rows = [
        guesses(found[-1], asked.sent.frame, known)
        for asked, found, known in zip(group, answers, knowns, strict=True)
        if found and (asked.sent.is_frame or found[-1].answer.body.text)
    ]
    if not rows or len(rows) < sum(1 for found in answers if found):
        return None
    keys = set(rows[0]).intersection(*rows[1:])
    if not keys:
        return None
    key = max(sorted(keys), key=lambda each: (sum(row[each].score for row in rows), -len(each)))
    return sum(row[key].score for row in rows) / len(rows), [row[key] for row in rows]


def _known(asked: Asked, group: list[Asked], past: Past) -> Known:
    """What was on the screen before, and what is sent later: a client that keeps the history sends replies back."""
    later = [
        value
        for each in group[group.index(asked) + 1 :]
        for _, items in message_lists(each.sent)
        for item in items[:-1]
        for _, value in strings(item)
    ]
    own = normal(asked.prompt)
    sent_back = frozenset(normal(text) for text in later if is_prose(text))
    return Known(own, past.before(asked.sent.exchange), sent_back - {own} - _said_by(group))


def _said_by(group: list[Asked]) -> frozenset[str]:
    return frozenset(normal(asked.prompt) for asked in group)


def _typed_score(group: list[Asked], past: Past, told: frozenset[str]) -> float:
    """How much these texts look typed. Points follow from what was seen on stacks of all kinds, never from one site."""
    first = group[0].sent
    score = _CERTAIN if told else 0.0
    score += sum(weight(asked.prompt) for asked in group) / len(group)
    score += 3 if len({asked.prompt for asked in group}) > 1 else 0
    score += 3 if group[0].mode == "messages" else 0
    score += 2 if words.PROMPT.match(words.key_of(group[0].place[1:]) or "text") else 0
    score -= 4 if words.NOT_REPLY.search(words.key_of(group[0].place[1:])) and score < _CERTAIN else 0
    score -= 6 if words.DECOY.search(first.path) else 0
    score -= 5 if first.host != _home(past.recording) else 0
    return score - (3 if all(_was_there(asked, past) for asked in group) else 0)


def _home(recording: Recording) -> str:
    """The host whose pages were opened: that of the first page, else of the first exchange."""
    pages = [each for each in recording.exchanges if "html" in each.answer.body.type and not each.is_asset]
    return (pages or recording.exchanges)[0].request.parts.netloc


def _was_there(asked: Asked, past: Past) -> bool:
    """Whether an earlier answer holds the text: then the page wrote it, not a person."""
    own = normal(asked.prompt)
    return own in past.before(asked.sent.exchange)
