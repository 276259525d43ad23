"""The faulty server does on the wire what the names of its faults say."""

import gzip
import http.client
import json
import socket
import time
import zlib
from contextlib import closing
from urllib.parse import urlsplit

import pytest

from tests.servers.faults import CHAT, PAGE
from tests.servers.faults.bulk import BODY_BYTES, BOMB_BYTES, bomb
from tests.servers.faults.events import EVENTS_TEXT
from tests.servers.faults.replies import GOOD_TEXT
from tests.servers.faulty import CHAT_PATH, TOKEN_START, Faulty, FaultyServer

SECONDS = 5.0
PROMPT = b'{"messages": []}'
GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
POST = b"POST /generate_response/ HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%b" % (len(PROMPT), PROMPT)
# Faults that the client meets as an error of the connection, and faults that send nothing.
BROKEN = {"connection_refused", "reset_on_accept", "reset_after_request_head", "reset_after_request"}
SILENT = {"never_answers", "never_reads", "closed_without_answer"}


def connect(server: FaultyServer) -> socket.socket:
    """A plain connection to it."""
    place = urlsplit(server.url)
    return socket.create_connection((str(place.hostname), int(place.port or 0)), SECONDS)


def read(sock: socket.socket, at_most: int = 1 << 30) -> bytes:
    """What comes until the server closes, or at least `at_most` bytes."""
    got = b""
    while len(got) < at_most and (data := sock.recv(1 << 16)):
        got += data
    return got


def wire_bytes(server: FaultyServer, request: bytes, at_most: int = 1 << 30) -> bytes:
    """What comes back for `request`."""
    with connect(server) as sock:
        sock.sendall(request)
        return read(sock, at_most)


def client_of(server: FaultyServer) -> closing[http.client.HTTPConnection]:
    """The standard library's client, which keeps its connection."""
    return closing(http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=SECONDS))


def ask(client: http.client.HTTPConnection, method: str = "POST", path: str = CHAT_PATH) -> tuple[int, bytes]:
    """Status and body of one request."""
    client.request(method, path, PROMPT if method == "POST" else None)
    answer = client.getresponse()
    return answer.status, answer.read()


def test_good_page_and_good_reply_on_one_connection(faulty: Faulty) -> None:
    """Without faults the page sets its token, the chat replies, and both are seen as they came."""
    server = faulty()
    with client_of(server) as client:
        client.request("GET", "/")
        page = client.getresponse()
        token, visitor = page.headers.get_all("Set-Cookie") or []
        assert token.startswith(f"csrftoken={TOKEN_START}")
        assert visitor.startswith("visitor=")
        assert page.read().count(token[10:42].encode()) == 2
        status, body = ask(client)
    assert (status, json.loads(body)) == (200, {"response": GOOD_TEXT})
    assert [(seen.method, seen.path, seen.body) for seen in server.seen] == [
        ("GET", "/", b""),
        ("POST", CHAT_PATH, PROMPT),
    ]
    assert server.seen[1].header("content-length") == str(len(PROMPT))
    assert (server.pages, server.prompts, server.foreign) == (1, 1, [])


def test_each_page_has_a_token_of_its_own(faulty: Faulty) -> None:
    """Two pages give two tokens."""
    with client_of(faulty()) as client:
        assert ask(client, "GET", "/") != ask(client, "GET", "/")


def test_a_chunked_prompt_is_read_whole(faulty: Faulty) -> None:
    """A request body in chunks is put together."""
    server = faulty()
    with client_of(server) as client:
        client.request("POST", CHAT_PATH, iter([b"one ", b"two"]), encode_chunked=True)
        assert client.getresponse().read()
    assert server.seen[0].body == b"one two"
    assert server.prompts == 1


def test_a_client_may_ask_for_the_end(faulty: Faulty) -> None:
    """With Connection: close in the request the server closes after its answer."""
    assert wire_bytes(faulty(), GET.replace(b"Host: x", b"Connection: close")).startswith(b"HTTP/1.1 200")


