"""What the operator decides: strictness, and whether limits are applied to replies."""

import pytest

from chatdoor.gateway.state import Conduct
from chatdoor.practice import Practice
from chatdoor.site import loads_site
from tests.gateway.door import Door, gateway, practice_door

LONG = [{"role": "user", "content": "say exactly: one two three four five six"}]


@pytest.mark.parametrize(
    ("field", "value"), [("tools", [{}]), ("temperature", 0.2), ("stop", "x"), ("max_tokens", 3), ("logprobs", True)]
)
def test_strict_refuses_what_can_not_be_done(field: str, value: object) -> None:
    """Under --strict a request that asks in vain is a 400 that names the field, and the site is not asked."""
    with practice_door(conduct=Conduct(strict=True)) as (door, practice):
        seen = door.chat(**{field: value})
        assert (seen.status, seen.error["param"], seen.error["code"]) == (400, field, "unsupported_parameter")
        assert door.chat(unknown=1, user="me").status == 200
        assert practice.stats()["accepted"] == 1


def test_limits_are_left_alone_by_default(door: Door) -> None:
    """Stops of red-team clients would corrupt answers, so they are named and not applied."""
    seen = door.chat(messages=LONG, stop=["three"], max_completion_tokens=1)
    assert seen.json()["choices"][0]["message"]["content"] == "one two three four five six"
    assert seen.headers["x-chatdoor-ignored"] == "stop, max_completion_tokens"


@pytest.mark.parametrize("streamed", [True, False], ids=["streamed", "whole"])
@pytest.mark.parametrize(
    ("limit", "text", "finish"),
    [
        ({"stop": "three"}, "one two ", "stop"),
        ({"stop": ["nowhere", " four"]}, "one two three", "stop"),
        ({"max_tokens": 2}, "one two ", "length"),
        ({"max_completion_tokens": 100}, "one two three four five six", "stop"),
    ],
)
def test_limits_are_applied_where_asked(streamed: bool, limit: dict[str, object], text: str, finish: str) -> None:
    """Under --apply-stop the answer ends where the client says, and says why."""
    with practice_door(reply="sse-delta", conduct=Conduct(apply_stop=True)) as (door, _):
        seen = door.chat(messages=LONG, stream=streamed, **limit)
        assert "x-chatdoor-ignored" not in seen.headers
        if streamed:
            *chunks, done = seen.frames()
            assert done == "[DONE]"
            choices = [chunk["choices"][0] for chunk in chunks]
            said = ("".join(choice["delta"].get("content", "") for choice in choices), choices[-1]["finish_reason"])
        else:
            (choice,) = seen.json()["choices"]
            said = (choice["message"]["content"], choice["finish_reason"])
        assert said == (text, finish)


def test_a_stopped_reply_ends_the_request_to_the_site() -> None:
    """The site is not read on after a stop: the answer is there long before the reply would have ended."""
    with practice_door(reply="sse-delta", pause=1.0, conduct=Conduct(apply_stop=True)) as (door, _):
        seen = door.chat(messages=LONG, stop="two")
        assert seen.json()["choices"][0]["message"]["content"] == "one "
        door.wait_until_idle()


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_a_sampling_option_reaches_the_site(streamed: bool) -> None:
    """What the site has a field for is sent to it, and not named as ignored."""
    with Practice(history="session") as site:
        text = site.text.replace('"{prompt}"', '"{prompt} {temperature?}"')
        with gateway(loads_site(text)) as door:
            said = [{"role": "user", "content": "say exactly: at"}]
            seen = door.chat(messages=said, temperature=0.5, stream=streamed)
    assert "x-chatdoor-ignored" not in seen.headers
    pieces = [frame["choices"][0]["delta"].get("content", "") for frame in seen.frames()[:-1]] if streamed else []
    assert ("".join(pieces) if streamed else seen.json()["choices"][0]["message"]["content"]) == "at 0.5"
