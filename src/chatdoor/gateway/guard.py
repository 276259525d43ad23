"""Checks on the head of a request, before its body is read: who asks, from where, for whom.

A web page in somebody's browser can reach a gateway on this machine. So the Host has to be ours (against names that
are made to point here), and without keys a foreign Origin is refused. A link to our own page, which a person follows
from anywhere, is none: it changes nothing, and who made it reads nothing.
Source: https://fetch.spec.whatwg.org and https://www.w3.org/TR/fetch-metadata
"""

import time
from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from chatdoor.gateway.conversation_id import NAMING
from chatdoor.gateway.exchange import Exchange
from chatdoor.gateway.header import Field, Header, header
from chatdoor.gateway.keys import Keys
from chatdoor.gateway.openai.errors import NO_RETRY
from chatdoor.gateway.problem import Problem
from chatdoor.gateway.told import EXPOSED

if TYPE_CHECKING:
    from chatdoor.gateway.shared.counts import SharedCounts

ONCE: Final = frozenset({
    *(b"host", b"content-length", b"authorization", b"content-type", b"origin", b"sec-fetch-site"),
    *(b"sec-fetch-mode", b"sec-fetch-dest"),
    *(b"idempotency-key", b"x-stainless-retry-count", *NAMING),
})  # fmt: skip
"""Headers that may not stand twice: which one counts would be anybody's guess (RFC 9110, section 5.3)."""

OUR_SITE: Final = frozenset({b"same-origin", b"none"})
"""Values of Sec-Fetch-Site of our own page, and of what a person typed."""

OUR_PAGE: Final = b"/page/"
"""Where the files of the page at `/` are."""

IDENTITY: Final = b"identity"
"""The value of Content-Encoding that says of a body that it is as it is."""

PREFLIGHT_SECONDS: Final = b"600"


class Guard:
    """The checks.

    `hosts` are the values of Host that mean us (empty: any will do); `cors` are origins of pages that may use the
    gateway from a browser (`*`: all). `once` are further headers that may not stand twice. `counts` are those of
    several gateways, where keys have limits over all of them.
    """

    def __init__(
        self,
        keys: Keys,
        *,
        hosts: Iterable[str] = (),
        cors: Iterable[str] = (),
        once: Iterable[bytes] = (),
        counts: "SharedCounts | None" = None,
    ) -> None:
        self.keys = keys
        self._counts = counts
        self._once = ONCE.union(once)
        self._hosts = frozenset(host.lower().encode() for host in hosts)
        self._cors = frozenset(origin.lower().encode() for origin in cors)

    def check_source(self, exchange: Exchange) -> None:
        """Raises Problem where the request is not meant for us, or comes from a web page that may not ask."""
        headers, request = exchange.headers, exchange.request
        if request.doubled:
            _check_once(request.fields, self._once)
        if request.version != "1.1":
            raise Problem(505, "HTTP/1.1 is needed (nginx: proxy_http_version 1.1;).", code="http_version")
        host = headers.get(b"host", b"").lower()
        if not host or (self._hosts and host not in self._hosts):
            raise Problem(421, "The Host header does not name this gateway; see allowed_hosts.", code="wrong_host")
        origin = headers.get(b"origin")
        if origin is not None and self._allows(origin.lower()):
            exchange.common += _cors_headers(origin)
            return
        if not self.keys:
            site = None if _is_link(exchange) else headers.get(b"sec-fetch-site")
            _check_page(origin, host, site)

    def knows(self, exchange: Exchange) -> bool:
        """Notes whose key it is, where one came; whether the request could be answered where a key is needed."""
        authorization = exchange.headers.get(b"authorization")
        if self.keys and authorization is not None:
            exchange.key = self.keys.find(authorization)
        return not self.keys or exchange.key is not None

    def check_key(self, exchange: Exchange) -> None:
        """Notes whose key it is. Raises Problem (401) where one is needed and not there."""
        if not self.keys:
            return
        authorization = exchange.headers.get(b"authorization")
        if authorization is None:
            raise _no_key("You didn't provide an API key: send it in the header Authorization: Bearer YOUR_KEY.", None)
        exchange.key = self.keys.find(authorization)
        if exchange.key is None:
            raise _no_key("Incorrect API key provided.", "invalid_api_key")

    def check_prompt(self, exchange: Exchange) -> None:
        """Raises Problem where the body is not declared as plain JSON (415), or the key has asked too often (429)."""
        kind = exchange.headers.get(b"content-type", b"")
        if kind != b"application/json" and kind.partition(b";")[0].strip().lower() != b"application/json":
            raise Problem(415, "The body has to be JSON: send Content-Type: application/json.", code="content_type")
        if exchange.headers.get(b"content-encoding", IDENTITY).lower() != IDENTITY:
            raise Problem(
                415, "The body has to be sent uncompressed, without Content-Encoding.", code="content_encoding"
            )
        if exchange.key is not None and exchange.key.quota is not None:
            if self._counts is None:
                exchange.common += exchange.key.quota.take(time.time())
            else:
                exchange.gate = self._counts.admission(exchange, exchange.key, exchange.key.quota)

    async def answer_options(self, exchange: Exchange, methods: bytes) -> None:
        """Tells which methods there are, and a browser that a page may ask. Raises Problem (403) where it may not."""
        origin = exchange.headers.get(b"origin")
        if origin is not None and not self._allows(origin.lower()):
            raise _foreign()
        allow = header(b"allow", methods + b", OPTIONS")
        await exchange.answer(204, b"", (allow,) if origin is None else (allow, *_preflight(exchange, methods)))

    def _allows(self, origin: bytes) -> bool:
        return origin in self._cors or b"*" in self._cors


def _preflight(exchange: Exchange, methods: bytes) -> tuple[Header, ...]:
    """What a browser is told before a page of another origin asks."""
    wanted = exchange.headers.get(b"access-control-request-headers", b"authorization, content-type")
    return (
        header(b"access-control-allow-methods", methods),
        header(b"access-control-allow-headers", wanted),
        header(b"access-control-max-age", PREFLIGHT_SECONDS),
    )


def _check_once(headers: list[Field], once: frozenset[bytes]) -> None:
    counts = Counter(name for name, _ in headers)
    for name in once:
        if counts[name] > 1:
            raise Problem(400, f"The header {name.decode()} stands twice in the request.", code="doubled_header")


def _is_link(exchange: Exchange) -> bool:
    """True for a link to our page that a person follows. It opens in a tab of its own, and never in a frame."""
    headers, path = exchange.headers, exchange.path
    ours = exchange.method in {"GET", "HEAD"} and (path == b"/" or path.startswith(OUR_PAGE))
    return ours and headers.get(b"sec-fetch-mode") == b"navigate" and headers.get(b"sec-fetch-dest") == b"document"


def _check_page(origin: bytes | None, host: bytes, site: bytes | None) -> None:
    """Raises Problem for a request that a web page makes which is not our own."""
    if origin is not None and origin.lower() not in {b"http://" + host, b"https://" + host}:
        raise _foreign()
    if site is not None and site not in OUR_SITE:
        raise _foreign()


def _cors_headers(origin: bytes) -> tuple[Header, ...]:
    return (
        header(b"access-control-allow-origin", origin),
        header(b"access-control-expose-headers", EXPOSED),
        header(b"vary", b"origin"),
    )


def _foreign() -> Problem:
    return Problem(403, "A web page of another origin may not use this gateway; see --cors.", code="foreign_origin")


def _no_key(message: str, code: str | None) -> Problem:
    return Problem(401, message, code=code, headers=(header(b"www-authenticate", b"Bearer"), NO_RETRY))
