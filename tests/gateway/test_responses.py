"""`POST /v1/responses` as the official SDK sees it: every field, every event, what goes on from what."""

import http.client
import json
from collections.abc import Mapping
from typing import Any

import openai
import pytest
from msgspec.structs import replace
from openai.types.responses import Response, ResponseStreamEvent

from chatdoor.gateway.state import Conduct
from chatdoor.practice import Practice
from chatdoor.site import loads_site
from tests.gateway.door import SECONDS, Door, Seen, gateway, key, practice_door
from tests.gateway.sdk_types import events, fits
from tests.gateway.test_sdk import sdk

PATH = "/v1/responses"
EVENT: Any = ResponseStreamEvent
IGNORED = "x-chatdoor-ignored"

SAMPLED = """
schema = 1
name = "practice"
url = "{url}"
extends = "django"
[chat]
post = "/generate_response/"
json = {{ messages = "{{messages}}", temperature = "{{temperature?}}", max_tokens = "{{max_tokens?}}" }}
[reply]
json = "response"
"""


def respond(door: Door, said: object = "Hello", headers: Mapping[str, str] | None = None, **more: object) -> Seen:
    """A response of the practice site."""
    return door.send("POST", PATH, {"model": "practice", "input": said} | more, headers)


def good(seen: Seen) -> Response:
    """The response, which has to be one."""
    assert seen.status == 200, seen.body
    return fits(Response, seen.body)


def test_a_response(door: Door) -> None:
    """A whole response has every field of the API, and headers that say how it came about."""
    seen = respond(door, metadata={"a": "b"}, max_output_tokens=9000, user="me", instructions="Be brief.")
    response = good(seen)
    assert (response.status, response.error, response.incomplete_details) == ("completed", None, None)
    assert response.output_text
    assert (response.id[:5], response.output[0].id) == ("resp_", "msg_" + response.id[5:])
    assert (response.metadata, response.max_output_tokens, response.user) == ({"a": "b"}, 9000, "me")
    assert (response.instructions, response.model, response.tools) == ("Be brief.", "practice", [])
    assert response.completed_at is not None
    assert response.completed_at >= response.created_at > 1e9
    assert response.usage is not None
    assert response.usage.total_tokens == response.usage.input_tokens + response.usage.output_tokens > 2
    assert seen.headers["x-chatdoor-usage"] == "estimated"
    assert seen.headers["x-chatdoor-fidelity"] == "native"
    required = {name for name, field in Response.model_fields.items() if field.is_required()}
    assert required <= seen.json().keys()


def test_a_stream_event_by_event() -> None:
    """The events come in the API's order, each fits its type, and their numbers go up by one."""
    with practice_door(reply="sse-delta") as (door, _):
        seen = respond(door, stream=True)
    assert seen.headers["content-type"] == "text/event-stream; charset=utf-8"
    named = events(seen.body)
    read = [fits(EVENT, data) for _, data in named]
    assert [event.type for event in read] == [name for name, _ in named]
    assert [event.sequence_number for event in read] == list(range(len(read)))
    kinds = list(dict.fromkeys(event.type.removeprefix("response.") for event in read))
    assert kinds == [
        "created", "in_progress", "output_item.added", "content_part.added", "output_text.delta", "output_text.done",
        "content_part.done", "output_item.done", "completed",
    ]  # fmt: skip
    deltas = [event.delta for event in read if event.type == "response.output_text.delta"]
    last = read[-1].response
    assert len(deltas) > 2
    assert "".join(deltas) == last.output_text == read[-4].text == read[-3].part.text == read[-2].item.content[0].text
    assert (read[0].response.status, last.status) == ("in_progress", "completed")
    assert {event.item_id for event in read if hasattr(event, "item_id")} == {last.output[0].id}
    assert b"[DONE]" not in seen.body


def test_the_sdk_whole_and_streamed() -> None:
    """The SDK reads a response, its plain stream, and its helper that gathers the events."""
    with practice_door(reply="sse-delta") as (door, _), sdk(door) as client:
        whole = client.responses.create(model="practice", input="Hello")
        with client.responses.create(model="practice", input="Hello", stream=True) as stream:
            *_, last = list(stream)
        with client.responses.stream(model="practice", input="Hello") as helper:
            gathered = "".join(event.delta for event in helper if event.type == "response.output_text.delta")
            final = helper.get_final_response()
    assert last.type == "response.completed"
    assert whole.output_text == last.response.output_text == gathered == final.output_text


