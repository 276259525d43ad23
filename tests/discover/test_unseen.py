"""Recordings of stacks that no rule was written for, by hand as their documentation describes them."""

import base64
import copy
import json
import tomllib
from typing import Any
from urllib.parse import parse_qsl

import pytest

from chatdoor.discover.discovery import Discovery, discover
from chatdoor.discover.har import read_har
from chatdoor.errors import RecordingError
from tests.discover.chats import ASKED, OTHER, SAID, TOKEN, events, got, page, pieces, recorded

UUID, ANOTHER = "68cd3370-c16b-4505-aa7e-41d72b74d5d4", "0b5f2c11-2f7e-4a39-9d6c-5e8a3b1c9f70"


def made(*entries: dict[str, Any]) -> Discovery:
    """What is discovered, with no prompt told."""
    return discover(read_har(recorded(*entries), "a.har"), "a.har")


def site(*entries: dict[str, Any]) -> dict[str, Any]:
    """The site file as a table. Whatever wrote the recording, the chat and its reply are the same."""
    found = tomllib.loads(made(*entries).text)
    for change in (as_mitmproxy, as_safari, as_sanitised):
        changed = tomllib.loads(made(*(change(copy.deepcopy(entry)) for entry in entries)).text)
        assert (change, changed["chat"], changed["reply"]) == (change, found["chat"], found["reply"])
    return found


def as_mitmproxy(entry: dict[str, Any]) -> dict[str, Any]:
    """Bodies of answers in base64."""
    content = entry["response"]["content"]
    content |= {"encoding": "base64", "text": base64.b64encode(content["text"].encode()).decode()}
    return entry


def as_safari(entry: dict[str, Any]) -> dict[str, Any]:
    """Forms as fields alone, and no size of a body."""
    post = entry["request"].get("postData", {})
    if "form" in post.get("mimeType", ""):
        post["params"] = [{"name": name, "value": value} for name, value in parse_qsl(post.pop("text"))]
    entry["response"]["content"]["size"] = 0
    return entry


def as_sanitised(entry: dict[str, Any]) -> dict[str, Any]:
    """No cookies, as browsers export by default."""
    for side in (entry["request"], entry["response"]):
        side["headers"] = [each for each in side["headers"] if "cookie" not in each["name"].lower()]
    return entry


def spring(*turns: tuple[str, str]) -> str:
    """A page of Thymeleaf: the form with its hidden token, and the talk so far."""
    talk = "".join(f'<div class="msg user">{a}</div><div class="msg bot"><p>{b}</p></div>' for a, b in turns)
    return (
        f'<html><body><section id="talk">{talk}</section><form action="/chat" method="post">'
        f'<input type="hidden" name="_csrf" value="{TOKEN}"/><input name="message"/></form></body></html>'
    )


def test_a_form_of_spring_and_thymeleaf() -> None:
    """The token of the form goes back in a field; each post is answered by a redirect to the page with the talk."""
    turns = list(zip(ASKED, SAID, strict=True))
    entries = [page(spring(), "/chat", JSESSIONID=OTHER)]
    for count, (asked, _) in enumerate(turns, 1):
        post = got(
            "POST",
            "/chat",
            "",
            body=(("_csrf", TOKEN), ("message", asked)),
            sent={"Cookie": f"JSESSIONID={OTHER}"},
            status=302,
        )
        post["response"]["redirectURL"] = "/chat"
        entries += [post, page(spring(*turns[:count]), "/chat")]
    found = site(*entries)
    assert found["session"]["get"] == "/chat"
    assert found["chat"] == {"post": "/chat", "form": {"_csrf": "{csrf}", "message": "{prompt}"}}
    assert found["take"] == {"csrf": {"input": "_csrf"}}
    assert found["reply"] == {"html": "div.bot"}


def test_aspnet_razor_pages_with_fetch() -> None:
    """The antiforgery token of the page's form, in the header of a fetch to a handler of the page."""
    form = f'<form method="post"><input name="__RequestVerificationToken" type="hidden" value="{TOKEN}" /></form>'
    asked = [
        got("POST", "/Chat?handler=Ask", {"reply": {"markdown": b}, "ms": 12}, body={"Text": a},
            sent={"RequestVerificationToken": TOKEN, "Cookie": f".AspNetCore.Antiforgery.x1={OTHER}"})
        for a, b in zip(ASKED, SAID, strict=True)
    ]  # fmt: skip
    found = site(page(f"<html><body>{form}</body></html>", "/Chat", **{".AspNetCore.Antiforgery.x1": OTHER}), *asked)
    assert found["extends"] == "aspnet"
    assert found["session"] == {"get": "/Chat"}
    assert found["chat"] == {"post": "/Chat", "query": {"handler": "Ask"}, "json": {"Text": "{prompt}"}}
    assert found["reply"] == {"json": "reply.markdown"}


