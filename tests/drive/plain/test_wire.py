"""Plain HTTP as bytes: what is sent is one request, and what came is read the same however it was split."""

import gzip
from contextlib import suppress
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatdoor.drive.plain.wire import (
    CLOSED,
    MAX_HEAD_BYTES,
    MAX_HEADERS,
    UNPACKED_BYTES,
    Broken,
    Receiver,
    RequestEncoder,
    Target,
    target_of,
)
from chatdoor.errors import ArgumentError
from chatdoor.flow.effects import Request

SIZED = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A: 1\r\n\r\nhello"
CHUNKED = (
    b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\nX-Trailer: 1\r\n\r\n"
)
PACKED = gzip.compress(b"hello")
GZIPPED = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%b" % (len(PACKED), PACKED)
UNSIZED = b"HTTP/1.1 200 OK\r\n\r\nhello"


def _body(receiver: Receiver) -> bytes | None:
    """All that is there; None where the answer is not at its end. Raises Broken."""
    body = b""
    while (data := receiver.take()) is not None:
        if not data and not receiver.waiting and not receiver.ended:
            return None
        body += data
    return body


def _read(data: bytes, cuts: list[int] | None = None, *, closed: bool = False) -> tuple[int, bytes | None]:
    """Status and body of an answer that came in these parts."""
    receiver = Receiver()
    edges = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts or [])})
    for start, end in pairwise(edges):
        receiver.feed(data[start:end])
    if closed:
        receiver.end(CLOSED)
    return receiver.status, _body(receiver)


@pytest.mark.parametrize("answer", [SIZED, CHUNKED, GZIPPED, UNSIZED], ids=["sized", "chunked", "gzipped", "unsized"])
@given(cuts=st.lists(st.integers(0, 300), max_size=12))
def test_an_answer_is_read_the_same_however_it_was_split(answer: bytes, cuts: list[int]) -> None:
    """Status and body do not depend on packets."""
    assert _read(answer, cuts, closed=answer is UNSIZED) == (200, b"hello")


@given(start=st.sampled_from([SIZED, CHUNKED, GZIPPED]), at=st.integers(0, 200), noise=st.binary(max_size=40))
def test_noise_in_an_answer_ends_it_or_makes_another_one(start: bytes, at: int, noise: bytes) -> None:
    """Nothing but Broken is raised, and after the close nothing is waited for."""
    receiver = Receiver()
    receiver.feed(start[:at] + noise + start[at:])
    receiver.end(CLOSED)
    with suppress(Broken):
        assert _body(receiver) is not None
    assert not receiver.reusable


def test_tls_where_http_was_asked_for() -> None:
    """An alert, and an end without a word, may mean TLS; an end after an answer over the same connection does not."""
    hint = "if it speaks TLS, try https://"
    with pytest.raises(Broken, match=f"what came is not HTTP; {hint}"):
        _read(b"\x15\x03\x01\x00\x02\x02\x46")
    with pytest.raises(Broken, match=f"the connection was closed; {hint}"):
        _read(b"", closed=True)
    receiver = Receiver()
    receiver.feed(SIZED)
    assert _body(receiver) == b"hello"
    receiver.begin()
    receiver.end(CLOSED)
    with pytest.raises(Broken, match=r"^the connection was closed$"):
        receiver.take()


@pytest.mark.parametrize("answer", [SIZED[:-1], CHUNKED[:-20], GZIPPED[:-3], SIZED[:20], b""])
def test_an_answer_that_is_cut_off_is_broken(answer: bytes) -> None:
    """The end of the connection is the end of a body only where no other one was announced."""
    with pytest.raises(Broken):
        _read(answer, closed=True)


def test_a_connection_that_was_reset_ends_no_body() -> None:
    """Without a length, only a close in peace says that the body is whole."""
    receiver = Receiver()
    receiver.feed(UNSIZED)
    receiver.end("Connection reset by peer")
    assert receiver.take() == b"hello"
    with pytest.raises(Broken, match="reset"):
        receiver.take()


@pytest.mark.parametrize(
    "more",
    [b"HTTP/1.1 200 OK\r\n\r\n", b"x", b"\x00"],
    ids=["another answer", "a letter", "a zero"],
)
@pytest.mark.parametrize("at_once", [True, False])
def test_what_comes_unasked_is_no_answer_to_the_next_request(more: bytes, *, at_once: bool) -> None:
    """The answer stands, and the connection is not used again."""
    receiver = Receiver()
    receiver.feed(SIZED + more if at_once else SIZED)
    if not at_once:
        assert receiver.reusable
        receiver.feed(more)
    assert (receiver.status, _body(receiver), receiver.reusable) == (200, b"hello", False)


@pytest.mark.parametrize("header", [b"Connection: close\r\n", b""], ids=["close", "keep"])
def test_a_site_that_closes_is_believed(header: bytes) -> None:
    """`Connection: close` is the end of the connection."""
    receiver = Receiver()
    receiver.feed(SIZED.replace(b"X-A: 1\r\n", header))
    assert receiver.reusable is (header == b"")


