"""Requests from bytes: the same however they come in parts, bounded, and never two of one."""

import contextlib
import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatdoor.gateway.problem import Problem
from chatdoor.gateway.reader import (
    AHEAD_MOST,
    HEAD_BYTES,
    HEADERS_AT_ONCE,
    HEADERS_MOST,
    PART_BYTES,
    RequestReader,
)
from chatdoor.gateway.request import Request

POST = b"POST /v1/x?a=1?b HTTP/1.1\r\nHost: a\r\nX-Name: One\r\nx-name: two\r\nContent-Length: 5\r\n\r\nhello"
CHUNKED = (
    b"PUT /c HTTP/1.1\r\nTransfer-Encoding: Chunked\r\nExpect: 100-Continue\r\n\r\n"
    b"2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\nHost: trailer\r\n\r\n"
)

GET = b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n"
UPGRADE = b"POST /u HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 5\r\n\r\nhello"


def read(reader: RequestReader, *parts: bytes) -> list[tuple[object, ...]]:
    """What has come, with the bodies."""
    for part in parts:
        reader.feed(part)
    return [
        (one.method, one.path, one.query, one.version, one.fields, one.take(), one.ended, one.keep_alive)
        for one in reader.heads
    ]


def split(data: bytes, cuts: list[int]) -> list[bytes]:
    """The data in parts, cut at these places."""
    places = [0, *sorted(cut % len(data) for cut in cuts), len(data)]
    return [data[start:end] for start, end in pairwise(places)]


@given(st.permutations([POST, CHUNKED, POST, GET]), st.lists(st.integers(min_value=0), max_size=30))
def test_parts_make_no_difference(requests: list[bytes], cuts: list[int]) -> None:
    """However the network cuts requests that follow each other, they are read alike."""
    data = b"".join(request for request in requests if request != GET) + GET  # which says that it is the last one
    assert read(RequestReader(), *split(data, cuts)) == read(RequestReader(), data)


def test_what_a_request_says() -> None:
    """Method, path and query as they were sent; names in small letters, doubled ones seen; trailers say nothing."""
    post, chunked = RequestReader(), RequestReader()
    post.feed(POST)
    chunked.feed(CHUNKED)
    one, two = post.heads[0], chunked.heads[0]
    assert (one.method, one.path, one.query, one.version) == ("POST", b"/v1/x", b"a=1?b", "1.1")
    assert (one.headers[b"x-name"], one.doubled, one.asks_first) == (b"two", True, False)
    assert (two.headers.get(b"host"), two.doubled, two.asks_first) == (None, False, True)
    assert [(each.take(), each.ended, each.keep_alive) for each in (one, two)] == [(b"hello", True, True)] * 2


def test_a_body_is_taken_as_it_comes() -> None:
    """What has come can be taken before the rest is there, and each byte once."""
    reader = RequestReader()
    reader.feed(POST[:-3])
    request = reader.heads[0]
    assert (request.take(), request.take(), request.ended, reader.coming) == (b"he", b"", False, request)
    reader.feed(POST[-3:])
    assert (request.take(), request.held, request.ended, reader.coming) == (b"llo", 0, True, None)


@pytest.mark.parametrize("cut", [len(UPGRADE) - 5, len(UPGRADE) - 3, len(UPGRADE)])
def test_an_upgrade_is_a_request_and_the_last(cut: int) -> None:
    """Its body is its own, and what follows is not read: it might be of the other protocol."""
    reader = RequestReader()
    (seen,) = read(reader, UPGRADE[:cut], UPGRADE[cut:] + b"PRI * HTTP/2.0\r\n\r\n")
    assert (seen[5], seen[6], seen[7]) == (b"hello", True, False)


REFUSED = [
    (b"hello\r\n\r\n", 400),
    (b"GET http://a/ HTTP/1.1\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * (HEADERS_MOST + 1) + b"\r\n", 431),
    (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
    (b"GET / HTTP/1.1\r\n" + b"a:\r\n" * (HEADERS_MOST + 2), 431),
    (b"GET /" + b"a" * HEAD_BYTES, 431),
    (b"GET / HTTP/1.1\r\nX: " + b"a" * HEAD_BYTES, 431),
]


@pytest.mark.parametrize(("data", "status"), REFUSED, ids=range(len(REFUSED)))
@pytest.mark.parametrize("step", [1_000_000, 1_000, 1])
def test_what_is_no_request_is_a_problem(data: bytes, status: int, step: int) -> None:
    """At once or byte by byte, it is refused, and no more is held than a head may have."""
    reader = RequestReader()
    with pytest.raises(Problem) as problem:
        read(reader, *[data[at : at + step] for at in range(0, len(data), step)])
    assert problem.value.status == status
    assert reader.coming is None or len(reader.coming.fields) <= HEADERS_MOST


@pytest.mark.parametrize("trailer", [b"a" * 1_000, b"a: b\r\n" * 200], ids=["one without end", "many"])
def test_trailers_are_bounded(trailer: bytes) -> None:
    """What follows the last chunk without end is refused."""
    reader = RequestReader()
    reader.feed(b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n")
    with pytest.raises(Problem):
        read(reader, *[trailer] * 1_000)


def test_requests_ahead_are_bounded() -> None:
    """What comes at once may hold many requests, but not any number."""
    reader = RequestReader()
    with pytest.raises(Problem):
        reader.feed(b"GET / HTTP/1.1\r\n\r\n" * (AHEAD_MOST + 1))
    assert len(reader.heads) == AHEAD_MOST


def test_headers_ahead_are_bounded() -> None:
    """Requests that come at once have no more headers together than a good many usual ones."""
    reader = RequestReader()
    with pytest.raises(Problem):
        reader.feed((b"GET / HTTP/1.1\r\n" + b"a:\r\n" * HEADERS_MOST + b"\r\n") * 200)
    assert sum(len(request.fields) for request in reader.heads) <= HEADERS_AT_ONCE


def test_tiny_chunks_take_no_more_than_their_bytes() -> None:
    """A body in chunks of two bytes that nobody takes yet is held in few parts."""
    reader = RequestReader()
    reader.feed(b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + b"2\r\nab\r\n" * 30_000)
    request = reader.heads[0]
    assert (request.held, len(request.parts)) == (60_000, -(-60_000 // PART_BYTES))
    assert request.take() == b"ab" * 30_000


def test_noise_never_breaks_the_reader() -> None:
    """Whatever bytes are changed, there are requests or a Problem; a body is never longer than was sent."""
    noise = random.Random(7)
    for _ in range(3_000):
        data = bytearray(noise.choice([POST, CHUNKED, UPGRADE]) + GET)
        for _ in range(noise.randrange(1, 4)):
            data[noise.randrange(len(data))] = noise.randrange(256)
        reader = RequestReader()
        with contextlib.suppress(Problem):
            reader.feed(bytes(data))
        assert sum(len(request.take()) for request in reader.heads) <= len(data)
        assert all(isinstance(request, Request) and request.path[:1] in {b"/", b"*"} for request in reader.heads)