def test_phoenix_live_view() -> None:
    """The reply is a change of the page: no site file can say that, and the message says so."""
    page_ = page(f'<html><meta name="csrf-token" content="{TOKEN}"><div data-phx-session="{OTHER}" id="phx-1"></div>')
    frames = [
        {
            "type": "send",
            "time": 1.0,
            "data": json.dumps(
                ["4", "4", "lv:phx-1", "phx_join", {"session": OTHER, "params": {"_csrf_token": TOKEN}}]
            ),
        },
        {
            "type": "receive",
            "time": 1.1,
            "data": json.dumps(
                [
                    "4",
                    "4",
                    "lv:phx-1",
                    "phx_reply",
                    {"status": "ok", "response": {"rendered": {"0": "", "s": ["<main>", "</main>"]}}},
                ]
            ),
        },
    ]
    for at, (asked, said) in enumerate(zip(ASKED, SAID, strict=True)):
        value = f"message={asked.replace(' ', '+')}"
        frames += [
            {
                "type": "send",
                "time": 2.0 + at,
                "data": json.dumps(
                    ["4", str(6 + at), "lv:phx-1", "event", {"type": "form", "event": "send", "value": value}]
                ),
            },
            {
                "type": "receive",
                "time": 2.1 + at,
                "data": json.dumps(
                    [
                        "4",
                        str(6 + at),
                        "lv:phx-1",
                        "phx_reply",
                        {"status": "ok", "response": {"diff": {"0": {"0": said}}}},
                    ]
                ),
            },
        ]
    socket = {**got("GET", "wss://bot.example.org/live/websocket?vsn=2.0.0", status=101), "_webSocketMessages": frames}
    with pytest.raises(RecordingError, match=r"not possible, because .*Phoenix LiveView"):
        made(page_, socket)


def test_nuxt_with_deltas() -> None:
    """A server route of Nitro: the last message and an id of the page's own; deltas, thoughts beside them, usage."""
    entries = [page('<html><div id="__nuxt"></div><script>window.__NUXT__={config:{public:{}}}</script></html>')]
    for asked, said in zip(ASKED, SAID, strict=True):
        stream = events(
            {"type": "start", "messageId": f"m{len(entries)}"},
            *({"type": "thinking", "text": each} for each in pieces("Let me think about that.")),
            *({"type": "delta", "text": each} for each in pieces(said)),
            {"type": "finish", "reason": "stop", "usage": {"inputTokens": 9, "outputTokens": 7}},
        )
        entries.append(
            got("POST", "/api/chat", stream, "text/event-stream", body={"chatId": UUID, "message": {"text": asked}})
        )
    found = site(*entries)
    assert found["chat"] == {"post": "/api/chat", "json": {"chatId": "{conversation}", "message": {"text": "{prompt}"}}}
    assert found["conversation"]["make"] == {"conversation": "uuid4"}
    assert found["reply"] == {
        "sse": "text",
        "where": {"type": "delta"},
        "done": {"type": "finish"},
        "finish": "reason",
        "usage": {"input": "usage.inputTokens", "output": "usage.outputTokens"},
    }


def test_a_webchat_that_polls_its_messages() -> None:
    """As Botpress and Direct Line do: a conversation is made, a message posted, the list read until it is there."""
    entries = [
        page(),
        got("POST", "/v1/conversations", {"conversation": {"id": UUID}, "token": TOKEN}, body={}),
    ]
    said: list[dict[str, str]] = []
    sent = {"Authorization": f"Bearer {TOKEN}"}
    for at, (a, b) in enumerate(zip(ASKED, SAID, strict=True)):
        place = f"/v1/conversations/{UUID}/messages"
        entries.append(
            got("POST", place, {"id": f"msg-{at}-u"}, body={"type": "text", "text": a}, sent=sent, status=201)
        )
        said.append({"id": f"msg-{at}-u", "from": "user", "text": a})
        entries.append(got("GET", place, {"messages": list(said)}, sent=sent))
        said.append({"id": f"msg-{at}-b", "from": "bot", "text": b})
        entries.append(got("GET", place, {"messages": list(said)}, sent=sent))
    found = site(*entries)
    assert found["conversation"]["start"] == {
        "post": "/v1/conversations",
        "take": {"conversation": {"json": "conversation.id"}, "bearer": {"json": "token"}},
    }
    assert found["chat"][0]["post"] == "/v1/conversations/{conversation}/messages"
    assert found["chat"][0]["json"] == {"type": "text", "text": "{prompt}"}
    assert found["chat"][1]["get"] == "/v1/conversations/{conversation}/messages"
    assert found["chat"][1]["until"] == {"json": {"messages[-1].from": "bot"}}
    assert found["reply"] == {"json": "messages[-1].text"}