@pytest.mark.parametrize(
    "flood",
    [
        b"HTTP/1.1 200 OK\r\n" + b"X-A: 1\r\n" * (MAX_HEADERS + 1) + b"\r\n",
        b"HTTP/1.1 200 OK\r\nX-A: " + b"a" * MAX_HEAD_BYTES,
        CHUNKED.replace(b"X-Trailer: 1", b"X-Trailer: " + b"1" * 2 * MAX_HEAD_BYTES),
        CHUNKED.replace(b";x=y", b";" + b"x" * 2 * MAX_HEAD_BYTES),
    ],
    ids=["many headers", "a long one", "a long trailer", "a long chunk extension"],
)
def test_what_is_no_body_is_bounded(flood: bytes) -> None:
    """A site can not fill the memory with what nobody reads."""
    receiver = Receiver()
    for at in range(0, len(flood), 10_000):
        receiver.feed(flood[at : at + 10_000])
    with pytest.raises(Broken, match="too many headers, or too long"):
        _body(receiver)


def test_what_is_packed_small_is_unpacked_in_parts() -> None:
    """A bomb of zeros never stands in memory as a whole."""
    packed = gzip.compress(bytes(50_000_000))
    receiver = Receiver()
    receiver.feed(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%b" % (len(packed), packed))
    parts = []
    while (part := receiver.take()) is not None:
        parts.append(len(part))
    assert sum(parts) == 50_000_000
    assert max(parts) <= UNPACKED_BYTES


@pytest.mark.parametrize("coding", ["br", "zstd"])
def test_a_coding_that_nobody_asked_for_is_named(coding: str) -> None:
    """It is not read as text."""
    with pytest.raises(Broken, match=coding):
        _read(SIZED.replace(b"X-A: 1", f"Content-Encoding: {coding}".encode()))


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("http://a.test", Target("a.test", 80, "a.test", "/")),
        ("http://a.test:80/", Target("a.test", 80, "a.test", "/")),
        ("http://127.0.0.1:8000/a/b?c=d&e=%20", Target("127.0.0.1", 8000, "127.0.0.1:8000", "/a/b?c=d&e=%20")),
        ("http://[::1]:81?x=/../y", Target("::1", 81, "[::1]:81", "/?x=/../y")),
        ("http://a.test/a.b/..c/", Target("a.test", 80, "a.test", "/a.b/..c/")),
    ],
)
def test_a_plain_url_has_a_target(url: str, target: Target) -> None:
    """Host, port, what the Host header says, and the path as it is written."""
    assert target_of(url) == target


@pytest.mark.parametrize(
    "url",
    [
        *["https://a.test/", "http://user@a.test/", "http://A.test/", "http://a.test/../b", "http://a.test/%2E%2e/b"],
        *["http://a.test/.", "http://1", "http://0x7f.1.2", "http://127.1/", "http://1.2.3.4.5/", "http://a_b.test/"],
        *["http://a.test/ü", "http://ü.test/", "http://a.test/#", "http://a.test:0/", "http://a.test:65536/"],
        *["http://a.test/a|b", "http://a.test/a\\b", "http:/a.test", "http:///a", "http://a.test:8o/"],
        *("http://a.test/a b", "http://a.test/\r\nX: 1", "http://a.test/a\n", ""),
    ],
)
def test_any_other_url_has_none(url: str) -> None:
    """What browsers rewrite is left to the library."""
    assert target_of(url) is None


def test_a_head_is_that_of_its_own_request() -> None:
    """Also where the one before it had the same headers, of the same address, and another method."""
    target, headers = Target("a.test", 80, "a.test", "/"), (("x-a", "1"),)
    encoder = RequestEncoder("me/1")
    heads = [
        encoder.encode(Request(method, "", headers), target).partition(b" ")[0] for method in ("GET", "POST", "GET")
    ]
    assert heads == [b"GET", b"POST", b"GET"]


def test_a_request_is_written_once() -> None:
    """Request line, Host, what it brings, the length of its body, the body."""
    target = Target("a.test", 8000, "a.test:8000", "/x?y")
    request = Request("POST", "", (("x-a", "1"), ("cookie", "a=b")), b"\x00\r\n")
    assert RequestEncoder("me/1").encode(request, target) == (
        b"POST /x?y HTTP/1.1\r\nhost: a.test:8000\r\nuser-agent: me/1\r\nx-a: 1\r\ncookie: a=b\r\n"
        b"content-length: 3\r\n\r\n\x00\r\n"
    )
    assert RequestEncoder("me/1").encode(Request("POST", "", ()), target).endswith(b"content-length: 0\r\n\r\n")
    assert b"content-length" not in RequestEncoder("me/1").encode(Request("GET", "", ()), target)


@pytest.mark.parametrize("value", ["a\r\nX: 1", "a\nb", "a\rb", "\x00", "é", "\x7f"])
@pytest.mark.parametrize("side", ["name", "value"])
def test_a_header_is_one_line(value: str, side: str) -> None:
    """The last of several checks: nothing that a value holds becomes a header."""
    header = (value, "1") if side == "name" else ("x-a", value)
    with pytest.raises(ArgumentError):
        RequestEncoder("me/1").encode(Request("GET", "", (header,)), Target("a.test", 80, "a.test", "/"))
