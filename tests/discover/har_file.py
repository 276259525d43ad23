"""HAR files as tests write them: one entry, with what a test wants to be different."""

import json
from pathlib import Path
from typing import Any

RECORDINGS = sorted((Path(__file__).parents[1] / "recordings").glob("*.har"))
"""Real recordings: each of three sites or more by Playwright, Chrome (with and without cookies) or Firefox."""


def entry(
    url: str = "https://bot.example.org/chat",
    *,
    method: str = "POST",
    status: Any = 200,
    request: dict[str, Any] | None = None,
    response: dict[str, Any] | None = None,
    **more: Any,
) -> dict[str, Any]:
    """An entry as Chrome writes it. `request`, `response` and others replace keys."""
    return {
        "startedDateTime": "2026-11-22T12:00:00.000Z",
        "time": 250.5,
        "request": {"method": method, "url": url, "headers": [], "cookies": [], **(request or {})},
        "response": {
            "status": status,
            "headers": [],
            "cookies": [],
            "content": {"size": 2, "mimeType": "application/json", "text": "{}"},
            "redirectURL": "",
            **(response or {}),
        },
        **more,
    }


def har(*entries: Any, **log: Any) -> bytes:
    """A file with these entries."""
    creator = {"name": "WebInspector", "version": "537.36"}
    return json.dumps({"log": {"version": "1.2", "creator": creator, "entries": list(entries), **log}}).encode()


def content(text: str | None, kind: str = "application/json", **more: Any) -> dict[str, Any]:
    """The content of an answer."""
    body = {"size": len(text or ""), "mimeType": kind, **more}
    return {"content": body if text is None else {**body, "text": text}}


def headers(**named: str) -> list[dict[str, str]]:
    """Headers; `content_type` is `Content-Type`."""
    return [{"name": name.replace("_", "-").title(), "value": value} for name, value in named.items()]


def form_entry(url: str, text: str) -> dict[str, Any]:
    """An entry that sends a form."""
    return entry(url, request={"postData": {"mimeType": "application/x-www-form-urlencoded", "text": text}})
