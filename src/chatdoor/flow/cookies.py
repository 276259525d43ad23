"""A cookie jar as a value: it can be stored, shared and compared, and changes only by making a new one.

The rules are those of RFC 6265: section 5.2 for reading `Set-Cookie`, 5.3 for keeping, 5.4 for sending. What
differs from a browser:
- There is no list of public suffixes. A site speaks to the few hosts it names, and a `Domain` without a dot
  is refused, so a wider cookie reaches nobody.
- Requests are ASCII, so a cookie that is not is ignored.
- Of cookies with paths of one length, the one that was set last is sent last, and not the one first made.
- Time comes in as an argument.
"""

import math
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final, NamedTuple, TypeAlias
from urllib.parse import urlsplit

import msgspec

from chatdoor.flow.dates import read_date
from chatdoor.site.urls import is_local

MAX_COOKIES: Final = 300
"""Kept at most, as RFC 6265 section 6.1 asks for at least 50 a domain. The oldest make room."""

MAX_BYTES: Final = 8192
"""Name and value together at most. Section 6.1 asks for 4096; some servers seal whole sessions in one."""

MAX_AGE: Final = 400 * 86400.0
"""Seconds that a cookie is kept at most: the limit of RFC 6265bis, section 5.5."""

CookieKey: TypeAlias = tuple[str, str, str]
"""Domain, path and name: what makes two cookies the same one (section 5.3, step 11)."""

_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_SECONDS = re.compile(r"-?[0-9]{1,300}")
_IP_ADDRESS = re.compile(r"[0-9.]+|.*:.*")


class Cookie(msgspec.Struct, frozen=True):
    """One cookie. `expires` is in seconds since 1970; None ends with the session."""

    name: str
    value: str
    domain: str
    path: str = "/"
    host_only: bool = True
    secure: bool = False
    expires: float | None = None

    @property
    def key(self) -> CookieKey:
        """What makes it the same cookie as another."""
        return (self.domain, self.path, self.name)

    def lives(self, now: float) -> bool:
        """True until it expires."""
        return self.expires is None or self.expires > now


class Jar(msgspec.Struct, frozen=True):
    """Cookies, oldest first."""

    cookies: tuple[Cookie, ...] = ()

    def get(self, name: str) -> str | None:
        """The value of the newest cookie of this name."""
        for cookie in reversed(self.cookies):
            if cookie.name == name:
                return cookie.value
        return None

    def apply(self, changes: Iterable[Cookie], now: float) -> "Jar":
        """The jar after these cookies were set. One that has expired removes its namesake."""
        kept: dict[CookieKey, Cookie] = {cookie.key: cookie for cookie in self.cookies if cookie.lives(now)}
        for cookie in changes:
            kept.pop(cookie.key, None)
            if cookie.lives(now):
                kept[cookie.key] = cookie
        return Jar(tuple(kept.values())[-MAX_COOKIES:])

    def next_end(self, now: float) -> float:
        """When the next cookie expires, in seconds since 1970."""
        ends = [cookie.expires for cookie in self.cookies if cookie.expires is not None and cookie.lives(now)]
        return min(ends, default=math.inf)

    def header(self, url: str, now: float) -> str:
        """The `Cookie` header for a request to the URL, empty where no cookie goes there (section 5.4)."""
        target = _target(url)
        sent = [cookie for cookie in self.cookies if cookie.lives(now) and _goes_to(cookie, target)]
        sent.sort(key=lambda cookie: -len(cookie.path))
        return "; ".join([f"{cookie.name}={cookie.value}" for cookie in sent])


def read_set_cookie(header: str, url: str, now: float) -> Cookie | None:
    """The cookie that a `Set-Cookie` header of an answer from the URL sets; None where it is to be ignored."""
    host, request_path, encrypted = _target(url)
    pair, _, rest = header.partition(";")
    name, equals, value = pair.partition("=")
    name = name.strip(" \t")
    if not equals or not name or _CONTROL.search(pair) or len(pair) > MAX_BYTES or not pair.isascii():
        return None
    attributes = _attributes(rest)
    domain = attributes.get("domain", "").removeprefix(".").lower()
    if domain and domain != host and ("." not in domain or not _domain_matches(host, domain)):
        return None
    secure = "secure" in attributes
    # Browsers treat one's own machine as secure (W3C Secure Contexts, section 3.1).
    if secure and not encrypted and not is_local(host):
        return None
    path = attributes.get("path", "")
    return Cookie(
        name=name,
        value=value.strip(" \t"),
        domain=domain or host,
        path=path if path.startswith("/") else _default_path(request_path),
        host_only="." not in domain,
        secure=secure and encrypted,
        expires=_expiry(attributes, now),
    )


class _Target(NamedTuple):
    """Where a request goes."""

    host: str
    path: str
    encrypted: bool


@lru_cache(256)
def _target(url: str) -> _Target:
    parts = urlsplit(url)
    return _Target(parts.hostname or "", parts.path or "/", parts.scheme == "https")


def _goes_to(cookie: Cookie, target: _Target) -> bool:
    return (
        (target.encrypted or not cookie.secure)
        and (target.host == cookie.domain or (not cookie.host_only and _domain_matches(target.host, cookie.domain)))
        and _path_matches(target.path, cookie.path)
    )


def _attributes(text: str) -> Mapping[str, str]:
    """Names in lower case; the last of equal ones counts (section 5.3, steps 3 to 7)."""
    pairs = (part.partition("=") for part in text.split(";"))
    return {name.strip(" \t").lower(): value.strip(" \t") for name, _, value in pairs}


def _expiry(attributes: Mapping[str, str], now: float) -> float | None:
    """`Max-Age` wins over `Expires` (section 5.3, step 3). What can not be read is not there."""
    age = attributes.get("max-age", "")
    if _SECONDS.fullmatch(age):
        return now + min(float(age), MAX_AGE) if float(age) > 0 else 0.0
    date = read_date(attributes.get("expires", ""))
    return None if date is None else min(date, now + MAX_AGE)


def _domain_matches(host: str, domain: str) -> bool:
    """Section 5.1.3. An IP address has no subdomains."""
    return host == domain or (host.endswith(f".{domain}") and not _IP_ADDRESS.fullmatch(host))


def _path_matches(path: str, prefix: str) -> bool:
    """Section 5.1.4."""
    return path == prefix or (path.startswith(prefix) and (prefix.endswith("/") or path[len(prefix)] == "/"))


def _default_path(path: str) -> str:
    """Section 5.1.4: the directory of the request's path."""
    return path.rpartition("/")[0] or "/"
