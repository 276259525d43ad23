"""What is shown of a path that is none of ours: somebody may have pasted a key into it."""

import re
from typing import Final

SHOWN: Final = 4
"""How many characters are left of what could be a key."""

KEYS: Final = ("sk-", "sk_", "pk-", "pk_")
"""How the keys begin that services hand out."""

_WORD: Final = re.compile(r"(?:[a-z_]{0,16}|v\d)(?:\.[a-z]{1,5})?").fullmatch
"""A word of some API, or the name of a file: no digits, no capitals, not long."""


def masked(text: str) -> str:
    """Its beginning."""
    return f"{text[:SHOWN]}***"


def masked_path(path: str) -> str:
    """The path, masked wherever it has no plain word."""
    return "/".join([word if _WORD(word) else masked(word) for word in path.split("/")])


def masked_name(name: str) -> str:
    """A name of a model, which may be any text, or where it is a key its beginning."""
    return masked(name) if name.startswith(KEYS) else name
