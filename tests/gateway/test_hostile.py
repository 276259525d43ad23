"""Bad and hostile input on raw sockets: each gets a JSON error in under a second, and the gateway goes on."""

import json
import socket
import time

import pytest

from tests.gateway.door import CHAT, SECONDS, Door, gateway, key, practice_door, status

HEAD = b"POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Type: application/json\r\n"
GOOD = b'{"model": "practice", "messages": [{"role": "user", "content": "Hello"}]}'
DEEP = b"[" * 100_000 + b"]" * 100_000

BODIES: list[tuple[str, bytes, str | None]] = [
    ("none", b"", None),
    ("no json", b"hello", None),
    ("deep", b'{"model": "practice", "x": ' + DEEP + b"}", None),
    ("deep messages", b'{"model": "practice", "messages": ' + DEEP + b"}", "messages[0]"),
    ("NaN", GOOD[:-1] + b', "temperature": NaN}', None),
    ("1e999", GOOD[:-1] + b', "temperature": 1e999}', "temperature"),
    ("utf-8 in a text", GOOD.replace(b"Hello", b"\xff"), None),
    ("utf-8 elsewhere", GOOD[:-1] + b', "x": "\xff"}', None),
    ("half a surrogate", GOOD.replace(b"Hello", b"\\ud800"), None),
    ("a key twice", b'{"model": "other", ' + GOOD[1:], None),
    ("a list", b"[]", None),
    ("no model", GOOD.replace(b'"model": "practice", ', b""), "model"),
    ("model is a number", GOOD.replace(b'"practice"', b"1"), "model"),
    ("messages is a text", b'{"model": "practice", "messages": "Hello"}', "messages"),
    ("no messages", b'{"model": "practice", "messages": []}', "messages"),
    ("a role is none", GOOD.replace(b'"user"', b'"wizard"'), "messages[0].role"),
    ("a role is a list", GOOD.replace(b'"user"', b"[]"), "messages[0].role"),
    ("content is a number", GOOD.replace(b'"Hello"', b"1"), "messages[0].content"),
    ("content is missing", b'{"model": "practice", "messages": [{"role": "user"}]}', "messages[0].content"),
    ("parts without type", GOOD.replace(b'"Hello"', b"[{}]"), "messages[0].content"),
    ("stream is a text", GOOD[:-1] + b', "stream": "yes"}', "stream"),
    ("n is 0", GOOD[:-1] + b', "n": 0}', "n"),
    ("n is a million", GOOD[:-1] + b', "n": 1000000}', "n"),
    ("max_tokens is negative", GOOD[:-1] + b', "max_tokens": -1}', "max_tokens"),
    ("temperature is text", GOOD[:-1] + b', "temperature": "hot"}', "temperature"),
    ("stop is a number", GOOD[:-1] + b', "stop": 1}', "stop"),
]


def _post(door: Door, body: bytes, *lines: bytes) -> bytes:
    head = HEAD % door.port + b"Content-Length: %d\r\n" % len(body) + b"".join(line + b"\r\n" for line in lines)
    return door.raw(head + b"\r\n" + body)


def _error(answer: bytes) -> dict[str, object]:
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"content-type: application/json" in head
    error: dict[str, object] = json.loads(body)["error"]
    assert set(error) == {"message", "type", "param", "code"}
    return error


def _goes_on(door: Door) -> bool:
    return status(_post(door, GOOD)) == 200


@pytest.mark.parametrize(("body", "param"), [row[1:] for row in BODIES], ids=[row[0] for row in BODIES])
def test_a_body_that_can_not_be_used_is_a_400(door: Door, body: bytes, param: str | None) -> None:
    """Whatever is wrong with a body is told at once, with the parameter where there is one."""
    began = time.monotonic()
    answer = _post(door, body)
    assert time.monotonic() - began < 2
    assert (status(answer), _error(answer)["param"]) == (400, param)
    assert _goes_on(door)


