"""`GET /` and `/page/...`: the page on which a person talks to the sites. It uses the same endpoints as everybody."""

from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Final

import msgspec

from chatdoor.gateway.exchange import Exchange
from chatdoor.gateway.header import Header, header
from chatdoor.gateway.problem import Problem
from chatdoor.gateway.state import State

FOLDER: Final = Path(__file__).parent.parent / "page"

KINDS: Final[Mapping[str, bytes]] = {
    ".html": b"text/html; charset=utf-8",
    ".css": b"text/css; charset=utf-8",
    ".js": b"text/javascript; charset=utf-8",
    ".svg": b"image/svg+xml",
}
"""The end of a file's name -> its type."""

POLICY: Final = (
    b"default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; "
    b"form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)
"""What the page may load and do. Without trusted types, no script of it can make HTML out of a text."""

GUARDED: Final[tuple[Header, ...]] = (
    header(b"content-security-policy", POLICY),
    header(b"x-content-type-options", b"nosniff"),
    header(b"referrer-policy", b"no-referrer"),
    header(b"cross-origin-opener-policy", b"same-origin"),
    header(b"cross-origin-resource-policy", b"same-origin"),
    header(b"cache-control", b"no-cache"),
)


UNCHANGED: Final[Mapping[int, str]] = {304: "It is as the client has it."}


class Asset(msgspec.Struct, frozen=True):
    """A file of the page: its bytes, what changes with them, and its headers."""

    data: bytes
    etag: bytes
    headers: tuple[Header, ...]


@cache
def assets() -> Mapping[bytes, Asset]:
    """All files of the page, by name, read once."""
    return {path.name.encode(): _asset(path) for path in FOLDER.iterdir() if path.suffix in KINDS}


def _asset(path: Path) -> Asset:
    data = path.read_bytes()
    etag = b'"%b"' % sha256(data).hexdigest()[:32].encode()
    return Asset(data, etag, (header(b"content-type", KINDS[path.suffix]), header(b"etag", etag), *GUARDED))


async def front_page(_state: State, exchange: Exchange) -> None:
    """Answers with the page."""
    await _serve(exchange, b"index.html")


async def page_file(_state: State, exchange: Exchange) -> None:
    """Answers with a file that the page loads. Raises Problem (404)."""
    await _serve(exchange, exchange.tail)


async def _serve(exchange: Exchange, name: bytes) -> None:
    asset = assets().get(name)
    if asset is None:
        raise Problem(404, "The page has no such file.", code="unknown_url")
    known = exchange.headers.get(b"if-none-match", b"")
    if asset.etag in [tag.strip().removeprefix(b"W/") for tag in known.split(b",")]:
        await exchange.answer(304, b"", asset.headers)
    else:
        await exchange.answer(200, asset.data, asset.headers)
