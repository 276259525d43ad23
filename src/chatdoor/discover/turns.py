"""The turns of a chat: what was typed, what it was sent in, and where the reply came back.

Nothing needs to be told: what was typed is what varies, reads as prose, was in no earlier answer, and is answered by
new prose. Each of these is a point for a place, and the place with the most points is the chat.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final, Literal, TypeAlias
from urllib.parse import urljoin, urlsplit

import msgspec

from chatdoor.discover import words
from chatdoor.discover.leaves import answer_leaves
from chatdoor.discover.past import Past
from chatdoor.discover.progress import Tell, nobody
from chatdoor.discover.prose import is_prose, normal, weight
from chatdoor.discover.recording import Exchange, Recording
from chatdoor.discover.replies import Guess, Known, guesses
from chatdoor.discover.sends import Place, Sent, parse_json, path_shape, sent_by, values
from chatdoor.discover.unable import unable
from chatdoor.errors import RecordingError

Mode: TypeAlias = Literal["prompt", "messages"]
"""What was sent: the new turn alone, or the whole list."""

_ROLE: Final = re.compile(r"^(?:role|author|sender|from|speaker|who|type|is_?user|is_?bot)$", re.IGNORECASE)
_USER: Final = re.compile(r"^(?:user|human|you|me|customer|visitor|client|person|usermessage)$", re.IGNORECASE)
_OPERATION: Final = re.compile(r"^(?:operation_?name|op|action|event|method|type|cmd|command|kind)$", re.IGNORECASE)
_CERTAIN: Final = 100.0
_CLOSE: Final = 1.0
"""Points between two places within which nobody can tell which is the chat."""


class Asked(msgspec.Struct, frozen=True):
    """What was typed, in what was sent. `place` is the text's, or the list's."""

    sent: Sent
    prompt: str
    place: Place
    mode: Mode


class Turn(msgspec.Struct, frozen=True):
    """One turn. `answered` is the exchange that holds the reply, `polled` those before it of its kind."""

    asked: Asked
    answered: Exchange
    reply: Guess
    polled: tuple[Exchange, ...] = ()


class Chat(msgspec.Struct, frozen=True):
    """The turns of one chat, in order, and how sure it is."""

    turns: tuple[Turn, ...]
    score: float
    told: bool

    @property
    def mode(self) -> Mode:
        """What is sent in each turn."""
        return self.turns[-1].asked.mode


def find_chat(recording: Recording, prompts: Sequence[str], name: str, tell: Tell = nobody) -> Chat:
    """The chat in a recording. `prompts` are texts that were typed, as far as told; `name` is the file's.

    Raises RecordingError, which says what to do, where there is none, or more than one.
    """
    told = frozenset(normal(prompt) for prompt in prompts)
    groups = _groups(sent_by(recording), told)
    if not groups:
        raise RecordingError(_nothing_typed(recording, told, name))
    past = Past(recording, tell)
    chats = sorted((chat for group in groups if (chat := _chat(group, past, told))), key=lambda chat: -chat.score)
    if not chats:
        raise RecordingError(_no_reply(recording, groups, name))
    _check_one(chats, name)
    because = unable(each for turn in chats[0].turns for each in (turn.asked.sent.exchange, turn.answered))
    if because:
        raise RecordingError(f"{name}: not possible, because {because}; no site file can describe that")
    return chats[0]


def _nothing_typed(recording: Recording, told: frozenset[str], name: str) -> str:
    because = unable(recording.exchanges)
    if because:
        return f"{name}: not possible, because {because}; no site file can describe that"
    if told:
        return f"{name}: no request holds the text of --prompt; give it as it was typed, or record again"
    if any(each.is_binary for each in sent_by(recording)):
        return (
            f"{name}: not possible, because this site talks in binary frames over a websocket; no site file can "
            "describe that"
        )
    return f"{name}: nothing that was typed is in it; record again, say two sentences, or give one with --prompt TEXT"


def _no_reply(recording: Recording, groups: list[list[Asked]], name: str) -> str:
    because = unable(recording.exchanges)
    if because:
        return f"{name}: not possible, because {because}; no site file can describe that"
    asked = max(groups, key=len)[0]
    place = f"{asked.sent.verb.upper()} {path_shape(asked.sent.path)} (entry {asked.sent.index})"
    if asked.sent.exchange.answer.status in {401, 403, 429, 503} and _is_bot_check(asked.sent.exchange):
        return f"{name}: {place}: not possible, because the site asks for proof of a browser or a person (bot check)"
    if asked.sent.exchange.answer.body.absent == "not recorded":
        return f"{name}: the answer to {place} was not kept by the recorder; export from Firefox, or with content"
    return f"{name}: something was typed ({place}), and no answer to it is text; wait for the reply, then export"


def _is_bot_check(exchange: Exchange) -> bool:
    """Cloudflare, DataDome and reCAPTCHA say so in a header or in the page."""
    names = {name for name, _ in exchange.answer.headers}
    text = exchange.answer.body.text
    return bool({"cf-mitigated", "x-datadome"} & names) or "captcha" in text.lower() or "challenge-platform" in text


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
    count = len(chat.turns)
    return f"{count} turn{'s' if count > 1 else ''} from entry {chat.turns[0].asked.sent.index}"


def _groups(sent: list[Sent], told: frozenset[str]) -> list[list[Asked]]:
    """What may have been typed, by where it was sent."""
    found: dict[tuple[object, ...], list[Asked]] = {}
    for each in sent:
        for asked in _candidates(each):
            if told and normal(asked.prompt) not in told:
                continue
            key = (each.verb, each.host, path_shape(each.path), _operation(each), asked.place, asked.mode)
            found.setdefault(key, []).append(asked)
    return [_without_refused(group) for group in found.values()]


def _without_refused(group: list[Asked]) -> list[Asked]:
    """What was answered: pages that are refused fetch a new token and send the text again."""
    answered = [asked for asked in group if asked.sent.exchange.answer.status < 400]
    return answered or group


def _operation(sent: Sent) -> tuple[str, ...]:
    """What tells requests to one path apart: GraphQL's operationName, the type of a frame, an action."""
    body = sent.body if isinstance(sent.body, dict) else {}
    return tuple(str(value) for key, value in body.items() if _OPERATION.match(key) and isinstance(value, str))


