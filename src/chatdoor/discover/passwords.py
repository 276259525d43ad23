"""Which fields hold a password: those that a page's own `type=password` names, and those that are named so."""

import re
from collections.abc import Collection
from typing import Final

from chatdoor.discover import words
from chatdoor.discover.dom import elements
from chatdoor.discover.recording import Recording

_ASKS: Final = re.compile(r"\btype\s*=\s*[\"']?password\b", re.IGNORECASE)
"""Looked for before a page is taken apart: most pages ask for none."""


def asked_names(recording: Recording) -> frozenset[str]:
    """The names of all fields into which the recorded pages let a password be typed."""
    pages = dict.fromkeys(exchange.answer.body.text for exchange in recording.exchanges)
    fields = (each for page in pages if _ASKS.search(page) for each in elements(page) if each.tag == "input")
    asking = (each.attributes for each in fields if each.attributes.get("type", "").strip().lower() == "password")
    return frozenset(name for each in asking if (name := each.get("name", "")))


def is_password(key: str, asked: Collection[str]) -> bool:
    """Whether a field of that name holds a password. `asked` is what `asked_names` gave."""
    return key in asked or bool(words.PASSWORD.search(key))
