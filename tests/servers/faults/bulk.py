"""Answers that are too big: made while they are sent, never held."""

import functools
import zlib
from collections.abc import Iterator

from tests.servers.wire import Wire

from .fault import Fault
from .transport import chunk

MEGABYTE = 1 << 20
BODY_BYTES = 400 * MEGABYTE
BOMB_BYTES = 1100 * MEGABYTE
GZIP_HEADER = b"\x1f\x8b\x08\0\0\0\0\0\0\xff"  # RFC 1952, section 2.3: deflate, no flags, no time, unknown system


async def huge_length(wire: Wire) -> None:
    """400 MB whose length is declared; of a chat answer, good JSON."""
    start, end = _envelope(wire)
    await wire.send(wire.good.head(f"Content-Length: {len(start) + BODY_BYTES + len(end)}") + start)
    for _ in range(BODY_BYTES // MEGABYTE):
        await wire.send(b"a" * MEGABYTE)
    await wire.send(end)


async def huge_chunked(wire: Wire) -> None:
    """The same in chunks, so that nothing tells its length beforehand."""
    start, end = _envelope(wire)
    await wire.send(wire.good.head("Transfer-Encoding: chunked") + chunk(start))
    for _ in range(BODY_BYTES // MEGABYTE):
        await wire.send(chunk(b"a" * MEGABYTE))
    await wire.send(chunk(end) + b"0\r\n\r\n")


async def stalls_late(wire: Wire) -> None:
    """More than a client reads ahead, and then nothing."""
    start, _ = _envelope(wire)
    await wire.send(wire.good.head("Transfer-Encoding: chunked") + chunk(start))
    await wire.send(chunk(b"a" * 200_000))
    await wire.stall()


async def endless_chunked(wire: Wire) -> None:
    """Chunks without end."""
    start, _ = _envelope(wire)
    await wire.send(wire.good.head("Transfer-Encoding: chunked") + chunk(start))
    while True:
        await wire.send(chunk(b"a" * 65536))


async def gzip_bomb(wire: Wire) -> None:
    """About 1 MB on the wire, 1.1 GB unpacked."""
    await wire.send(wire.good.head("Content-Encoding: gzip", "Transfer-Encoding: chunked"))
    for part in bomb():
        await wire.send(chunk(part))
    await wire.send(b"0\r\n\r\n")


async def redirect_gzip_bomb(wire: Wire) -> None:
    """A redirect within the site whose own body is the bomb."""
    location = b"Location: " + wire.marks[b"@NEXT@"]
    await wire.send(
        b"HTTP/1.1 302 Found\r\n%b\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n" % location
    )
    for part in bomb():
        await wire.send(chunk(part))
    await wire.send(b"0\r\n\r\n")


def bomb() -> Iterator[bytes]:
    """One gzip member of BOMB_BYTES zeros, in parts."""
    # A full flush ends a block at a byte and forgets what was before, so one packed megabyte can be repeated.
    packer = zlib.compressobj(9, wbits=-zlib.MAX_WBITS)
    megabyte = packer.compress(bytes(MEGABYTE)) + packer.flush(zlib.Z_FULL_FLUSH)
    yield GZIP_HEADER
    for _ in range(BOMB_BYTES // MEGABYTE):
        yield megabyte
    yield packer.flush()
    yield _checksum().to_bytes(4, "little") + BOMB_BYTES.to_bytes(4, "little")


@functools.cache
def _checksum() -> int:
    checksum = 0
    for _ in range(BOMB_BYTES // MEGABYTE):
        checksum = zlib.crc32(bytes(MEGABYTE), checksum)
    return checksum


def _envelope(wire: Wire) -> tuple[bytes, bytes]:
    if wire.good.body.startswith(b"{"):
        return b'{"response": "', b'"}'
    return wire.good.body, b"<!-- the end -->"


BULK = {
    "huge_length": Fault(huge_length),
    "huge_chunked": Fault(huge_chunked),
    "stalls_late": Fault(stalls_late),
    "endless_chunked": Fault(endless_chunked),
    "gzip_bomb": Fault(gzip_bomb),
    "redirect_gzip_bomb": Fault(redirect_gzip_bomb),
}