def test_half_a_prompt_does_not_count(faulty: Faulty) -> None:
    """A body that ends early is seen, and is no prompt."""
    server = faulty()
    with connect(server) as sock:
        sock.sendall(POST[:-4])
        sock.shutdown(socket.SHUT_WR)
        sock.recv(1)
    assert [seen.complete for seen in server.seen] == [False]
    assert server.prompts == 0


def test_a_list_of_faults_has_one_turn_each_and_the_last_stays(faulty: Faulty) -> None:
    """Three requests meet 429, then good, then good."""
    with client_of(faulty(chat=["rate_limited_1s", "good"])) as client:
        assert [ask(client)[0] for _ in range(3)] == [429, 200, 200]


def test_times_is_how_often_before_it_is_good(faulty: Faulty) -> None:
    """With times=2 the third request is answered well."""
    with client_of(faulty(chat="server_error", times=2)) as client:
        assert [ask(client)[0] for _ in range(3)] == [500, 500, 200]


def test_an_unknown_fault_is_an_error(faulty: Faulty) -> None:
    """A name that is in no table stops the test at once."""
    with pytest.raises(KeyError, match="no_such_fault"):
        faulty(chat="no_such_fault")


def test_the_foreign_site_tells_of_every_connection(faulty: Faulty) -> None:
    """A request to it and a bare connection are both noted."""
    server = faulty()
    place = urlsplit(server.foreign_url)
    with closing(http.client.HTTPConnection(place.netloc, timeout=SECONDS)) as client:
        ask(client, "GET", "/here")
    with socket.create_connection((str(place.hostname), int(place.port or 0)), SECONDS):
        assert [(seen.method, seen.path) for seen in server.foreign] == [("GET", "/here"), ("", "")]


@pytest.mark.parametrize("page", ["good", "connection_refused"])
def test_refused(faulty: Faulty, page: str) -> None:
    """The port is closed from the start for the page, after the page for the chat, and at once without a page."""
    servers = [faulty(page=page, chat="connection_refused"), faulty(page=None, chat="connection_refused")]
    if page == "good":
        assert b"Connection: close" in wire_bytes(servers[0], GET)
    for server in servers:
        with pytest.raises(ConnectionRefusedError):
            connect(server)


@pytest.mark.parametrize(
    ("fault", "request_bytes"),
    [("reset_on_accept", b""), ("reset_after_request_head", POST[:-2]), ("reset_after_request", POST)],
)
def test_resets(faulty: Faulty, fault: str, request_bytes: bytes) -> None:
    """The reset comes at its stage, with no byte of an answer; a prompt counts only where it was read whole."""
    server = faulty(page=None, chat=fault)
    with pytest.raises(ConnectionResetError):
        wire_bytes(server, request_bytes)
    assert server.prompts == (fault == "reset_after_request")


def test_reset_on_accept_waits_for_the_page(faulty: Faulty) -> None:
    """After a good page the next connection is reset before it has asked for anything."""
    server = faulty(chat="reset_on_accept")
    assert wire_bytes(server, GET).startswith(b"HTTP/1.1 200")
    with pytest.raises(ConnectionResetError):
        wire_bytes(server, b"")


@pytest.mark.parametrize(("fault", "last"), [("reset_mid_head", b"Content-T"), ("reset_mid_body", b"Go")])
def test_resets_in_mid_answer(faulty: Faulty, fault: str, last: bytes) -> None:
    """Part of the answer arrives, then the reset."""
    with connect(faulty(chat=fault)) as sock:
        sock.sendall(POST)
        got = sock.recv(1 << 16)
        assert last in got
        assert not got.endswith(b"}")
        with pytest.raises(ConnectionResetError):
            read(sock)


@pytest.mark.parametrize("fault", ["never_answers", "never_reads", "sse_stalled"])
def test_silence(faulty: Faulty, fault: str) -> None:
    """Nothing (more) comes, and the connection stays."""
    with connect(faulty(page=None, chat=fault)) as sock:
        sock.sendall(POST)
        if fault == "sse_stalled":
            read(sock, 150)
        sock.settimeout(0.2)
        with pytest.raises(TimeoutError):
            sock.recv(1)


