"""Chats of stacks that are not run here: what discovery makes of each, as the tables of the site file."""

import base64
import json
import tomllib
from collections.abc import Sequence
from typing import Any

from chatdoor.discover.discovery import discover
from chatdoor.discover.har import read_har
from tests.discover.chats import ASKED, HOST, OTHER, SAID, TOKEN, events, got, page, pieces, recorded

SSE = "text/event-stream"
UUID = "0f8fad5b-d9cb-469f-a165-70867728950e"


def written(*entries: dict[str, Any], prompts: Sequence[str] = ()) -> dict[str, Any]:
    """The site file for these entries."""
    return tomllib.loads(discover(read_har(recorded(*entries), "a.har"), "a.har", prompts).text)


def test_graphql() -> None:
    """A mutation is told from others at the same path; its text, with braces, is kept; the id comes from the answer."""
    text = "mutation Send($text: String!) { send(text: $text) { reply { text } } }"

    def send(at: int) -> dict[str, Any]:
        variables = {"text": ASKED[at], "conversationId": None if at == 0 else UUID}
        body = {"operationName": "Send", "query": text, "variables": variables}
        return got(
            "POST", "/graphql", {"data": {"send": {"chat": {"id": UUID}, "reply": {"text": SAID[at]}}}}, body=body
        )

    title = {"operationName": "Title", "query": "mutation Title { t }", "variables": {"text": ASKED[0]}}
    site = written(page(), send(0), got("POST", "/graphql", {"data": {"title": "A parcel"}}, body=title), send(1))
    assert site["chat"] == {
        "post": "/graphql",
        "json": {
            "operationName": "Send",
            "query": text.replace("{", "{{").replace("}", "}}"),
            "variables": {"text": "{prompt}", "conversationId": "{conversation}"},
        },
        "take": {"conversation": {"json": "data.send.chat.id"}},
    }
    assert site["reply"] == {"json": "data.send.reply.text"}
    assert site["conversation"] == {"history": "id"}


