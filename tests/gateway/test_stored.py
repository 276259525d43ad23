"""What is kept: responses and conversations, read, listed and deleted with the official SDK."""

import json
import threading
import time
from collections.abc import Iterator
from typing import Any

import openai
import pytest
from openai.types.conversations import Conversation, ConversationDeletedResource, ConversationItemList
from openai.types.responses import Response, ResponseItemList

from tests.gateway.door import Door, practice_door
from tests.gateway.sdk_types import fits
from tests.gateway.test_sdk import sdk


@pytest.fixture
def client(door: Door) -> Iterator[openai.OpenAI]:
    """The SDK, in front of a site whose client keeps the history."""
    with sdk(door) as one:
        yield one


def test_a_response_is_read_and_deleted(door: Door, client: openai.OpenAI) -> None:
    """A kept response is given as it was, until it is deleted."""
    response = client.responses.create(model="practice", input="Hello", metadata={"a": "b"})
    seen = door.send("GET", f"/v1/responses/{response.id}")
    assert fits(Response, seen.body) == response
    gone = door.send("DELETE", f"/v1/responses/{response.id}")
    assert gone.json() == {"id": response.id, "object": "response", "deleted": True}
    for call in (client.responses.retrieve, client.responses.delete, client.responses.input_items.list):
        with pytest.raises(openai.NotFoundError) as missing:
            call(response.id)
        assert response.id in missing.value.message


def test_a_response_is_given_whole(client: openai.OpenAI) -> None:
    """A kept response can not be streamed, and says so."""
    response = client.responses.create(model="practice", input="Hello")
    with pytest.raises(openai.BadRequestError) as refused:
        client.responses.retrieve(response.id, stream=True)
    assert refused.value.param == "stream"


def test_the_items_before_an_answer(door: Door, client: openai.OpenAI) -> None:
    """All that was said before an answer is listed, newest first or last, page by page."""
    first = client.responses.create(model="practice", input="One")
    items: Any = [{"role": "developer", "content": "Be brief."}, {"role": "user", "content": "Two"}]
    second = client.responses.create(model="practice", input=items, previous_response_id=first.id)
    seen = door.send("GET", f"/v1/responses/{second.id}/input_items?order=asc&limit=100")
    listed = fits(ResponseItemList, seen.body)
    assert [item["role"] for item in seen.json()["data"]] == ["user", "assistant", "developer", "user"]
    assert (listed.first_id, listed.last_id) == (listed.data[0].id, listed.data[-1].id)
    assert listed.data[1].id == first.output[0].id
    pages = [item.id for item in client.responses.input_items.list(second.id, limit=1)]
    assert pages == [item.id for item in reversed(listed.data)]


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=101", "limit=x", "limit=%00", "limit=", "order=up", "after=msg_none"]
)
def test_a_list_that_can_not_be_given(door: Door, client: openai.OpenAI, query: str) -> None:
    """A query that can not be answered names what is wrong."""
    response = client.responses.create(model="practice", input="Hello")
    seen = door.send("GET", f"/v1/responses/{response.id}/input_items?{query}")
    assert (seen.status, seen.error["param"]) == (400, query.split("=", maxsplit=1)[0])


@pytest.mark.parametrize("history", ["client", "session"])
def test_a_conversation_of_the_clients(history: str) -> None:
    """A conversation that a client begins holds what its responses said, and goes on with new input alone."""
    with practice_door(history=history) as (door, practice), sdk(door) as client:
        items: Any = [{"role": "user", "content": "Zero"}, {"role": "assistant", "content": "Yes."}]
        conversation = client.conversations.create(metadata={"a": "b"}, items=items)
        for text in ("One", "Two"):
            response = client.responses.create(model="practice", input=text, conversation=conversation.id)
            assert response.conversation is not None
            assert response.conversation.id == conversation.id
        seen = door.send("GET", f"/v1/conversations/{conversation.id}")
        assert fits(Conversation, seen.body) == conversation
        seen = door.send("GET", f"/v1/conversations/{conversation.id}/items?order=asc")
        listed = fits(ConversationItemList, seen.body)
        assert [item["role"] for item in seen.json()["data"]] == ["user", "assistant"] * 3
        assert listed.data[-1] == response.output[0] or listed.data[-1].id == response.output[0].id
        heard = practice.heard()[-1]
        assert "Two" in heard[-1]
        assert "Zero" in " ".join(heard)
        assert len(practice.heard()) == (1 if history == "session" else 2)
        gone = client.conversations.delete(conversation.id)
        assert fits(ConversationDeletedResource, gone.model_dump_json()).deleted
        for call in (client.conversations.retrieve, client.conversations.delete, client.conversations.items.list):
            with pytest.raises(openai.NotFoundError):
                call(conversation.id)


