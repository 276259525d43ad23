"""Headers and cookies that a site file sets."""

import re
from collections.abc import Mapping
from typing import Final

from chatdoor.site.lines import KeyPath
from chatdoor.site.parts import read_template
from chatdoor.site.problem import Problem
from chatdoor.site.template import Template

FORBIDDEN: Final[Mapping[str, str]] = {
    "accept-encoding": "says what chatdoor can decode, and can not be set",
    "cookie": "is made from the jar; write further ones under `cookies`",
    **dict.fromkeys(
        (
            "connection",
            "content-length",
            "expect",
            "host",
            "keep-alive",
            "te",
            "trailer",
            "transfer-encoding",
            "upgrade",
        ),
        "belongs to the connection, and can not be set",
    ),
}
"""Headers that a site file can not set, in lower case, and why (Fetch, "forbidden request-header")."""

# RFC 9110, sections 5.1 and 5.5: a token, and visible ASCII. RFC 6265, section 4.1.1: cookie-octet.
_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VISIBLE: Final = re.compile(r"[\x20-\x7e]+")
_COOKIE_OCTETS: Final = re.compile(r"[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]+")


def read_headers(table: Mapping[str, str], path: KeyPath) -> tuple[tuple[Template, Template], ...]:
    """Names and values, in order. Both may hold slots."""
    spelled: dict[str, str] = {}
    for name in table:
        lower = name.lower()
        if lower in spelled:
            raise Problem((*path, name), f"is there already, as {spelled[lower]}: case does not matter")
        if lower in FORBIDDEN or lower.startswith("proxy-"):
            raise Problem((*path, name), FORBIDDEN.get(lower, "is between a client and its proxy, and can not be set"))
        spelled[lower] = name
    return tuple(
        (
            _read(name, (*path, name), _TOKEN, "the name of a header is letters, digits and dashes"),
            _read(value, (*path, name), _VISIBLE, "a header holds no line break and no character beyond ASCII"),
        )
        for name, value in table.items()
    )


def read_cookies(table: Mapping[str, str], path: KeyPath) -> tuple[tuple[str, Template], ...]:
    """Names and values, in order. Values may hold slots."""
    for name in table:
        if not _TOKEN.fullmatch(name):
            raise Problem((*path, name), "the name of a cookie is letters, digits, dashes and underscores")
    law = "a cookie holds no space, comma, semicolon, quote or backslash"
    return tuple((name, _read(value, (*path, name), _COOKIE_OCTETS, law)) for name, value in table.items())


def is_header(name: str, value: str) -> bool:
    """Whether a site file could set it: a name and a value of the right characters, and not forbidden."""
    return name not in FORBIDDEN and bool(_TOKEN.fullmatch(name)) and bool(_VISIBLE.fullmatch(value))


def _read(text: str, path: KeyPath, allowed: re.Pattern[str], law: str) -> Template:
    template = read_template(text, path)
    constant = [part for part in template.parts if isinstance(part, str)]
    if not all(allowed.fullmatch(part) for part in constant) or (allowed is _TOKEN and not template.parts):
        raise Problem(path, law)
    return template
