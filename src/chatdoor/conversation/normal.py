"""Digests of messages and of whole lists: two texts are the same to us where their digests are.

There are three forms. `exact` is the text as it is. `normal` forgives what clients do to texts on the way, and nothing
more. `asked` leaves our replies out; it counts only where the client itself names the conversation.
"""

import re
import unicodedata
from collections.abc import Iterable
from hashlib import sha256
from itertools import accumulate
from typing import Final

import msgspec

from chatdoor.messages import Message

SYSTEM_ROLES: Final = frozenset({"system", "developer"})
REPLY: Final = "assistant"

BLOCKS: Final = (
    ("<think>", "</think>"),
    ("<thinking>", "</thinking>"),
    ("<reasoning>", "</reasoning>"),
    ('<details type="reasoning"', "</details>"),  # Open WebUI wraps reasoning so, with more attributes
)
"""Where reasoning in a reply begins and ends. Clients add such blocks, hide them, or leave them out."""

# One choice of fixed words, so each position is tried once and nothing is repeated.
_OPENING = re.compile("|".join(re.escape(opening) for opening, _ in BLOCKS))
_CLOSING: Final = dict(BLOCKS)


class Digests(msgspec.Struct, frozen=True, array_like=True):
    """One digest for each form, in hexadecimal: of a message, or of a prefix of a list."""

    exact: str
    normal: str
    asked: str


def normal_text(message: Message) -> str:
    """The text in its normal form: NFC, newlines as one LF, no outer space, and in a reply no reasoning blocks."""
    text = message.text.replace("\r\n", "\n").replace("\r", "\n")
    if message.role == REPLY and "<" in text:
        text = _without_reasoning(text)
    return unicodedata.normalize("NFC", text).strip()


def digest(message: Message) -> Digests:
    """The digests of one message."""
    exact, text = _of_message(message.role, message.text), normal_text(message)
    normal = exact if text == message.text else _of_message(message.role, text)
    return Digests(exact, normal, _SOME_REPLY if message.role == REPLY else normal)


def beginning(*place: str) -> Digests:
    """The digests of an empty list at a place. Lists of different places never have a digest in common."""
    framed = "".join(f"{len(part)}:{part}" for part in place)
    return Digests(*(_hash(f"{form} {framed}") for form in ("exact", "normal", "asked")))


def follow(prefix: Digests, message: Digests) -> Digests:
    """The digests of a list that goes on with this message. Digests have one length, so no two lists read alike."""
    return Digests(
        _hash(prefix.exact + message.exact),
        _hash(prefix.normal + message.normal),
        _hash(prefix.asked + message.asked),
    )


def prefixes(start: Digests, messages: Iterable[Digests]) -> tuple[Digests, ...]:
    """The digests of all prefixes, the empty one first: one step for each message."""
    return tuple(accumulate(messages, follow, initial=start))


def _hash(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _of_message(role: str, text: str) -> str:
    return _hash(f"{role}\0{text}")


_SOME_REPLY: Final = _of_message(REPLY, "")


def _without_reasoning(text: str) -> str:
    """The text without its blocks. A block that does not close is text; the search goes over the text once per kind."""
    kept: list[str] = []
    at, open_ended = 0, set[str]()
    for found in _OPENING.finditer(text):
        if found.start() < at or found[0] in open_ended:
            continue
        closing = _CLOSING[found[0]]
        end = text.find(closing, found.end())
        if end < 0:
            open_ended.add(found[0])
            continue
        kept.append(text[at : found.start()])
        at = end + len(closing)
    return "".join([*kept, text[at:]])
