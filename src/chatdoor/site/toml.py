"""From TOML text to tables that hold nothing but what JSON has too: text, numbers, true, false, lists, tables."""

import math
import re
import tomllib
from typing import Final

from chatdoor.errors import SiteFileError
from chatdoor.site.lines import MAX_DEPTH, find_too_deep, line_at
from chatdoor.site.problem import Problem, one_line
from chatdoor.site.walk import leaves

MAX_CHARS: Final = 100_000
"""The largest text. Site files have a few dozen lines."""

LARGEST: Final = 2**63 - 1
"""TOML's integers have 64 bits. Python's have more, and other programs could not read them back."""

Table = dict[str, object]


def parse_toml(text: str, source: str) -> Table:
    """The tables of the text. Raises SiteFileError where it is not TOML; `source` names it there."""
    if len(text) > MAX_CHARS:
        raise SiteFileError(f"more than {MAX_CHARS} characters", file=source)
    if line := find_too_deep(text):
        raise SiteFileError(f"nested too deeply; {MAX_DEPTH} levels are the most", file=source, line=line)
    try:
        text.encode()
        return tomllib.loads(text)
    except UnicodeEncodeError as error:
        place = line_at(text, error.start)
        raise SiteFileError("half a surrogate pair, which is not text", file=source, line=place) from None
    except tomllib.TOMLDecodeError as error:
        message, line = _without_line(str(error))
        raise SiteFileError(f"not TOML: {message}", file=source, line=line or line_at(text, len(text))) from error
    except ValueError as error:  # more digits than Python reads (`sys.set_int_max_str_digits`)
        digits = re.search(r"[0-9_]{1000}", text)
        line = line_at(text, digits.start()) if digits else None
        raise SiteFileError("a whole number has 64 bits at most", file=source, line=line) from error


def check_plain(table: Table) -> None:
    """Raises Problem at the first value that JSON does not have."""
    for path, value in leaves(table):
        if isinstance(value, float) and not math.isfinite(value):
            raise Problem(path, "inf and nan are not part of the language")
        if isinstance(value, int) and abs(value) > LARGEST:
            raise Problem(path, "a whole number has 64 bits at most")
        if not isinstance(value, str | int | float):
            raise Problem(path, "dates and times are not part of the language; write them as text")


def _without_line(message: str) -> tuple[str, int | None]:
    """The parser's message without its place, and the line that it names."""
    place = re.search(r" \(at line (\d+), column \d+\)\Z", message)
    said = one_line(message[: place.start()] if place else message.removesuffix(" (at end of document)"))
    return said[0].lower() + said[1:], int(place[1]) if place else None
