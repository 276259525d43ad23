"""What a chat front end asks on its own: known by rule, and kept out of the person's conversation."""

import time
from typing import Any

import pytest

from chatdoor.gateway.side_requests import is_side_request
from chatdoor.gateway.state import Conduct
from chatdoor.messages import Message
from tests.gateway.door import HELLO, practice_door
from tests.gateway.test_joins import Asking, until

HISTORY = "\n### Chat History:\n<chat_history>\nUSER: Hello\nASSISTANT: Hi\n</chat_history>"
TITLE = "### Task:\nGenerate a concise, 3-5 word title with an emoji summarizing the chat history." + HISTORY
LIBRECHAT = "Provide a concise, 5-word-or-less title for the conversation, using title case conventions."

ASIDE = [
    TITLE,
    "### Task:\nGenerate a concise title summarizing the chat history." + HISTORY,
    "### Task:\nGenerate 1-3 broad tags categorizing the main themes of the chat history." + HISTORY,
    "### Task:\nSuggest 3-5 relevant follow-up questions or prompts that the user might ask." + HISTORY,
    "### Task:\nAnalyze the chat history to determine the necessity of generating search queries, in" + HISTORY,
    "### Task:\nPredict 3-5 useful messages this user might naturally send next." + HISTORY,
    "### Task:\nGenerate a detailed prompt for am image generation task based on the language." + HISTORY,
    "### Task:\nYou are an autocompletion system. Continue the text in `<text>`." + HISTORY,
    LIBRECHAT,
    "Analyze this conversation and provide:\n1. The detected language of the conversation\n2. A concise title in",
]
OWN = [
    "Hello",
    "",
    "### Task:\nRespond to the user query using the provided context.\n<context>" + HISTORY + "</context>",
    "### Task:\nGenerate a concise title for my book about tags.",
    "Please: ### Task:\nGenerate 1-3 broad tags" + HISTORY,
    "Analyze this conversation and provide: wisdom",
]


def _user(text: str) -> list[Message]:
    return [Message("user", text)]


def _asked(text: str) -> list[dict[str, Any]]:
    return [{"role": "user", "content": text}]


@pytest.mark.parametrize("text", ASIDE, ids=range(len(ASIDE)))
def test_tasks_of_front_ends_are_known(text: str) -> None:
    """Each task prompt is known, with a system text or without."""
    assert is_side_request({}, _user(text))
    assert is_side_request({}, [Message("system", "Be brief."), *_user(text)])


@pytest.mark.parametrize("text", OWN, ids=range(len(OWN)))
def test_what_a_person_says_is_none(text: str) -> None:
    """A person's own words, and a front end's prompt with search results, are the person's."""
    assert not is_side_request({}, _user(text))


def test_a_conversation_that_has_begun_is_none() -> None:
    """Whoever pastes such a prompt in the middle of a talk is answered there."""
    reply = Message("assistant", "Hi")
    assert not is_side_request({}, [*_user("Hello"), reply, *_user(TITLE)])
    assert not is_side_request({}, [reply, *_user(TITLE)])


def test_a_header_says_so_in_any_language() -> None:
    """Open WebUI can say by a header which task it is, and sends it empty in a chat."""
    assert is_side_request({b"x-side-request": b"title_generation"}, _user("Hello"))
    assert not is_side_request({b"x-side-request": b" "}, _user("Hello"))


@pytest.mark.parametrize("streamed", [True, False], ids=["streamed", "whole"])
def test_the_persons_conversation_is_untouched(streamed: bool) -> None:
    """A title asked in mid-conversation, in the chat's own name, goes to the site apart; the talk goes on."""
    with practice_door(history="session", reply="sse-delta") as (door, practice):
        chat = {"X-OpenWebUI-Chat-Id": "chat-1"}
        first = door.chat(chat)
        reply = {"role": "assistant", "content": first.json()["choices"][0]["message"]["content"]}
        named = chat | {"X-Conversation-Id": first.headers["x-conversation-id"]}
        for headers in (chat, named):
            aside = door.chat(headers, messages=_asked(TITLE), stream=streamed)
            assert aside.status == 200
            assert "x-conversation-id" not in aside.headers  # whoever keeps the last one would be lost
        second = door.chat(chat, messages=[*HELLO, reply, *_asked("And now?")])
        assert second.headers["x-conversation-id"] == first.headers["x-conversation-id"]
        assert second.headers["x-chatdoor-fidelity"] == "native"
        heard = practice.heard()
        assert heard.count(["Hello", "And now?"]) == 1
        assert all(TITLE not in turns for turns in heard if "Hello" in turns)
        assert practice.stats()["accepted"] == 4


