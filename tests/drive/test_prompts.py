"""Prompts reach a real site as they are, or are refused before anything is sent: in every kind of request."""

import email.parser
import email.policy
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from chatdoor import Client, Messages
from chatdoor.errors import ArgumentError
from chatdoor.site import loads_site
from tests.drive.test_socketio import site_of as socketio_site
from tests.drive.test_sockets import site_of as socket_site
from tests.servers.socketio_server import SocketIoServer
from tests.servers.sockets import SocketServer

PROMPTS = {
    "plain": "Hello there",
    "quotes": 'say "it\'s" `so` \\"',
    "line feeds": "one\ntwo\n\nthree\n",
    "line ends": "\r\none\r\ntwo\rthree",
    "braces": "{} {{x}} {prompt} }{",
    "a placeholder": "{csrf}",
    "a reference": "{env:HOME} {file:/etc/passwd}",
    "emoji": "😀 👩‍👩‍👧 é é",
    "NUL": "a\0b",
    "controls": "\x01\x1b[31m\x7f\x85",
    "what separates": "a=1&b=2;c=3, d?e#f/g\\h%20%00+i",
    "lines of Unicode": "a\u2028b\u2029c",
    "markup": "<script>alert('&amp;')</script>",
    "from the right": "\u202eabc\u202c \ufeff",
    "spaces at the ends": "  a\t ",
    "a boundary": '--x\r\nContent-Disposition: form-data; name="p"\r\n\r\nq\r\n--x--\r\n',
    "long": "longer " * 20_000,
}


class Heard(NamedTuple):
    """A request as it came."""

    path: str
    headers: dict[str, str]
    body: bytes


class Echo(ThreadingHTTPServer):
    """A site that notes requests."""

    heard: list[Heard]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Echo

    def do_POST(self) -> None:
        """Notes it and answers."""
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.heard.append(Heard(self.path, headers, body))
        answer = b'{"response": "heard"}'
        self.send_response(200)
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Says nothing."""


@pytest.fixture(scope="module")
def echo() -> Iterator[Echo]:
    """The site that notes requests."""
    server = Echo(("127.0.0.1", 0), _Handler)
    server.heard = []
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def _said(prompt: str) -> Messages:
    return [{"role": "user", "content": prompt}]


def _query(heard: Heard) -> str:
    return _field(urlsplit(heard.path).query)


def _field(pairs: str) -> str:
    fields = parse_qs(pairs, keep_blank_values=True, strict_parsing=True, errors="strict")
    assert list(fields) == ["p"]
    return fields["p"][0]


def _part(heard: Heard) -> str:
    """The one field, as the email package finds it; its own bytes, because that package mends line ends."""
    head = f"Content-Type: {heard.headers['content-type']}\r\n\r\n".encode()
    message = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + heard.body)
    assert [part["content-disposition"].params["name"] for part in message.iter_parts()] == ["p"]
    return heard.body.partition(b"\r\n\r\n")[2].rpartition(b"\r\n--")[0].decode()


KINDS: dict[str, tuple[str, Callable[[Heard], str]]] = {
    "json": ('json = { p = "{prompt}" }', lambda heard: json.loads(heard.body)["p"]),
    "json, inside a text": ('json = { p = "Q: {prompt}" }', lambda heard: json.loads(heard.body)["p"][3:]),
    "json, a list": ('json = { p = "{messages}" }', lambda heard: json.loads(heard.body)["p"][0]["content"]),
    "form": ('form = { p = "{prompt}" }', lambda heard: _field(heard.body.decode("ascii"))),
    "multipart": ('multipart = { p = "{prompt}" }', _part),
    "text": ('text = "{prompt}"', lambda heard: heard.body.decode()),
    "query": ('query = { p = "{prompt}" }', _query),
    "path": ("", lambda heard: unquote(heard.path.split("/")[2], errors="strict")),
    "header": ('headers = { X-P = "{prompt}" }', lambda heard: heard.headers["x-p"]),
    "cookie": ('cookies = { p = "{prompt}" }', lambda heard: heard.headers["cookie"].removeprefix("p=")),
}
"""What the chat step says, and what the site reads."""

HEADERS = {"plain", "quotes", "braces", "a placeholder", "a reference", "what separates", "markup"}
REFUSED = {
    "header": PROMPTS.keys() - HEADERS,
    "cookie": PROMPTS.keys() - (HEADERS - {"what separates", "markup"}),
    "query": {"long"},
    "path": {"long"},
}
"""What can not be sent: no header holds line ends, controls or more than ASCII, and URLs have a length."""


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", PROMPTS)
def test_a_prompt_over_http(echo: Echo, kind: str, name: str) -> None:
    """The site reads what was asked, or hears nothing."""
    chat, read = KINDS[kind]
    site = loads_site(f"""
        schema = 1
        name = "echo"
        url = "http://127.0.0.1:{echo.server_port}"
        [conversation]
        history = "{"client" if "messages" in chat else "none"}"
        [chat]
        post = "/c{"/{prompt}" if kind == "path" else ""}"
        {chat}
        [reply]
        json = "response"
    """)
    echo.heard.clear()
    with Client(site) as client:
        if name in REFUSED.get(kind, ()):
            with pytest.raises(ArgumentError):
                client.ask(_said(PROMPTS[name]))
            assert echo.heard == []
        else:
            assert client.ask(_said(PROMPTS[name])).text == "heard"
            assert [read(heard) for heard in echo.heard] == [PROMPTS[name]]


def test_prompts_over_a_websocket(sockets: SocketServer) -> None:
    """Each in a frame of its own, and back."""
    with Client(socket_site(sockets, more='[conversation]\nhistory = "none"')) as client:
        assert [client.ask(_said(prompt)).text for prompt in PROMPTS.values()] == list(PROMPTS.values())
    assert sockets.prompts == list(PROMPTS.values())


def test_prompts_over_socketio() -> None:
    """Each in an event of its own."""
    prompts = [prompt for name, prompt in PROMPTS.items() if name != "long"]  # the site answers letter by letter
    server = SocketIoServer()
    try:
        with Client(socketio_site(server.url, more='[conversation]\nhistory = "none"')) as client:
            assert [client.ask(_said(prompt)).text for prompt in prompts] == prompts
    finally:
        server.close()
    assert server.prompts == prompts
