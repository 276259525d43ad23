"""What a person wrote, or what was written for one: sentences, not names, ids or markup."""

import re
from typing import Final

from chatdoor.discover.opaque import shape_of

_LETTERS: Final = re.compile(r"[^\W\d_]")
_URL: Final = re.compile(r"(?:[a-z][\w+.-]*:)?//\S+$|/[\w./-]+$|data:")
_MACHINE: Final = re.compile(r"[\w.:+/-]*[_/:=@+][\w.:+/-]*$|\d[\d.:TZ+-]*$", re.ASCII)
_CAMEL: Final = re.compile(r"[a-z]+(?:[A-Z][a-z]+)+$")
_UNSPACED: Final = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")

LONGEST: Final = 200
"""Characters after which a text is no more likely to be prose."""


def is_prose(text: str) -> bool:
    """Whether a person could have written it: letters, and no id, URL, date or program's name.

    One word counts, and so does a script that puts no spaces between words (Thai, Lao, Khmer, Burmese, Chinese,
    Japanese).
    """
    if not _LETTERS.search(text) or shape_of(text):
        return False
    return not (_URL.match(text) or _MACHINE.match(text) or _CAMEL.match(text))


def weight(text: str) -> float:
    """How much like prose a text is: 0 for none, about 1 for a word, up to 6 for sentences."""
    if not is_prose(text):
        return 0.0
    words = len(text.split()) + len(_UNSPACED.findall(text)) / 2
    return min(1.0 + words / 2, 5.0) + min(len(text), LONGEST) / LONGEST


def counted(count: int, what: str) -> str:
    """A number and what it counts, a plural where it is one: `2 turns`."""
    return f"{count} {what}{'' if count == 1 else 's'}"


def normal(text: str) -> str:
    """The text with its white space as single spaces, for comparing."""
    return " ".join(text.split())