def test_a_conversation_that_is_deleted_meanwhile_stays_so() -> None:
    """A response whose conversation was deleted while it came does not bring it back."""
    with practice_door(slow=0.5) as (door, _), sdk(door) as client:
        name = client.conversations.create().id
        body = {"model": "practice", "input": "Hello", "conversation": name, "stream": True}
        answers: list[int] = []
        thread = threading.Thread(target=lambda: answers.append(door.send("POST", "/v1/responses", body).status))
        thread.start()
        while not door.state.running:
            time.sleep(0.005)
        client.conversations.delete(name)
        thread.join()
        assert answers == [200]
        assert door.send("GET", f"/v1/conversations/{name}").status == 404


def test_two_kinds_of_ids_are_not_mixed_up(door: Door, client: openai.OpenAI) -> None:
    """A response is no conversation, and a conversation no response."""
    response, conversation = client.responses.create(model="practice", input="Hello"), client.conversations.create()
    for path in (f"responses/{conversation.id}", f"conversations/{response.id}", "responses/%ff", "responses/a/b"):
        assert door.send("GET", f"/v1/{path}").status == 404
    for fields in ({"previous_response_id": conversation.id}, {"conversation": response.id}):
        body = {"model": "practice", "input": "Hello"} | fields
        assert door.send("POST", "/v1/responses", body).status == 404


def test_a_conversation_holds_what_is_text(door: Door) -> None:
    """What is no message is named, and too many items are refused."""
    given: list[dict[str, Any]] = [{"type": "reasoning"}, {"role": "user", "content": "Hello"}]
    seen = door.send("POST", "/v1/conversations", {"items": given})
    assert (seen.status, seen.headers["x-chatdoor-ignored"]) == (200, "reasoning")
    seen = door.send("POST", "/v1/conversations", {"items": [{"role": "wizard", "content": ""}]})
    assert (seen.status, seen.error["param"]) == (400, "items[0].role")
    many = json.dumps({"items": given * 11}).encode()
    assert door.send("POST", "/v1/conversations", many).status == 400


def test_other_methods_are_named(door: Door) -> None:
    """A method that these paths have not is a 405 that names those they have."""
    for path, methods in [
        ("responses", "POST"), ("responses/x", "GET, HEAD, DELETE"), ("responses/x/input_items", "GET, HEAD"),
        ("conversations", "POST"), ("conversations/x/items", "GET, HEAD"), ("completions", "POST"),
    ]:  # fmt: skip
        seen = door.send("PUT", f"/v1/{path}")
        assert (seen.status, seen.headers["allow"]) == (405, methods)


def test_a_long_chain_is_kept_from_its_first_response() -> None:
    """Sixty turns of five kilobytes take as much as they are, not as much as each response and all before it."""
    with practice_door(history="session") as (door, _), sdk(door) as client:
        first = last = client.responses.create(model="practice", input="w" * 5_000)
        for _ in range(60):
            last = client.responses.create(model="practice", input="w" * 5_000, previous_response_id=last.id)
        assert client.responses.retrieve(first.id) == first
        items = client.responses.input_items.list(last.id, limit=100, order="asc")
        assert len([item for page in items.iter_pages() for item in page.data]) == 121


def test_what_is_not_built_says_so(client: openai.OpenAI) -> None:
    """What the SDK can ask for besides is a 501: no id is made of a part of its path, and no method is promised."""
    response, conversation = client.responses.create(model="practice", input="Hello"), client.conversations.create()
    calls: list[Any] = [
        lambda: client.responses.cancel(response.id),
        lambda: client.responses.compact(model="practice", input="Hello"),
        lambda: client.responses.input_tokens.count(model="practice", input="Hello"),
        lambda: client.conversations.items.retrieve("msg_1", conversation_id=conversation.id),
        lambda: client.conversations.items.delete("msg_1", conversation_id=conversation.id),
        lambda: client.chat.completions.retrieve("chatcmpl-1"),
        lambda: client.chat.completions.messages.list("chatcmpl-1"),
    ]
    for call in calls:
        with pytest.raises(openai.APIStatusError) as refused:
            call()
        assert (refused.value.status_code, refused.value.code) == (501, "not_implemented")
