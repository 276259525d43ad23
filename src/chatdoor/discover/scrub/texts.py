"""What becomes of the texts of a chat: kept, since discovery needs them, or made unreadable."""

import re
from typing import Final, Literal, TypeAlias

Texts: TypeAlias = Literal["keep", "remove"]
"""`keep` leaves what was typed and answered as it is. `remove` puts x for each letter of it and 0 for each digit."""

_LETTER: Final = re.compile(r"[^\W\d_]")
_DIGIT: Final = re.compile(r"\d")


def unreadable(text: str) -> str:
    """The text with x for each letter and 0 for each digit, as long as before."""
    return _DIGIT.sub("0", _LETTER.sub("x", text))
