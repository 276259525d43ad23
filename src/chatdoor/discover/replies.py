"""Where the reply stands in an answer: guesses, each with its text and how likely it is.

A guess is kept only where it gives text in every turn, so the more turns, the surer. Shapes follow from what servers
send: one JSON document, server-sent events and JSON lines as deltas, as the text so far or both (OpenAI, Anthropic,
Gradio, Vercel, Ollama, LangServe), frames, plain text, a page.
"""

import re
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

import msgspec
from msgspec.structs import replace

from chatdoor.discover import socketio, words
from chatdoor.discover.dom import elements, selectors
from chatdoor.discover.prose import is_prose, normal, weight
from chatdoor.discover.recording import Exchange
from chatdoor.discover.records import Record, is_lines, read_events, read_frames, read_lines
from chatdoor.discover.sends import parse_json

STREAMS: Final = frozenset({"sse", "ndjson", "websocket", "socketio"})
"""Forms that come in records."""

MAX_RECORDS: Final = 20_000
MAX_GUESSES: Final = 400

MARKED_PARTS: Final = 5
"""Parts of a record that is a list, among which one may say of what kind it is. Phoenix has five."""

_IDENTIFIER: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_KIND: Final = re.compile(r"(?:@\.)?(?:type|kind|t|object|status|state|op|action|channel|event|\[\d\])$", re.IGNORECASE)
_LONGEST_LABEL: Final = 30
_LABEL: Final = re.compile(r"\s*[^\W\d_][\w ,:()-]*\s*")
_THOUGHT: Final = re.compile(
    r"reason|think|thought|tool|status|debug|trace|\blog|title|suggest|citation|source", re.IGNORECASE
)
"""What kinds of records are called that hold no part of the reply: models that think, agents that use tools."""

_BOT: Final = re.compile(r"bot|assistant|reply|answer|response|\bai\b|agent", re.IGNORECASE)
_PERSON: Final = re.compile(r"user|human|\bme\b|you|prompt|question|visitor|customer", re.IGNORECASE)


class Known(NamedTuple):
    """What a turn's reply is compared with: the prompt, texts that were there before, texts that are sent later."""

    prompt: str
    before: Container[str]
    later: frozenset[str]


class Guess(msgspec.Struct, frozen=True):
    """One way to read an answer: the table `[reply]` without its end, the text it gives, how likely it is."""

    table: dict[str, object]
    text: str
    score: float

    @property
    def key(self) -> str:
        """Equal for the same table."""
        return msgspec.json.encode(self.table).decode()


def guesses(exchange: Exchange, frame: int, known: Known) -> dict[str, Guess]:
    """The ways to read an answer, or the frames after that one, by key."""
    found: dict[str, Guess] = {}
    for guess in _read(exchange, frame, known):
        if guess.score > 0 and (guess.key not in found or found[guess.key].score < guess.score):
            found[guess.key] = guess
        if len(found) >= MAX_GUESSES:
            break
    wholes = {normal(guess.text) for guess in found.values() if "cumulative" in guess.table}
    return {
        key: replace(guess, score=guess.score - _missing(normal(guess.text), wholes)) for key, guess in found.items()
    }


def _missing(text: str, wholes: Iterable[str]) -> float:
    """Points off for pieces that make up less than a record which holds the whole: their beginning came otherwise."""
    longer = (each for each in wholes if len(text) < len(each) < 2 * len(text))
    return 2.5 if any(each.endswith(text) or each.startswith(text) for each in longer) else 0.0


def form_of(exchange: Exchange, frame: int = -1) -> str:
    """What an answer is, as the reply's key in a site file; empty where there is no body."""
    body = exchange.answer.body
    if frame >= 0:
        return "socketio" if exchange.kind == socketio.KIND else "websocket"
    text = body.text.lstrip("\ufeff \r\n\t")
    if not text:
        return ""
    if body.type == "text/event-stream" or re.match(r"(?:event|data|id|retry)?:[^\n]*\n", text):
        return "sse"
    if "html" in body.type or re.match(r"<(?:!doctype|html|div|ul|li|p)\b", text, re.IGNORECASE):
        return "html"
    if "ndjson" in body.type or "jsonl" in body.type or is_lines(text):
        return "ndjson"
    return "json" if parse_json(text) is not msgspec.UNSET else "text"


def records_of(exchange: Exchange, frame: int, form: str) -> list[Record]:
    """The records of an answer that is a stream of that form."""
    if form in {"websocket", "socketio"}:
        return read_frames(exchange, frame)
    return (read_events if form == "sse" else read_lines)(exchange.answer.body.text)[:MAX_RECORDS]


