"""Which fields hold a password: by a page's own `type=password`, by their names, by what the recorder saw typed."""

import re
from typing import Final, NamedTuple

from chatdoor.discover import words
from chatdoor.discover.dom import elements
from chatdoor.discover.recording import Recording

_ASKS: Final = re.compile(r"\btype\s*=\s*[\"']?password\b", re.IGNORECASE)
"""Looked for before a page is taken apart: most pages ask for none."""


class Passwords(NamedTuple):
    """What is known of them: the fields into which pages let one be typed, and those that the recorder heard of."""

    fields: frozenset[str]
    typed: frozenset[str]

    def holds(self, key: str, value: str) -> bool:
        """Whether a field of that name, with that value, holds a password."""
        return key in self.fields or value in self.typed or bool(words.PASSWORD.search(key))


def passwords_of(recording: Recording) -> Passwords:
    """What a recording shows of them."""
    pages = dict.fromkeys(exchange.answer.body.text for exchange in recording.exchanges)
    inputs = (each for page in pages if _ASKS.search(page) for each in elements(page) if each.tag == "input")
    asking = (each.attributes for each in inputs if each.attributes.get("type", "").strip().lower() == "password")
    fields = frozenset(name for each in asking if (name := each.get("name", "")))
    return Passwords(fields, frozenset(recording.passwords))
