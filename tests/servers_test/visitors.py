"""A visitor for each stack, who does what its page would do, with the standard library."""

import json
import re
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cached_property
from html import unescape
from http.cookiejar import CookieJar
from typing import Any, ClassVar
from urllib.error import HTTPError
from urllib.parse import urlencode, urlsplit
from uuid import uuid4

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from tests.servers.django_server import opener
from tests.servers.stacks.accounts import PASSWORD, USER
from tests.servers.stacks.server import StackServer

SECONDS = 10.0
JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True)
class Got:
    """An answer: its status, its body, and where it came from."""

    status: int
    text: str
    url: str = field(default="", compare=False)

    def find(self, pattern: str) -> str:
        """The first group of `pattern` in the body."""
        found = re.search(pattern, self.text)
        assert found, self.text
        return found[1]


class Visitor:
    """A browser of a kind: keeps cookies and follows redirects. A subclass knows one site."""

    REFUSAL: ClassVar[tuple[int, str]]
    """Status of the framework's refusal, and words of it."""
    EXPIRED: ClassVar[int]
    """Status of its refusal when the session has expired."""
    ENTRY: ClassVar[tuple[int, int]]
    """How many pages and tokens the site gives out when one enters."""

    def __init__(self, site: StackServer) -> None:
        self.site = site
        self.url = site.url
        self.token = ""
        self.jar = CookieJar()
        self.opened = ExitStack()
        self._opener = opener(None, urllib.request.HTTPCookieProcessor(self.jar))

    def enter(self) -> None:
        """Open the page, and take what the chat needs."""
        raise NotImplementedError

    def ask(self, prompt: str) -> Got:
        """One turn. The text is the reply where the site accepts it."""
        raise NotImplementedError

    def spoil(self) -> None:
        """Hold a wrong token from now on."""
        self.token = "a" * len(self.token)

    def send(self, path: str, data: bytes | None = None, headers: dict[str, str] | None = None) -> Got:
        """GET, or POST where there is data."""
        request = urllib.request.Request(self.url + path, data, headers or {})
        try:
            with self._opener.open(request, timeout=SECONDS) as answer:
                return Got(answer.status, answer.read().decode(), answer.url)
        except HTTPError as error:
            with error:
                return Got(error.code, error.read().decode())

    def send_json(self, path: str, body: Any, headers: dict[str, str] | None = None) -> Got:
        """POST `body` as JSON."""
        return self.send(path, json.dumps(body).encode(), JSON | (headers or {}))


def reply_of(got: Got, key: str = "reply") -> Got:
    """The same answer with only the text under `key` of its JSON, where it was accepted."""
    return Got(200, json.loads(got.text)[key]) if got.status == 200 else got


class FlaskWtf(Visitor):
    REFUSAL = (400, "The CSRF token is invalid")
    EXPIRED = 400
    ENTRY = (1, 1)

    def enter(self) -> None:
        self.token = self.send("/").find('name="csrf-token" content="([^"]+)"')

    def ask(self, prompt: str) -> Got:
        return reply_of(self.send_json("/chat", {"message": prompt}, {"X-CSRFToken": self.token}))


class DjangoLogin(Visitor):
    REFUSAL = (403, "CSRF verification failed")
    EXPIRED = 403
    ENTRY = (1, 1)

    def enter(self) -> None:
        self.token = self.token_of(self.sign_in(self.token_of(self.send("/login/"))))

    def sign_in(self, token: str) -> Got:
        """The chat page, to which the login leads."""
        fields = {"username": USER, "password": PASSWORD, "csrfmiddlewaretoken": token}
        return self.send("/login/", urlencode(fields).encode())

    def ask(self, prompt: str) -> Got:
        fields = {"message": prompt, "csrfmiddlewaretoken": self.token}
        return reply_of(self.send("/chat/", urlencode(fields).encode()))

    def token_of(self, page: Got) -> str:
        """The token in the form of a page."""
        return page.find('name="csrfmiddlewaretoken" value="([^"]+)"')


