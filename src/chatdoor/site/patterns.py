"""Regular expressions, within bounds, behind one seam.

The standard library's can take hours for an unlucky text. This library's take the same syntax and can be stopped.
Source: https://github.com/mrabarnett/mrab-regex
"""

from collections.abc import Callable
from typing import Final, TypeAlias

Pick: TypeAlias = Callable[[str], str | None]
"""Takes text, gives the first group of the first place that fits, or None."""

MAX_CHARS: Final = 1_000
"""The longest expression."""

MAX_TEXT: Final = 2_000_000
"""Characters of a text that are looked at, from its beginning. Real pages have some hundred thousand."""

MAX_SECONDS: Final = 0.5
"""How long a search may take. An expression that fits its text takes milliseconds."""


class PatternError(ValueError):
    """Not an expression that can be used; says why."""


def compile_pattern(expression: str) -> Pick:
    """A function that picks the expression's first group. Raises PatternError.

    A search that runs out of time finds nothing: an answer may come after a prompt, which must not fail for it.
    """
    import regex  # most sites never need it

    if len(expression) > MAX_CHARS:
        raise PatternError(f"longer than {MAX_CHARS} characters")
    try:
        compiled = regex.compile(expression, regex.VERSION0)
    except (regex.error, RecursionError) as error:
        raise PatternError(f"not a regular expression: {error}") from error
    if not compiled.groups:
        raise PatternError("has no group: put the value into round brackets")

    def pick(text: str) -> str | None:
        try:
            found = compiled.search(text, endpos=MAX_TEXT, timeout=MAX_SECONDS)
        except TimeoutError:
            return None
        return found[1] if found else None

    return pick
