"""Taking values out of answers, by the sources of a site file."""

import base64
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple
from urllib.parse import unquote

from chatdoor.flow.answer import Answer, read_json
from chatdoor.flow.cookies import Jar
from chatdoor.flow.html import quote_name
from chatdoor.site.model import Place, Source

NO_VALUES: Final = frozenset({"", "None", "null", "undefined"})
"""What a template prints where it has no token. It is never sent for one."""


class Seen(NamedTuple):
    """Where values are looked for: the answer, and the jar after it."""

    answer: Answer
    jar: Jar


def take(sources: Mapping[str, Source], answer: Answer, jar: Jar) -> dict[str, object]:
    """The values that the answer holds. What is not there is not in the result."""
    seen = Seen(answer, jar)
    found = {name: _find(source, seen) for name, source in sources.items()}
    return {name: value for name, value in found.items() if is_value(value)}


def is_value(found: object) -> bool:
    """True where there is something to send."""
    return found is not None and not (isinstance(found, str) and found in NO_VALUES)


def _find(source: Source, seen: Seen) -> object:
    """What the source finds: text, or whatever a JSON pick gives. None where it is not there."""
    if source.place == "body" and source.json and not source.regex:
        return source.json(seen.answer.json)
    text = _PLACES[source.place](source, seen)
    if text is not None and source.decode == "base64":
        text = _from_base64(text)
    if text is None:
        return None
    if source.regex and (text := source.regex(text)) is None:
        return None
    return source.json(read_json(text)) if source.json else text


def _from_cookie(source: Source, seen: Seen) -> str | None:
    value = seen.jar.get(source.name)
    # A page's script reads the cookie through decodeURIComponent, as Laravel's and Angular's own do.
    return unquote(value) if value is not None and source.decode == "percent" else value


def _from_header(source: Source, seen: Seen) -> str | None:
    return seen.answer.head.get(source.name.lower())


def _from_meta(source: Source, seen: Seen) -> str | None:
    return seen.answer.page.find(f"meta[name={quote_name(source.name)}]")


def _from_input(source: Source, seen: Seen) -> str | None:
    return seen.answer.page.find(f"input[name={quote_name(source.name)}]")


def _from_css(source: Source, seen: Seen) -> str | None:
    return seen.answer.page.find(source.name, source.attr)


def _from_url(source: Source, seen: Seen) -> str | None:
    return source.url(seen.answer.head.url) if source.url else None


def _from_body(_source: Source, seen: Seen) -> str | None:
    return seen.answer.text


_PLACES: Final[Mapping[Place, Callable[[Source, Seen], str | None]]] = {
    "cookie": _from_cookie,
    "header": _from_header,
    "meta": _from_meta,
    "input": _from_input,
    "css": _from_css,
    "url": _from_url,
    "body": _from_body,
}


def _from_base64(text: str) -> str | None:
    """The text that a value in base64 holds, whichever of its two alphabets it uses (RFC 4648)."""
    padded = text.replace("-", "+").replace("_", "/") + "=" * (-len(text) % 4)
    try:
        return base64.b64decode(padded).decode()
    except ValueError:  # neither base64 nor UTF-8
        return None
