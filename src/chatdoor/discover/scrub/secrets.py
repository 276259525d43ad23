"""The secrets of a recording: what one would not show to a stranger.

A value is one because of where it stands (a cookie, `Authorization`), because of its name (`csrf_token`, `password`),
or because of what it looks like (random, an e-mail address, a key of a known make). A wrong guess costs little: the
value gets another name, the same everywhere.
"""

import base64
import binascii
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import chain
from typing import Final, Literal, NamedTuple, TypeAlias
from urllib.parse import unquote

import msgspec
from msgspec.structs import replace

from chatdoor.discover import words
from chatdoor.discover.leaves import (
    Leaf,
    answer_leaves,
    frame_leaves,
    request_leaves,
    script_leaves,
    unescape_script,
    url_leaves,
)
from chatdoor.discover.opaque import is_marked, opaque_runs, shape_of
from chatdoor.discover.passwords import Passwords, passwords_of
from chatdoor.discover.progress import Tell, counted, nobody
from chatdoor.discover.recording import Body, Exchange, Recording, Request
from chatdoor.discover.scrub.texts import Texts, answered_texts, typed_texts

Kind: TypeAlias = Literal["password", "authorization", "cookie", "token", "user", "email", "person", "id", "text"]
"""What a secret is, the most telling first. An id is whatever else looks random, a text what was typed or answered."""

KINDS: Final[tuple[Kind, ...]] = (
    *("password", "authorization", "cookie", "token", "user", "email", "person", "id", "text"),
)

MIN_SEARCHED: Final = 3
"""Shorter values are no secrets wherever they stand: they are replaced only beside their name."""


class Secret(msgspec.Struct, frozen=True):
    """A value to be removed, decoded. `names` is where it stood: cookies, fields.

    `everywhere`: it is removed wherever it stands. Else it is a common word, and removed only as the value of one of
    its names.
    """

    kind: Kind
    value: str
    names: tuple[str, ...] = ()
    everywhere: bool = True

    @property
    def is_word(self) -> bool:
        """True where it could be part of a longer word, and is meant only by itself."""
        return not (shape_of(self.value) or is_marked(self.value))


class _Found(NamedTuple):
    kind: Kind
    value: str
    name: str = ""


_PASSWORD: Final = re.compile(rf"{words.PASSWORD.pattern}|pass\d?$|^pin$|otp|secret", re.IGNORECASE)
_USER: Final = re.compile(r"user|login|mail|account|phone|^name$|^uid$|handle|nick|ident", re.IGNORECASE)
_PERSON: Final = re.compile(
    r"^(?:user[_-]?name|(?:first|last|full|given|family|display|sur|nick)[_-]?name|phone(?:[_-]?number)?|address|"
    r"street|birth(?:day|date)|iban|ssn)$",
    re.IGNORECASE,
)
_SECRET: Final = re.compile(
    r"token|csrf|xsrf|nonce|secret|passw|api[_-]?key|access[_-]?key|auth(?!or)|session|\bsid\b|jwt|bearer|credential|"
    r"signature|\bsig\b|ticket|\bstate\b|viewstate|code|\bkey\b|hash|identi",
    re.IGNORECASE,
)
_KEY: Final = re.compile(
    r"\b(?:sk-[\w-]{16,200}|AKIA[A-Z0-9]{16}|gh[opsu]_\w{30,100}|github_pat_\w{30,200}|xox[abpsr]-[\w-]{10,200}|"
    r"AIza[\w-]{30,60}|glpat-[\w-]{16,60}|hf_\w{20,60})"
)
_SHORTEST_KEY: Final = 15
_KEY_MARKS: Final = ("sk-", "AKIA", "ghp_", "gho_", "ghs_", "ghu_", "github_pat_", "xox", "AIza", "glpat-", "hf_")
"""One of these stands in each such key. In a long text they are looked for first: to search for words is faster."""

_LONG: Final = 2_000

_EMAIL: Final = re.compile(r"[\w.%+-]{1,64}@(?:[\w-]{1,63}\.){1,6}[a-z]{2,24}(?![\w-])", re.IGNORECASE)
_FILES: Final = re.compile(r"\.(?:js|mjs|css|png|jpe?g|svg|gif|webp|ico|woff2?|html?|map|json)$", re.IGNORECASE)

_OPEN_HEADERS: Final = frozenset(
    (
        *("accept", "accept-encoding", "accept-language", "user-agent", "server", "date", "last-modified", "expires"),
        *("content-type", "content-length", "host", "connection", "cache-control", "vary", "allow", "via", "age"),
        *("upgrade-insecure-requests", "permissions-policy", "referrer-policy", "strict-transport-security"),
    )
)
"""Headers that say nothing of the person. `sec-` headers of the browser are none either."""

_LONGEST: Final = 200
"""No password, name or address is longer."""

_COMMON: Final = frozenset(
    (
        *("user", "admin", "password", "passwort", "pass", "test", "tester", "demo", "guest", "login", "name", "email"),
        *("true", "false", "null", "none", "yes", "off", "root", "secret", "token", "username", "example", "account"),
        *("http", "https", "www", "com", "org", "html", "json", "text", "chat", "hello", "the", "and", "you"),
    )
)
"""Words that a recording holds for other reasons than that somebody's password is one of them."""