@pytest.mark.parametrize("history", ["client", "session"])
@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_a_response_goes_on_from_another(history: str, streamed: bool) -> None:
    """With `previous_response_id` the site knows what was said, whoever keeps the history."""
    with practice_door(history=history) as (door, practice), sdk(door) as client:
        first = client.responses.create(model="practice", input="My name is Ada")
        if streamed:
            with client.responses.create(
                model="practice", input="And now?", previous_response_id=first.id, stream=True
            ) as stream:
                *_, event = list(stream)
            assert event.type == "response.completed"
            second = event.response
        else:
            second = client.responses.create(model="practice", input="And now?", previous_response_id=first.id)
        third = client.responses.create(model="practice", input="Three", previous_response_id=second.id)
        assert second.previous_response_id == first.id
        assert third.output_text
        assert practice.heard()[-1] == ["My name is Ada", "And now?", "Three"]
        assert len(practice.heard()) == (1 if history == "session" else 3)


def test_a_response_that_was_gone_on_from_already() -> None:
    """Two that go on from one response do not hear each other: the second gets a session of its own."""
    with practice_door(history="session") as (door, practice):
        first = good(respond(door, "One"))
        left = respond(door, "Left", previous_response_id=first.id)
        right = respond(door, "Right", previous_response_id=first.id)
        assert left.headers["x-conversation-id"] != right.headers["x-conversation-id"]
        assert (left.headers["x-chatdoor-fidelity"], right.status) == ("native", 200)
        assert right.headers["x-chatdoor-fidelity"] in {"replayed", "folded"}
        assert ["One", "Left"] in practice.heard()
        assert not any("Left" in text and "Right" in text for texts in practice.heard() for text in [" ".join(texts)])


def test_instructions_are_not_carried_over() -> None:
    """What a response was instructed is told for that one alone, and is no item."""
    with Practice(history="session") as site:
        messages = replace(site.messages, system="prepend")
        with gateway(replace(site, messages=messages)) as door:
            first = good(respond(door, "One", instructions="Be brief."))
            items = door.send("GET", f"{PATH}/{first.id}/input_items").json()["data"]
            assert [item["role"] for item in items] == ["user"]
            same = respond(door, "Two", previous_response_id=first.id, instructions="Be brief.")
            other = respond(door, "Two", previous_response_id=first.id, instructions="Be long.")
            none = respond(door, "Three", previous_response_id=good(same).id)
        assert [seen.headers["x-chatdoor-fidelity"] for seen in (same, other, none)] == ["native"] + ["replayed"] * 2


def test_an_id_that_nobody_gave(door: Door) -> None:
    """What is not there is a 404 that names it, in the API's words."""
    with sdk(door) as client, pytest.raises(openai.NotFoundError) as missing:
        client.responses.create(model="practice", input="Hello", previous_response_id="resp_none")
    assert (missing.value.param, missing.value.code) == ("previous_response_id", "previous_response_not_found")
    assert "'resp_none'" in missing.value.message
    for name in ("conv_none", "anything"):
        with sdk(door) as client, pytest.raises(openai.NotFoundError) as missing:
            client.responses.create(model="practice", input="Hello", conversation=name)
        assert missing.value.param == "conversation"
    both = respond(door, previous_response_id="resp_none", conversation="conv_none")
    assert (both.status, both.error["code"]) == (400, "mutually_exclusive_parameters")


@pytest.mark.parametrize("stored", [None, True, False])
def test_only_what_may_be_stored_is(stored: bool | None) -> None:
    """A response is kept unless its request says no; then nothing of it is."""
    with practice_door() as (door, _), sdk(door) as client:
        response = client.responses.create(model="practice", input="Hello", store=stored)
        if stored is False:
            with pytest.raises(openai.NotFoundError):
                client.responses.create(model="practice", input="Two", previous_response_id=response.id)
            with pytest.raises(openai.NotFoundError):
                client.responses.retrieve(response.id)
            return
        assert client.responses.retrieve(response.id) == response


