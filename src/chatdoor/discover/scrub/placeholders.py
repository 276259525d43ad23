"""What stands in a scrubbed recording where a secret stood.

A random value becomes another of the same length and alphabet, so that a uuid stays a uuid. It is made from a number
and not from the secret, so nothing leads back. What a person chose (a password, a name) gets a name of one length.
"""

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Final

from chatdoor.discover.opaque import shape_of
from chatdoor.discover.scrub.secrets import Kind, Secret
from chatdoor.discover.scrub.texts import unreadable

_HEX, _DIGITS, _LOWER = "0123456789abcdef", "0123456789", "abcdefghijklmnopqrstuvwxyz"
_ALPHABETS: Final = (
    (re.compile(r"[0-9]+"), _DIGITS),
    (re.compile(r"[0-9a-f]+"), _HEX),
    (re.compile(r"[0-9A-F]+"), _HEX.upper()),
    (re.compile(r"[a-z]+"), _LOWER),
    (re.compile(r"[A-Z]+"), _LOWER.upper()),
    (re.compile(r"[0-9a-z]+"), _LOWER + _DIGITS),
    (re.compile(r"[0-9A-Z]+"), _LOWER.upper() + _DIGITS),
)
"""Of a run of letters and digits: the first that it fits -> what it is drawn from. Else all letters and digits."""

_ALL: Final = _LOWER + _LOWER.upper() + _DIGITS
_FROM_BYTES: Final = {
    letters: bytes(ord(letters[byte % len(letters)]) for byte in range(256))
    for letters in (_ALL, *(letters for _, letters in _ALPHABETS))
}
"""Alphabet -> what each byte becomes in it."""

_RUN: Final = re.compile(r"%[0-9a-fA-F]{2}|[^\W_]+")
_PREFIX: Final = re.compile(r"[a-z]{1,8}[_-](?:[a-z]{1,8}[_-])?(?=[\w-]{12})|eyJ")
_KEPT_IN_UUID: Final = 14
"""The digit that says which kind of uuid it is (RFC 9562, section 4.2)."""

NAMED: Final[Mapping[Kind, Callable[[int], str]]] = {
    "password": lambda number: f"password-{number:03d}",
    "user": lambda number: f"visitor-{number:03d}",
    "person": lambda number: f"visitor-{number:03d}",
    "email": lambda number: f"visitor-{number:03d}@mail.invalid",
}
"""Kind -> what a person's own word becomes. `invalid` is nobody's domain (RFC 2606)."""


def placeholder(secret: Secret, number: int, kept: Mapping[int, str]) -> str:
    """What stands for a secret. `kept` is what stands for other secrets inside it: position -> the text there."""
    if secret.kind == "text":
        return unreadable(secret.value)
    if secret.kind in NAMED:
        return NAMED[secret.kind](number)
    value, stream = secret.value, _stream(number, len(secret.value))
    pieces: list[str] = []
    at = len(prefix[0]) if (prefix := _PREFIX.match(value)) and shape_of(value) else 0
    pieces.append(value[:at])
    for start, text in sorted(kept.items()):
        if start >= at:
            pieces += [_drawn(value[at:start], stream), text]
            at = start + len(text)
    drawn = "".join([*pieces, _drawn(value[at:], stream)])
    if shape_of(value) == "uuid":
        drawn = drawn[:_KEPT_IN_UUID] + value[_KEPT_IN_UUID] + drawn[_KEPT_IN_UUID + 1 :]
    return drawn


def _drawn(text: str, stream: Iterator[int]) -> str:
    """The text with its letters and digits drawn anew; signs and percent-escapes stay."""
    return _RUN.sub(lambda run: run[0] if run[0][0] == "%" else _draw(run[0], stream), text)


def _draw(run: str, stream: Iterator[int]) -> str:
    alphabet = next((letters for pattern, letters in _ALPHABETS if pattern.fullmatch(run)), _ALL)
    drawn = bytes(islice(stream, len(run))).translate(_FROM_BYTES[alphabet]).decode()
    if alphabet == _DIGITS and drawn[0] == "0":  # a number in JSON begins with another digit
        return f"1{drawn[1:]}"
    return drawn


def _stream(number: int, size: int) -> Iterator[int]:
    """Bytes that look random and are the same for the same number."""
    return iter(hashlib.shake_256(f"chatdoor scrub {number}".encode()).digest(size))
