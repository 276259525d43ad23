"""The word somebody may have meant."""

from collections.abc import Iterable
from typing import Final

MAX_CHARS: Final = 64
"""Longer words are not compared: that takes quadratic time, and nobody mistypes them."""


def nearest(word: str, known: Iterable[str]) -> str:
    """`; did you mean 'x'?`, or nothing where no known word is close."""
    if len(word) > MAX_CHARS:
        return ""
    from difflib import get_close_matches  # most words are known

    words = {other.lower(): other for other in sorted(known) if len(other) <= MAX_CHARS}
    found = get_close_matches(word.lower(), words, n=1, cutoff=0.5)
    return f"; did you mean {words[found[0]]!r}?" if found else ""
