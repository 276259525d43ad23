"""Conversations through the gateway: which one a request goes on in, and whose it is."""

import pytest

from chatdoor.gateway.state import Conduct
from chatdoor.practice import Practice
from tests.gateway.door import HELLO, Door, gateway, key, practice_door


def _ask(door: Door, text: str, **headers: str) -> tuple[str, str]:
    """The reply to one message, and the id of its conversation."""
    seen = door.send(
        "POST",
        "/v1/chat/completions",
        {"model": "practice", "messages": [{"role": "user", "content": text}]},
        {name.replace("_", "-"): value for name, value in headers.items()},
    )
    assert seen.status == 200, seen.body
    return seen.json()["choices"][0]["message"]["content"], seen.headers["x-conversation-id"]


def test_a_list_goes_on_where_its_replies_came_from() -> None:
    """A client that sends the whole list each time stays in one conversation of the site."""
    with practice_door(history="session") as (door, practice):
        first = door.chat()
        reply = {"role": "assistant", "content": first.json()["choices"][0]["message"]["content"]}
        second = door.chat(messages=[*HELLO, reply, {"role": "user", "content": "And now?"}])
        assert second.headers["x-conversation-id"] == first.headers["x-conversation-id"]
        assert practice.heard() == [["Hello", "And now?"]]


@pytest.mark.parametrize("streamed", [True, False], ids=["streamed", "whole"])
def test_an_id_goes_on_with_news_alone(streamed: bool) -> None:
    """The id of an answer, as a header or in the metadata, names the conversation."""
    with practice_door(history="session") as (door, practice):
        _, name = _ask(door, "Hello")
        _, same = _ask(door, "Two", X_Conversation_Id=name)
        news = [{"role": "user", "content": "Three"}]
        seen = door.chat(messages=news, metadata={"conversation_id": name}, stream=streamed)
        assert same == name == seen.headers["x-conversation-id"]
        assert practice.heard() == [["Hello", "Two", "Three"]]


@pytest.mark.parametrize("name", ["0123456789abcdef" * 2, "a b", "x" * 200, "a,b"])
def test_an_id_that_is_none_of_ours(name: str) -> None:
    """An id that can not be used is an error of the client's, and is not sent back as a header."""
    with practice_door(history="session") as (door, _):
        seen = door.chat({"X-Conversation-Id": name})
        assert seen.status in {400, 409}
        assert "x-conversation-id" not in seen.headers


def test_an_id_is_no_trouble_where_the_site_remembers_nothing(door: Door) -> None:
    """A client that always sends an id can talk to a site whose client keeps the history."""
    assert door.chat({"X-Conversation-Id": "any"}).status == 200


def test_two_keys_never_share_a_conversation() -> None:
    """What one key has begun is not there for another: neither by its messages nor by its id."""
    practice = Practice(history="session")
    with practice as site, gateway(site, keys=[key("one"), key("two")]) as door:
        text, name = _ask(door, "Hello", Authorization="Bearer one")
        listed = [*HELLO, {"role": "assistant", "content": text}, {"role": "user", "content": "And now?"}]
        seen = door.chat({"Authorization": "Bearer two"}, messages=listed)
        assert seen.headers["x-conversation-id"] != name
        seen = door.chat({"Authorization": "Bearer two", "X-Conversation-Id": name})
        assert seen.status == 409
        assert name not in seen.headers.values()
        _ask(door, "Mine", Authorization="Bearer one", X_Conversation_Id=name)
        assert ["Hello", "Mine"] in practice.heard()


def test_more_keys_than_sessions() -> None:
    """Conversations of many keys make room for one another, and each goes on as its own."""
    practice = Practice(history="session")
    keys = [key(f"key-{number}") for number in range(12)]  # a site has eight sessions where its file does not say
    with practice as site, gateway(site, keys=keys) as door:
        names = [_ask(door, f"I am {number}", Authorization=f"Bearer key-{number}")[1] for number in range(12)]
        assert len(set(names)) == 12
        text, name = _ask(door, "I am back", Authorization="Bearer key-11", X_Conversation_Id=names[11])
        assert (bool(text), name) == (True, names[11])
        assert ["I am 11", "I am back"] in practice.heard()


def test_a_chats_own_name_tells_chats_apart() -> None:
    """Two chats of a front end that say the same are two conversations, and each goes on as its own."""
    with practice_door(history="session") as (door, practice):
        lists = {name: list(HELLO) for name in ("chat-1", "chat-2")}
        for text in ("say exactly: one", "say exactly: two"):
            for name, messages in lists.items():
                said = door.chat({"X-OpenWebUI-Chat-Id": name}, messages=messages)
                reply = {"role": "assistant", "content": said.json()["choices"][0]["message"]["content"] + " (edited)"}
                messages += [reply, {"role": "user", "content": text}]
        assert practice.heard() == [["Hello", "say exactly: one"]] * 2


def test_a_trusted_user_header_parts_users() -> None:
    """Where the operator believes a header, two users of one key never share; elsewhere it says nothing."""
    ann, bob = ({"X-OpenWebUI-User-Id": name} for name in ("ann", "bob"))
    with practice_door(history="session", conduct=Conduct(user_headers=(b"x-openwebui-user-id",))) as (door, _):
        name = door.chat(ann).headers["x-conversation-id"]
        assert door.chat(bob | {"X-Conversation-Id": name}).status == 409
        assert door.chat(ann | {"X-Conversation-Id": name}).status == 200
    with practice_door(history="session") as (door, _):
        name = door.chat(ann).headers["x-conversation-id"]
        assert door.chat(bob | {"X-Conversation-Id": name}).status == 200