@pytest.mark.parametrize(("path", "field"), [("/v1/responses", "input"), ("/v1/completions", "prompt")])
@pytest.mark.parametrize("streamed", [True, False], ids=["streamed", "whole"])
def test_they_are_apart_at_each_endpoint(path: str, field: str, streamed: bool) -> None:
    """By its text or by the header; where the operator wants none, the site does not hear of it."""
    ways: list[tuple[dict[str, str], str]] = [({}, TITLE), ({"X-Side-Request": "title"}, "A title, please")]
    with practice_door(history="session", reply="sse-delta") as (door, practice):
        named = {"X-Conversation-Id": door.chat().headers["x-conversation-id"]}
        for headers, text in ways:
            body = {"model": "practice", field: text, "stream": streamed}
            seen = door.send("POST", path, body, headers | named)
            assert (seen.status, seen.headers.get("x-conversation-id")) == (200, None)
            door.state.conduct = Conduct(side_requests="refuse")
            assert door.send("POST", path, body, headers | named).error["code"] == "side_request"
            door.state.conduct = Conduct()
        assert sorted(practice.heard()) == sorted([["Hello"], *([text] for _, text in ways)])


def test_a_side_request_is_no_turn_of_a_conversation_of_responses() -> None:
    """It is answered from what was said, and adds nothing; in mid-conversation the text alone makes none."""
    with practice_door(history="session") as (door, practice):
        begun = door.send("POST", "/v1/conversations", {}).json()["id"]
        body = {"model": "practice", "input": "Hello", "conversation": begun}
        first = door.send("POST", "/v1/responses", body)
        marked = door.send("POST", "/v1/responses", body | {"input": "A title"}, {"X-Side-Request": "title"})
        assert "x-conversation-id" not in marked.headers
        told = door.send("POST", "/v1/responses", body | {"input": TITLE})
        assert told.headers["x-conversation-id"] == first.headers["x-conversation-id"]
        items = door.send("GET", f"/v1/conversations/{begun}/items?order=asc").json()["data"]
        assert [item["content"][0]["text"] for item in items[::2]] == ["Hello", TITLE]
        assert ["Hello", TITLE] in practice.heard()


def test_many_of_them_push_no_conversation_out() -> None:
    """Side requests have a session of their own, so that the talks of persons keep theirs."""
    with practice_door(history="session") as (door, practice):
        first = door.chat()
        reply = {"role": "assistant", "content": first.json()["choices"][0]["message"]["content"]}
        for _ in range(10):  # a site has eight sessions where its file does not say
            door.chat(messages=_asked(TITLE))
        second = door.chat(messages=[*HELLO, reply, *_asked("And now?")])
        assert second.headers["x-chatdoor-fidelity"] == "native"
        assert ["Hello", "And now?"] in practice.heard()


def test_those_of_one_chat_do_not_wait_for_each_other() -> None:
    """A front end asks for title, tags and follow-ups at once, and the site hears them at once."""
    with practice_door(history="session", slow=2.0) as (door, practice):
        began = time.monotonic()
        asking = [Asking(door, {}, messages=_asked(text)) for text in ASIDE[1:4]]
        until(practice, "accepted", 3)
        assert time.monotonic() - began < 2.0
        assert [one.result().status for one in asking] == [200] * 3
        assert sorted(practice.heard()) == sorted([text] for text in ASIDE[1:4])


def test_they_are_refused_where_the_operator_says_so() -> None:
    """Refused, the site never hears of it, and the client does not ask again."""
    with practice_door(conduct=Conduct(side_requests="refuse")) as (door, practice):
        seen = door.chat(messages=_asked(LIBRECHAT))
        assert (seen.status, seen.error["code"]) == (403, "side_request")
        assert seen.headers["x-should-retry"] == "false"
        assert door.chat().status == 200
        assert practice.stats()["accepted"] == 1