class FastApi(Visitor):
    REFUSAL = (401, "The CSRF signatures submitted do not match")
    EXPIRED = 401
    ENTRY = (0, 1)

    def enter(self) -> None:
        self.token = json.loads(self.send("/csrf").text)["csrf_token"]
        self.messages: list[dict[str, str]] = []

    def ask(self, prompt: str) -> Got:
        self.messages.append({"role": "user", "content": prompt})
        got = self.send_json("/chat", {"messages": self.messages}, {"X-CSRF-Token": self.token})
        if got.status != 200:
            return got
        events = re.findall("event: (.+)\ndata: (.+)\n\n", got.text)
        assert [name for name, _ in events] == ["status", *["delta"] * (len(events) - 2), "final"]
        _, *deltas, final = (json.loads(data)["text"] for _, data in events)
        assert "".join(deltas) == final
        self.messages.append({"role": "assistant", "content": final})
        return Got(200, final)


class Php(Visitor):
    REFUSAL = (403, "Your form has expired")
    EXPIRED = 403
    ENTRY = (1, 1)

    def enter(self) -> None:
        self._read(self.send("/"))

    def ask(self, prompt: str) -> Got:
        got = self.send("/", urlencode({"message": prompt, "token": self.token}).encode())
        return self._read(got) if got.status == 200 else got

    def _read(self, page: Got) -> Got:
        self.token = page.find('name="token" value="([^"]+)"')
        replies = re.findall('<li class="bot"><p>(.*?)</p></li>', page.text, re.DOTALL)
        return Got(200, unescape(replies[-1].replace("<br>\n", "\n")) if replies else "")


class Express(Visitor):
    REFUSAL = (403, "ForbiddenError: invalid csrf token")
    EXPIRED = 403
    ENTRY = (0, 1)
    conversation: str | None = None

    def enter(self) -> None:
        self.token = json.loads(self.send("/api/csrf").text)["csrfToken"]

    def ask(self, prompt: str) -> Got:
        body = {"message": prompt, "conversation_id": self.conversation}
        got = self.send_json("/api/chat", body, {"X-CSRF-Token": self.token})
        if got.status != 200:
            return got
        start, *tokens, done = map(json.loads, got.text.splitlines())
        assert done == {"type": "done"}
        self.conversation = start["conversation_id"]
        return Got(200, "".join(token["text"] for token in tokens))


class Channels(Visitor):
    REFUSAL = (4401, "no session")
    EXPIRED = 4401
    ENTRY = (1, 1)

    def enter(self) -> None:
        self.send("/")
        self.token = next(cookie.value for cookie in self.jar if cookie.name == "sessionid") or ""

    def ask(self, prompt: str) -> Got:
        try:
            return Got(200, "".join(self._pieces(prompt)))
        except ConnectionClosed as closed:
            return Got(closed.rcvd.code, closed.rcvd.reason) if closed.rcvd else Got(1006, "")

    @cached_property
    def _socket(self) -> ClientConnection:
        return self.connect(Origin(self.url))

    def connect(self, origin: Origin) -> ClientConnection:
        """The socket, as a page of `origin` opens it."""
        cookie = {"Cookie": f"sessionid={self.token}"}
        url = f"{self.url.replace('http', 'ws')}/ws/chat/"
        opening = connect(url, origin=origin, additional_headers=cookie, proxy=None, open_timeout=SECONDS)
        return self.opened.enter_context(opening)

    def _pieces(self, prompt: str) -> Iterator[str]:
        self._socket.send(json.dumps({"text": prompt}))
        assert json.loads(self._socket.recv(SECONDS)) == {"type": "ack", "text": prompt}
        while (frame := json.loads(self._socket.recv(SECONDS))) != {"type": "done"}:
            yield frame["text"]


class Rails(Visitor):
    REFUSAL = (422, "The change you wanted was rejected")
    EXPIRED = 422
    ENTRY = (1, 1)

    def enter(self) -> None:
        self.token = unescape(self.send("/").find('name="csrf-token" content="([^"]+)"'))

    def ask(self, prompt: str) -> Got:
        return reply_of(self.send_json("/chat", {"message": prompt}, {"X-CSRF-Token": self.token}))


class Gradio(Visitor):
    REFUSAL = (401, "Not authenticated")
    EXPIRED = 401
    ENTRY = (0, 0)

    def enter(self) -> None:
        self.conversation = uuid4().hex
        fields = {"username": USER, "password": PASSWORD}
        assert self.send("/login", urlencode(fields).encode()).status == 200

    def spoil(self) -> None:
        for cookie in self.jar:
            cookie.value = "a" * len(cookie.value or "")

    def ask(self, prompt: str) -> Got:
        got = self.send_json("/gradio_api/call/chat", {"data": [prompt], "session_hash": self.conversation})
        if got.status != 200:
            return got
        events = self.send(f"/gradio_api/call/chat/{json.loads(got.text)['event_id']}")
        return Got(200, json.loads(events.find("event: complete\ndata: (.+)\n\n"))[0])