def test_an_id_of_a_talk_goes_on_with_news_alone() -> None:
    """`conversation` may be what `x-conversation-id` told; responses that follow go on there too."""
    with practice_door(history="session") as (door, practice):
        name = door.chat().headers["x-conversation-id"]
        second = good(respond(door, "Two", conversation={"id": name}))
        assert second.conversation is not None
        assert second.conversation.id == name
        third = good(respond(door, "Three", previous_response_id=second.id))
        respond(door, "Four", {"X-Conversation-Id": name})
        assert practice.heard() == [["Hello", "Two", "Three", "Four"]]
        assert third.conversation is None
        assert respond(door, "Five", conversation="a,b").status == 404
        assert respond(door, "Five", conversation="0" * 32).status == 409


def test_a_clients_own_name_for_its_chat() -> None:
    """A list of that name goes on though a reply was edited, and equal lists of two names are two conversations."""
    with practice_door(history="session") as (door, practice):
        one, two = {"X-OpenWebUI-Chat-Id": "one"}, {"X-OpenWebUI-Chat-Id": "two"}
        for name in (one, two):
            good(respond(door, "Hello", name))
        edited: list[object] = [{"role": "user", "content": "Hello"}, {"role": "assistant", "content": "Edited."}]
        for name in (one, two):
            seen = respond(door, [*edited, {"role": "user", "content": "Two"}], name)
            assert seen.headers["x-chatdoor-fidelity"] == "native"
        assert practice.heard() == [["Hello", "Two"]] * 2


def test_items_of_every_kind() -> None:
    """Texts of items reach the site in their order; what is no text is named."""
    items: list[object] = [
        {"role": "developer", "content": "Be brief."},
        {"role": "user", "content": [{"type": "input_text", "text": "O"}, {"type": "input_text", "text": "ne"}]},
        {"type": "message", "role": "assistant", "id": "msg_1", "status": "completed", "content": [
            {"type": "output_text", "text": "Yes.", "annotations": []}, {"type": "refusal", "refusal": "no"}]},
        {"type": "reasoning", "id": "rs_1", "summary": []},
        {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "c", "output": "5"},
        {"type": "message", "role": "user", "content": [
            {"type": "input_image", "image_url": "data:,"}, {"type": "input_text", "text": "Two"}]},
    ]  # fmt: skip
    with practice_door(history="client") as (door, practice):
        seen = respond(door, items)
        good(seen)
        assert practice.heard() == [["One", "Two"]]
        assert seen.headers[IGNORED].split(", ") == [
            "refusal", "reasoning", "function_call", "function_call_output", "input_image",
        ]  # fmt: skip


def test_an_answer_may_be_referred_to() -> None:
    """An item reference stands for the answer that has the id; an unknown one is a 404."""
    with practice_door(history="session") as (door, practice):
        first = good(respond(door, "One"))
        items: list[object] = [
            {"role": "user", "content": "One"},
            {"type": "item_reference", "id": first.output[0].id},
            {"role": "user", "content": "Two"},
        ]
        good(respond(door, items))
        assert practice.heard() == [["One", "Two"]]
        items[1] = {"id": "msg_none"}
        seen = respond(door, items)
        assert (seen.status, seen.error["param"]) == (404, "input[1]")


def test_a_short_request_does_not_stand_for_any_amount_of_text(door: Door) -> None:
    """An answer may be referred to once: else a few bytes each could fill the memory."""
    first = good(respond(door, "One"))
    items = [{"type": "item_reference", "id": first.output[0].id}] * 2
    seen = respond(door, [*items, {"role": "user", "content": "Two"}])
    assert (seen.status, seen.error["param"]) == (400, "input")


def test_a_response_goes_on_at_another_site() -> None:
    """What one site said is told to another, whose conversation is its own."""
    with Practice(history="session") as one, Practice(history="session") as two:
        with gateway(one, replace(two, name="other")) as door:
            first = respond(door, "One")
            second = respond(door, "Two", model="other", previous_response_id=good(first).id)
        good(second)
        assert second.headers["x-conversation-id"] != first.headers["x-conversation-id"]
        assert second.headers["x-chatdoor-fidelity"] in {"replayed", "folded"}