def test_never_reads_leaves_the_prompt_unread(faulty: Faulty) -> None:
    """A prompt bigger than the socket's buffers cannot be sent."""
    server = faulty(page=None, chat="never_reads")
    with connect(server) as sock:
        sock.settimeout(0.3)
        with pytest.raises(TimeoutError):
            sock.sendall(bytes(100 << 20))
    assert server.seen == []


@pytest.mark.parametrize(("fault", "begin"), [("drip_head", b"HT"), ("drip_body", b'{"')])
def test_drips(faulty: Faulty, fault: str, begin: bytes) -> None:
    """Two bytes take at least one pause."""
    with connect(faulty(chat=fault)) as sock:
        sock.sendall(POST)
        started = time.monotonic()
        got = b""
        while begin not in got:
            got += sock.recv(1)
        assert time.monotonic() - started > 0.15


@pytest.mark.parametrize(
    "fault",
    ["endless_header_line", "endless_headers", "endless_interim", "endless_chunked", "sse_endless", "sse_endless_line"],
)
def test_endless(faulty: Faulty, fault: str) -> None:
    """It goes on past eight megabytes, and stops when the client leaves."""
    assert len(wire_bytes(faulty(chat=fault), POST, 8 << 20)) >= 8 << 20


def test_100000_headers(faulty: Faulty) -> None:
    """They are all there, before a good body."""
    head, _, body = wire_bytes(faulty(chat="headers_100000"), POST).partition(b"\r\n\r\n")
    assert head.count(b"\r\nX-Header-") == 100_000
    assert json.loads(body) == {"response": GOOD_TEXT}


@pytest.mark.parametrize("fault", ["huge_length", "huge_chunked"])
def test_huge_bodies(faulty: Faulty, fault: str) -> None:
    """400 MB come through the standard library's client, as one JSON text."""
    with client_of(faulty(chat=fault)) as client:
        client.request("POST", CHAT_PATH, PROMPT)
        answer = client.getresponse()
        length, start, last = 0, b"", b""
        while data := answer.read(1 << 20):
            length, start, last = length + len(data), start or data[:14], data[-2:]
    assert (length, start, last) == (BODY_BYTES + 16, b'{"response": "', b'"}')


def test_gzip_bomb_is_small_on_the_wire_and_true_gzip() -> None:
    """It is below 2 MB, and unpacks without complaint to more than a gigabyte."""
    packed = b"".join(bomb())
    assert len(packed) < 2 << 20
    unpacker = zlib.decompressobj(wbits=31)
    length = len(unpacker.decompress(packed, 1 << 20))
    while not unpacker.eof:
        length += len(unpacker.decompress(unpacker.unconsumed_tail, 1 << 24))
    assert length == BOMB_BYTES > 1 << 30


def test_redirect_can_carry_the_bomb(faulty: Faulty) -> None:
    """The redirect leads to a good page of the site, and its own body is the bomb."""
    server = faulty(page="redirect_gzip_bomb")
    head, _, body = wire_bytes(server, GET).partition(b"\r\n\r\n")
    assert b"302 Found\r\nLocation: /home\r\n" in head
    assert len(body) > 1 << 20
    with client_of(server) as client:
        assert ask(client, "GET", "/home")[0] == 200


@pytest.mark.parametrize("fault", ["chunked_good", "close_delimited", "slow", "good_then_closed"])
def test_unusual_but_good(faulty: Faulty, fault: str) -> None:
    """The standard library's client gets the good reply."""
    with client_of(faulty(chat=fault)) as client:
        assert json.loads(ask(client)[1]) == {"response": GOOD_TEXT}


