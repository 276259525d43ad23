"""From a step and its values to a request."""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final
from urllib.parse import urlsplit

import msgspec

from chatdoor.errors import ArgumentError, ChatdoorError, TokenNotFound
from chatdoor.flow.bodies import TYPES, encode_body, encode_pairs
from chatdoor.flow.cookies import Cookie
from chatdoor.flow.effects import Request
from chatdoor.flow.other_cookies import other_cookies
from chatdoor.flow.session import Session
from chatdoor.flow.socketio import PATH_QUERY, encode_connect, encode_event
from chatdoor.site.model import Body, Site, Step, step_slots
from chatdoor.site.template import (
    MissingValue,
    Template,
    Values,
    as_text,
    build,
    fill,
    names_in,
    path_segment,
    slots,
)

PAGE: Final = "page"
"""What session steps ask for. A chat step asks for the format of the reply."""

ACCEPT: Final = {
    PAGE: "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "json": "application/json, text/plain;q=0.9, */*;q=0.8",
    "sse": "text/event-stream, */*;q=0.5",
    "ndjson": "application/x-ndjson, application/json;q=0.9, */*;q=0.5",
    "html": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "text": "text/plain, */*;q=0.8",
    **dict.fromkeys(("websocket", "socketio"), "application/json, text/plain;q=0.9, */*;q=0.8"),
}
"""What a page of the site would ask for, by what is to come back."""

AHEAD: Final = {
    **dict.fromkeys((PAGE, "json", "html", "websocket", "socketio"), 64_000),
    **dict.fromkeys(("sse", "ndjson", "text"), 0),
}
"""Bytes that may be read before the head is handed on, by what is to come back."""

MAX_URL_CHARS: Final = 60_000
"""The longest URL. The HTTP library takes some 65,000 characters, and most servers take fewer."""

_DOTS: Final = frozenset({".", ".."})
"""Segments of a path that lead elsewhere (WHATWG URL, section 4.4), and can not be written otherwise."""

# RFC 9110, section 5.6.2. Names are lower-case here: HTTP/1.1 does not care, HTTP/2 asks for it.
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9a-z-]+")


class _Opening(msgspec.Struct, frozen=True):
    """The part of a request that comes before its body. `typed` says that it names the type of the body.

    It is good for all turns that have no value of these `names`.
    """

    step: Step
    url: str
    headers: tuple[tuple[str, str], ...]
    typed: bool
    names: frozenset[str]


def build_request(site: Site, step: Step, session: Session, values: Values, *, accept: str) -> Request:
    """The request of the step, without the session's cookies.

    `values` are the turn's own and stand above the session's. Raises TokenNotFound where a value that is
    taken from the site is missing or can not be sent, ArgumentError where another one is.
    """
    known = {**session.values, **values}
    try:
        kept = session.worked_out.get((id(step), accept))
        if isinstance(kept, _Opening) and kept.step is step and kept.names.isdisjoint(values):
            opening = kept
        else:
            opening = _opening(site, step, session, known, accept)
            if opening.names.isdisjoint(values):
                session.worked_out[id(step), accept] = opening
        if step.is_socket:
            return _frame(step, opening, known)
        if step.body is None:
            return Request(step.method, opening.url, opening.headers, None, AHEAD[accept])
        body, kind = encode_body(step.body, known)
    except MissingValue as missing:
        name = str(missing.args[0])
        raise unsendable(site, step, [name], _missing(site, session, name)) from missing
    except UnicodeEncodeError as error:
        names = [slot.name for slot in step_slots(step)]
        raise unsendable(site, step, names, "a value has half a surrogate pair, which is not text") from error
    headers = opening.headers if opening.typed else (*opening.headers, ("content-type", kind))
    return Request(step.method, opening.url, headers, body, AHEAD[accept])


def step_cookies(site: Site, step: Step, session: Session, values: Values, host: str) -> tuple[Cookie, ...]:
    """The cookies that the step adds to its request. Raises as `build_request` does."""
    cookies = []
    for name, template in step.cookies:
        names = [slot.name for slot in slots(template)]
        try:
            value = fill(template, values)
        except MissingValue as missing:
            raise unsendable(site, step, names, _missing(site, session, str(missing))) from missing
        if value is not None and (";" in value or not is_header_text(value)):
            raise unsendable(site, step, names, f"the value for the cookie {name!r} can not be sent in one")
        if value is not None:
            cookies.append(Cookie(name, value, host))
    return tuple(cookies)


def unsendable(site: Site, step: Step, names: Iterable[str], problem: str) -> ChatdoorError:
    """The error for values that are missing or can not be sent: the site's fault if it gave one, or the caller's."""
    taken = {*site.take, *(name for other in site.session for name in other.take)}
    kind = ArgumentError if taken.isdisjoint(names) else TokenNotFound
    return kind(problem, site=site.name, step=step.label)


def _missing(site: Site, session: Session, name: str) -> str:
    """What is said of a value that nobody has, and where answers should have had it."""
    source = site.take.get(name)
    if source is None:
        return f"there is no value {name} to send"
    others = other_cookies(source, session.jar, session.secrets)
    return f"there is no value {name} to send: no answer had {source.spot}{others}"


