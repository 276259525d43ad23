"""Socket.IO over a websocket and by polling."""

import json
import tomllib
from typing import Any

import pytest

from chatdoor.discover.discovery import discover
from chatdoor.discover.har import read_har
from tests.discover.chats import ASKED, OTHER, SAID, TOKEN, got, page, pieces, recorded

WAY = "/socket.io/?EIO=4&transport="
OPEN = f'0{{"sid":"{OTHER}","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000}}'
START = f'<html><meta name="chat-token" content="{TOKEN}"></html>'


def packets() -> list[tuple[bool, str]]:
    """What is sent (True) and comes in two turns."""
    found = [
        (False, OPEN),
        (True, f'40{{"token":"{TOKEN}"}}'),
        (False, f'40{{"sid":"x{OTHER}"}}'),
        (False, "2"),
        (True, "3"),
    ]
    for asked, said in zip(ASKED, SAID, strict=True):
        found.append((True, "42" + json.dumps(["ask", asked, {"lang": "en"}])))
        found += [(False, "42" + json.dumps(["token", {"text": each}])) for each in pieces(said)]
        found.append((False, '42["done"]'))
    return found


def by_websocket() -> list[dict[str, Any]]:
    """The packets as frames."""
    frames = [
        {"type": "send" if sent else "receive", "time": float(at), "data": data}
        for at, (sent, data) in enumerate(packets())
    ]
    return [{**got("GET", f"wss://bot.example.org{WAY}websocket", status=101), "_webSocketMessages": frames}]


def by_polling() -> list[dict[str, Any]]:
    """The packets in bodies: each post is answered with ok, and what came since is in the next poll."""
    found, waiting, place = list[dict[str, Any]](), list[str](), f"{WAY}polling&t=Pq3&sid={OTHER}"
    for sent, data in [*packets(), (True, "3")]:
        if not sent:
            waiting.append(data)
            continue
        if waiting:
            opening = waiting == [OPEN]
            found.append(got("GET", f"{WAY}polling&t=Pq1" if opening else place, "\x1e".join(waiting), "text/plain"))
            waiting = []
        post = got("POST", place, "ok", "text/html")
        post["request"]["postData"] = {"mimeType": "text/plain;charset=UTF-8", "text": data}
        found.append(post)
    return found


@pytest.mark.parametrize("way", [by_websocket, by_polling])
def test_events_are_found(way: Any) -> None:
    """Both transports give the same site: the event, what the page connects with, the pieces and the end."""
    made = discover(read_har(recorded(page(START), *way()), "a.har"), "a.har")
    found = tomllib.loads(made.text)
    assert found["chat"] == {
        "socketio": "/socket.io/",
        "auth": {"token": "{csrf}"},
        "emit": ["ask", "{prompt}", {"lang": "en"}],
    }
    assert found["reply"] == {"socketio": "text", "where": {"event": "token"}, "done": {"event": "done"}}
    assert found["take"] == {"csrf": {"meta": "chat-token"}}
