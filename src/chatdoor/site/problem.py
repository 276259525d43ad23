"""What is wrong with a site file, and where: a path of keys inside, `file:line: key` for people."""

import re
from typing import Final

from chatdoor.errors import SiteFileError
from chatdoor.site.lines import KeyPath, find_line

MAX_CHARS: Final = 400
"""The longest message. What a file holds may be quoted in it."""


class Problem(ValueError):
    """Something in a site file that can not be used: where, and what."""

    def __init__(self, path: KeyPath, problem: str) -> None:
        self.path = path
        self.problem = problem
        super().__init__(problem)


def locate(problem: Problem, text: str, source: str) -> SiteFileError:
    """The error for a problem in the text that `source` names: one line, with the line and key."""
    line = find_line(text, problem.path)
    if line is None and problem.path:
        line = find_line(text, ("extends",)) or 1  # it comes from a preset, or is not there at all
    return SiteFileError(one_line(problem.problem), file=one_line(source), line=line, key=spell(problem.path) or None)


def spell(path: KeyPath) -> str:
    """The path as people write it: `session[1].headers."X Y"`."""
    spelled = "".join(f"[{part}]" if isinstance(part, int) else f".{_spell_key(part)}" for part in path)
    return spelled.removeprefix(".") if len(spelled) <= MAX_CHARS else f"{spelled[1 : MAX_CHARS // 2]}…"


def one_line(text: str) -> str:
    """The text with control characters and line breaks written out, and cut where it is long."""
    shown = "".join(map(_printable, text[: MAX_CHARS + 1]))
    return shown if len(shown) <= MAX_CHARS else f"{shown[: MAX_CHARS - 1]}…"


def quote(text: str) -> str:
    """The text in quotes, cut where it is long."""
    return repr(text if len(text) <= 60 else f"{text[:59]}…")


def _spell_key(key: str) -> str:
    if re.fullmatch(r"[A-Za-z0-9_-]{1,64}", key):
        return key
    return f'"{one_line(key if len(key) <= 64 else f"{key[:63]}…")}"'


def _printable(character: str) -> str:
    return character if character.isprintable() else character.encode("unicode_escape").decode("ascii")
