"""Every named value of an exchange: where it stands, what it is called there, what it is.

What is sent is looked for among what came before, and what came is offered to what is sent later, so both sides are
taken apart the same way. JSON inside JSON, inside events and inside pages is opened too.
"""

import html
import re
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Final, Literal, TypeAlias
from urllib.parse import parse_qsl, unquote

import msgspec

from chatdoor.discover.recording import Answer, Body, Exchange, Frame, Request

Where: TypeAlias = Literal[
    "path", "query", "fragment", "userinfo", "header", "cookie", "form", "json", "meta", "input", "attribute",
    "script", "event", "text",
]  # fmt: skip
"""The kind of place that a value stands in."""

MAX_DEPTH: Final = 4
"""Texts inside texts are opened this often."""

MAX_LEAVES: Final = 200_000
"""Values of one body that are looked at."""

MAX_FIELDS: Final = 10_000


class Leaf(msgspec.Struct, frozen=True):
    """One value. `name` is its header, cookie, field or attribute, or its path in JSON (`messages.0.content`)."""

    where: Where
    name: str
    value: str

    @property
    def key(self) -> str:
        """The last part of the name that is no position in a list: `content` of `messages.0.content`."""
        last = self.name.rpartition(".")[2]
        if not last.isdigit():
            return last
        return next((part for part in reversed(self.name.split(".")) if not part.isdigit()), self.name)


def request_leaves(request: Request) -> Iterator[Leaf]:
    """What was sent: the URL's parts, cookies, headers, the body."""
    yield from url_leaves(request.url)
    yield from (Leaf("cookie", name, value) for name, value in request.cookies)
    yield from (Leaf("header", name, value) for name, value in request.headers if name != "cookie")
    if request.fields:
        for name, value in request.fields:
            yield Leaf("form", name, value)
            yield from _inside(value, name, 1)
    else:
        yield from body_leaves(request.body)


def answer_leaves(answer: Answer) -> Iterator[Leaf]:
    """What came back: cookies, headers, where it leads, the body."""
    yield from (Leaf("cookie", name, value) for name, value in answer.cookies)
    yield from (Leaf("header", name, value) for name, value in answer.headers if name != "set-cookie")
    yield from url_leaves(answer.redirect)
    yield from body_leaves(answer.body)


def frame_leaves(frame: Frame) -> Iterator[Leaf]:
    """What a message over a websocket holds; nothing for bytes."""
    return text_leaves(frame.content, "") if isinstance(frame.content, str) else iter(())


def leaves(exchange: Exchange) -> Iterator[Leaf]:
    """All of an exchange, both ways."""
    yield from request_leaves(exchange.request)
    yield from answer_leaves(exchange.answer)
    for frame in exchange.frames:
        yield from frame_leaves(frame)


def url_leaves(url: str) -> Iterator[Leaf]:
    """The parts of a URL, whole or relative, decoded: segments of its path named by position, fields of its query."""
    head, _, fragment = url.partition("#")
    place, _, query = head.partition("?")
    scheme, mark, rest = place.partition("://")
    authority, _, path = rest.partition("/") if mark else ("", "", place if url else scheme)
    if "@" in authority:
        names = authority.rpartition("@")[0].partition(":")
        yield from (
            Leaf("userinfo", key, unquote(names[at])) for key, at in (("user", 0), ("password", 2)) if names[at]
        )
    yield from (Leaf("path", str(at), unquote(part)) for at, part in enumerate(path.split("/")) if part)
    yield from (Leaf("query", name, value) for name, value in _fields(query))
    if fragment:
        yield Leaf("fragment", "", unquote(fragment))


def body_leaves(body: Body) -> Iterator[Leaf]:
    """What a body holds, by its type; a text of another type by what it looks like."""
    return text_leaves(body.text, body.type)


def text_leaves(text: str, kind: str, depth: int = 0) -> Iterator[Leaf]:
    """What a text of that media type holds. At most MAX_LEAVES values."""
    read = _READERS.get(kind) or _read_unknown
    for count, leaf in enumerate(read(text, depth)):
        if count == MAX_LEAVES:
            return
        yield leaf


