"""What a visitor says, read from a body."""

import json
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatdoor.errors import ArgumentError
from chatdoor.practice.behaviour import Behaviour
from chatdoor.practice.prompts import Prompt, read_prompt
from chatdoor.practice.wire import Request

TYPES = {
    "json": "application/json",
    "form": "application/x-www-form-urlencoded",
    "multipart": "multipart/form-data; boundary=x",
    "text": "text/plain; charset=UTF-8",
    "query": "",
}
TURNS = [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Hi"}]
TALK = [*TURNS, {"role": "assistant", "content": "Hello."}, {"role": "user", "content": "I am é"}]


def _prompt(body: bytes | str, behaviour: Behaviour, content_type: str | None = None, query: str = "") -> Prompt:
    kind = TYPES[behaviour.body] if content_type is None else content_type
    data = body.encode() if isinstance(body, str) else body
    request = Request(method="POST", path="/", query=query, headers={"content-type": kind}, body=data)
    return read_prompt(request, behaviour)


def _read(body: bytes | str, behaviour: Behaviour, content_type: str | None = None) -> list[str]:
    return _prompt(body, behaviour, content_type).said


def _parts(**fields: str) -> bytes:
    parts = (f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n' for name, text in fields.items())
    return ("".join(parts) + "--x--\r\n").encode()


JSON, FORM = Behaviour(), Behaviour(body="form")
LAST, LAST_FORM = Behaviour(history="none"), Behaviour(history="none", body="form")
PARTS, LAST_PARTS = Behaviour(body="multipart"), Behaviour(history="none", body="multipart")
TEXT, LAST_TEXT = Behaviour(body="text"), Behaviour(history="none", body="text")
QUERY = Behaviour(history="id", body="query")


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
        (PARTS, _parts(messages=json.dumps(TALK)), ["Hi", "I am é"]),
        (LAST_PARTS, _parts(csrf_token="t", prompt="a\r\n--y\n\x00é\r\n"), ["a\r\n--y\n\x00é\r\n"]),
        (LAST_PARTS, b"preamble\r\n" + _parts(prompt="Hi") + b"epilogue", ["Hi"]),
        (TEXT, json.dumps(TALK), ["Hi", "I am é"]),
        (LAST_TEXT, "Hi {csrf}&\nyou", ["Hi {csrf}&\nyou"]),
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
        (LAST_PARTS, "prompt=Hi", "the body is not a form of parts"),
        (LAST_PARTS, "--x\r\n", "the body is not a form of parts"),
        (LAST_PARTS, _parts(prompt="Hi").removesuffix(b"--\r\n"), "the body is not a form of parts"),
        (LAST_PARTS, b"--x\r\n\r\nHi\r\n--x--", "a part of the body has no name"),
        (LAST_PARTS, b'--x\r\nA: form-data; name="prompt"\r\n\r\n\xff\r\n--x--', "a part of the body is not UTF-8"),
        (LAST_TEXT, b"\xff", "the body is not UTF-8"),
        (TEXT, "Hi", "messages is not JSON"),
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


@given(body=st.binary(max_size=300), behaviour=st.sampled_from([JSON, FORM, LAST, LAST_FORM, LAST_PARTS, LAST_TEXT]))
def test_no_body_breaks_the_reader(body: bytes, behaviour: Behaviour) -> None:
    """Any bytes are read or refused; nothing else happens."""
    try:
        said = _read(body, behaviour)
    except ArgumentError:
        return
    assert said


@pytest.mark.parametrize(
    ("behaviour", "body", "query"),
    [
        (Behaviour(history="id"), '{"prompt": "Hi", "conversation": "7"}', ""),
        (Behaviour(history="start", body="form"), "prompt=Hi&conversation=7", ""),
        (Behaviour(history="id", body="multipart"), _parts(prompt="Hi", conversation="7"), ""),
        (Behaviour(history="id", body="text"), "Hi", "conversation=7"),
        (QUERY, "", "prompt=Hi&conversation=7"),
    ],
)
def test_a_conversation_can_be_named(behaviour: Behaviour, body: bytes | str, query: str) -> None:
    """Each kind of request has a place for the id of its conversation."""
    assert _prompt(body, behaviour, query=query) == Prompt(["Hi"], "7")


@pytest.mark.parametrize("body", ['{"prompt": "Hi"}', '{"prompt": "Hi", "conversation": null}'])
def test_a_conversation_need_not_be_named(body: str) -> None:
    """The first prompt names none, and one that is no text is refused."""
    assert _prompt(body, Behaviour(history="id")).conversation == ""
    with pytest.raises(ArgumentError, match="conversation must be a text"):
        _prompt('{"prompt": "Hi", "conversation": 7}', Behaviour(history="id"))


def test_a_query_must_be_one() -> None:
    """A query with too many fields, or with what is no UTF-8, is refused."""
    for query in ("a=1&" * 200, "prompt=%ff"):
        with pytest.raises(ArgumentError, match="the query is not a form"):
            _prompt("", QUERY, query=query)