def _read(exchange: Exchange, frame: int, known: Known) -> Iterator[Guess]:
    form = form_of(exchange, frame)
    if form in STREAMS:
        yield from _in_records(form, records_of(exchange, frame, form), known)
    elif form:
        yield from _DOCUMENTS[form](exchange.answer.body.text, known)


def _in_json(text: str, known: Known) -> Iterator[Guess]:
    root = parse_json(text)
    for place, value in _texts((), root):
        for path in dict.fromkeys([_path(place), *_from_the_end(place, root)]):
            yield Guess({"json": path}, value, _score(value, [str(part) for part in place], known))


def _in_text(text: str, known: Known) -> Iterator[Guess]:
    yield Guess({"text": True}, text, _score(text, ["text"], known))


def _in_page(page: str, known: Known) -> Iterator[Guess]:
    """The last element that a selector finds is the reply; what shows the prompt as well is more than the reply."""
    last: dict[str, tuple[str, str]] = {}
    for element in elements(page):
        if element.is_seen and element.tag not in {"html", "body"}:
            for selector in selectors(element):
                last[selector] = (element.text, element.attributes.get("class", ""))
    texts = {text for text, _ in last.values()}
    for selector, (text, names) in last.items():
        score = _score(text, [], known) + (0.5 if "." in selector else 0) + (0.3 if selector.startswith("#") else 0)
        score += 1 if _BOT.search(selector) else 0.5 if _BOT.search(names) else 0
        score -= (3 if _PERSON.search(f"{selector} {names}") else 0) + (2 if _has_label(text, texts) else 0)
        yield Guess({"html": selector}, text, score)


def _has_label(text: str, texts: Container[str]) -> bool:
    """Whether a text is a label and another element's text: `Bot` in a cell, and the reply in the next one."""
    cuts = range(1, min(len(text), _LONGEST_LABEL))
    return any(text[cut:].strip() in texts and _LABEL.fullmatch(text[:cut]) for cut in cuts)


_DOCUMENTS: Final[Mapping[str, Callable[[str, Known], Iterator[Guess]]]] = {
    "json": _in_json,
    "text": _in_text,
    "html": _in_page,
}


def _in_records(form: str, records: list[Record], known: Known) -> Iterator[Guess]:
    rows = [(record, dict(_texts((), record.data))) for record in records]
    paths = dict.fromkeys(place for _, row in rows for place in row)
    marks = [(record, dict(marks_of(record))) for record in records]
    for place in list(paths)[:60]:
        texts = [row.get(place) for _, row in rows]
        deeper = [any(own[: len(place)] == place != own for own in row) for _, row in rows]
        for where in (None, *_filters(marks, _path(place))):
            if any(more and _fits(own, where) for (_, own), more in zip(marks, deeper, strict=True)):
                continue  # at the same place stands no text in one of these
            chosen = [text or "" for (_, own), text in zip(marks, texts, strict=True) if _fits(own, where)]
            others = [text or "" for (_, own), text in zip(marks, texts, strict=True) if not _fits(own, where)]
            names = [*(str(each) for each in (where or {}).values()), *(str(part) for part in place)]
            if _are_mixed([own for _, own in marks if _fits(own, where)], chosen):
                names = ["thought", *names]
            yield from _modes({form: _path(place)}, where, (chosen, others), known, names)


def _are_mixed(marks: Sequence[dict[str, str]], texts: Sequence[str]) -> bool:
    """Whether thoughts, or what tools said, stand at the same place as the reply, in records of a kind of their own."""
    kinds = [tuple(value for key, value in own.items() if _KIND.match(key)) for own in marks]
    held = {kind for kind, text in zip(kinds, texts, strict=True) if text}
    return len(held) > 1 and any(_THOUGHT.search(value) for kind in held for value in kind)