def test_sampling_goes_where_the_site_has_a_field() -> None:
    """An option that the site takes is sent, and the response says so."""
    with Practice() as site, gateway(loads_site(SAMPLED.format(url=site.url))) as door:
        seen = respond(door, temperature=0.5, top_p=0.5, max_output_tokens=5)
    response = good(seen)
    assert (response.temperature, response.top_p, seen.headers[IGNORED]) == (0.5, None, "top_p")


def test_a_request_with_everything(door: Door) -> None:
    """Whatever a client sends besides is accepted, and what is in vain is named."""
    everything: dict[str, Any] = {
        "tools": [{"type": "web_search"}], "tool_choice": "required", "reasoning": {"effort": "high"},
        "include": ["message.output_text.logprobs"], "background": True, "truncation": "auto", "top_logprobs": 2,
        "text": {"format": {"type": "json_object"}, "verbosity": "low"}, "temperature": 0.3, "top_p": 0.9,
        "max_output_tokens": 5, "service_tier": "flex", "prompt_cache_key": "k", "parallel_tool_calls": False,
        "max_tool_calls": 3, "safety_identifier": "s", "moderation": {"model": "m"}, "prompt": {"id": "p"},
        "stream_options": {"include_obfuscation": True}, "nobody": {"knows": "this"},
    }  # fmt: skip
    seen = respond(door, **everything)
    response = good(seen)
    assert set(seen.headers[IGNORED].split(", ")) == {
        "tools", "tool_choice", "reasoning", "include", "background", "truncation", "top_logprobs", "text.format",
        "text.verbosity", "temperature", "top_p", "max_output_tokens", "moderation", "prompt",
        "stream_options.include_obfuscation",
    }  # fmt: skip
    assert (response.temperature, response.background, response.parallel_tool_calls) == (None, False, False)
    assert (response.prompt_cache_key, response.safety_identifier, response.max_tool_calls) == ("k", "s", 3)


def test_what_asks_for_nothing_is_not_named(door: Door) -> None:
    """Values that ask for what happens anyway are no trouble, also where all is refused."""
    neutral: dict[str, Any] = {
        "tools": [], "tool_choice": "auto", "reasoning": {"effort": "none", "summary": None}, "include": [],
        "background": False, "truncation": "disabled", "text": {"format": {"type": "text"}, "verbosity": "medium"},
        "temperature": 1, "parallel_tool_calls": True, "stream_options": None, "store": True,
    }  # fmt: skip
    assert IGNORED not in respond(door, **neutral).headers


def test_what_is_asked_in_vain_is_refused_if_strict() -> None:
    """Under `--strict` the first field that can not be met is a 400."""
    with practice_door(conduct=Conduct(strict=True)) as (door, practice):
        seen = respond(door, tools=[{"type": "web_search"}])
        assert (seen.status, seen.error["param"], seen.error["code"]) == (400, "tools", "unsupported_parameter")
        good(respond(door))
        assert practice.heard() == [["Hello"]]


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_a_length_limit_that_we_apply(streamed: bool) -> None:
    """A reply that is cut by the limit is incomplete, and says why."""
    with practice_door(reply="sse-delta", conduct=Conduct(apply_stop=True)) as (door, _):
        seen = respond(door, "say exactly: one two three four five six", max_output_tokens=2, stream=streamed)
        if streamed:
            name, data = events(seen.body)[-1]
            assert name == "response.incomplete"
            response = fits(EVENT, data).response
        else:
            response = good(seen)
    assert (response.status, response.incomplete_details.reason) == ("incomplete", "max_output_tokens")
    assert (response.output[0].status, response.completed_at) == ("incomplete", None)
    assert response.output_text == "one two "


