"""The practice site's page as a program: it does what `chat.js` does, and what goes over the network is recorded."""

import http.client
import json
import re
import uuid
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

from websockets.sync.client import connect

from chatdoor.practice import Behaviour

CHAT = "/generate_response/"
NAMED = ("id", "start")
STARTED = "2026-11-22T12:00:{:02d}.000Z"


class RecordedPage:
    """One visitor with the page open. `entries` are what a network panel would show, cookies included."""

    def __init__(self, url: str, behaviour: Behaviour) -> None:
        self.url = url
        self.wants = behaviour
        self.entries: list[dict[str, Any]] = []
        self.turns: list[dict[str, str]] = []
        self.cookies: dict[str, str] = {}
        self.token = self.bearer = self.conversation = ""
        self.in_form = behaviour.token == "input" and behaviour.body in {"form", "multipart"}
        self._open()

    def say(self, text: str) -> None:
        """Says something, as a person who types it and waits for the reply."""
        self.turns.append({"role": "user", "content": text})
        self._prepare()
        reply = self._in_frame() if self.wants.reply == "websocket" else self._read(self._answered())
        self.turns.append({"role": "assistant", "content": reply})

    def har(self) -> bytes:
        """The recording."""
        log = {"version": "1.2", "creator": {"name": "practice", "version": "1"}, "entries": self.entries}
        return json.dumps({"log": log}).encode()

    def _open(self) -> None:
        page = self._fetch("GET", "/")
        if page["url"].endswith("/login"):
            field = re.search(r'name="csrf_token" value="(\w+)"', page["text"])
            fields = {"csrf_token": field[1]} if field else {}
            typed = urlencode({**fields, "user": "guest", "password": "guest"})
            page = self._fetch("POST", "/login", typed, {"Content-Type": "application/x-www-form-urlencoded"})
        for asset in ("/chat.css", "/chat.js"):
            self._fetch("GET", asset)
        if self.wants.token != "header":
            self._find(page)

    def _find(self, page: Mapping[str, Any]) -> None:
        patterns = {
            "input": r'(?s)<main>.*<input type="hidden" name="csrf_token" value="(\w+)"',
            "script": r'csrf: "([0-9a-f]+)"',
        }
        meta = r'<meta name="csrf-token" content="(\w+)"'
        found = re.search(patterns.get(self.wants.token, meta), page["text"])
        kind = self.wants.token
        if kind == "cookie":
            self.token = self.cookies["csrftoken"]
        elif kind == "header":
            self.token = page["headers"].get("X-CSRF-Token", "")
        elif kind == "json":
            self.token = self._fetch("GET", "/session")["json"]["csrf"]
        elif kind != "none" and found:
            self.token = found[1]

    def _renew(self) -> None:
        if self.wants.token == "json":
            self._find({"text": ""})
        elif self.wants.token != "none":
            self._find(self._fetch("GET", "/"))

    def _prepare(self) -> None:
        if not self.token:
            self._renew()
        if self.wants.login == "json" and not self.bearer:
            typed = json.dumps({"user": "guest", "password": "guest"})
            token = {"X-CSRF-Token": self.token} if self.in_form else {}
            self.bearer = self._post("/login", typed, {"Content-Type": "application/json", **token})["json"]["token"]
            self._renew()
        if self.wants.history == "start" and not self.conversation:
            body = urlencode({"csrf_token": self.token}) if self.in_form else ""
            kind = {"Content-Type": "application/x-www-form-urlencoded"} if body else {}
            self.conversation = self._post("/conversations", body, kind)["json"]["conversation"]

    def _post(self, path: str, body: str, headers: Mapping[str, str], method: str = "POST") -> dict[str, Any]:
        own = {"Authorization": f"Bearer {self.bearer}"} if self.bearer else {}
        if self.token and not self.in_form:
            own["X-XSRF-Token" if self.wants.token == "named" else "X-CSRF-Token"] = self.token
        return self._fetch(method, path, body, {**headers, **own})

    def _texts(self) -> dict[str, str]:
        said = self.turns[-1]["content"]
        texts = {"messages": json.dumps(self.turns)} if self.wants.history == "client" else {"prompt": said}
        if self.conversation:
            texts["conversation"] = self.conversation
        if self.in_form:
            texts["csrf_token"] = self.token
        return texts

    def _whole(self) -> dict[str, Any]:
        texts: dict[str, Any] = self._texts()
        return {**texts, "messages": self.turns} if "messages" in texts else texts

    def _answered(self) -> dict[str, Any]:
        """The answer; where the token was refused, the one to the same text with a new token."""
        answer = self._by_request()
        if answer["status"] == 403:
            self.token = ""
            self._prepare()
            answer = self._by_request()
        self.token = answer["headers"].get("X-CSRF-Token") or self.token
        if self.wants.history in NAMED:
            self.conversation = answer["headers"].get("X-Conversation-Id") or self.conversation
        return answer

    def _by_request(self) -> dict[str, Any]:
        kind = self.wants.body
        if kind == "json":
            answer = self._post(CHAT, json.dumps(self._whole()), {"Content-Type": "application/json"})
        elif kind == "form":
            answer = self._post(CHAT, urlencode(self._texts()), {"Content-Type": "application/x-www-form-urlencoded"})
        elif kind == "multipart":
            answer = self._multipart()
        elif kind == "text":
            texts = self._texts()
            said = texts.pop("messages", "") or texts.pop("prompt")
            answer = self._post(f"{CHAT}?{urlencode(texts)}", said, {"Content-Type": "text/plain; charset=utf-8"})
        else:
            answer = self._post(f"{CHAT}?{urlencode(self._texts())}", "", {}, "GET")
        return answer

    def _multipart(self) -> dict[str, Any]:
        mark = f"----WebKitFormBoundary{uuid.uuid4().hex[:16]}"
        parts = "".join(
            f'--{mark}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in self._texts().items()
        )
        return self._post(CHAT, f"{parts}--{mark}--\r\n", {"Content-Type": f"multipart/form-data; boundary={mark}"})

    def _read(self, answer: Mapping[str, Any]) -> str:
        shape = self.wants.reply
        if shape.startswith("job"):
            self._learn(answer["json"])
            path = f"/jobs/{answer['json']['job']}"
            while True:
                answer = self._fetch("GET", path)
                if shape == "job-stream" or answer["json"]["state"] == "ready":
                    break
        text: str = answer["text"]
        if shape == "text":
            return text
        if shape in {"html", "redirect"}:
            return re.findall(r'<li class="assistant">(.*?)</li>', text)[-1].replace("&#x27;", "'")
        if shape in {"json", "job-poll"}:
            self._learn(answer["json"])
            return answer["json"]["response"] if shape == "json" else answer["json"]["result"]["text"]
        if shape == "ndjson":
            return self._joined([json.loads(line) for line in text.splitlines()])
        events = re.findall(r"(?:^event: (\w+)\n)?^data: (\{.*)$", text, re.MULTILINE)
        return self._joined([{"event": name or "message", **json.loads(data)} for name, data in events])

    def _joined(self, records: list[dict[str, str]]) -> str:
        text = ""
        for record in records:
            self._learn(record)
            if record.get("event", "message") != "message":
                continue
            part = record.get("delta", record.get("text", ""))
            text = part if self.wants.reply == "sse-cumulative" and part else text + part
            if record.get("type") == "final":
                return part
        return text

    def _learn(self, record: Mapping[str, Any]) -> None:
        self.token = record.get("csrf") or self.token
        self.conversation = record.get("conversation") or self.conversation

    def _in_frame(self) -> str:
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        said = {**self._whole(), "csrf": self.token, "bearer": self.bearer}
        address = f"{self.url.replace('http', 'ws', 1)}{CHAT}"
        frames = [{"type": "send", "time": 1.0, "opcode": 1, "data": json.dumps(said)}]
        with connect(address, additional_headers={"Cookie": cookie}, origin=self.url) as socket:
            socket.send(frames[0]["data"])
            for frame in socket:
                frames.append({"type": "receive", "time": 1.1, "opcode": 1, "data": str(frame)})
                if json.loads(frame).get("type") == "done":
                    break
        entry = self._entry("GET", address, {"Cookie": cookie}, "", 101, [], "")
        self.entries.append({**entry, "_resourceType": "websocket", "_webSocketMessages": frames})
        return self._joined([json.loads(str(frame["data"])) for frame in frames[1:]])

    def _fetch(
        self, method: str, path: str, body: str = "", headers: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        """One request, and what its redirects lead to."""
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        sent = {**({"Cookie": cookie} if cookie else {}), "Referer": f"{self.url}/", **(headers or {})}
        sent |= {"Origin": self.url} if method == "POST" else {}
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=10)
        connection.request(method, path, body.encode() or None, sent)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        for line in answer.headers.get_all("Set-Cookie", []):
            name, _, value = line.partition(";")[0].partition("=")
            self.cookies[name] = value
        came = list(answer.headers.items())
        self.entries.append(self._entry(method, f"{self.url}{path}", sent, body, answer.status, came, text))
        if 300 <= answer.status < 400:
            return self._fetch("GET", answer.headers["Location"])
        is_json = "json" in (answer.headers.get_content_type()) and "ndjson" not in answer.headers.get_content_type()
        return {
            "status": answer.status,
            "url": path,
            "text": text,
            "headers": answer.headers,
            "json": json.loads(text) if is_json else {},
        }

    def _entry(  # an entry has so many parts
        self,
        method: str,
        url: str,
        sent: Mapping[str, str],
        body: str,
        status: int,
        came: list[tuple[str, str]],
        text: str,
    ) -> dict[str, Any]:
        kind = next((value for name, value in came if name.lower() == "content-type"), "")
        post = {"postData": {"mimeType": sent.get("Content-Type", ""), "text": body}} if body else {}
        return {
            "startedDateTime": STARTED.format(len(self.entries)),
            "time": 5,
            "request": {"method": method, "url": url, "headers": _pairs(sent.items()), "cookies": [], **post},
            "response": {
                "status": status,
                "headers": _pairs(came),
                "cookies": [],
                "content": {"size": len(text), "mimeType": kind, "text": text},
                "redirectURL": dict(came).get("Location", ""),
            },
        }


def _pairs(items: Any) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in items]