def _candidates(sent: Sent) -> Iterator[Asked]:
    if sent.exchange.request.header("purpose") == "prefetch" or _has_password(sent):
        return
    lists = list(message_lists(sent))
    for place, items in lists:
        prompt = last_user_text(items)
        if prompt:
            yield Asked(sent, prompt, place, "messages")
    for place, value in values(sent):
        inside = any(place[: len(at)] == at for at, items in lists if len(items) > 1 or last_user_text(items))
        if place[0] in {"query", "body"} and isinstance(value, str) and not inside and is_prose(value.strip()):
            yield Asked(sent, value, place, "prompt")


def _has_password(sent: Sent) -> bool:
    return any(words.PASSWORD.search(words.key_of(place)) for place, _ in values(sent))


def message_lists(sent: Sent) -> Iterator[tuple[Place, list[dict[str, object]]]]:
    """The lists of messages in what was sent, with their places; those in a field are JSON there."""
    for place, value in [*_lists(("body",), sent.body), *((("query", k), v) for k, v in sent.query.items())]:
        items = parse_json(value) if isinstance(value, str) and value[:1] == "[" else value
        if isinstance(items, list) and items and all(isinstance(item, dict) for item in items):
            yield place, items


def _lists(place: Place, value: object) -> Iterator[tuple[Place, object]]:
    if isinstance(value, dict):
        for key, below in value.items():
            yield from _lists((*place, str(key)), below)
    elif isinstance(value, list):
        yield place, value
        for at, below in enumerate(value):
            yield from _lists((*place, at), below)
    elif isinstance(value, str):
        yield place, value


def last_user_text(items: list[dict[str, object]]) -> str:
    """What the user said last in a list of messages; empty where the list is none."""
    item = items[-1]
    role = next((value for key, value in item.items() if _ROLE.match(key)), None)
    if role is not True and not (isinstance(role, str) and _USER.match(role)):
        return ""
    return text_of(item)


def text_of(item: object) -> str:
    """The text of a message: what reads most like prose in it."""
    texts = [value for place, value in _strings(item) if not _ROLE.match(str(place[-1] if place else ""))]
    named = [value for place, value in _strings(item) if place and words.PROMPT.match(words.key_of(place))]
    return max(named or texts, key=weight, default="")


def _strings(value: object, place: Place = ()) -> Iterator[tuple[Place, str]]:
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, dict):
        for key, below in value.items():
            yield from _strings(below, (*place, str(key)))
    elif isinstance(value, list):
        for at, below in enumerate(value):
            yield from _strings(below, (*place, at))