@pytest.mark.parametrize("heartbeat", [15.0, 0.05], ids=["begun", "only comments"])
def test_a_cut_stream_says_so_and_has_no_clean_end(heartbeat: float) -> None:
    """What breaks in a stream is an error and a failed response, in order, and then the connection breaks."""
    fault: dict[str, Any] = {"cut_every": 1} if heartbeat > 1 else {"slow": 0.4, "fail_every": 1}
    with practice_door(reply="sse-delta", conduct=Conduct(heartbeat=heartbeat), **fault) as (door, _):
        connection = http.client.HTTPConnection("127.0.0.1", door.port, timeout=SECONDS)
        body = json.dumps({"model": "practice", "input": "Hello", "stream": True})
        connection.request("POST", PATH, body, {"Content-Type": "application/json"})
        with pytest.raises(http.client.IncompleteRead) as cut:
            connection.getresponse().read()
        connection.close()
        door.wait_until_idle()
    named = events(cut.value.partial)
    read = [fits(EVENT, data) for _, data in named]
    assert [event.sequence_number for event in read] == list(range(len(read)))
    assert [read[0].type, read[1].type] == ["response.created", "response.in_progress"]
    assert [read[-2].type, read[-1].type] == ["error", "response.failed"]
    assert read[-2].code in {"reply_cut_short", "site_failed"}
    assert (read[-1].response.status, read[-1].response.error.code) == ("failed", "server_error")
    assert b"response.completed" not in cut.value.partial


def test_what_fails_before_the_first_event_has_a_status() -> None:
    """A stream that never begins is answered as an error, like any other."""
    with practice_door(reply="sse-delta", fail_every=1) as (door, practice), sdk(door, retries=3) as client:
        with pytest.raises(openai.APIStatusError) as failed:
            client.responses.create(model="practice", input="Hello", stream=True)
        assert failed.value.code == "site_failed"
        assert practice.stats()["failed"] == 1


def test_two_keys_never_share_a_response() -> None:
    """What one key has got is not there for another: not to read, not to go on from, not to delete."""
    keys = [key("one"), key("two")]
    with Practice(history="session") as site, gateway(site, keys=keys) as door:
        both = sdk(door, "one"), sdk(door, "two")
        with both[0] as mine, both[1] as other:
            response = mine.responses.create(model="practice", input="Hello")
            calls: list[Any] = [
                lambda: other.responses.retrieve(response.id),
                lambda: other.responses.delete(response.id),
                lambda: other.responses.input_items.list(response.id),
                lambda: other.responses.create(model="practice", input="Two", previous_response_id=response.id),
            ]
            for call in calls:
                with pytest.raises(openai.NotFoundError):
                    call()
            assert mine.responses.retrieve(response.id).id == response.id


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"input": 5}, "input"), ({"input": []}, "input"),
    ({"input": [{"role": "wizard", "content": ""}]}, "input[0].role"),
    ({"input": [{"role": "user"}]}, "input[0].content"), ({"input": [{"type": "a b"}]}, "input[0]"),
    ({"input": [{"role": "user", "content": [{"type": "input_image"}]}]}, "input[0].content"),
    ({"input": [{"role": "user", "content": [{"type": "input_text"}]}]}, "input[0].content"),
    ({"input": [{"role": "assistant", "content": "Yes."}]}, "input"), ({"input": [{"type": "reasoning"}]}, "input"),
    ({"metadata": {"a": 5}}, "metadata[...]"), ({"max_output_tokens": 0}, "max_output_tokens"),
    ({"metadata": {"a": "b" * 513}}, "metadata[...]"), ({"truncation": "some"}, "truncation"),
    ({"conversation": 5}, "conversation"), ({"input": [{"type": "item_reference"}]}, "input[0].id"),
    ({"input": [{"type": "item_reference", "id": None}]}, "input[0].id"), ({"input": [{"id": []}]}, "input[0].id"),
]  # fmt: skip


@pytest.mark.parametrize(("fields", "param"), WRONG, ids=[str(row[0])[:60] for row in WRONG])
def test_what_can_not_be_used_is_a_400(door: Door, fields: dict[str, Any], param: str) -> None:
    """Whatever is wrong with a request is told with the parameter."""
    seen = door.send("POST", PATH, {"model": "practice", "input": "Hello"} | fields)
    assert (seen.status, seen.error["param"]) == (400, param)


def test_what_a_site_refuses_names_the_input() -> None:
    """An error of the site's about what was said names the field that this API has for it."""
    with Practice() as site, gateway(replace(site, limits=replace(site.limits, prompt_chars=3))) as door:
        seen = respond(door, "Too long")
        assert (seen.status, seen.error["param"], seen.error["code"]) == (400, "input", "context_length_exceeded")
