"""What a visitor says, read from a body."""

import json
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatdoor.errors import ArgumentError
from chatdoor.practice.behaviour import Behaviour
from chatdoor.practice.prompts import read_said
from chatdoor.practice.wire import Request

TYPES = {"json": "application/json", "form": "application/x-www-form-urlencoded"}
TURNS = [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Hi"}]
TALK = [*TURNS, {"role": "assistant", "content": "Hello."}, {"role": "user", "content": "I am é"}]


def _read(body: bytes | str, behaviour: Behaviour, content_type: str | None = None) -> list[str]:
    kind = TYPES[behaviour.body] if content_type is None else content_type
    data = body.encode() if isinstance(body, str) else body
    return read_said(Request(method="POST", path="/", headers={"content-type": kind}, body=data), behaviour)


JSON, FORM = Behaviour(), Behaviour(body="form")
LAST, LAST_FORM = Behaviour(history="none"), Behaviour(history="none", body="form")


@pytest.mark.parametrize(
    ("behaviour", "body", "said"),
    [
        (JSON, json.dumps({"messages": TALK}), ["Hi", "I am é"]),
        (JSON, json.dumps({"messages": TURNS, "model": "x"}, ensure_ascii=False), ["Hi"]),
        (JSON, json.dumps({"messages": [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}]}), ["Hi"]),
        (FORM, urlencode({"messages": json.dumps(TALK), "csrf_token": "x"}), ["Hi", "I am é"]),
        (LAST, json.dumps({"prompt": "Hi"}), ["Hi"]),
        (LAST, json.dumps({"prompt": ""}), [""]),
        (LAST_FORM, urlencode({"prompt": "a&b=c\r\né"}), ["a&b=c\r\né"]),
        (LAST_FORM, "prompt=", [""]),
    ],
)
def test_what_the_user_said_is_read(behaviour: Behaviour, body: str, said: list[str]) -> None:
    """The user's turns are read, oldest first, whatever else stands in the body."""
    assert _read(body, behaviour) == said


@pytest.mark.parametrize(
    ("behaviour", "body", "problem"),
    [
        (JSON, "", "the body is not JSON"),
        (JSON, "{", "the body is not JSON"),
        (JSON, b'{"messages": "\xff"}', "the body is not JSON"),
        (JSON, '{"messages": [{"role": "user", "content": "\\ud800"}]}', "JSON|surrogate"),
        (JSON, "[" * 100_000, "the body is not JSON"),
        (JSON, "[]", "the body must be a JSON object"),
        (JSON, "null", "the body must be a JSON object"),
        (JSON, "{}", "messages must be a list"),
        (JSON, '{"messages": "Hi"}', "messages must be a list"),
        (JSON, '{"messages": []}', "messages: the list is empty"),
        (JSON, '{"messages": [1]}', r"messages\[0\]: expected a message"),
        (JSON, '{"messages": [{"content": "Hi"}]}', r"messages\[0\].role"),
        (JSON, '{"messages": [{"role": "user", "content": 1}]}', r"messages\[0\].content"),
        (JSON, '{"messages": [{"role": "system", "content": "Hi"}]}', "messages must hold one of the user"),
        (FORM, "messages=Hi", "messages is not JSON"),
        (FORM, "messages={}", "messages must be a list"),
        (FORM, "", "messages must be a list"),
        (FORM, "messages=%ff", "the body is not a form"),
        (FORM, "messages=\xe9", "the body is not a form"),
        (FORM, "a=1&" * 200, "the body is not a form"),
        (LAST, '{"messages": []}', "prompt must be a text"),
        (LAST, '{"prompt": null}', "prompt must be a text"),
        (LAST_FORM, "text=Hi", "prompt must be a text"),
    ],
)
def test_other_bodies_are_refused(behaviour: Behaviour, body: bytes | str, problem: str) -> None:
    """A body that is not as the behaviour wants it is an ArgumentError that says what is wrong."""
    with pytest.raises(ArgumentError, match=problem):
        _read(body, behaviour)


@pytest.mark.parametrize(("behaviour", "body"), [(JSON, json.dumps({"messages": TURNS})), (LAST_FORM, "prompt=Hi")])
@pytest.mark.parametrize("content_type", ["", "text/plain", "multipart/form-data; boundary=x"])
def test_the_type_must_fit(behaviour: Behaviour, body: str, content_type: str) -> None:
    """A body of another type is refused, as frameworks that read it by type do."""
    with pytest.raises(ArgumentError, match="Content-Type must be " + TYPES[behaviour.body]):
        _read(body, behaviour, content_type)


@given(body=st.binary(max_size=300), behaviour=st.sampled_from([JSON, FORM, LAST, LAST_FORM]))
def test_no_body_breaks_the_reader(body: bytes, behaviour: Behaviour) -> None:
    """Any bytes are read or refused; nothing else happens."""
    try:
        said = _read(body, behaviour)
    except ArgumentError:
        return
    assert said
