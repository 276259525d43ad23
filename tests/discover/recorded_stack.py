"""What a visitor of a real stack sends and gets, as a network panel would record it."""

import json
import urllib.request
from http.cookiejar import CookieJar
from io import BytesIO
from typing import Any
from urllib.response import addinfourl

from tests.servers.django_server import DjangoServer, opener
from tests.servers.stacks.server import StackServer
from tests.servers_test.visitors import SECONDS, VISITORS, Visitor


class Recorder(urllib.request.BaseHandler):
    """Notes each exchange before its redirect is followed."""

    handler_order = 100

    def __init__(self) -> None:
        self.entries: list[dict[str, Any]] = []

    def http_response(self, request: urllib.request.Request, answer: Any) -> Any:
        """The same answer, whose body has been read."""
        body = answer.read()
        self.entries.append(self._entry(request, answer, body))
        again = addinfourl(BytesIO(body), answer.headers, answer.url, answer.status)
        again.msg = answer.reason
        return again

    def _entry(self, request: urllib.request.Request, answer: Any, body: bytes) -> dict[str, Any]:
        sent = {**request.headers, **request.unredirected_hdrs}
        post: dict[str, Any] = {}
        if isinstance(request.data, bytes):
            post = {"postData": {"mimeType": sent.get("Content-type", ""), "text": request.data.decode()}}
        content = {"size": len(body), "mimeType": answer.headers.get("Content-Type", ""), "text": body.decode()}
        return {
            "startedDateTime": f"2026-11-22T12:00:{len(self.entries):02d}.000Z",
            "time": 5,
            "request": {
                "method": request.get_method(),
                "url": request.full_url,
                "headers": _pairs(sent.items()),
                "cookies": [],
                **post,
            },
            "response": {
                "status": answer.status,
                "headers": _pairs(answer.headers.items()),
                "cookies": [],
                "content": content,
                "redirectURL": answer.headers.get("Location", ""),
            },
        }


def _pairs(items: Any) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in items]


def record_visit(server: StackServer, *texts: str, open_page: bool = False) -> bytes:
    """The recording of a visitor who enters and says these texts; where `open_page`, the page is opened before."""
    visitor = VISITORS[server.name](server)
    recorder = Recorder()
    visitor._opener.add_handler(recorder)
    with visitor.opened:
        _visit(visitor, texts, open_page=open_page)
    return _har(recorder)


def _visit(visitor: Visitor, texts: tuple[str, ...], *, open_page: bool) -> None:
    if open_page:
        visitor.send("/")
    visitor.enter()
    for text in texts:
        visitor.ask(text)


def record_django(server: DjangoServer, *texts: str) -> bytes:
    """The recording of a visitor of the Django site, who sends all turns each time."""
    recorder, jar, turns = Recorder(), CookieJar(), list[dict[str, str]]()
    browser = opener(None, urllib.request.HTTPCookieProcessor(jar), recorder)
    browser.open(f"{server.url}/", timeout=SECONDS).close()
    for text in texts:
        turns.append({"role": "user", "content": text})
        token = next(cookie.value for cookie in jar if cookie.name == "csrftoken") or ""
        headers = {"Content-Type": "application/json", "X-CSRFToken": token, "Origin": server.url}
        request = urllib.request.Request(
            f"{server.url}/generate_response/", json.dumps({"messages": turns}).encode(), headers
        )
        with browser.open(request, timeout=SECONDS) as answer:
            turns.append({"role": "assistant", "content": json.loads(answer.read())["response"]})
    return _har(recorder)


def _har(recorder: Recorder) -> bytes:
    log = {"version": "1.2", "creator": {"name": "WebInspector", "version": "537.36"}, "entries": recorder.entries}
    return json.dumps({"log": log}).encode()
