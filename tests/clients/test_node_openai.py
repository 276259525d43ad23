"""The official openai SDK for Node against a gateway."""

import time
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.clients.apart import node
from tests.gateway.door import Door, gateway, key, practice_door
from tests.gateway.openai_shapes import check_frames, check_shape

WORDS = "one two three four"

openai = partial(node, "openai.mjs")


@pytest.fixture(scope="module")
def calm() -> Any:
    """A gateway in front of a site that streams."""
    with practice_door(reply="sse-delta", history="session") as (door, _):
        yield door


def test_a_completion(calm: Door, tmp_path: Path) -> None:
    """A whole answer, as described, and the headers beside it."""
    came = openai("whole", door=calm, folder=tmp_path)
    completion: Any = check_shape(came["data"])
    assert completion.choices[0].message.content == WORDS
    assert came["fidelity"] == "native"
    assert came["request_id"].startswith("req_")


def test_a_stream(calm: Door, tmp_path: Path) -> None:
    """All frames come through, as described, with the usage at the end."""
    chunks = check_frames([*openai("stream", door=calm, folder=tmp_path)["chunks"], "[DONE]"], usage=True)
    assert [chunk.choices[0].delta.content for chunk in chunks[1:-2]] == ["one", " two", " three", " four"]


def test_the_streaming_helper(calm: Door, tmp_path: Path) -> None:
    """The SDK's own helper puts the pieces together."""
    came = openai("helper", door=calm, folder=tmp_path)
    assert (came["pieces"], came["text"]) == (4, WORDS)
    assert came["whole"]["choices"][0]["finish_reason"] == "stop"


def test_models(calm: Door, tmp_path: Path) -> None:
    """They are listed, and one whose name has a slash is found."""
    came = openai("models", door=calm, folder=tmp_path)
    assert came["names"] == ["practice", "practice/eliza"]
    assert check_shape(came["one"])


@pytest.mark.parametrize(("call", "told"), [("leave", {"chunks": 2}), ("abort", {"error": "APIUserAbortError"})])
def test_one_who_leaves_ends_the_request(call: str, told: dict[str, object], tmp_path: Path) -> None:
    """A stream that is left, and a call that is aborted, are soon over at the gateway too, long before the reply is."""
    with practice_door(reply="sse-delta", pause=5.0) as (door, _):
        assert openai(call, door=door, folder=tmp_path) == told
        left = time.monotonic()
        door.wait_until_idle()
        assert time.monotonic() - left < 2


def test_a_wrong_key_is_an_error_of_its_class(calm: Door, tmp_path: Path) -> None:
    """What the SDK makes of a 401 has our code, and the id of the request."""
    site = calm.state.house.sites["practice"].site
    with gateway(site, keys=[key("right")]) as door:
        came = openai("whole", door=door, folder=tmp_path, key="wrong")
        assert (came["error"], came["status"], came["code"]) == ("AuthenticationError", 401, "invalid_api_key")
        assert came["request_id"].startswith("req_")
        assert openai("whole", door=door, folder=tmp_path, key="right")["data"]["choices"]


def test_a_site_that_fails_is_not_asked_twice(tmp_path: Path) -> None:
    """A site may have read what it failed on: the SDK does not ask again."""
    with practice_door(fail_every=1) as (door, practice):
        came = openai("whole", door=door, folder=tmp_path)
        assert (came["error"], came["status"], came["code"]) == ("APIError", 424, "site_failed")
        assert practice.stats()["failed"] == 1


def test_a_stream_that_breaks_is_an_error(tmp_path: Path) -> None:
    """It never looks as if it were whole."""
    with practice_door(reply="sse-delta", cut_every=1) as (door, _):
        came = openai("stream", door=door, folder=tmp_path)
    assert (came["error"], came["code"]) == ("APIError", "reply_cut_short")