_CREDENTIALS: Final = frozenset({"password", "user", "person", "email", "authorization", "text"})
_SENT: Final = frozenset({"form", "json", "query", "userinfo", "input"})
_SHORTEST_TRAVELLER: Final = 8
_LONGEST_TRAVELLER: Final = 200
_TRAVELS: Final = re.compile(r"(?=\S*[0-9])(?=\S*[A-Za-z])\S+")
_BOUNDARY: Final = re.compile(r"boundary=\"?([^\";,\s]+)", re.IGNORECASE)
_CHANGE: Final = re.compile(r"[A-Za-z][0-9]|[0-9][A-Za-z]|[a-z][A-Z]|[A-Z][a-z]")


def find_secrets(recording: Recording, texts: Texts = "keep", tell: Tell = nobody) -> tuple[Secret, ...]:
    """All of them, each value once, the longest first. With `texts` removed, those are secrets too."""
    kinds: dict[str, Kind] = {}
    names: dict[str, set[str]] = {}
    common = set(_COMMON)
    for found in chain(_all(recording, common, tell), _chat(recording) if texts == "remove" else ()):
        if found.value:
            kinds[found.value] = min(kinds.get(found.value, found.kind), found.kind, key=KINDS.index)
            if found.name:
                names.setdefault(found.value, set()).add(found.name)
    ordered = sorted(kinds, key=lambda value: (-len(value), value))
    return tuple(_secret(kinds[value], value, tuple(sorted(names.get(value, ()))), common) for value in ordered)


def _secret(kind: Kind, value: str, names: tuple[str, ...], common: set[str]) -> Secret:
    telling = bool(shape_of(value)) or is_marked(value)
    word = value.lower() in common or len(value) < MIN_SEARCHED or (value.isdigit() and len(value) < 5)
    everywhere = not word if kind in _CREDENTIALS else telling or kind in {"token", "id"}
    return Secret(kind, value, names, everywhere=everywhere)


def _all(recording: Recording, common: set[str], tell: Tell) -> Iterator[_Found]:
    """What each exchange holds. `common` gets the names that the recording uses."""
    came: set[str] = set()
    passwords = passwords_of(recording)
    yield from (_Found("password", value) for value in passwords.typed)
    for exchange in counted(recording.exchanges, tell):
        sent, back = _sent(exchange), _came(exchange)
        common.update(leaf.key.lower() for leaf in (*sent, *back))
        yield from _of_leaves(sent)
        yield from _of_leaves(back)
        yield from _login(sent, passwords)
        yield from _swept(exchange)
        yield from _travelled(sent, came)
        came.update(leaf.value for leaf in back if _may_travel(leaf.value))


def _chat(recording: Recording) -> Iterator[_Found]:
    """What was typed, and what is prose in the answers to it."""
    for exchange in recording.exchanges:
        typed = list(typed_texts(exchange))
        yield from (_Found("text", leaf.value, leaf.key) for leaf in typed)
        if typed:
            yield from (_Found("text", leaf.value, leaf.key) for leaf in answered_texts(exchange))


def _sent(exchange: Exchange) -> list[Leaf]:
    frames = (frame for frame in exchange.frames if frame.sent)
    return [*request_leaves(exchange.request), *(leaf for frame in frames for leaf in frame_leaves(frame))]


def _came(exchange: Exchange) -> list[Leaf]:
    answer = exchange.answer
    if "javascript" in answer.body.type:
        return [*answer_leaves(replace(answer, body=Body())), *script_leaves(answer.body.text, _SHORTEST_TRAVELLER)]
    frames = (frame for frame in exchange.frames if not frame.sent)
    return [*answer_leaves(answer), *(leaf for frame in frames for leaf in frame_leaves(frame))]


def _of_leaves(found: Iterable[Leaf]) -> Iterator[_Found]:
    for leaf in found:
        yield from _FINDERS.get(leaf.where, _of_value)(leaf)


def _of_cookie(leaf: Leaf) -> Iterator[_Found]:
    """The whole value, decoded, and what looks random inside it: some hold a token and its hash."""
    yield _Found("cookie", leaf.value.strip('"'), leaf.name)
    value = unquote(leaf.value).strip('"')
    yield _Found("cookie", value, leaf.name)
    yield from (_Found("cookie", run) for part in re.split(r"[|:;,&=\s\"{}]", value) for run in opaque_runs(part))


def _of_header(leaf: Leaf) -> Iterator[_Found]:
    if leaf.name in _OPEN_HEADERS or leaf.name.startswith("sec-ch-"):
        return
    if leaf.name in {"authorization", "proxy-authorization"}:
        yield from _authorization(leaf.value)
    elif leaf.name in {"referer", "location", "origin"}:
        yield from _of_url(leaf.value)
    else:
        yield from _of_value(leaf)