def _fields(text: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(text, keep_blank_values=True, max_num_fields=MAX_FIELDS)
    except ValueError:
        return []


def _read_form(text: str, depth: int) -> Iterator[Leaf]:
    for name, value in _fields(text):
        yield Leaf("form", name, value)
        yield from _inside(value, name, depth + 1)


def _read_unknown(text: str, depth: int) -> Iterator[Leaf]:
    """JSON where it can be, also after the digits that Socket.IO puts before it, or line by line; a page; else text."""
    start = text.lstrip("0123456789 \t\r\n\ufeff)]}',;/*for(")[:1]
    if start in {"{", "["} or text.lstrip()[:1] in {"{", "["}:
        return _read_json(text, depth)
    if re.match(r"\s*(?:data|event|id|retry)?:", text):
        return _read_events(text, depth)
    if re.match(r"\s*<[!a-zA-Z]", text):
        return _read_html(text, depth)
    return iter((Leaf("text", "", text),)) if text else iter(())


def _read_json(text: str, depth: int) -> Iterator[Leaf]:
    begins = min((at for at in (text.find("{"), text.find("[")) if at >= 0), default=0)
    for start in {0, begins}:
        value = _parsed(text[start:])
        if value is not msgspec.UNSET:
            return _walk(value, depth)
    lines = [parsed for line in text.splitlines() if (parsed := _parsed(line)) is not msgspec.UNSET]
    return _walk(lines, depth) if lines else _read_script(text, depth)


def _parsed(text: str) -> object:
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError, UnicodeEncodeError):
        return msgspec.UNSET


def _walk(value: object, depth: int) -> Iterator[Leaf]:
    """The texts and numbers of a parsed value, in order, without recursion."""
    waiting: list[tuple[str, object]] = [("", value)]
    while waiting:
        name, each = waiting.pop()
        if isinstance(each, dict):
            waiting += [(_join(name, str(key)), below) for key, below in reversed(each.items())]
        elif isinstance(each, list):
            waiting += [(_join(name, str(at)), below) for at, below in reversed(list(enumerate(each)))]
        elif isinstance(each, str):
            yield Leaf("json", name, each)
            yield from _inside(each, name, depth + 1)
        elif isinstance(each, int | float) and not isinstance(each, bool):
            yield Leaf("json", name, str(each))


def _join(name: str, key: str) -> str:
    return f"{name}.{key}" if name else key


def _inside(text: str, name: str, depth: int) -> Iterator[Leaf]:
    """What a text holds that is JSON itself, as GraphQL, forms and attributes carry it."""
    if depth > MAX_DEPTH or text[:1] not in {"{", "["}:
        return
    value = _parsed(text)
    if isinstance(value, dict | list):
        yield from (Leaf(leaf.where, _join(name, leaf.name), leaf.value) for leaf in _walk(value, depth))


def _read_events(text: str, depth: int) -> Iterator[Leaf]:
    """The fields of server-sent events; what is JSON in them by its paths."""
    for line in text.splitlines():
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "data" and value[:1] in {"{", "["}:
            yield from _inside(value, "", depth + 1)
        elif value:
            yield Leaf("event", field, value)


# A start tag, at most so many attributes, quoted or not. Nothing is tried twice, so a page that closes nothing
# costs time in proportion to its length.
_TAG: Final = re.compile(
    r"""<([a-zA-Z][\w-]{0,40}+)((?:[^<>"']{1,4096}+|"[^"]{0,65536}+"|'[^']{0,65536}+'){0,120}+)>""",
)
_ATTRIBUTE: Final = re.compile(r"""([^\s"'<>/=]{1,100}+)\s{0,9}+=\s{0,9}+(?:"([^"]*+)"|'([^']*+)'|([^\s"'=<>`]++))""")
_SCRIPT: Final = re.compile(r"<script\b[^>]{0,2000}+>", re.IGNORECASE)
_SCRIPT_END: Final = re.compile(r"</script", re.IGNORECASE)

