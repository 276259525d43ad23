"""Recordings of chats that no server here speaks, written by hand: one entry a line, as browsers would record them."""

import json
from typing import Any
from urllib.parse import urlencode

from tests.discover.har_file import entry, har

HOST = "https://bot.example.org"
ASKED = ("Where is my parcel, please?", "And when does the shop open tomorrow?")
SAID = ("It left our house on Monday morning.", "The shop opens at nine and closes at six.")
TOKEN = "mlibUvnl4XbRRpYv9h8yfccGjZovGL3K"
OTHER = "Zk2vQ8sYt1Wc5RfXp0LmB7nHaJ4uE9dG"


def page(text: str = "<html><body><h1>Bot</h1></body></html>", path: str = "/", **cookies: str) -> dict[str, Any]:
    """A page, and the cookies that it sets."""
    return got("GET", path, text, "text/html; charset=utf-8", cookies=cookies)


def got(  # an exchange has so many parts
    method: str,
    path: str,
    answer: object = "",
    kind: str = "application/json",
    *,
    body: object = None,
    sent: dict[str, str] | None = None,
    cookies: dict[str, str] | None = None,
    **more: Any,
) -> dict[str, Any]:
    """An exchange: JSON and forms by what `body` is, JSON answers by what `answer` is."""
    headers = [{"name": name, "value": value} for name, value in (sent or {}).items()]
    set_cookies = [
        {"name": "Set-Cookie", "value": f"{name}={value}; Path=/"} for name, value in (cookies or {}).items()
    ]
    text = answer if isinstance(answer, str) else json.dumps(answer)
    post = {} if body is None else {"postData": _post(body)}
    url = path if "://" in path else HOST + path
    content = {"size": len(text), "mimeType": kind, "text": text}
    answered = {"headers": [*set_cookies, {"name": "Content-Type", "value": kind}], "content": content}
    return entry(url, method=method, request={"headers": headers, **post}, response={**answered, **more})


def _post(body: object) -> dict[str, str]:
    if isinstance(body, tuple):
        return {"mimeType": "application/x-www-form-urlencoded", "text": urlencode(body)}
    return {"mimeType": "application/json", "text": json.dumps(body, ensure_ascii=False)}


def events(*data: object, names: bool = False) -> str:
    """Server-sent events; with names, each has its type as its name."""
    lines = []
    for each in data:
        if names and isinstance(each, dict):
            lines.append(f"event: {each['type']}")
        lines += [f"data: {each if isinstance(each, str) else json.dumps(each)}", ""]
    return "\n".join([*lines, ""])


def pieces(text: str) -> list[str]:
    """A text word by word, as models stream it."""
    first, *others = text.split(" ")
    return [first, *(f" {word}" for word in others)]


def recorded(*entries: dict[str, Any]) -> bytes:
    """The file, its entries a second apart."""
    return har(*({**each, "startedDateTime": f"2026-11-22T12:00:{at:02d}.000Z"} for at, each in enumerate(entries)))
