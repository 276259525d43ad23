"""Where a value came from: the earlier answer that holds it, and the source by which a site file takes it.

Each place is tried with our own reader, so a source that is given here finds the value in the recorded answer. Places
follow from what stacks do: cookies (Django, Laravel, Angular), meta elements (Rails, Flask-WTF, Spring), hidden fields
(PHP, ASP.NET, Symfony), JSON (Express, Next.js), scripts (single-page applications), headers (Fetch token patterns).
"""

import base64
import re
from collections.abc import Callable, Iterator
from typing import Final, Literal, TypeAlias
from urllib.parse import unquote

import msgspec
from msgspec.structs import replace

from chatdoor.discover import words
from chatdoor.discover.dom import Element, elements, selectors
from chatdoor.discover.recording import Exchange, Recording
from chatdoor.discover.records import read_events, read_frames, read_lines
from chatdoor.discover.replies import form_of, path_of
from chatdoor.discover.sends import Sent, parse_json, path_shape, sent_by, values
from chatdoor.discover.stacks import spelled
from chatdoor.errors import ArgumentError
from chatdoor.flow.html import Page

Kind: TypeAlias = Literal["cookie", "page", "header", "json", "url"]

_SCRIPT_NAME: Final = re.compile(r"([A-Za-z_$][\w$-]{0,60})[\"']?\s{0,3}[:=]\s{0,3}[\"'`]$")
_VALUE: Final = r"\w.~+/=:-"
_DATA: Final = frozenset({"json", "sse", "ndjson"})


class Origin(msgspec.Struct, frozen=True):
    """The answer that first held a value, and the source (a table of the site language) that finds it there."""

    exchange: Exchange
    source: dict[str, object]
    kind: Kind

    @property
    def place(self) -> str:
        """The source in words: `meta csrf-token on GET / (entry 0)`."""
        names = " ".join(f"{key} {value}" for key, value in self.source.items())
        request = self.exchange.request
        return f"{names} on {request.method} {path_shape(request.parts.path or '/')} (entry {self.exchange.index})"


def trace(value: str, sent: Sent, recording: Recording) -> Origin | None:
    """The origin of a value that was sent; None where no earlier answer holds it.

    A cookie wins: scripts read it anew each time. Else the first answer that held the value is where it came from;
    what was sent before any answer held it was made by the client.
    """
    earlier = recording.exchanges[: recording.exchanges.index(sent.exchange)]
    if sent.frame > 0:
        heard = replace(sent.exchange, frames=sent.exchange.frames[: sent.frame])
        found = next(_in_answers(value, (*earlier, heard)), None)
        own = found is not None and found.exchange is heard
        return _in_cookies(value, sent.exchange, earlier) or (
            Origin(sent.exchange, found.source, found.kind) if found and own else found
        )
    return _in_cookies(value, sent.exchange, earlier) or next(_in_answers(value, earlier), None)


def _in_cookies(value: str, before: Exchange, earlier: tuple[Exchange, ...]) -> Origin | None:
    jar = dict(before.request.cookies)
    for exchange in reversed(earlier):
        for name, raw in exchange.answer.cookies:
            source = _decoded({"cookie": name}, raw, value)
            if source and (not jar or name in jar):
                return Origin(exchange, source, "cookie")
    for name, raw in jar.items():
        source = _decoded({"cookie": name}, raw, value)
        pages = [each for each in earlier if "html" in each.answer.body.type] or list(earlier)
        if source and pages:
            return Origin(pages[0], source, "cookie")
    return None


def _decoded(source: dict[str, object], raw: str, value: str) -> dict[str, object] | None:
    """The source with its `decode`, where the cookie is the value in some spelling."""
    if unquote(raw) == value:
        return source
    if raw == value:
        return {**source, "decode": "none"}
    return {**source, "decode": "base64"} if _from_base64(raw) == value else None


def _from_base64(text: str) -> str | None:
    padded = text.replace("-", "+").replace("_", "/") + "=" * (-len(text) % 4)
    try:
        return base64.b64decode(padded).decode()
    except ValueError:
        return None


def _in_answers(value: str, earlier: tuple[Exchange, ...]) -> Iterator[Origin]:
    for exchange in earlier:
        if _was_sent(value, exchange):
            return
        for kind, find in _FINDERS:
            source = find(value, exchange)
            if source:
                yield Origin(exchange, source, kind)


def source_in(value: str, exchange: Exchange) -> dict[str, object] | None:
    """The source that finds a value in the page or the data of an answer; None where none does."""
    return _in_page(value, exchange) or _in_data(value, exchange)


def _was_sent(value: str, exchange: Exchange) -> bool:
    own = Recording("", (), (exchange,), shows_cookies=True)
    return any(str(each) == value for sent in sent_by(own) for _, each in values(sent))


def _in_page(value: str, exchange: Exchange) -> dict[str, object] | None:
    text = exchange.answer.body.text
    if form_of(exchange) != "html" or not _holds(text, value):
        return None
    page = Page(text)
    for element in elements(text):
        for attribute, own in element.attributes.items():
            if own == value:
                found = _attribute_source(page, element, attribute, value)
                if found:
                    return found
    return _script_source(page, text, value)