HEADS: list[tuple[str, bytes, int]] = [
    ("both lengths", b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", 400),
    ("two lengths", b"Content-Length: 5\r\nContent-Length: 6\r\n", 400),
    ("a length that is none", b"Content-Length: -5\r\n", 400),
    ("a length beyond numbers", b"Content-Length: " + b"9" * 400 + b"\r\n", 400),
    ("a gigabyte", b"Content-Length: 1000000000\r\n", 413),
    ("two hosts", b"Host: 127.0.0.1:%d\r\nContent-Length: 0\r\n", 400),
    ("another host", b"X: y\r\nContent-Length: 0\r\n", 421),
    ("a foreign origin", b"Origin: https://evil.example\r\nContent-Length: 0\r\n", 403),
    ("a sandboxed page", b"Origin: null\r\nContent-Length: 0\r\n", 403),
    ("a foreign site", b"Sec-Fetch-Site: cross-site\r\nContent-Length: 0\r\n", 403),
    ("a page on another port", b"Sec-Fetch-Site: same-site\r\nContent-Length: 0\r\n", 403),
    ("a header without colon", b"nonsense\r\nContent-Length: 0\r\n", 400),
    ("a huge head", b"X: " + b"y" * 300_000 + b"\r\nContent-Length: 0\r\n", 431),
    ("many headers", b"X: y\r\n" * 100_000 + b"Content-Length: 0\r\n", 431),
]


@pytest.mark.parametrize(("lines", "expected"), [row[1:] for row in HEADS], ids=[row[0] for row in HEADS])
def test_a_head_that_can_not_be_used_is_refused(door: Door, lines: bytes, expected: int) -> None:
    """A head that is ambiguous, too large or not for us is refused before a body is read."""
    head = HEAD % door.port
    if b"Host" in lines:
        lines = lines % door.port
    if expected == 421:
        head = head.replace(b"127.0.0.1", b"evil.example")
    began = time.monotonic()
    answer = door.raw(head + lines + b"\r\n")
    assert time.monotonic() - began < 2
    assert status(answer) == expected
    assert _error(answer)["message"]
    assert _goes_on(door)


LINES: list[tuple[bytes, int]] = [
    (b"GET http://evil.example/v1/models HTTP/1.1", 400),
    (b"CONNECT evil.example:443 HTTP/1.1", 400),
    (b"GET /v1/models HTTP/1.0", 505),
    (b"GET /v1/models HTTP/3.9", 400),
    (b"GET /v1/models", 505),
    (b"\x16\x03\x01\x02\x00", 400),
    (b"GET v1/models HTTP/1.1", 400),
    (b"GET /v1/models/%ff%0d%0aX-Evil:%201 HTTP/1.1", 404),
    (b"GET /v1/../v1/models HTTP/1.1", 404),
    (b"GET //v1/models HTTP/1.1", 404),
    (b"GET /v1/models%2f HTTP/1.1", 404),
    (b"GET /" + b"a" * 20_000 + b" HTTP/1.1", 404),
    (b"BREW /v1/models HTTP/1.1", 400),
    (b"DELETE /v1/models HTTP/1.1", 405),
    (b"GET /v1/chat/completions HTTP/1.1", 405),
    (b"POST /v1/embeddings HTTP/1.1", 501),
    (b"OPTIONS /v1/nothing HTTP/1.1", 404),
    (b"GET * HTTP/1.1", 404),
]


@pytest.mark.parametrize(("line", "expected"), LINES, ids=[row[0][:40].decode("latin-1") for row in LINES])
def test_a_request_line_that_leads_nowhere_is_refused(door: Door, line: bytes, expected: int) -> None:
    """Paths count as they were sent; whatever is no path of ours gets a JSON error and no header of the client's."""
    answer = door.raw(line + b"\r\nHost: 127.0.0.1:%d\r\n\r\n" % door.port)
    assert status(answer) == expected
    assert _error(answer)["message"]
    assert b"\r\nx-evil" not in answer.lower()
    assert _goes_on(door)


def test_a_request_without_host_is_refused(door: Door) -> None:
    """Nobody asks without saying whom."""
    answer = door.raw(b"GET /v1/models HTTP/1.1\r\n\r\n")
    assert status(answer) in {400, 421}


@pytest.mark.parametrize("given", [b"evil\tid", b"a b", b"\xff", b"x" * 129, b"a,b"])
def test_a_request_id_that_could_do_harm_is_not_taken_over(door: Door, given: bytes) -> None:
    """An id of the client's is sent back only where it is plain."""
    answer = door.raw(b"GET /livez HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nX-Request-Id: %b\r\n\r\n" % (door.port, given))
    assert status(answer) == 200
    assert b"x-request-id: req_" in answer


def test_an_endless_body_is_cut_off(door: Door) -> None:
    """A chunked body without an end is answered 413 after its limit, and is not kept."""
    chunk = b"%x\r\n%b\r\n" % (1_000_000, b" " * 1_000_000)
    head = HEAD % door.port + b"Transfer-Encoding: chunked\r\n\r\n"
    answer = door.raw(head, *[chunk] * 11)
    assert status(answer) == 413
    assert _goes_on(door)


@pytest.mark.parametrize(
    "part",
    [b"POST /v1/chat", HEAD % 0, b"", HEAD % 1 + b"Content-Length: 100\r\n\r\n{"],
    ids=["line", "head", "-", "body"],
)
def test_half_a_request_that_never_ends_is_cut_off(part: bytes) -> None:
    """Whoever begins a request and does not go on is told so after the time limit, and the connection ends."""
    with gateway(read_seconds=0.3) as door:
        part = part.replace(b":1\r", b":%d\r" % door.port)
        with socket.create_connection(("127.0.0.1", door.port), timeout=SECONDS) as connection:
            connection.sendall(part)
            answer = b""
            while chunk := connection.recv(65_536):
                answer += chunk
        assert status(answer) == 408
        door.wait_until_idle()


KEYS = [
    b"",
    b"Bearer",
    b"Bearer ",
    b"Bearer wrong",
    b"Basic right",
    b"Bearer " + b"x" * 10_000,
    b"Bearer \xff\xfe",
    b"right",
]


@pytest.mark.parametrize("authorization", KEYS, ids=range(len(KEYS)))
def test_a_wrong_key_is_a_401_before_the_body_is_read(authorization: bytes) -> None:
    """Without one of the keys nothing is read, and nothing is told of the keys or of the models."""
    with gateway(keys=[key("right")]) as door:
        head = HEAD % door.port + b"Content-Length: 1000\r\nAuthorization: " + authorization + b"\r\n\r\n"
        answer = door.raw(head)
        assert status(answer) == 401
        assert _error(answer)["type"] == "invalid_request_error"
        assert b"x-should-retry: false" in answer
        assert b"right" not in answer


def test_many_at_a_time_are_all_answered() -> None:
    """Two hundred connections at a time are all answered, and none is left behind."""
    with practice_door() as (door, _):
        request = b"GET /v1/models HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n" % door.port
        open_ones = [socket.create_connection(("127.0.0.1", door.port), timeout=SECONDS) for _ in range(200)]
        for connection in open_ones:
            connection.sendall(request)
        assert {status(connection.recv(65_536)) for connection in open_ones} == {200}
        for connection in open_ones:
            connection.close()
        assert door.send("POST", CHAT, GOOD).status == 200


def test_bodies_are_bounded_together() -> None:
    """Where all bodies on their way are too large together, the next one is a 503, and what has ended makes room."""
    with practice_door(slow=0.5) as (door, practice):
        door.state.bodies.left = 1_000_000
        large = GOOD[:-1] + b', "x": "' + b"y" * 600_000 + b'"}'
        with socket.create_connection(("127.0.0.1", door.port), timeout=SECONDS) as first:
            first.sendall(HEAD % door.port + b"Content-Length: %d\r\n\r\n" % len(large) + large)
            while not practice.stats()["accepted"]:
                time.sleep(0.005)
            answer = _post(door, large)
            assert (status(answer), _error(answer)["code"]) == (503, "busy")
            assert _goes_on(door)
            assert first.recv(65_536).startswith(b"HTTP/1.1 200")
        door.wait_until_idle()
        assert door.state.bodies.left == 1_000_000
        assert status(_post(door, large)) == 200


def test_what_is_no_request_has_an_id_too(door: Door) -> None:
    """An answer in place of the gateway's has the same headers as any other."""
    head = door.raw(b"no HTTP\r\n\r\n").partition(b"\r\n\r\n")[0].lower()
    for name in (b"date: ", b"server: chatdoor", b"x-request-id: req_", b"connection: close"):
        assert b"\r\n" + name in head