class Tornado(Visitor):
    REFUSAL = (403, "403: Forbidden")
    EXPIRED = 403
    ENTRY = (1, 1)

    def enter(self) -> None:
        fields = {"user": USER, "password": PASSWORD, "_xsrf": self._token_of(self.send("/login"))}
        self.token = self._token_of(self.send("/login", urlencode(fields).encode()))

    def ask(self, prompt: str) -> Got:
        return self.send("/chat", urlencode({"message": prompt, "_xsrf": self.token}).encode())

    def _token_of(self, page: Got) -> str:
        return page.find('name="_xsrf" value="([^"]+)"')


class Pyramid(Visitor):
    REFUSAL = (400, "Bad CSRF token")
    EXPIRED = 400
    ENTRY = (1, 1)
    path = ""

    def enter(self) -> None:
        self._read(self.send("/"))

    def ask(self, prompt: str) -> Got:
        if not self.path:
            opened = self.send("/", urlencode({"csrf_token": self.token}).encode())
            if opened.status != 200:
                return opened
            self.path = urlsplit(opened.url).path
        got = self.send(self.path, urlencode({"message": prompt, "csrf_token": self.token}).encode())
        return self._read(got) if got.status == 200 else got

    def _read(self, page: Got) -> Got:
        self.token = page.find('method="post"><input type="hidden" name="csrf_token" value="([^"]+)"')
        replies = re.findall("<p class=bot[^>]*>(.*?)</p>", page.text, re.DOTALL)
        return Got(200, unescape(replies[-1]) if replies else "")


class Starlette(Visitor):
    REFUSAL = (403, "CSRF token verification failed")
    EXPIRED = 403
    ENTRY = (1, 1)

    def enter(self) -> None:
        self.send("/")
        self.token = next(cookie.value for cookie in self.jar if cookie.name == "XSRF-TOKEN") or ""
        self.turns: list[tuple[str, str]] = []

    def ask(self, prompt: str) -> Got:
        self.turns.append(("user", prompt))
        got = self.send_json("/jobs", {"turns": self.turns}, {"X-XSRF-TOKEN": self.token})
        if got.status != 202:
            return got
        events = self.send(f"/jobs/{json.loads(got.text)['job']['id']}")
        reply = json.loads(re.findall("event: progress\r\ndata: (.+)\r\n", events.text)[-1])["so_far"]
        self.turns.append(("assistant", reply))
        return Got(200, reply)


class OpenAi(Visitor):
    REFUSAL = (400, "No connected db")  # LiteLLM looks an unknown key up in a database, and has none
    EXPIRED = 400
    ENTRY = (0, 0)

    def enter(self) -> None:
        self.token = self.site.control("key")
        self.messages: list[dict[str, str]] = []

    def ask(self, prompt: str) -> Got:
        self.messages.append({"role": "user", "content": prompt})
        body = {"model": "counting", "messages": self.messages, "stream": True}
        got = self.send_json("/v1/chat/completions", body, {"Authorization": f"Bearer {self.token}"})
        if got.status != 200:
            return got
        *chunks, done = got.text.removesuffix("\n\n").split("\n\n")
        assert done == "data: [DONE]"
        deltas = (json.loads(chunk.removeprefix("data: "))["choices"][0]["delta"] for chunk in chunks)
        self.messages.append({"role": "assistant", "content": "".join(delta.get("content") or "" for delta in deltas)})
        return Got(200, self.messages[-1]["content"])


VISITORS: dict[str, type[Visitor]] = {
    "flask_wtf": FlaskWtf,
    "django_login": DjangoLogin,
    "fastapi": FastApi,
    "php": Php,
    "channels": Channels,
    "express": Express,
    "gradio": Gradio,
    "openai": OpenAi,
    "rails": Rails,
    "tornado": Tornado,
    "pyramid": Pyramid,
    "starlette": Starlette,
}
"""Name of a stack -> who visits it."""
