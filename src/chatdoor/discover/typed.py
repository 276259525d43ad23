"""What was typed, in what was sent: the candidates, and where each stands.

Nothing needs to be told: what was typed is what varies and reads as prose, alone or as the last of a list of messages.
"""

import re
from collections.abc import Iterator
from typing import Final, Literal, TypeAlias

import msgspec

from chatdoor.discover import words
from chatdoor.discover.prose import is_prose, normal, weight
from chatdoor.discover.sends import Place, Sent, parse_json, path_shape, values

Mode: TypeAlias = Literal["prompt", "messages"]
"""What was sent: the new turn alone, or the whole list."""

Message: TypeAlias = dict[str, object] | list[object]
"""One of a list: a table, or role and text."""

_ROLE: Final = re.compile(r"^(?:role|author|sender|from|speaker|who|type|is_?user|is_?bot)$", re.IGNORECASE)
_USER: Final = re.compile(r"^(?:user|human|you|me|customer|visitor|client|person|usermessage)$", re.IGNORECASE)
_SAYS: Final = re.compile(rf"{_USER.pattern}|^(?:assistant|ai|bot|model|agent|system)$", re.IGNORECASE)
_OPERATION: Final = re.compile(r"^(?:operation_?name|op|action|event|method|type|cmd|command|kind)$", re.IGNORECASE)


class Asked(msgspec.Struct, frozen=True):
    """What was typed, in what was sent. `place` is the text's, or the list's."""

    sent: Sent
    prompt: str
    place: Place
    mode: Mode


def groups(sent: list[Sent], told: frozenset[str]) -> list[list[Asked]]:
    """What may have been typed, by where it was sent."""
    found: dict[tuple[object, ...], list[Asked]] = {}
    for each in sent:
        for asked in _candidates(each):
            if told and normal(asked.prompt) not in told:
                continue
            key = (each.verb, each.host, path_shape(each.path), _operation(each), asked.place, asked.mode)
            found.setdefault(key, []).append(asked)
    return list(found.values())


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


def message_lists(sent: Sent) -> Iterator[tuple[Place, list[Message]]]:
    """The lists of messages in what was sent, with their places; those in a field are JSON there.

    A message is a table, or a pair of role and text, as LangChain and LangServe take it.
    """
    for place, value in [*_lists(("body",), sent.body), *((("query", k), v) for k, v in sent.query.items())]:
        items = parse_json(value) if isinstance(value, str) and value[:1] == "[" else value
        if isinstance(items, list) and items and all(isinstance(item, dict) or _is_pair(item) for item in items):
            yield place, items


def _is_pair(item: object) -> bool:
    pair = item if isinstance(item, list) and len(item) == 2 else [None, None]
    return isinstance(pair[0], str) and bool(_SAYS.match(pair[0])) and isinstance(pair[1], str)


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


def last_user_text(items: list[Message]) -> str:
    """What the user said last in a list of messages; empty where the list is none."""
    item = items[-1]
    if isinstance(item, list):
        return str(item[1]) if _USER.match(str(item[0])) else ""
    role = next((value for key, value in item.items() if _ROLE.match(key)), None)
    if role is not True and not (isinstance(role, str) and _USER.match(role)):
        return ""
    return text_of(item)


def text_of(item: object) -> str:
    """The text of a message: what reads most like prose in it."""
    texts = [value for place, value in strings(item) if not _ROLE.match(str(place[-1] if place else ""))]
    named = [value for place, value in strings(item) if place and words.PROMPT.match(words.key_of(place))]
    return max(named or texts, key=weight, default="")


def strings(value: object, place: Place = ()) -> Iterator[tuple[Place, str]]:
    """The texts in a value, with their places."""
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, dict):
        for key, below in value.items():
            yield from strings(below, (*place, str(key)))
    elif isinstance(value, list):
        for at, below in enumerate(value):
            yield from strings(below, (*place, at))