def _chat(group: list[Asked], past: Past, told: frozenset[str]) -> Chat | None:
    """The chat that these turns make with the answers that fit best; None where no answer is text."""
    knowns = [_known(asked, group, past) for asked in group]
    options = [_own_answers(group, past.recording), *_later_answers(group, past.recording)]
    best: tuple[float, list[tuple[Exchange, ...]], list[Guess]] | None = None
    for penalty, answers in options:
        read = _common(group, answers, knowns)
        if read and (best is None or read[0] - penalty > best[0]):
            best = (read[0] - penalty, answers, read[1])
    if best is None:
        return None
    pairs = [(each, found) for each, found in zip(group, best[1], strict=True) if found]
    turns = [Turn(asked, found[-1], reply, found[:-1]) for (asked, found), reply in zip(pairs, best[2], strict=True)]
    return Chat(tuple(turns), best[0] + _typed_score(group, past, told), bool(told))


def _common(
    group: list[Asked], answers: list[tuple[Exchange, ...]], knowns: list[Known]
) -> tuple[float, list[Guess]] | None:
    """The way to read that gives text in every turn that has an answer, and its mean score."""
    rows = [
        guesses(found[-1], asked.sent.frame, known)
        for asked, found, known in zip(group, answers, knowns, strict=True)
        if found and (asked.sent.verb == "websocket" or found[-1].answer.body.text)
    ]
    if not rows or len(rows) < sum(1 for found in answers if found):
        return None
    keys = set(rows[0]).intersection(*rows[1:])
    if not keys:
        return None
    key = max(sorted(keys), key=lambda each: (sum(row[each].score for row in rows), -len(each)))
    return sum(row[key].score for row in rows) / len(rows), [row[key] for row in rows]


def _own_answers(group: list[Asked], recording: Recording) -> tuple[float, list[tuple[Exchange, ...]]]:
    return 0.0, [(landing(asked.sent.exchange, recording),) for asked in group]


def landing(exchange: Exchange, recording: Recording) -> Exchange:
    """Where the redirects of an exchange end."""
    for _ in range(10):
        if not exchange.answer.redirect:
            return exchange
        target = urlsplit(urljoin(exchange.request.url, exchange.answer.redirect))
        at = recording.exchanges.index(exchange)
        after = (each for each in recording.exchanges[at + 1 :] if each.request.parts[:4] == target[:4])
        found = next(after, None)
        if found is None:
            return exchange
        exchange = found
    return exchange


def _later_answers(group: list[Asked], recording: Recording) -> list[tuple[float, list[tuple[Exchange, ...]]]]:
    """Other requests after the prompt, until the next one: where the reply may be read from instead."""
    if group[0].sent.verb == "websocket":
        return []
    at = [recording.exchanges.index(asked.sent.exchange) for asked in group] + [len(recording.exchanges)]
    found: dict[tuple[str, str], list[list[Exchange]]] = {}
    for turn, asked in enumerate(group):
        for exchange in recording.exchanges[at[turn] + 1 : at[turn + 1]]:
            if not exchange.is_asset and not exchange.frames and exchange.request.parts.netloc == asked.sent.host:
                key = (exchange.request.method, path_shape(exchange.request.parts.path))
                found.setdefault(key, [[] for _ in group])[turn].append(exchange)
    complete = [rows for rows in found.values() if all(rows)]
    return [(_distance(group, rows), [tuple(row) for row in rows]) for rows in complete]


def _distance(group: list[Asked], rows: list[list[Exchange]]) -> float:
    """Nothing where the later request sends back what the first one got; much where it carries the prompt itself."""
    linked = all(_is_linked(asked.sent.exchange, row[-1]) for asked, row in zip(group, rows, strict=True))
    carries = any(normal(asked.prompt) in _all_text(row[-1]) for asked, row in zip(group, rows, strict=True))
    return (0.0 if linked else 4.0) + (8.0 if carries else 0.0)


def _is_linked(first: Exchange, later: Exchange) -> bool:
    given = {leaf.value for leaf in answer_leaves(first.answer) if len(leaf.value) >= 4}
    sent = {str(value) for each in sent_by_one(later) for place, value in values(each) if place[0] != "header"}
    return bool(given & sent)


def sent_by_one(exchange: Exchange) -> list[Sent]:
    """What one exchange sent."""
    return sent_by(Recording("", (), (exchange,), shows_cookies=True))


def _all_text(exchange: Exchange) -> str:
    return normal(" ".join(str(value) for each in sent_by_one(exchange) for _, value in values(each)))


def _known(asked: Asked, group: list[Asked], past: Past) -> Known:
    """What was on the screen before, and what is sent later: a client that keeps the history sends replies back."""
    later = [
        value
        for each in group[group.index(asked) + 1 :]
        for _, items in message_lists(each.sent)
        for item in items[:-1]
        for _, value in _strings(item)
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
