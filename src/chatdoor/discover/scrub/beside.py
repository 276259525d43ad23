"""Common words that are secret as the value of a cookie or field alone: `dark` of `theme=dark`."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from chatdoor.discover.scrub.entries import Entry

_SIGN: Final = r"(?:\\?[\"']?\s?[=:]\s?\\?[\"']?|\"\r?\n\r?\n|\\?[\"'] value=\\?[\"'])"
_END: Final = r"(?=\\?[\"'&;,\s}<>]|$)"


class Beside:
    """Such words with their names, in a header, a form, JSON (also escaped) or a multipart body."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        pairs = {(name, entry.secret.value): entry for entry in entries for name in entry.secret.names}
        self._pairs = pairs
        self._patterns = [(name, value, _pattern(name, value), entry) for (name, value), entry in pairs.items()]

    def entry(self, name: object, value: object) -> Entry | None:
        """The word that is secret under that name."""
        return self._pairs.get((name, value)) if isinstance(name, str) and isinstance(value, str) else None

    def in_text(self, text: str) -> Iterator[tuple["re.Pattern[str]", Entry]]:
        """The words that a text holds beside their names. The pattern's group is what stands before."""
        for name, value, pattern, entry in self._patterns:
            if value in text and name in text and pattern.search(text):
                yield pattern, entry


def _pattern(name: str, value: str) -> "re.Pattern[str]":
    """It begins with the name itself, so that a search goes from name to name; then it looks at what stands before."""
    own = re.escape(name)
    return re.compile(rf"({own}(?<![\w-]{own}){_SIGN}){re.escape(value)}{_END}")
