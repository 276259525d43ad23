"""A visitor of a practice site, made of the standard library alone: it shares no line with what it tests."""

import http.client
import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from email.message import Message
from typing import NamedTuple
from urllib.parse import urlencode, urlsplit

from chatdoor.practice import Behaviour, Practice

CHAT = "/generate_response/"
SECONDS = 10.0
NAMES = {"named": "X-XSRF-Token"}


class Seen(NamedTuple):
    """One whole answer."""

    status: int
    headers: Message
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    def json(self) -> dict[str, object]:
        value = json.loads(self.body)
        assert isinstance(value, dict)
        return value


class Browser:
    """One visitor: opens the page, keeps its cookies, finds the token, posts what is said."""

    def __init__(self, url: str, behaviour: Behaviour | None = None) -> None:
        self.cookies: dict[str, str] = {}
        self.token = ""
        self._behaviour = behaviour or Behaviour()
        self._address = urlsplit(url).netloc

    def send(self, method: str, path: str, body: bytes | str = b"", headers: Mapping[str, str] | None = None) -> Seen:
        """Sends one request on a connection of its own; takes the answer's cookies and token."""
        connection = http.client.HTTPConnection(self._address, timeout=SECONDS)
        try:
            answer = self.begin(connection, method, path, body, headers)
            seen = Seen(answer.status, answer.headers, answer.read())
        finally:
            connection.close()
        return seen

    def begin(
        self,
        connection: http.client.HTTPConnection,
        method: str,
        path: str,
        body: bytes | str = b"",
        headers: Mapping[str, str] | None = None,
    ) -> http.client.HTTPResponse:
        """Sends one request and returns the answer with its body unread."""
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        connection.request(method, path, body, {**({"Cookie": cookie} if cookie else {}), **(headers or {})})
        answer = connection.getresponse()
        for line in answer.headers.get_all("Set-Cookie", []):
            name, _, value = line.partition(";")[0].partition("=")
            self.cookies[name] = value
        return answer

    def open(self) -> "Browser":
        """Opens the page that shows the token, and takes it."""
        seen = self.send("GET", "/session" if self._behaviour.token == "json" else "/")
        assert seen.status == 200, seen
        finds: dict[str, Callable[[], str]] = {
            "cookie": lambda: self.cookies["csrftoken"],
            "meta": lambda: _found(r'<meta name="csrf-token" content="(\w+)">', seen.text),
            "named": lambda: _found(r'<meta name="csrf-token" content="(\w+)">', seen.text),
            "masked": lambda: _found(r'<meta name="csrf-token" content="(\w+)">', seen.text),
            "script": lambda: _found(r'csrf: "(\w+)"', seen.text),
            "input": lambda: _found(r'(?s)<main>.*<input type="hidden" name="csrf_token" value="(\w+)">', seen.text),
            "header": lambda: seen.headers["X-CSRF-Token"],
            "json": lambda: str(seen.json()["csrf"]),
            "none": lambda: "",
        }
        self.token = finds[self._behaviour.token]()
        return self

    def parts(self, *said: str) -> tuple[str, dict[str, str]]:
        """The body and the headers that say this."""
        turns = [{"role": "user", "content": text} for text in said]
        fields: dict[str, object] = {"messages": turns} if self._behaviour.history == "client" else {"prompt": said[-1]}
        if self._behaviour.body == "json":
            return json.dumps(fields), {"Content-Type": "application/json", **self._token_header()}
        texts = {name: value if isinstance(value, str) else json.dumps(value) for name, value in fields.items()}
        if self._behaviour.token == "input":
            texts["csrf_token"] = self.token
        return urlencode(texts), {"Content-Type": "application/x-www-form-urlencoded", **self._token_header()}

    def say(self, *said: str) -> Seen:
        """Posts the turns of a conversation that has no replies yet."""
        body, headers = self.parts(*said)
        return self.send("POST", CHAT, body, headers)

    def _token_header(self) -> dict[str, str]:
        in_form = self._behaviour.token == "input" and self._behaviour.body == "form"
        return {} if in_form or not self.token else {NAMES.get(self._behaviour.token, "X-CSRFToken"): self.token}


def text_of(seen: Seen, behaviour: Behaviour) -> str:
    """The text of a reply, read as its shape says."""
    if behaviour.reply == "json":
        return str(seen.json()["response"])
    events = [json.loads(line) for line in re.findall(r"^data: (\{.+\})$", seen.text, re.MULTILINE)]
    if behaviour.reply == "sse-delta":
        return "".join(event.get("delta", "") for event in events)
    return str([event["text"] for event in events if "text" in event][-1])


@contextmanager
def running(behaviour: Behaviour | None = None) -> Iterator[Practice]:
    """A practice site that runs inside the block."""
    practice = Practice(behaviour)
    practice.start()
    try:
        yield practice
    finally:
        practice.stop()


def _found(pattern: str, page: str) -> str:
    match = re.search(pattern, page)
    assert match, page
    return match[1]