def _authorization(value: str) -> Iterator[_Found]:
    scheme, _, credentials = value.rpartition(" ")
    yield _Found("authorization", credentials)
    if scheme.lower() == "basic":
        try:
            user, _, password = base64.b64decode(credentials).decode().partition(":")
        except (binascii.Error, ValueError):
            return
        yield _Found("user", user)
        yield _Found("password", password)


def _of_url(url: str) -> Iterator[_Found]:
    yield from _of_leaves(url_leaves(url))


def _of_path(leaf: Leaf) -> Iterator[_Found]:
    """A segment that looks random; not the name of a file, which has a hash in it."""
    if not _FILES.search(leaf.value):
        yield from (_Found("id", run) for run in opaque_runs(leaf.value))
        yield from _emails(leaf.value)


def _of_script(leaf: Leaf) -> Iterator[_Found]:
    """What has a telling name, and keys. What else looks random in a script is its maker's, not the person's."""
    if len(leaf.value) < _SHORTEST_KEY:
        return
    shape = shape_of(leaf.value)
    if shape and _meaning(leaf.name).secret and is_marked(leaf.value):
        yield _Found("token", leaf.value, leaf.name)
    if shape in {"jwt", "uuid"}:
        yield _Found("id", leaf.value)
    yield from _keys(leaf.value)


def _of_value(leaf: Leaf) -> Iterator[_Found]:
    key, value = leaf.key, leaf.value
    means = _meaning(key)
    if means.password and leaf.where in _SENT and len(value) <= _LONGEST:
        yield _Found("password", value, key)
    if means.secret and is_marked(value):
        yield _Found("token", value, key)
    if means.person and 0 < len(value) <= _LONGEST:
        yield _Found("person", value, key)
    yield from _random(value)


class _Meaning(NamedTuple):
    password: bool
    secret: bool
    person: bool


@lru_cache(maxsize=10_000)
def _meaning(key: str) -> _Meaning:
    """What a name says of its values."""
    return _Meaning(bool(_PASSWORD.search(key)), bool(_SECRET.search(key)), bool(_PERSON.search(key)))


def _random(text: str) -> Iterator[_Found]:
    """What looks random in a text, keys and addresses."""
    if len(text) >= _SHORTEST_KEY:
        yield from (_Found("id", run) for run in opaque_runs(text))
        yield from _keys(text)
    yield from _emails(text)


def _keys(text: str) -> Iterator[_Found]:
    """Keys of a known make."""
    if len(text) < _LONG or any(mark in text for mark in _KEY_MARKS):
        yield from (_Found("token", key[0]) for key in _KEY.finditer(text))


def _emails(text: str) -> Iterator[_Found]:
    """Addresses. Looked for around each @, so that a long text without one costs nothing."""
    at = text.find("@")
    while at >= 0:
        found = _EMAIL.search(text, max(at - 64, 0), at + 400)
        if found and not _FILES.search(found[0]):
            yield _Found("email", found[0])
        at = text.find("@", at + 1)


def _login(sent: Iterable[Leaf], known: Passwords) -> Iterator[_Found]:
    """Who logs in: what pages asked for as a password, and the fields beside one that are named so."""
    fields = [leaf for leaf in sent if leaf.where in {"form", "json", "query"} and 0 < len(leaf.value) <= _LONGEST]
    sure = [leaf for leaf in fields if leaf.name in known.fields or leaf.value in known.typed]
    yield from (_Found("password", leaf.value, leaf.key) for leaf in sure)
    passwords = [*sure, *(leaf for leaf in fields if _PASSWORD.search(leaf.key))]
    if passwords:
        users = (leaf for leaf in fields if leaf not in passwords and _USER.search(leaf.key))
        yield from (_Found("user", leaf.value, leaf.key) for leaf in users)


def _swept(exchange: Exchange) -> Iterator[_Found]:
    """What looks random in bodies, wherever it stands: in text, in comments, in what could not be taken apart."""
    if "javascript" in exchange.answer.body.type:
        return
    bodies = (_without_boundary(exchange.request), exchange.answer.body.text)
    for text in (*bodies, *(frame.content for frame in exchange.frames if isinstance(frame.content, str))):
        plain = unquote(unescape_script(text) if "\\" in text else text)
        yield from _random(plain)


def _may_travel(value: str) -> bool:
    """Whether it is long enough, and of letters and digits."""
    return _SHORTEST_TRAVELLER <= len(value) <= _LONGEST_TRAVELLER and bool(_TRAVELS.fullmatch(value))


def _without_boundary(request: Request) -> str:
    """The body without what stands between its parts: random, no secret, and named in a header too."""
    found = _BOUNDARY.search(request.header("content-type"))
    return request.body.text.replace(found[1], "") if found else request.body.text


def _travelled(sent: Iterable[Leaf], came: set[str]) -> Iterator[_Found]:
    """What an earlier answer gave and this request gives back, where it is no word."""
    for leaf in sent:
        if leaf.value in came and len(_CHANGE.findall(leaf.value)) >= max(2, len(leaf.value) // 6):
            yield _Found("id", leaf.value)


_FINDERS: Final = {
    "cookie": _of_cookie,
    "header": _of_header,
    "path": _of_path,
    "script": _of_script,
}
"""Place -> what is secret in a value there; `_of_value` for all others."""