def _openai(at: int) -> dict[str, Any]:
    messages = [{"role": "user", "content": ASKED[0]}]
    if at:
        messages += [{"role": "assistant", "content": SAID[0]}, {"role": "user", "content": ASKED[1]}]
    chunks = [{"id": f"c{at}", "choices": [{"index": 0, "delta": {"content": each}}]} for each in pieces(SAID[at])]
    last = {"id": f"c{at}", "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
    body = {"model": "small", "messages": messages, "stream": True}
    return got("POST", "/v1/chat/completions", events(*chunks, last, "[DONE]"), SSE, body=body)


def test_openai_chunks() -> None:
    """The list goes out, deltas come back, and the stream ends in its own word."""
    site = written(page(), _openai(0), _openai(1))
    assert site == {
        "schema": 1,
        "name": "bot-example",
        "url": "https://bot.example.org",
        "extends": "openai",
        "models": ["small"],
        "session": {"get": "/"},
        "chat": {"post": "/v1/chat/completions"},
    }


def test_openai_without_a_page() -> None:
    """Where nothing else is asked of the host, its URL ends where the preset's path begins."""
    site = written(_openai(0), _openai(1))
    assert site == {
        "schema": 1,
        "name": "bot-example",
        "url": "https://bot.example.org/v1",
        "extends": "openai",
        "models": ["small"],
    }


def test_messages_in_parts() -> None:
    """Messages of Vercel's kind are those of its preset, but for the names of roles and the body."""

    def send(at: int) -> dict[str, Any]:
        texts = [ASKED[0], SAID[0], ASKED[1]][: 1 + 2 * at]
        messages = [
            {"id": f"aB3dE5fG7hJ9kL{n}Q", "role": ("user", "ai")[n % 2], "parts": [{"type": "text", "text": each}]}
            for n, each in enumerate(texts)
        ]
        deltas = [{"type": "text-delta", "id": "0", "delta": each} for each in pieces(SAID[at])]
        stream = events({"type": "start"}, *deltas, {"type": "finish"}, "[DONE]")
        return got("POST", "/api/chat", stream, SSE, body={"messages": messages, "trigger": "submit-message"})

    site = written(page(), send(0), send(1))
    assert site["extends"] == "vercel-ai"
    assert site["messages"] == {"roles": {"assistant": "ai"}}
    assert site["chat"] == {"json": {"messages": "{messages}", "trigger": "submit-message"}}
    assert "reply" not in site


def test_named_events_among_thoughts() -> None:
    """Thoughts and the prompt again, in the same place as the text, are passed over."""

    def send(at: int) -> dict[str, Any]:
        thoughts = [{"type": "thinking", "text": each} for each in pieces("Hm, the person wants to know something.")]
        texts = [{"type": "answer", "text": each} for each in pieces(SAID[at])]
        stream = events({"type": "ack", "text": ASKED[at]}, *thoughts, *texts, {"type": "stop"}, names=True)
        return got("POST", "/ask", stream, SSE, body={"question": ASKED[at]})

    site = written(page(), send(0), send(1))
    assert site["reply"] == {"sse": "text", "where": {"type": "answer"}, "done": {"type": "stop"}}


def test_lines_that_grow() -> None:
    """Each line holds the text so far; the last one says so."""

    def send(at: int) -> dict[str, Any]:
        words = pieces(SAID[at])
        lines = [
            {"message": {"content": "".join(words[: n + 1])}, "done": n == len(words) - 1} for n in range(len(words))
        ]
        stream = "\n".join(json.dumps(line) for line in lines)
        return got("POST", "/api/generate", stream, "application/x-ndjson", body={"input": ASKED[at]})

    site = written(page(), send(0), send(1))
    assert site["reply"] == {"ndjson": "message.content", "cumulative": True, "done": {"done": True}}


FORMS = (
    f'<form id="search"><input type="hidden" name="token" value="{OTHER}"></form>'
    f'<form id="talk" method="post"><input type="hidden" name="token" value="{TOKEN}"><input name="msg"></form>'
)


def test_a_page_with_two_forms() -> None:
    """Of two fields of one name the right one is taken; the reply is the last of its kind in the page."""
    said = "".join(f'<p class="me">{ASKED[at]}</p><p class="bot">{SAID[at]}</p>' for at in range(2))
    first = said[: said.index('<p class="me">', 5)]

    def send(at: int) -> dict[str, Any]:
        text = f"<html><body>{FORMS}<div id='log'>{(first, said)[at]}</div></body></html>"
        return got("POST", "/chat.php", text, "text/html", body=(("token", TOKEN), ("msg", ASKED[at])))

    site = written(page(f"<html><body>{FORMS}</body></html>", "/chat.php", PHPSESSID=OTHER), send(0), send(1))
    assert site["take"] == {"csrf": {"css": "#talk input[name=token]"}}
    assert site["chat"] == {"post": "/chat.php", "form": {"token": "{csrf}", "msg": "{prompt}"}}
    assert site["reply"] == {"html": "#log p.bot"}
    assert site["session"] == {"get": "/chat.php"}


def test_a_cookie_that_is_sent_back_decoded() -> None:
    """The encrypted cookie of Laravel is known by what it holds; its preset says the rest."""
    raw, plain = "eyJpdiI6IkZXb0p3UT09In0%3D", "eyJpdiI6IkZXb0p3UT09In0="
    sent = {"Cookie": f"XSRF-TOKEN={raw}", "X-XSRF-TOKEN": plain}
    turns = [got("POST", "/ask", {"answer": SAID[at]}, body={"q": ASKED[at]}, sent=sent) for at in range(2)]
    site = written(page(**{"XSRF-TOKEN": raw}), *turns)
    assert site["extends"] == "laravel"
    assert not {"take", "headers", "session"} & site.keys()


def test_a_token_in_base64() -> None:
    """A cookie whose base64 is what goes out is taken so."""
    raw = base64.b64encode(TOKEN.encode()).decode().rstrip("=")
    sent = {"Cookie": f"state={raw}", "X-Token": TOKEN}
    turns = [got("POST", "/ask", {"answer": SAID[at]}, body={"q": ASKED[at]}, sent=sent) for at in range(2)]
    site = written(page(state=raw), *turns)
    assert site["take"] == {"token": {"cookie": "state", "decode": "base64"}}
    assert site["headers"] == {"X-Token": "{token}"}


def test_a_token_in_a_script() -> None:
    """JSON in a script is read by its path, other scripts by a regular expression."""
    state = f'<script id="boot" type="application/json">{{"auth": {{"csrf": "{TOKEN}"}}}}</script>'
    script = f"<script>window.apiToken = '{OTHER}';</script>"
    sent = {"X-CSRF-Token": TOKEN, "X-Api-Token": OTHER}
    turns = [got("POST", "/ask", {"answer": SAID[at]}, body={"q": ASKED[at]}, sent=sent) for at in range(2)]
    site = written(page(f"<html><head>{state}{script}</head></html>"), *turns)
    assert site["take"]["csrf"] == {"css": "script#boot", "json": "auth.csrf"}
    assert site["take"]["api_token"]["regex"].startswith("apiToken")


def test_what_the_page_makes() -> None:
    """An id that stays is the conversation's, what changes with each turn is made anew, the time is the time."""

    def send(at: int) -> dict[str, Any]:
        made = {"conversation_id": UUID, "message_id": UUID[:-1] + str(at), "sent_at": 1764000000000 + 9000 * at}
        return got("POST", "/ask", {"answer": SAID[at]}, body={"text": ASKED[at], **made})

    site = written(page(), send(0), send(1))
    assert site["conversation"]["make"] == {"conversation": "uuid4"}
    assert site["chat"]["make"] == {"message_id": "uuid4", "sent_at": "unix_ms"}
    assert site["chat"]["json"]["conversation_id"] == "{conversation}"


def test_the_answer_before() -> None:
    """What each turn sends back of the answer before is taken from every answer."""
    ids = ["5b1e0c7f9a2d4e63", "c8d20f41b7e6a953"]

    def send(at: int) -> dict[str, Any]:
        body = {"text": ASKED[at], "parent_message_id": None if at == 0 else ids[0]}
        return got("POST", "/ask", {"answer": SAID[at], "message": {"id": ids[at]}}, body=body)

    third = got(
        "POST",
        "/ask",
        {"answer": "You are welcome, come again.", "message": {"id": "0a1b2c3d4e5f6a7b"}},
        body={"text": "Thank you very much!", "parent_message_id": ids[1]},
    )
    site = written(page(), send(0), send(1), third)
    assert site["take"] == {"parent_message_id": {"json": "message.id"}}
    assert site["chat"]["json"]["parent_message_id"] == "{parent_message_id?}"


def test_a_conversation_that_is_opened_first() -> None:
    """The request that makes the conversation is its start, and its id stands in the path."""
    start = got("POST", "/api/threads", {"thread": {"id": UUID}}, body={})
    turns = [
        got("POST", f"/api/threads/{UUID}/messages", {"reply": SAID[at]}, body={"text": ASKED[at]}) for at in range(2)
    ]
    site = written(page(), start, *turns)
    assert site["conversation"]["start"] == {"post": "/api/threads", "take": {"conversation": {"json": "thread.id"}}}
    assert site["chat"]["post"] == "/api/threads/{conversation}/messages"


def test_decoys() -> None:
    """What was typed goes to monitoring, to a title and to suggestions too; none of them is the chat."""
    track = [got("POST", "https://t.example.com/track", {"ok": True}, body={"text": ASKED[at]}) for at in range(2)]
    title = got("POST", "/api/title", {"title": "Where my parcel is"}, body={"text": ASKED[0]})
    suggest = got("POST", "/api/suggestions", {"text": "You could ask where it is"}, body={"query": ASKED[0]})
    turns = [got("POST", "/api/chat", {"text": SAID[at]}, body={"text": ASKED[at]}) for at in range(2)]
    site = written(page(), track[0], turns[0], title, suggest, track[1], turns[1])
    assert site["chat"]["post"] == "/api/chat"


def test_no_spaces_between_words() -> None:
    """Chinese and Thai are read as prose, from one turn alone."""
    for asked, said in (
        ("你好今天天气怎么样", "今天很好阳光明媚"),
        ("สวัสดีครับวันนี้อากาศเป็นอย่างไร", "วันนี้อากาศดีมากครับ"),
    ):
        site = written(page(), got("POST", "/chat", {"lang": "de", "answer": said}, body={"lang": "zh", "text": asked}))
        assert site["chat"]["json"] == {"lang": "zh", "text": "{prompt}"}
        assert site["reply"] == {"json": "answer"}


def test_prompts_of_one_word() -> None:
    """Two turns of one word each are enough."""
    turns = [
        got("POST", "/chat", {"mood": "good", "reply": said}, body={"model": "small", "text": asked})
        for asked, said in (("hi", "Hello"), ("thanks", "Welcome"))
    ]
    site = written(page(), *turns)
    assert site["chat"]["json"] == {"model": "small", "text": "{prompt}"}
    assert site["reply"] == {"json": "reply"}


def test_a_websocket_that_stays() -> None:
    """What is sent before the first prompt opens the conversation; the connection remembers."""
    frames = [{"type": "send", "time": 1, "opcode": 1, "data": json.dumps({"type": "hello", "locale": "en"})}]
    frames.append({"type": "receive", "time": 1, "opcode": 1, "data": json.dumps({"type": "ready"})})
    for at in range(2):
        frames.append({"type": "send", "time": 2, "opcode": 1, "data": json.dumps({"type": "say", "text": ASKED[at]})})
        heard = [{"type": "piece", "text": each} for each in pieces(SAID[at])] + [{"type": "end"}]
        frames += [{"type": "receive", "time": 3, "opcode": 1, "data": json.dumps(each)} for each in heard]
    socket = got("GET", "wss://bot.example.org/live", status=101)
    site = written(page(), {**socket, "_webSocketMessages": frames})
    assert site["url"] == HOST
    assert site["chat"] == {"websocket": "/live", "json": {"type": "say", "text": "{prompt}"}}
    assert site["conversation"] == {"start": {"websocket": "/live", "json": {"type": "hello", "locale": "en"}}}
    assert site["reply"] == {"websocket": "text", "where": {"type": "piece"}, "done": {"type": "end"}}


def test_a_key_that_no_answer_gave() -> None:
    """It is never written down: a reference to the environment takes its place."""
    turns = [
        got("POST", "/ask", {"answer": SAID[at]}, body={"q": ASKED[at]}, sent={"X-Api-Key": TOKEN}) for at in range(2)
    ]
    site = written(page(), *turns)
    assert site["headers"] == {"X-Api-Key": "{env:BOT_EXAMPLE_API_KEY}"}
