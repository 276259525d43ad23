"""Short pieces of an answer for error messages, with nothing secret in them."""

import html
import re
from collections.abc import Collection
from typing import Final
from urllib.parse import unquote

from chatdoor.errors import ChatdoorError
from chatdoor.flow.answer import Answer

MAX_CHARS: Final = 120
MASK: Final = "***"

MIN_SECRET: Final = 4
"""Shorter texts are not masked: they are no secrets, and the message would be unreadable."""

_EVIDENCE: Final = 20_000
"""Characters of a body that are looked at. Enough for an error page, little enough to be quick."""

_ROUNDS: Final = 3
"""Escapes inside escapes are undone this often: JSON in an attribute of a page that went through a URL."""

_OPAQUE_RUN = re.compile(r"[A-Za-z0-9+/_.~%=-]{20,}")
_ESCAPE = re.compile(r'\\(?:u([0-9A-Fa-f]{4})|x([0-9A-Fa-f]{2})|(["\'\\/bfnrt]))')
_NAMED: Final = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_QUERY_VALUE = re.compile(r"(?<==)[^&]+")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_UNPRINTABLE = re.compile(r"[^\x20-\x7e\xa1-\U0010ffff]+")


def excerpt(answer: Answer, secrets: Collection[str]) -> str:
    """What the answer says, at most 120 characters, secrets masked: `HTTP 200, text/html: "Please sign in"`."""
    kind = f", {shorten(mask(answer.type, secrets))[:40]}" if answer.type else ""
    if not answer.body.strip():
        return f"HTTP {answer.head.status}{kind}, with an empty body"
    text = _beginning(answer.page.text() if answer.is_html else answer.text)
    if not text:
        return f"HTTP {answer.head.status}{kind}, without text to read"
    return f'HTTP {answer.head.status}{kind}: "{shorten(mask(text, secrets))}"'


def address_of(answer: Answer, secrets: Collection[str]) -> str:
    """Where the answer came from, without the values of its query: any of them may be a secret nobody knows of yet."""
    address, mark, query = answer.head.url.partition("?")
    return shorten(f"{mask(address, secrets)}{mark}{_QUERY_VALUE.sub(MASK, mask(query, secrets))}")


def with_excerpt(error: ChatdoorError, answer: Answer, secrets: Collection[str]) -> ChatdoorError:
    """The error, with what the site said: masked, and short."""
    problem = f"{error.problem}; {excerpt(answer, secrets)}"
    ChatdoorError.__init__(error, problem, site=error.site, step=error.step)
    return error


def mask(text: str, secrets: Collection[str]) -> str:
    """The text without the secrets, in whatever form a page may repeat them.

    That is raw, percent-encoded, or escaped for HTML or JSON. What looks like a token is masked too, whoever made it.
    """
    forms = _forms(secrets)
    for _ in range(_ROUNDS):
        text = _mask(text, forms)
        plain = _unescape(text)
        if plain == text:
            return text
        text = plain
    return _mask(text, forms)


def shorten(text: str) -> str:
    """One line of at most 120 characters, without control characters."""
    line = " ".join(_UNPRINTABLE.sub(" ", text).split())
    return line if len(line) <= MAX_CHARS else f"{line[: MAX_CHARS - 1]}…"


def _beginning(text: str) -> str:
    """The first characters, up to a space: a secret that the limit would cut is left out."""
    text = text.strip()
    return text if len(text) <= _EVIDENCE else text[:_EVIDENCE].rsplit(None, 1)[0]


def _forms(secrets: Collection[str]) -> list[str]:
    """Each secret as it is, unescaped, on one line, and as a form sends it. Longest first: one may hold another."""
    found = set()
    for secret in secrets:
        plain = secret
        for _ in range(_ROUNDS):
            found |= {plain, " ".join(plain.split()), plain.replace(" ", "+")}
            plain = _unescape(plain)
    return sorted((form for form in found if len(form) >= MIN_SECRET), key=len, reverse=True)


def _mask(text: str, forms: Collection[str]) -> str:
    for form in forms:
        text = text.replace(form, MASK)
    return _OPAQUE_RUN.sub(_mask_opaque, text)


def _mask_opaque(run: re.Match[str]) -> str:
    """A run of 20 or more characters without a space is a token where it mixes letters and digits."""
    letters = any(character.isalpha() for character in run[0])
    digits = any(character.isdigit() for character in run[0])
    return MASK if letters and digits else run[0]


def _unescape(text: str) -> str:
    """The text with one layer of percent-encoding, HTML and JSON escapes undone."""
    text = html.unescape(unquote(_ESCAPE.sub(_unescape_json, text)))
    # Two escapes make one character above U+FFFF. One alone is no text, and no message could be printed with it.
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace") if _SURROGATE.search(text) else text


def _unescape_json(escape: re.Match[str]) -> str:
    return chr(int(escape[1] or escape[2], 16)) if escape[3] is None else _NAMED.get(escape[3], escape[3])
