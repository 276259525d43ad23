"""A second meaning in one request: lengths, codings, trailers, parts without number, on raw sockets."""

import json
import re
import socket
import time

import pytest

from tests.gateway.door import SECONDS, Door, practice_door, status
from tests.gateway.test_hostile import GOOD, HEAD

CHUNKED = b"Transfer-Encoding: chunked\r\n"
CHUNKS = b"%x\r\n%b\r\n0\r\n\r\n" % (len(GOOD), GOOD)
HIDDEN = b"GET /v1/models HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n"

REFUSED: list[tuple[str, bytes, bytes]] = [
    ("cl.te", b"Content-Length: 6\r\n" + CHUNKED, b"0\r\n\r\n"),
    ("te.cl", CHUNKED + b"Content-Length: 4\r\n", CHUNKS),
    ("one length twice", b"Content-Length: 5\r\nContent-Length: 5\r\n", b"hello"),
    ("a list of lengths", b"Content-Length: 5, 5\r\n", b"hello"),
    ("a signed length", b"Content-Length: +5\r\n", b"hello"),
    ("a hexadecimal length", b"Content-Length: 0x5\r\n", b"hello"),
    ("no length", b"Content-Length: \r\n", b"hello"),
    ("a space before the colon", b"Transfer-Encoding : chunked\r\n", CHUNKS),
    ("an unknown coding", b"Transfer-Encoding: xchunked\r\n", CHUNKS),
    ("the identity", b"Transfer-Encoding: identity\r\n", b""),
    ("two codings", b"Transfer-Encoding: gzip, chunked\r\n", CHUNKS),
    ("the identity and chunked", b"Transfer-Encoding: identity, chunked\r\n", CHUNKS),
    ("chunked and the identity", b"Transfer-Encoding: chunked, identity\r\n", CHUNKS),
    ("two headers of codings", CHUNKED + b"Transfer-Encoding: identity\r\n", CHUNKS),
    ("a folded line", b"X: a\r\n b\r\nContent-Length: 2\r\n", b"{}"),
    ("a folded coding", b"Transfer-Encoding:\r\n chunked\r\n", CHUNKS),
    ("a bare CR", b"X: a\rY: b\r\nContent-Length: 2\r\n", b"{}"),
    ("a NUL", b"X: a\0b\r\nContent-Length: 2\r\n", b"{}"),
    ("a chunk beyond numbers", CHUNKED, b"FFFFFFFFFFFFFFFFFF\r\n"),
    ("a negative chunk", CHUNKED, b"-5\r\nhello\r\n0\r\n\r\n"),
    ("chunks with a bare LF", CHUNKED, CHUNKS.replace(b"\r", b"")),
    ("ten thousand headers", b"a:b\r\n" * 10_000 + b"Content-Length: 2\r\n", b"{}"),
]


def _answers(door: Door, data: bytes) -> list[int]:
    """The statuses of all answers to these bytes, until the gateway is silent."""
    received = b""
    with socket.create_connection(("127.0.0.1", door.port), timeout=SECONDS) as connection:
        connection.sendall(data)
        connection.settimeout(0.3)
        try:
            while chunk := connection.recv(65_536):
                received += chunk
        except (TimeoutError, ConnectionError):
            pass
    return [int(found) for found in re.findall(rb"HTTP/1\.1 (\d+) ", received)]


