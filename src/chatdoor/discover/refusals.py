"""What was typed and not answered: refused by a status, or by an error inside a 200; and what a site file says of it.

Statuses follow from Django and gorilla (403), Laravel (419), Rails (422), ASP.NET and Flask-WTF (400); errors inside a
200 from OpenAI, Anthropic and Vercel (`error`), PHP and JSON-RPC (`success: false`, `status: "error"`).
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import msgspec

from chatdoor.discover.prose import normal
from chatdoor.discover.recording import Exchange
from chatdoor.discover.records import Record
from chatdoor.discover.replies import STREAMS, form_of, path_of, records_of
from chatdoor.discover.sends import parse_json
from chatdoor.discover.typed import Asked

_ERROR: Final = re.compile(r"^(?:err|errors?|error_?(?:message|text|detail)|fault|exception|problem)$", re.IGNORECASE)
_ERROR_KIND: Final = re.compile(r"^(?:error|abort|failed|failure|exception)$", re.IGNORECASE)
_BLOCKED: Final = re.compile(
    r"content_?(?:filter|policy)|moderat|guardrail|safety|blocked|flagged|jailbreak", re.IGNORECASE
)
DEFAULT: Final = (401, 403, 419, 440)
"""Statuses that the language takes for a refusal where nothing is written."""

_REFUSES: Final = frozenset({400, 401, 403, 419, 422, 440, 498})
_LOST: Final = frozenset({404, 410})


_KINDS: Final = ("type", "status", "state", "event")
"""Fields that say what a record is."""


class Group(NamedTuple):
    """What was typed at one place, sorted by what became of it."""

    answered: list[Asked]
    refused: tuple[Asked, ...] = ()
    failed: tuple[Asked, ...] = ()


def sorted_out(group: list[Asked]) -> Group:
    """What was answered, refused and failed. Where nothing was answered, all of it counts as answered."""
    refused = [each for each in group if each.sent.exchange.answer.status >= 400]
    failed = [each for each in group if each not in refused and (_reports_error(each) or _is_unheard(each, group))]
    answered = [each for each in group if each not in refused and each not in failed]
    return Group(answered, tuple(refused), tuple(failed)) if answered else Group(group)


def _reports_error(asked: Asked) -> bool:
    return any(errors_of(asked.sent.exchange, asked.sent.frame))


def _is_unheard(asked: Asked, group: list[Asked]) -> bool:
    """Whether nothing came and it was sent again: the connection was lost, or closed by the site (websockets)."""
    exchange = asked.sent.exchange
    if asked.sent.is_frame:
        heard = any(not frame.sent for frame in exchange.frames[asked.sent.frame + 1 :])
    else:
        heard = exchange.answer.status > 0 or bool(exchange.answer.body.text)
    return not heard and _went_again(asked, group)


def errors_of(exchange: Exchange, frame: int = -1) -> Iterator[tuple[str, object]]:
    """What reports an error in an answer, as path or mark and its value, the best first."""
    form = form_of(exchange, frame)
    if form in STREAMS:
        for record in records_of(exchange, frame, form):
            yield from _errors_in(record)
    elif form == "json":
        yield from _errors_in(Record("", parse_json(exchange.answer.body.text)))


def _errors_in(record: Record) -> Iterator[tuple[str, object]]:
    data = record.data if isinstance(record.data, dict) else {}
    for key, value in data.items():
        if _ERROR.match(str(key)) and value and isinstance(value, str | dict):
            yield from _texts_of(str(key), value)
    if _ERROR_KIND.match(record.event):
        yield "event", record.event
    for key in _KINDS:
        if isinstance(data.get(key), str) and _ERROR_KIND.match(data[key]):
            yield key, data[key]
    yield from ((key, False) for key in ("success", "ok") if data.get(key) is False)


def _texts_of(key: str, value: str | dict[str, object]) -> Iterator[tuple[str, object]]:
    """The text of an error that is one, or a table with one."""
    if isinstance(value, str):
        yield path_of((key,)), value
        return
    named = [(name, value[name]) for name in ("message", "detail", "text", "error") if isinstance(value.get(name), str)]
    yield from ((path_of((key, name)), text) for name, text in named)


class Refusals(msgspec.Struct, frozen=True):
    """What a site file says of errors: each is a value of its key, or None; `why` by key."""

    error: object = None
    refused: object = None
    lost: object = None
    blocked: object = None
    why: dict[str, str] = {}


def refusals(seen: Group, known: Sequence[int]) -> Refusals:
    """What can be said after what was seen. `known` are the statuses that are taken for a refusal already."""
    why: dict[str, str] = {}
    blocked = _blocked([*seen.refused, *seen.failed], why)
    error = _error([each for each in seen.failed if not _is_blocked(each)], seen.answered, why)
    again = [each for each in seen.refused if _went_again(each, seen.answered) and not _is_blocked(each)]
    statuses = sorted({each.sent.exchange.answer.status for each in again})
    new = [each for each in statuses if each in _REFUSES and each not in known]
    lost = next((each for each in statuses if each in _LOST), None)
    if new:
        why["refused"] = f"{_entries(again)}: refused, then sent again and answered"
    if lost:
        why["lost"] = f"{_entries(again)}: the talk was gone, and what was typed was sent again"
    merged = {"status": [*known, *new]} if new else None
    return Refusals(error, merged, {"status": lost} if lost else None, blocked, why)


def _error(failed: Sequence[Asked], answered: Sequence[Asked], why: dict[str, str]) -> object:
    if not failed:
        return None
    good = {path for each in answered for path, _ in errors_of(each.sent.exchange, each.sent.frame)}
    common = [dict(errors_of(each.sent.exchange, each.sent.frame)) for each in failed]
    for path, value in common[0].items():
        if path not in good and all(path in each for each in common):
            why["error"] = f"{_entries(failed)}: an error inside a 200"
            return (
                path if isinstance(value, str) and path not in {"event", "type", "status", "state"} else {path: value}
            )
    return None


def _blocked(asked: Sequence[Asked], why: dict[str, str]) -> object:
    for each in asked:
        for path, value in _codes(each.sent.exchange):
            why["blocked"] = f"entry {each.sent.index}: refused for what it says"
            return {"json": {path: value}}
    return None


def _is_blocked(asked: Asked) -> bool:
    return any(_codes(asked.sent.exchange))


def _codes(exchange: Exchange) -> Iterator[tuple[str, str]]:
    """The codes in an answer that speak of rules for content."""
    waiting: list[tuple[tuple[str | int, ...], object]] = [((), parse_json(exchange.answer.body.text))]
    while waiting:
        place, value = waiting.pop(0)
        if isinstance(value, dict) and len(place) < 4:
            waiting += [((*place, str(key)), below) for key, below in value.items()]
        elif isinstance(value, str) and " " not in value and len(value) < 60 and _BLOCKED.search(value):
            yield path_of(place), value


def _went_again(refused: Asked, answered: Sequence[Asked]) -> bool:
    text = normal(refused.prompt)
    return any(each.sent.index > refused.sent.index and normal(each.prompt) == text for each in answered)


def _entries(asked: Sequence[Asked]) -> str:
    indexes = list(dict.fromkeys(str(each.sent.index) for each in asked))
    return f"entr{'y' if len(indexes) == 1 else 'ies'} {', '.join(indexes)}"
