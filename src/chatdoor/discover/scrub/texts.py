"""What becomes of the texts of a chat: kept, since discovery needs them, or made unreadable."""

import json
import re
from collections.abc import Iterator
from typing import Final, Literal, TypeAlias

import msgspec

from chatdoor.discover.leaves import Leaf, body_leaves, frame_leaves, request_leaves
from chatdoor.discover.opaque import shape_of
from chatdoor.discover.recording import Exchange

Texts: TypeAlias = Literal["keep", "remove"]
"""`keep` leaves what was typed and answered as it is. `remove` puts x for each letter of it and 0 for each digit."""

_LETTER: Final = re.compile(r"[^\W\d_]")
_DIGIT: Final = re.compile(r"\d")

# Two words with a space between them, or four letters of a script that is written without spaces.
_PROSE: Final = re.compile(
    r"[^\W\d_]{2,}[^\S\r\n]+\S*[^\W\d_]{2,}|[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]{4}"
)
_TEXT_NAME: Final = re.compile(r"^(?:prompt|message|msg|content|text|query|question|input|q|body)$", re.IGNORECASE)

_JSON_TEXT: Final = re.compile(r'"((?:[^"\\\n]|\\.)*)"(\s{0,9}:)?')
_EVENT_TEXT: Final = re.compile(r"^(data: ?)(.*)$", re.MULTILINE)
_PAGE_TEXT: Final = re.compile(r">([^<]+)")


def unreadable(text: str) -> str:
    """The text with x for each letter and 0 for each digit, as long as before."""
    return _DIGIT.sub("0", _LETTER.sub("x", text))


def typed_texts(exchange: Exchange) -> Iterator[Leaf]:
    """What a person typed that is in a request: prose, or a word in a field that is named for it."""
    frames = (leaf for frame in exchange.frames if frame.sent for leaf in frame_leaves(frame))
    for leaf in (*request_leaves(exchange.request), *frames):
        if leaf.where in {"form", "json", "query", "text"} and not shape_of(leaf.value) and _is_text(leaf):
            yield leaf


def answered_texts(exchange: Exchange) -> Iterator[Leaf]:
    """The prose in what came back, as whole texts; of a stream, the pieces that have several words."""
    frames = (leaf for frame in exchange.frames if not frame.sent for leaf in frame_leaves(frame))
    for leaf in (*body_leaves(exchange.answer.body), *frames):
        if leaf.where in {"json", "event", "text"} and leaf.value[:1] not in {"{", "["} and _PROSE.search(leaf.value):
            yield leaf


def unreadable_body(text: str) -> str:
    """What an answer says, made unreadable: the values of JSON, the data of events, the text of a page, or all of it.

    Names, tags and what looks random stay, so that the shape of the answer can still be seen.
    """
    if re.search(r'"\s{0,9}[:,\]]', text):
        return _JSON_TEXT.sub(lambda found: found[0] if found[2] else f'"{_masked_json(found[1])}"', text)
    if re.search(r"^data:", text, re.MULTILINE):
        return _EVENT_TEXT.sub(lambda found: found[1] + _masked(found[2]), text)
    if re.match(r"\s*<", text):
        return _PAGE_TEXT.sub(lambda found: f">{unreadable(found[1])}", text)
    return _masked(text)


def _is_text(leaf: Leaf) -> bool:
    if leaf.value[:1] in {"{", "["}:
        return False
    return bool(_PROSE.search(leaf.value)) or bool(_TEXT_NAME.search(leaf.key) and _LETTER.search(leaf.value))


def _masked(text: str) -> str:
    return text if shape_of(text) else unreadable(text)


def _masked_json(text: str) -> str:
    """A text inside JSON; its escapes are undone first, since they hold letters of their own."""
    try:
        plain = msgspec.json.decode(f'"{text}"', type=str)
    except (msgspec.DecodeError, UnicodeEncodeError):
        return unreadable(text)
    return json.dumps(_masked(plain), ensure_ascii=False)[1:-1]