@pytest.mark.parametrize(("lines", "body"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_what_could_be_read_in_two_ways_is_refused(door: Door, lines: bytes, body: bytes) -> None:
    """It is answered once, with an error, and what hides behind it is not read as a request."""
    answers = _answers(door, HEAD % door.port + lines + b"\r\n" + body + HIDDEN % door.port)
    assert len(answers) == 1
    assert 400 <= answers[0] < 500


@pytest.mark.parametrize("trailer", [b"Host: evil.example", b"X-Request-Id: evil", b"Idempotency-Key: evil"])
def test_trailers_are_no_headers(trailer: bytes) -> None:
    """What follows a chunked body says nothing of the request."""
    with practice_door() as (door, practice):
        tail = CHUNKS.removesuffix(b"\r\n") + trailer + b"\r\n\r\n"
        answer = door.raw(HEAD % door.port + CHUNKED + b"\r\n" + tail)
        assert status(answer) == 200
        assert b"evil" not in answer
        assert practice.stats()["accepted"] == 1


def test_chunk_extensions_are_passed_over(door: Door) -> None:
    """They may stand there, however long, and mean nothing."""
    chunks = CHUNKS.replace(b"\r\n", b";a=" + b"b" * 500_000 + b"\r\n", 1)
    assert status(door.raw(HEAD % door.port + CHUNKED + b"\r\n" + chunks)) == 200


def test_pipelined_requests_are_answered_in_their_order(door: Door) -> None:
    """Each has its own answer, whatever the one before was, and a body of a GET is none of them."""
    get = b"GET %b HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n%b\r\n"
    body = HIDDEN % door.port
    first = get % (b"/nowhere", door.port, b"Content-Length: %d\r\n" % len(body)) + body
    rest = get % (b"/livez", door.port, b"") + get % (b"/v1/models", door.port, b"Origin: null\r\n")
    assert _answers(door, first + rest) == [404, 200, 403]


FILLS = [b'{"model":1},', b"[],", b'"ab",', b"1.5,", b'{"a":{}},', b'"\\"\\"",']


@pytest.mark.parametrize("fill", FILLS, ids=[fill.decode() for fill in FILLS])
def test_parts_without_number_are_refused(door: Door, fill: bytes) -> None:
    """A body of millions of tiny values, which would take fifty times its size, is refused in under a second."""
    values = b"[" + (fill * (9_000_000 // len(fill)))[:-1] + b"]"
    body = GOOD.replace(b'"Hello"', b'"Hello", "x": ' + values)
    began = time.monotonic()
    answer = door.raw(HEAD % door.port + b"Content-Length: %d\r\n\r\n" % len(body) + body)
    assert time.monotonic() - began < 2
    assert (status(answer), json.loads(answer.partition(b"\r\n\r\n")[2])["error"]["code"]) == (400, "too_many_values")


def test_a_long_text_may_hold_any_signs() -> None:
    """Brackets and commas in a text are no parts."""
    with practice_door() as (door, practice):
        text = 'say exactly: [1,2],{"a":1} \\ ' * 20_000
        assert door.chat(messages=[{"role": "user", "content": text}]).status == 200
        assert practice.stats()["accepted"] == 1


@pytest.mark.parametrize("extra", [b'"y": ' + b"1" * 5_000, b'"\\ud800": 1', b'"y": 1e999', b'"y": 0.' + b"1" * 5_000])
def test_numbers_and_names_beside_a_repeated_key(door: Door, extra: bytes) -> None:
    """Whatever stands beside a key that has to be counted is no bug of ours."""
    body = GOOD[:-1] + b', "x": {"model": 1}, ' + extra + b"}"
    answer = door.raw(HEAD % door.port + b"Content-Length: %d\r\n\r\n" % len(body) + body)
    assert status(answer) in {200, 400}


UPGRADE = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAAAAIAAAAB\r\n"
LENGTH = b"Content-Length: %d\r\n"


@pytest.mark.parametrize("framed", [(LENGTH % len(GOOD), GOOD), (CHUNKED, CHUNKS)], ids=["length", "chunked"])
@pytest.mark.parametrize("at", [0, 1, 30, None], ids=["with the head", "soon after", "cut", "with the body"])
def test_an_upgrade_that_is_not_made_is_a_request_like_any_other(
    door: Door, framed: tuple[bytes, bytes], at: int | None
) -> None:
    """As Java's client sends it: the prompt is answered, wherever its bytes are cut."""
    lines, body = framed
    data = HEAD % door.port + UPGRADE + lines + b"\r\n" + body
    cut = len(data) if at is None else len(data) - len(body) + at
    with socket.create_connection(("127.0.0.1", door.port), timeout=SECONDS) as connection:
        connection.sendall(data[:cut])
        time.sleep(0.05)
        connection.sendall(data[cut:])
        assert status(connection.recv(65_536)) == 200


@pytest.mark.parametrize("lines", [LENGTH, b"", CHUNKED], ids=["length", "no body", "no chunks"])
def test_nothing_hides_behind_an_upgrade(door: Door, lines: bytes) -> None:
    """What follows the head is its body or nothing: never a request, not even later; the connection ends."""
    hidden = HIDDEN % door.port
    head = HEAD % door.port + UPGRADE + (LENGTH % len(hidden) if lines == LENGTH else lines) + b"\r\n"
    with socket.create_connection(("127.0.0.1", door.port), timeout=SECONDS) as connection:
        connection.sendall(head)
        time.sleep(0.05)
        connection.sendall(hidden)
        received = b""
        try:
            while chunk := connection.recv(65_536):
                received += chunk
        except ConnectionError:
            pass
    assert [int(found) for found in re.findall(rb"HTTP/1\.1 (\d+) ", received)] == [400]