def _modes(
    table: dict[str, object],
    where: Mapping[str, str] | None,
    split: tuple[list[str], list[str]],
    known: Known,
    names: list[str],
) -> Iterator[Guess]:
    """The ways in which these texts make a reply: one after the other, or each the whole so far."""
    chosen, others = split
    texts = [text for text in chosen if text]
    if not texts:
        return
    exact = all(chosen) and not any(others) and bool(others)
    bonus = min(len(texts), 10) / 10 + (0 if where is None else _exactness(where) if exact else -1.0)
    named = table if where is None else {**table, "where": dict(where)}
    if _grows(texts):
        surer = 1 if len(texts) > 1 else -0.1  # one alone shows nothing, unless another turn does
        yield Guess({**named, "cumulative": True}, texts[-1], _score(texts[-1], names, known) + bonus + surer)
    whole = "".join(texts)
    if len(texts) > 2 and texts[-1] == "".join(texts[:-1]):
        yield Guess({**named, "cumulative": "last"}, texts[-1], _score(texts[-1], names, known) + bonus + 1)
        return
    if not (_grows(texts) and len(texts) > 1):
        yield Guess(named, whole, _score(whole, names, known) + bonus)


def _exactness(where: Mapping[str, str]) -> float:
    """A field of the data that separates is surer than the name of the event, which some recorders lose."""
    return 0.2 if "event" in where else 0.3 if all(_KIND.match(key) for key in where) else 0.1


def _grows(texts: list[str]) -> bool:
    """Each is the one before and more; a single one may be."""
    return all(after.startswith(before) for before, after in pairwise(texts))


def marks_of(record: Record) -> Iterator[tuple[str, str]]:
    """What tells kinds of records apart: the event's name, short texts in the data that are no prose of many words."""
    if record.event:
        yield "event", record.event
    for key, value in _parts(record.data):
        path = "@.event" if key == "event" and record.event else _path((key,))
        if isinstance(value, str) and 0 < len(value) <= 40 and " " not in value:
            yield path, value


def _parts(data: object) -> Iterable[tuple[str | int, object]]:
    """The parts of a record: of a table, or the first ones of a list, one of which may name its kind."""
    if isinstance(data, list):
        return enumerate(data[:MARKED_PARTS])
    return data.items() if isinstance(data, dict) else ()


def _filters(marks: list[tuple[Record, dict[str, str]]], path: str) -> list[dict[str, str]]:
    """One for each value of each mark that has few of them, the text's own place left out."""
    seen: dict[str, dict[str, None]] = {}
    for _, own in marks:
        for key, value in own.items():
            seen.setdefault(key, {})[value] = None
    few = {key: kinds for key, kinds in seen.items() if 1 < len(kinds) <= 8 or (len(marks) > len(kinds) == 1)}
    return [{key: kind} for key, kinds in few.items() if key != path for kind in kinds]


def _fits(own: Mapping[str, str], where: Mapping[str, str] | None) -> bool:
    return where is None or all(own.get(key) == value for key, value in where.items())


def _score(text: str, names: Iterable[str], known: Known) -> float:
    own = normal(text)
    if not own or not (is_prose(own) or own in known.later):
        return 0.0
    parts = [name for name in names if not name.lstrip("-").isdigit()]
    score = weight(own) + (10 if own in known.later else 0)
    score += 2 if parts and words.REPLY.match(parts[-1]) else 0
    score -= 3 if any(words.NOT_REPLY.search(part) and not words.REPLY.match(part) for part in parts) else 0
    score -= 6 if own == known.prompt else 3 if known.prompt in own else 0
    return score - (5 if own in known.before else 0)


def _texts(place: tuple[str | int, ...], value: object) -> Iterator[tuple[tuple[str | int, ...], str]]:
    waiting = [(place, value)]
    while waiting:
        at, each = waiting.pop()
        if isinstance(each, dict):
            waiting += [((*at, str(key)), below) for key, below in reversed(each.items())]
        elif isinstance(each, list):
            waiting += [((*at, number), below) for number, below in reversed(list(enumerate(each)))]
        elif isinstance(each, str):
            yield at, each


def _from_the_end(place: tuple[str | int, ...], root: object) -> Iterator[str]:
    """The path with the last entry of a list as `[-1]`, where that is what it leads to and the list has more."""
    value, parts, changed = root, list[str | int](), False
    for part in place:
        is_last = isinstance(value, list) and part == len(value) - 1 and len(value) > 1
        parts.append(-1 if is_last else part)
        changed = changed or is_last
        value = value[part]  # type: ignore[index]  # the place was found by walking this value
    if changed:
        yield _path(tuple(parts))


def _path(place: tuple[str | int, ...]) -> str:
    """The place as JMESPath; `@` for the value itself."""
    text = ""
    for part in place:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            name = part if _IDENTIFIER.fullmatch(part) else '"' + part.replace("\\", "\\\\").replace('"', '\\"') + '"'
            text += f".{name}" if text else name
    return text or "@"


path_of = _path
