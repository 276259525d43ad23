"""A gateway in a thread of the test, and what tests ask it with."""

import contextlib
import http.client
import json
import socket
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from chatdoor.drive.shared.state import SharedState
from chatdoor.gateway.access_log import AccessLog
from chatdoor.gateway.address import own_hosts
from chatdoor.gateway.guard import Guard
from chatdoor.gateway.house import House
from chatdoor.gateway.keys import Key, Keys
from chatdoor.gateway.server import Server, listen
from chatdoor.gateway.shared.counts import SharedCounts
from chatdoor.gateway.state import Conduct, State
from chatdoor.practice import Practice
from chatdoor.site import Site
from tests.gateway.openai_shapes import check_answer
from tests.servers.waiting import wait_until

HELLO = [{"role": "user", "content": "Hello"}]
CHAT = "/v1/chat/completions"
SECONDS = 10.0


@dataclass(frozen=True)
class Seen:
    """An answer; header names in small letters."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)

    @property
    def error(self) -> Any:
        """What the error envelope holds."""
        assert self.headers["content-type"] == "application/json"
        error = self.json()["error"]
        assert set(error) == {"message", "type", "param", "code"}
        return error

    def frames(self) -> list[Any]:
        """The events of a stream, `[DONE]` as it is, comments left out."""
        blocks = self.body.decode().split("\n\n")
        assert blocks.pop() == ""
        texts = [block.removeprefix("data: ") for block in blocks if not block.startswith(":")]
        return [text if text == "[DONE]" else json.loads(text) for text in texts]


@dataclass(frozen=True)
class Door:
    """A running gateway."""

    port: int
    server: Server
    state: State

    @property
    def url(self) -> str:
        """Where clients find it."""
        return f"http://127.0.0.1:{self.port}/v1"

    def send(self, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None) -> Seen:
        """One request and its answer; a body that is no bytes is sent as JSON."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=SECONDS)
        with contextlib.closing(connection):
            data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
            typed = {} if data is None else {"Content-Type": "application/json"}
            connection.request(method, path, data, typed | dict(headers or {}))
            answer = connection.getresponse()
            names = {name.lower(): value for name, value in answer.getheaders()}
            seen = Seen(answer.status, names, answer.read())
        check_answer(names.get("content-type", ""), seen.body)
        return seen

    def chat(self, headers: Mapping[str, str] | None = None, **request: object) -> Seen:
        """A chat completion of the practice site."""
        return self.send("POST", CHAT, {"model": "practice", "messages": HELLO} | request, headers)

    def raw(self, *parts: bytes) -> bytes:
        """What comes back for these bytes until the gateway ends the connection, or has answered and waits."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=SECONDS) as connection:
            received = b""
            with contextlib.suppress(ConnectionError):
                for part in parts:
                    connection.sendall(part)
            with contextlib.suppress(ConnectionError):
                while not whole(received) and (chunk := connection.recv(65_536)):
                    received += chunk
            return received

    def wait_until_idle(self) -> None:
        """Waits until no request is on its way. Fails after a while."""
        wait_until(lambda: not self.state.running)

    def wait_until_busy(self, count: int = 1) -> None:
        """Waits until so many requests are on their way. Fails after a while."""
        wait_until(lambda: self.state.running == count)


def whole(answer: bytes) -> bool:
    """Whether the bytes are an answer with all of its declared length."""
    head, found, body = answer.partition(b"\r\n\r\n")
    lengths = [int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    return bool(found) and bool(lengths) and len(body) >= lengths[0]


def status(answer: bytes) -> int:
    """The status of an answer."""
    return int(answer.split(b" ", 2)[1])


def key(text: str, **limits: Any) -> Key:
    """An API key as the gateway keeps it."""
    return Key(digest=sha256(text.encode()).digest(), **limits)


@contextlib.contextmanager
def gateway(
    *sites: Site,
    keys: Iterable[Key] = (),
    cors: Iterable[str] = (),
    aliases: Mapping[str, str] | None = None,
    conduct: Conduct | None = None,
    grace: float = 5.0,
    read_seconds: float = 5.0,
    log: AccessLog | None = None,
    shared: SharedState | None = None,
) -> Iterator[Door]:
    """A gateway for the length of a block."""
    listener = listen("127.0.0.1", 0)
    port = listener.getsockname()[1]
    counts = SharedCounts(shared.link, serves=shared.serves) if shared else None
    guard = Guard(Keys(tuple(keys)), hosts=own_hosts("127.0.0.1", port), cors=cors, counts=counts)
    house = House(sites, {"shared": shared}, aliases=aliases, created=1)
    state = State(house, guard, conduct or Conduct(), log=log, shared=shared)
    ready = threading.Event()
    server = Server(state, grace=grace, read_seconds=read_seconds, on_ready=ready.set)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        assert ready.wait(SECONDS)
        yield Door(port, server, state)
    finally:
        server.stop()
        thread.join(SECONDS)
        assert not thread.is_alive()


@contextlib.contextmanager
def practice_door(*, conduct: Conduct | None = None, **options: Any) -> Iterator[tuple[Door, Practice]]:
    """A gateway in front of a practice site with these options."""
    practice = Practice(**options)
    with practice as site, gateway(site, conduct=conduct) as door:
        yield door, practice