def test_a_php_form_with_a_redirect() -> None:
    """Post, redirect, get; the reply is in a table of the page, the token in a field of a name of its own."""

    def talk(*turns: tuple[str, str]) -> str:
        rows = "".join(
            f"<tr><th>You</th><td>{a}</td></tr><tr class='bot'><th>Bot</th><td>{b}</td></tr>" for a, b in turns
        )
        form = (
            f"<form action='index.php' method=post><input type=hidden name=form_token value={TOKEN}>"
            "<textarea name=frage></textarea></form>"
        )
        return f"<html><body>{form}<table>{rows}</table>"

    turns = list(zip(ASKED, SAID, strict=True))
    entries = [page(talk(), "/bot/index.php", PHPSESSID="b3k9q0s7d1m4c8v2n6x5z0a1l2")]
    for count, (asked, _) in enumerate(turns, 1):
        post = got("POST", "/bot/index.php", "", "text/html", body=(("form_token", TOKEN), ("frage", asked)),
                   sent={"Cookie": "PHPSESSID=b3k9q0s7d1m4c8v2n6x5z0a1l2"}, status=303)  # fmt: skip
        post["response"]["redirectURL"] = "index.php?sent=1"
        entries += [post, page(talk(*turns[:count]), "/bot/index.php?sent=1")]
    found = site(*entries)
    assert found["session"] == {"get": "/bot/index.php"}
    assert found["chat"] == {"post": "/bot/index.php", "form": {"form_token": "{csrf}", "frage": "{prompt}"}}
    assert found["reply"] == {"html": "tr.bot td"}


def test_the_queue_of_gradio() -> None:
    """What its page speaks: a job, and a stream that holds changes first and the whole text in the end."""
    entries = [page()]
    for at, (asked, said) in enumerate(zip(ASKED, SAID, strict=True)):
        body = {"data": [asked, None], "fn_index": 2, "trigger_id": 9, "session_hash": "q8w3e5r7t1y"}
        first, *others = pieces(said)
        records = [
            {"msg": "process_starts"},
            {"msg": "process_generating", "output": {"data": [first]}},
            *({"msg": "process_generating", "output": {"data": [[["append", [], each]]]}} for each in others),
            {"msg": "process_completed", "output": {"data": [said]}, "success": True},
            {"msg": "close_stream"},
        ]
        entries.append(got("POST", "/queue/join", {"event_id": f"7{at}" * 16}, body=body))
        place = "/queue/data?session_hash=q8w3e5r7t1y"
        entries.append(got("GET", place, events(*records), "text/event-stream"))
    found = site(*entries)
    assert found["chat"][0]["json"] == {
        "data": ["{prompt}"],
        "fn_index": 2,
        "trigger_id": 9,
        "session_hash": "{conversation}",
    }
    assert found["reply"]["where"] == {"msg": "process_completed"}
    assert found["reply"]["done"] == {"msg": "close_stream"}


def test_messages_of_a_shape_of_their_own() -> None:
    """A list of messages that no preset has: keys and names of roles are written out."""

    def send(at: int) -> dict[str, Any]:
        texts = [ASKED[0], SAID[0], ASKED[1]][: 1 + 2 * at]
        turns = [{"author": ("visitor", "bot")[n % 2], "body": {"plain": each}} for n, each in enumerate(texts)]
        return got("POST", "/say", {"next": {"plain": SAID[at]}}, body={"turns": turns})

    found = site(page(), send(0), send(1))
    assert found["chat"]["json"] == {"turns": "{messages}"}
    assert found["messages"] == {
        "item": {"author": "{role}", "body": {"plain": "{text}"}},
        "roles": {"user": "visitor", "assistant": "bot"},
    }
    assert found["reply"] == {"json": "next.plain"}