@pytest.mark.parametrize(
    "fault", ["length_too_long", "chunked_cut_off", "chunk_cut_off", "bad_chunk_size", "sse_cut_off"]
)
def test_cut_short(faulty: Faulty, fault: str) -> None:
    """The standard library's client notices that the body is not whole."""
    with client_of(faulty(chat=fault)) as client, pytest.raises(http.client.IncompleteRead):
        ask(client)


def test_early_hints_come_before_the_reply(faulty: Faulty) -> None:
    """A 100 and a 103 stand before the good answer, on a connection that goes on."""
    with connect(faulty(chat="early_hints")) as sock:
        sock.sendall(POST)
        got = b""
        while not got.endswith(b'"}'):
            got += sock.recv(1 << 16)
    assert [line[9:12] for line in got.splitlines() if line.startswith(b"HTTP/1.1 ")] == [b"100", b"103", b"200"]


@pytest.mark.parametrize("fault", ["gzip_wrong", "gzip_cut_off", "gzip_bad_checksum"])
def test_wrong_gzip(faulty: Faulty, fault: str) -> None:
    """The body arrives whole and cannot be unpacked."""
    with client_of(faulty(chat=fault)) as client, pytest.raises((EOFError, OSError)):
        gzip.decompress(ask(client)[1])


@pytest.mark.parametrize("fault", ["sse_good", "sse_split", "sse_crlf"])
def test_good_events(faulty: Faulty, fault: str) -> None:
    """Put together, the events are the text, ended by [DONE]."""
    with client_of(faulty(chat=fault)) as client:
        lines = ask(client)[1].decode().splitlines()
    *deltas, done = (line.removeprefix("data: ") for line in lines if line)
    assert "".join(json.loads(delta)["delta"] for delta in deltas) == EVENTS_TEXT
    assert done == "[DONE]"


@pytest.mark.parametrize(
    ("fault", "location"),
    [
        ("redirect_foreign", "{foreign}/generate_response/"),
        ("redirect_file", "file:///etc/passwd"),
        ("redirect_loop_307", "/generate_response/"),
        ("redirect_login_307", "/login"),
        ("redirect_home_in_userinfo", "{home}@{foreign_place}/generate_response/"),
    ],
)
def test_redirects_lead_where_they_say(faulty: Faulty, fault: str, location: str) -> None:
    """The marks in a Location are filled in."""
    server = faulty(chat=fault)
    places = {"foreign": server.foreign_url, "foreign_place": urlsplit(server.foreign_url).netloc, "home": server.url}
    assert f"Location: {location.format(**places)}\r\n".encode() in wire_bytes(server, POST, 10)


def test_redirect_to_another_port_leads_to_the_foreign_site(faulty: Faulty) -> None:
    """A client that follows it is found out."""
    server = faulty(page="redirect_other_port")
    head = wire_bytes(server, GET, 10).decode()
    port = int(head.partition("Location: http://127.0.0.1:")[2].partition("/")[0])
    with socket.create_connection(("127.0.0.1", port), SECONDS):
        assert len(server.foreign) == 1


def test_retry_after_can_be_a_date_soon(faulty: Faulty) -> None:
    """The date is made when the answer is."""
    assert b"\r\nRetry-After: " in wire_bytes(faulty(chat="rate_limited_date"), POST, 10)


@pytest.mark.parametrize(
    ("step", "fault"), [("page", name) for name in sorted(PAGE)] + [("chat", name) for name in sorted(CHAT)]
)
def test_every_fault_can_be_met_and_left(faulty: Faulty, step: str, fault: str) -> None:
    """Each sends something (silence and resets aside), leaves no mark open, and lets the server close."""
    server = faulty(page=fault) if step == "page" else faulty(page=None, chat=fault)
    if fault in BROKEN:
        with pytest.raises(ConnectionError):
            wire_bytes(server, GET if step == "page" else POST)
        return
    with connect(server) as sock:
        sock.sendall(GET if step == "page" else POST)
        if fault in SILENT:
            return
        got = sock.recv(1 << 16)
    assert got
    assert b"@TOKEN@" not in got
    assert b"@\r\n" not in got