def _holds(text: str, value: str) -> bool:
    """Whether the text could hold the value: its longest plain part is there."""
    part = max(re.split(r"[^\w-]", value), key=len, default="")
    return part in text


def _attribute_source(page: Page, element: Element, attribute: str, value: str) -> dict[str, object] | None:
    name = element.attributes.get("name", "")
    short: dict[str, dict[str, object]] = {"meta": {"meta": name}, "input": {"input": name}}
    default = {"meta": "content", "input": "value"}.get(element.tag)
    if name and attribute == default and _first(page, f"{element.tag}[name={_css(name)}]", None) == value:
        return short[element.tag]
    for selector in selectors(element):
        if _first(page, selector, attribute) == value:
            return {"css": selector} if attribute == default else {"css": selector, "attr": attribute}
    return None


def _css(name: str) -> str:
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _first(page: Page, selector: str, attribute: str | None) -> str | None:
    try:
        return page.find(selector, attribute)
    except ArgumentError:
        return None


def _script_source(page: Page, text: str, value: str) -> dict[str, object] | None:
    """JSON in a script by its path; else the name that stands before the value, as a regular expression."""
    for element in elements(text):
        content = "".join(element.texts)
        if element.tag == "script" and _holds(content, value):
            place = _json_place(parse_json(content), value)
            for selector in selectors(element):
                if place is not None and _first(page, selector, None) == content:
                    return {"css": selector, "json": place}
    return _regex_source(text, value)


def _regex_source(text: str, value: str) -> dict[str, object] | None:
    at = text.find(value)
    name = _SCRIPT_NAME.search(text[max(at - 80, 0) : at]) if at >= 0 else None
    if name is None:
        return None
    pattern = rf"{re.escape(name[1])}\W{{1,9}}([{_VALUE}]+)"
    found = re.search(pattern, text)
    return {"regex": pattern} if found and found[1] == value else None


def _in_header(value: str, exchange: Exchange) -> dict[str, object] | None:
    skipped = {"set-cookie", "location", "date", "etag", "content-length"}
    names = (name for name, own in exchange.answer.headers if own == value and name not in skipped)
    name = next(names, None)
    return {"header": spelled(name)} if name else None


def _in_data(value: str, exchange: Exchange) -> dict[str, object] | None:
    form, text = form_of(exchange), exchange.answer.body.text
    if exchange.frames:
        records = [each.data for at in range(-1, len(exchange.frames)) for each in read_frames(exchange, at)[:1]]
    elif form in _DATA:
        records = [parse_json(text)] if form == "json" else [each.data for each in _READ[form](text)]
    else:
        return None
    places = (place for record in records if (place := _json_place(record, value)) is not None)
    place = next(places, None)
    return {"json": place} if place else None


_READ: Final = {"sse": read_events, "ndjson": read_lines}


def _json_place(value: object, wanted: str) -> str | None:
    """The JMESPath to a text or number that is wanted."""
    waiting: list[tuple[tuple[str | int, ...], object]] = [((), value)]
    while waiting:
        place, each = waiting.pop(0)
        if isinstance(each, dict):
            waiting += [((*place, str(key)), below) for key, below in each.items()]
        elif isinstance(each, list):
            waiting += [((*place, at), below) for at, below in enumerate(each)]
        elif place and isinstance(each, str | int) and not isinstance(each, bool) and str(each) == wanted:
            return path_of(place)
    return None


def _in_url(value: str, exchange: Exchange) -> dict[str, object] | None:
    """The part of the address to which an answer leads, between what stands before and after it."""
    at = exchange.answer.redirect.find(value)
    if at < 0 or len(value) < 4:
        return None
    before = re.search(r"[^/?&=]*[/=]$", exchange.answer.redirect[:at])
    return {"url": re.escape(before[0]) + r"([^/?&#]+)"} if before else None


_FINDERS: Final[tuple[tuple[Kind, Callable[[str, Exchange], dict[str, object] | None]], ...]] = (
    ("page", _in_page),
    ("json", _in_data),
    ("header", _in_header),
    ("url", _in_url),
)


def lookalike(value: str, key: str, before: Exchange, recording: Recording) -> Origin | None:
    """A token of the same kind in a page that was recorded, where this one's own page was not kept.

    Masked tokens differ on each page (Rails, gorilla/csrf, Django's forms), and recorders lose pages after a
    navigation: only where the token stands can be known then.
    """
    if not words.TOKEN.search(key):
        return None
    for exchange in recording.exchanges[: recording.exchanges.index(before)]:
        if form_of(exchange) == "html":
            for element in elements(exchange.answer.body.text):
                own = element.attributes.get({"meta": "content", "input": "value"}.get(element.tag, ""), "")
                if words.TOKEN.search(element.attributes.get("name", "")) and len(own) == len(value):
                    source = {element.tag: element.attributes["name"]}
                    return Origin(exchange, dict(source), "page")
    return None
