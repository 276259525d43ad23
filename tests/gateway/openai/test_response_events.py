"""Events of a streamed response, as bytes."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatdoor.gateway.openai.response_events import ResponseEvents
from chatdoor.gateway.openai.responses import Response, ResponseRequest, begin, finish
from chatdoor.gateway.problem import Problem
from chatdoor.messages import Usage

TEXT = st.text(st.characters(exclude_categories=["Cs"]))


def _response(**fields: object) -> Response:
    body = msgspec.json.encode({"model": 'm"\n', "input": "Hello"} | fields)
    request = msgspec.json.decode(body, type=ResponseRequest)
    return begin(request, "resp_1", 7, {})


def _read(frames: bytes) -> list[Any]:
    blocks = frames.decode().split("\n\n")
    assert blocks.pop() == ""
    read = []
    for block in blocks:
        name, data = block.split("\n")
        read.append(msgspec.json.decode(data.removeprefix("data: ")))
        assert name == "event: " + read[-1]["type"]
    return read


@given(TEXT)
def test_an_event_is_json_whatever_is_said(text: str) -> None:
    """Quotes, line breaks and any other character arrive unchanged, on one line."""
    (event,) = _read(ResponseEvents(_response()).delta(text))
    assert event == {
        "type": "response.output_text.delta", "sequence_number": 0, "item_id": "msg_1", "output_index": 0,
        "content_index": 0, "delta": text, "logprobs": [],
    }  # fmt: skip


def test_numbers_go_up() -> None:
    """Each event has the next number, whatever it is."""
    events, response = ResponseEvents(_response()), _response()
    done = finish(response, "ab", "stop", Usage(1, 2), 8)
    read = _read(events.opening() + events.delta("a") + events.delta("b") + events.closing(done))
    assert [event["sequence_number"] for event in read] == list(range(10))


@pytest.mark.parametrize(
    ("code", "said"),
    [("rate_limit_exceeded", "rate_limit_exceeded"), ("content_filter", "invalid_prompt"), (None, "server_error"),
     ("context_length_exceeded", "invalid_prompt"), ("site_failed", "server_error")],
)  # fmt: skip
def test_a_failure_in_the_apis_words(code: str | None, said: str) -> None:
    """The error event has our code; the failed response has one of the few that the API knows."""
    events = ResponseEvents(_response())
    begun = _read(events.opening())
    error, failed = _read(events.failure(Problem(502, "It broke.", code=code)))
    assert (error["type"], error["code"], error["message"]) == ("error", code, "It broke.")
    assert failed["response"]["error"] == {"code": said, "message": "It broke."}
    assert failed["response"]["status"] == "failed"
    assert [error["sequence_number"], failed["sequence_number"]] == [len(begun), len(begun) + 1]


@pytest.mark.parametrize(
    ("said", "status", "reason"),
    [("stop", "completed", None), ("end_turn", "completed", None), ("length", "incomplete", "max_output_tokens"),
     ("max_tokens", "incomplete", "max_output_tokens"), ("content_filter", "incomplete", "content_filter")],
)  # fmt: skip
def test_a_sites_word_for_the_end_is_the_apis(said: str, status: str, reason: str | None) -> None:
    """A reply that ended early is incomplete, and so is its item; the API's word says why."""
    response = finish(_response(), "text", said, Usage(3, 4), 9)
    assert (response.status, response.output[0].status) == (status, status)
    assert (response.incomplete_details.reason if response.incomplete_details else None) == reason
    assert response.completed_at == (None if reason else 9)
    assert response.usage is not None
    assert (response.usage.input_tokens, response.usage.output_tokens, response.usage.total_tokens) == (3, 4, 7)
