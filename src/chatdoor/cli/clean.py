"""Text that a terminal can show and not obey."""

import re
from collections.abc import Callable, Mapping
from typing import Final

MAX_SEQUENCE: Final = 4_096
"""Characters that are dropped for one escape sequence. A longer one is none: what follows is shown."""

# Unicode's embeddings, overrides and isolates (UAX #9, section 2): they show text in another order than it has.
_BIDI: Final = "\u202a-\u202e\u2066-\u2069"

_CONTROL: Final = re.compile(f"[\x00-\x08\x0b-\x1f\x7f-\x9f{_BIDI}]")
_NOT_ONE_LINE: Final = re.compile(f"[\x00-\x1f\x7f-\x9f\u2028\u2029{_BIDI}]+")

# ECMA-48, section 5.3: the control characters that begin a sequence, in their one-character (C1) form.
_OPENERS: Final = {"\x1b": "escape", "\x9b": "csi"} | dict.fromkeys("\x90\x98\x9d\x9e\x9f", "string")
_AFTER_ESCAPE: Final = {"[": "csi"} | dict.fromkeys("]PX^_", "string")


class ControlFilter:
    """Removes from text, as it comes, what a terminal would obey.

    That is: escape sequences (ECMA-48) with all that belongs to them, control characters other than newline and tab,
    and marks that reorder text. However the text is split, the result is the same.
    """

    def __init__(self) -> None:
        self._state = "text"
        self._dropped = 0

    def feed(self, text: str) -> str:
        """The next part of the text, clean."""
        shown: list[str] = []
        at = 0
        while at < len(text):
            if self._state == "text":
                control = _CONTROL.search(text, at)
                end = control.start() if control else len(text)
                shown.append(text[at:end])
                at = end
            if at < len(text):
                at += self._take(text[at])
        return "".join(shown)

    def _take(self, character: str) -> int:
        """Goes on by a character that is not shown. 0: it only ended a sequence, and is to be looked at again."""
        state = _NEXT[self._state](character)
        self._dropped = self._dropped + 1 if state == self._state else 0
        self._state = "text" if state is None or self._dropped > MAX_SEQUENCE else state
        return 0 if state is None else 1


def one_line(text: str) -> str:
    """The text as one line with no control characters in it."""
    return _NOT_ONE_LINE.sub(" ", text).strip()


def _after_text(character: str) -> str:
    return _OPENERS.get(character, "text")


def _after_escape(character: str) -> str | None:
    if " " <= character <= "/":
        return "escape"
    return _AFTER_ESCAPE.get(character, "text") if "0" <= character <= "~" else None


def _after_csi(character: str) -> str | None:
    if " " <= character <= "?":
        return "csi"
    return "text" if "@" <= character <= "~" else None


def _after_string(character: str) -> str | None:
    if character in "\x07\x18\x1a\x9c":
        return "text"
    # No sequence holds a newline, so it ends one that has no end: a reply must not vanish behind it.
    return None if character in "\x1b\n" else "string"


_NEXT: Final[Mapping[str, Callable[[str], str | None]]] = {
    "text": _after_text,
    "escape": _after_escape,
    "csi": _after_csi,
    "string": _after_string,
}
"""State -> what follows on a character. None: the character is no part of the sequence, which ends before it."""
