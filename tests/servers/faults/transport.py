"""Faults of the connection and of HTTP itself. They fit the page as well as the chat answer."""

import asyncio
import gzip
import itertools

from tests.servers.wire import Wire

from .fault import Fault, Stage, raw

DRIP_SECONDS = 0.2
SLOW_SECONDS = 0.5


async def reset(wire: Wire) -> None:
    """A TCP reset."""
    wire.reset()


async def stall(wire: Wire) -> None:
    """Never an answer."""
    await wire.stall()


async def never_read(_wire: Wire) -> None:
    """Neither reads nor answers."""
    await asyncio.Event().wait()


async def close(_wire: Wire) -> None:
    """The end of the connection, in order, with no byte of an answer."""


async def slow(wire: Wire) -> None:
    """A good answer after SLOW_SECONDS."""
    await asyncio.sleep(SLOW_SECONDS)
    await wire.answer(wire.good)


async def good_then_close(wire: Wire) -> None:
    """A good answer that promises to keep the connection, which then ends at once."""
    await wire.answer(wire.good)


async def reset_mid_head(wire: Wire) -> None:
    """A reset between two headers."""
    head, _ = _parts(wire)
    await wire.send(head[: len(head) // 2])
    await _let_it_arrive()
    wire.reset()


async def reset_mid_body(wire: Wire) -> None:
    """A reset between two bytes of the body."""
    head, body = _parts(wire)
    await wire.send(head + body[: len(body) // 2])
    await _let_it_arrive()
    wire.reset()


async def drip_head(wire: Wire) -> None:
    """A good answer, one byte of its head every DRIP_SECONDS."""
    head, body = _parts(wire)
    await _drip(wire, head)
    await wire.send(body)


async def drip_body(wire: Wire) -> None:
    """A good answer, one byte of its body every DRIP_SECONDS."""
    head, body = _parts(wire)
    await wire.send(head)
    await _drip(wire, body)


async def endless_header_line(wire: Wire) -> None:
    """A header that never ends."""
    await wire.send(b"HTTP/1.1 200 OK\r\nX-Long: ")
    while True:
        await wire.send(b"a" * 65536)


async def endless_headers(wire: Wire) -> None:
    """Headers without end."""
    await wire.send(b"HTTP/1.1 200 OK\r\n")
    for number in itertools.count():
        await wire.send(b"".join(b"X-Header-%d-%d: value\r\n" % (number, n) for n in range(1000)))


async def headers_100000(wire: Wire) -> None:
    """A good answer with 100,000 more headers."""
    more = (f"X-Header-{number}: value" for number in range(100_000))
    await wire.send(wire.good.head(*more, f"Content-Length: {len(wire.good.body)}") + wire.good.body)


async def endless_interim(wire: Wire) -> None:
    """103 answers without end, and never the final one."""
    while True:
        await wire.send(b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n" * 100)


async def early_hints(wire: Wire) -> None:
    """A 100 and a 103, then the good answer."""
    await wire.send(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n")
    await wire.answer(wire.good)


async def length_too_long(wire: Wire) -> None:
    """The body ends ten bytes before its declared length."""
    await wire.send(wire.good.head(f"Content-Length: {len(wire.good.body) + 10}") + wire.good.body)


async def length_too_short(wire: Wire) -> None:
    """The body goes on for ten bytes after its declared length."""
    await wire.send(wire.good.head(f"Content-Length: {len(wire.good.body) - 10}") + wire.good.body)


async def two_lengths(wire: Wire) -> None:
    """Two declared lengths that differ."""
    length = len(wire.good.body)
    await wire.send(wire.good.head(f"Content-Length: {length}", f"Content-Length: {length - 10}") + wire.good.body)


async def chunked_good(wire: Wire) -> None:
    """A good answer in chunks."""
    await wire.send(wire.good.head("Transfer-Encoding: chunked") + chunk(wire.good.body) + b"0\r\n\r\n")


async def chunked_cut_off(wire: Wire) -> None:
    """All of the body in chunks, and then no last chunk."""
    await wire.send(wire.good.head("Transfer-Encoding: chunked") + chunk(wire.good.body))


async def chunk_cut_off(wire: Wire) -> None:
    """The connection ends in the middle of a chunk."""
    await wire.send(wire.good.head("Transfer-Encoding: chunked") + chunk(wire.good.body)[:-10])


async def bad_chunk_size(wire: Wire) -> None:
    """A chunk whose size is no number."""
    await wire.send(wire.good.head("Transfer-Encoding: chunked") + b"ZZ\r\n" + wire.good.body + b"\r\n0\r\n\r\n")


async def close_delimited(wire: Wire) -> None:
    """A good answer of the old kind: it declares no length and ends with the connection."""
    await wire.send(wire.good.head("Connection: close") + wire.good.body)


async def gzip_good(wire: Wire) -> None:
    """A good answer, well compressed, whether it was asked for or not."""
    await _send_encoded(wire, gzip.compress(wire.good.body))


async def gzip_wrong(wire: Wire) -> None:
    """Says gzip and is plain text."""
    await _send_encoded(wire, wire.good.body)


async def gzip_cut_off(wire: Wire) -> None:
    """Half of the gzip data, its length declared right."""
    packed = gzip.compress(wire.good.body)
    await _send_encoded(wire, packed[: len(packed) // 2])


async def gzip_bad_checksum(wire: Wire) -> None:
    """Gzip data whose checksum is wrong."""
    packed = gzip.compress(wire.good.body)
    await _send_encoded(wire, packed[:-8] + b"\0\0\0\0" + packed[-4:])


async def unknown_encoding(wire: Wire) -> None:
    """A content encoding that nobody asked for."""
    await _send_encoded(wire, wire.good.body, "x-unknown")


def chunk(data: bytes) -> bytes:
    """One chunk of the chunked transfer coding (RFC 9112, section 7.1)."""
    return b"%x\r\n%b\r\n" % (len(data), data)


def _parts(wire: Wire) -> tuple[bytes, bytes]:
    return wire.good.head(f"Content-Length: {len(wire.good.body)}"), wire.good.body


async def _drip(wire: Wire, data: bytes) -> None:
    for number in range(len(data)):
        await wire.send(data[number : number + 1])
        await asyncio.sleep(DRIP_SECONDS)


async def _let_it_arrive() -> None:
    # A reset throws away what the client has not read yet.
    await asyncio.sleep(0.05)


async def _send_encoded(wire: Wire, body: bytes, encoding: str = "gzip") -> None:
    await wire.send(wire.good.head(f"Content-Encoding: {encoding}", f"Content-Length: {len(body)}") + body)


CONNECTION = {
    "connection_refused": Fault(close, Stage.LISTEN),
    "reset_on_accept": Fault(reset, Stage.ACCEPT),
    "reset_after_request_head": Fault(reset, Stage.HEAD),
    "reset_after_request": Fault(reset),
    "reset_mid_head": Fault(reset_mid_head),
    "reset_mid_body": Fault(reset_mid_body),
    "closed_without_answer": Fault(close),
    "good_then_closed": Fault(good_then_close),
    "never_answers": Fault(stall),
    "never_reads": Fault(never_read, Stage.ACCEPT),
    "drip_head": Fault(drip_head),
    "drip_body": Fault(drip_body),
    "slow": Fault(slow, goes_on=True),
}
FRAMING = {
    "garbage": raw(bytes(range(256)) * 4),
    "other_protocol": raw(b"SSH-2.0-OpenSSH_9.6\r\n"),
    "endless_header_line": Fault(endless_header_line),
    "endless_headers": Fault(endless_headers),
    "headers_100000": Fault(headers_100000),
    "endless_interim": Fault(endless_interim),
    "early_hints": Fault(early_hints, goes_on=True),
    "length_too_long": Fault(length_too_long),
    "length_too_short": Fault(length_too_short),
    "two_lengths": Fault(two_lengths),
    "chunked_good": Fault(chunked_good, goes_on=True),
    "chunked_cut_off": Fault(chunked_cut_off),
    "chunk_cut_off": Fault(chunk_cut_off),
    "bad_chunk_size": Fault(bad_chunk_size),
    "close_delimited": Fault(close_delimited),
    "gzip_good": Fault(gzip_good, goes_on=True),
    "gzip_wrong": Fault(gzip_wrong),
    "gzip_cut_off": Fault(gzip_cut_off),
    "gzip_bad_checksum": Fault(gzip_bad_checksum),
    "unknown_encoding": Fault(unknown_encoding),
}
