"""How much of a page the parser can read in good time.

lexbor compares each attribute of an element with all that it has already: time that grows with the square of their
number. Pages that nobody wrote by hand or by template can hold it for hours with a few megabytes.
"""

import re
from typing import Final

FREE_BYTES: Final = 10_000
"""A page of this size may hold whatever it likes."""

MOST_WORK: Final = 400_000_000
"""Pairs of attributes that are compared at most: 0.7 s (measured: 16,000 attributes in one element take 0.4 s)."""

MANY: Final = 64
"""Attributes of one tag that are not counted. Real tags have fewer."""

_SPACE: Final = r"[\t\n\f\r ]*+"
_VALUE: Final = r"""(?:"[^"]*+"?|'[^']*+'?|[^\t\n\f\r >"'][^\t\n\f\r >]*+)?+"""
_ATTRIBUTE: Final = re.compile(
    rf"[\t\n\f\r /]*+[^\t\n\f\r />][^\t\n\f\r />=]*+(?:{_SPACE}={_SPACE}{_VALUE})?+",
)
"""An attribute as the tokenizer reads it, from the end of the one before (WHATWG HTML, sections 13.2.5.32 to 39)."""

_AFTER_NAME: Final = r"(?=[\t\n\f\r /])"
_TAG: Final = re.compile(
    rf"<(?=((?i:(html|body)){_AFTER_NAME}(?:{_ATTRIBUTE.pattern}){{1,20000}}+"
    rf"|[^\t\n\f\r /><]*+{_AFTER_NAME}(?:{_ATTRIBUTE.pattern}){{{MANY},20000}}+))"
)
"""A tag with many attributes, or what could be one: it is not asked whether it stands in a script, a comment or a
value, because only the parser knows these. Nothing is consumed, so that no tag hides behind another. All tags of
`html`, and of `body`, add their attributes to one element (WHATWG HTML, section 13.2.6.4.7).
"""


def readable(html: str) -> str:
    """The page, up to the tag with which it would cost more than MOST_WORK."""
    if len(html) <= FREE_BYTES:
        return html
    work = merged = 0
    for tag in _TAG.finditer(html):
        start, end = tag.span(1)
        count = sum(1 for _ in _ATTRIBUTE.finditer(html, start, end))
        if tag[2]:
            merged += count
        work += count * count + (end - start) // 2
        if work + merged * merged > MOST_WORK:
            return html[: tag.start()]
    return html