def is_header_text(value: str) -> bool:
    """True for one line of ASCII without spaces around it, which would be lost (RFC 9110, section 5.5)."""
    return value.isascii() and value.isprintable() and value == value.strip(" ")


@lru_cache(256)
def _is_header_name(name: str) -> bool:
    return _HEADER_NAME.fullmatch(name) is not None


def _opening(site: Site, step: Step, session: Session, values: Values, accept: str) -> _Opening:
    base, origin = _base(site, session)
    url = _url(step, base, values)
    _check_url(site, step, url)
    if step.is_socket:
        headers = {"origin": origin}  # a browser says no more of the page that opens one
    else:
        headers = {"accept": _accepted(site, step, accept), **_common_headers(step, session, accept, url, origin)}
    headers.update(_own_headers(site, step, values, accept))
    if step.body is not None and step.body.kind in TYPES and not step.is_socket:
        headers.setdefault("content-type", TYPES[step.body.kind])
    names = step.opening_names | site.header_names
    return _Opening(step, url, tuple(headers.items()), "content-type" in headers, names)


def _frame(step: Step, opening: _Opening, values: Values) -> Request:
    """The request of a step that sends a frame, or none."""
    if step.method == "SOCKETIO":
        auth = None if step.auth is None else build(step.auth, values)
        connect = encode_connect(auth if isinstance(auth, dict) else None)
        return Request(step.method, opening.url, opening.headers, _emit(step.body, values), 0, connect.encode())
    body = encode_body(step.body, values)[0] if step.body else None
    return Request(step.method, opening.url, opening.headers, body)


def _emit(body: Body | None, values: Values) -> bytes | None:
    """The packet of an event; none where nothing is emitted."""
    built = build(body.shape, values) if body else None
    return encode_event(as_text(built[0]), built[1:]).encode() if isinstance(built, list) else None


def _base(site: Site, session: Session) -> tuple[str, str]:
    """The site's URL and origin; by https where the site led us there from http, as a browser would stay there."""
    if session.page and session.page.startswith("https:") and site.origin.startswith("http:"):
        upgraded = f"https{site.origin.removeprefix('http')}"
        if session.page.startswith(f"{upgraded}/"):
            return f"https{site.url.removeprefix('http')}", upgraded
    return site.url, site.origin


def _url(step: Step, base: str, values: Values) -> str:
    path = fill(step.path, values, path_segment)
    if path is None:
        raise MissingValue(next(slot.name for slot in slots(step.path)))
    url = f"{base}{path}" if path.startswith("/") else path
    queries = [PATH_QUERY] if step.method == "SOCKETIO" else []
    if step.query:
        queries.append(encode_pairs(step.query, values))
    return f"{url}{'&' if '?' in url else '?'}{'&'.join(queries)}" if queries else url


def _check_url(site: Site, step: Step, url: str) -> None:
    """Raises where values made a URL that does not arrive as it is."""
    names = names_in(step.path, step.query)
    if len(url) > MAX_URL_CHARS:
        problem = f"the URL would have {len(url)} characters, and {MAX_URL_CHARS} can be sent; use a body for long text"
        raise unsendable(site, step, names, problem)
    if not step.path.constant and not _DOTS.isdisjoint(urlsplit(url).path.split("/")):
        raise unsendable(site, step, names, "a value would be . or .. in the path, which means another path")


def _accepted(site: Site, step: Step, accept: str) -> str:
    """What the step asks for. One that takes from JSON, or gets in by it, asks for JSON, as a page's script does."""
    of_script = step.sources.picks or (accept == PAGE and step.body is not None and step.body.kind == "json")
    return ACCEPT["json" if of_script and step is not site.chat[-1] else accept]


def _common_headers(step: Step, session: Session, accept: str, url: str, origin: str) -> dict[str, str]:
    """`Referer` and `Origin` as a page of the site would send them (Fetch, section 3.2)."""
    headers = {}
    page = session.page or (None if accept == PAGE else f"{origin}/")
    if page:
        inside = url.startswith(f"{origin}/") and page.startswith(f"{origin}/")
        headers["referer"] = page if inside else f"{origin}/"
    if step.method != "GET":
        headers["origin"] = origin
    return headers


def _own_headers(site: Site, step: Step, values: Values, accept: str) -> dict[str, str]:
    """The site's headers, then the step's. During `session`, those whose values are not there yet are left out."""
    headers: dict[str, str] = {}
    for name, value in site.headers:
        try:
            headers.update(_header(site, step, (name, value), values))
        except MissingValue:
            if accept != PAGE:
                raise
    for header in step.headers:
        headers.update(_header(site, step, header, values))
    return headers


def _header(site: Site, step: Step, header: tuple[Template, Template], values: Values) -> dict[str, str]:
    """One header, checked; none where an optional value is not there. An error never shows the value."""
    name, value = fill(header[0], values), fill(header[1], values)
    if name is None or value is None:
        return {}
    name = name.lower()
    if not (_is_header_name(name) and is_header_text(value)):
        names = [slot.name for template in header for slot in slots(template)]
        fault = "has line breaks, spaces at an end or other characters that no header may hold"
        problem = f"the value for {header[0].parts[0]!r} {fault}"
        raise unsendable(site, step, names, problem)
    return {name: value}