# A quoted text up to its end, the line's, or the limit. One without an end is passed over, not tried again.
_QUOTED: Final = re.compile(
    r"""(?:"([^"\\\n]{0,16384}+(?:\\.[^"\\\n]{0,16384}+){0,2048}+)|"""
    r"""'([^'\\\n]{0,16384}+(?:\\.[^'\\\n]{0,16384}+){0,2048}+))(["'])?""",
)
_NAME_BACKWARDS: Final = re.compile(r"""\s{0,9}[=:,(]\s{0,9}["'\]]?([\w$.-]{1,80})""")
_BEFORE_VALUES: Final = frozenset("=:,( \t\r\n\f\v")
_NAMED: Final = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "0": "\0"}
_ESCAPED: Final = re.compile(r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(.))", re.DOTALL)


def _read_html(text: str, depth: int) -> Iterator[Leaf]:
    """Metas and fields by their names, other attributes by theirs, scripts as what they are."""
    for tag in _TAG.finditer(text):
        attributes = {name.lower(): html.unescape(a or b or c) for name, a, b, c in _ATTRIBUTE.findall(tag[2])}
        yield from _element(tag[1].lower(), attributes, depth)
    for script in _scripts(text):
        read = _read_json if script.lstrip()[:1] in {"{", "["} else _read_script
        yield from read(script, depth)


def _scripts(text: str) -> Iterator[str]:
    """What stands between the tags of each script; the last one may have no end."""
    start = _SCRIPT.search(text)
    while start:
        end = _SCRIPT_END.search(text, start.end())
        if end is None:
            yield text[start.end() :]
            return
        yield text[start.end() : end.start()]
        start = _SCRIPT.search(text, end.end())


def _element(tag: str, attributes: Mapping[str, str], depth: int) -> Iterator[Leaf]:
    name = attributes.get("name") or attributes.get("property") or attributes.get("id") or ""
    place: Mapping[str, tuple[Where, str]] = {"meta": ("meta", "content"), "input": ("input", "value")}
    where, key = place.get(tag, ("attribute", ""))
    for attribute, value in attributes.items():
        if attribute == key:
            yield Leaf(where, name, value)
        elif value:
            yield Leaf("attribute", attribute, value)
        yield from _inside(value, name or attribute, depth + 1)


def script_leaves(text: str, shortest: int) -> Iterator[Leaf]:
    """What is quoted in a script, of at least so many characters as it stands there. At most MAX_LEAVES values."""
    return islice(_read_script(text, 0, shortest), MAX_LEAVES)


def _read_script(text: str, _depth: int, shortest: int = 1) -> Iterator[Leaf]:
    """What is quoted in a script, with the name that stands before it."""
    for quoted in _QUOTED.finditer(text):
        value = quoted[1] or quoted[2]
        if value and quoted[3] and len(value) >= shortest:
            value = unescape_script(value) if "\\" in value else value
            yield Leaf("script", _name_before(text, quoted.start()), value)


def _name_before(text: str, at: int) -> str:
    """What a value in a script is given to: `token` of `token = "..."` and of `{"token": "..."}`; empty for none."""
    if text[at - 1 : at] not in _BEFORE_VALUES:
        return ""
    found = _NAME_BACKWARDS.match(text[max(at - 100, 0) : at][::-1])
    return found[1][::-1] if found else ""


def unescape_script(text: str) -> str:
    """The text with JavaScript's escapes undone (ECMA-262, section 12.9.4)."""
    return _ESCAPED.sub(_unescaped, text)


def _unescaped(found: re.Match[str]) -> str:
    return chr(int(found[1] or found[2], 16)) if found[3] is None else _NAMED.get(found[3], found[3])


_READERS: Final[Mapping[str, Callable[[str, int], Iterator[Leaf]]]] = {
    "application/json": _read_json,
    "application/x-ndjson": _read_json,
    "application/x-www-form-urlencoded": _read_form,
    "text/event-stream": _read_events,
    "text/html": _read_html,
    "application/xhtml+xml": _read_html,
    "text/javascript": _read_script,
    "application/javascript": _read_script,
    "application/x-javascript": _read_script,
}
"""Media type -> what takes it apart."""
