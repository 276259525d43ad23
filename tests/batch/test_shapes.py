"""What a JSON row may look like: each shape, and everything that is none."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatdoor.batch.row import BadRow, Record, Row
from chatdoor.batch.shapes import json_row, text_row
from chatdoor.messages import Message, parse_messages

HELLO = [{"role": "user", "content": "Hello"}]


def row_of(value: object) -> Row:
    """The row of a value."""
    return json_row(Record(7, json.dumps(value).encode(), 1))


@pytest.mark.parametrize(
    ("value", "custom_id", "more"),
    [
        ("Hello", "line-7", ()),
        (["Hello", "And?"], "line-7", ("And?",)),
        (HELLO, "line-7", ()),
        ({"prompt": "Hello", "id": 3}, "3", ()),
        ({"turns": ["Hello", "a", "b"], "custom_id": "x"}, "x", ("a", "b")),
        ({"messages": HELLO, "custom_id": "x"}, "x", ()),
        ({"custom_id": "x", "method": "POST", "url": "/v1/chat/completions", "body": {"messages": HELLO}}, "x", ()),
    ],
)
def test_each_shape_asks_the_same(value: object, custom_id: str, more: tuple[str, ...]) -> None:
    """A prompt, a script, a list of messages, by themselves and in objects."""
    row = row_of(value)
    assert (row.messages, row.custom_id, row.more) == (parse_messages(HELLO), custom_id, more)


def test_a_body_brings_model_and_options() -> None:
    """Those that sites have fields for; others are passed over."""
    body = {"model": "m", "messages": HELLO, "temperature": 0.5, "user": "u", "stream": True, "seed": None}
    row = row_of({"custom_id": "x", "body": body})
    assert (row.model, row.options) == ("m", {"temperature": 0.5})


BAD = [
    ("", "the prompt is empty"),
    ("  ", "the prompt is empty"),
    ([], "the list is empty"),
    (3, "got a number"),
    (None, "got null"),
    (True, "got true or false"),
    ({}, "one of the keys"),
    (["a", 3], "expected a prompt"),
    ([3], "expected a message"),
    ({"prompt": ["a"]}, "expected a prompt, got a list"),
    ({"turns": "a"}, "turns: expected a list"),
    ({"messages": "a"}, "messages"),
    ({"messages": [{"role": "king", "content": "a"}]}, "role"),
    ({"prompt": "a", "custom_id": ["x"]}, "custom_id"),
    ({"prompt": "a", "custom_id": ""}, "custom_id"),
    ({"prompt": "a", "custom_id": "x" * 513}, "custom_id"),
    ({"prompt": "a", "model": 3}, "model"),
    ({"body": []}, "body: expected an object"),
    ({"body": {"messages": HELLO}, "url": "/v1/embeddings"}, "url"),
    ({"body": {"messages": HELLO}, "method": "GET"}, "method"),
    ({"body": {"messages": HELLO, "n": 2}}, "body.n"),
    ({"body": {"messages": HELLO, "n": [2]}}, "body.n"),
    ({"body": {"messages": HELLO, "tools": [{}]}}, "body.tools"),
]


@pytest.mark.parametrize(("value", "problem"), BAD)
def test_what_is_no_row_says_why(value: object, problem: str) -> None:
    """In words for whoever wrote the file."""
    with pytest.raises(BadRow, match=problem):
        row_of(value)


@pytest.mark.parametrize(
    "data", [b"{", b"", b"[1,", b"\xff", b"nul", b"[" * 200_000, b'"\\ud800"', b'{"prompt": "a"} x', b"\x00"]
)
def test_broken_json_says_why(data: bytes) -> None:
    """Also where it is too deep for any decoder, or no text."""
    with pytest.raises(BadRow, match="is no JSON"):
        json_row(Record(1, data, 1))


JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["body", "messages", "turns", "prompt", "custom_id", "id", "model", "role", "content", "n"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(JSON)
def test_any_json_is_a_row_or_a_bad_row(value: object) -> None:
    """Nothing else ever comes of it, and a row has something to ask."""
    try:
        row = row_of(value)
    except BadRow:
        return
    assert row.messages


def test_the_id_of_a_bad_row_is_kept() -> None:
    """Whoever looks for it in the output finds it by that."""
    with pytest.raises(BadRow) as raised:
        row_of({"custom_id": "x", "prompt": ""})
    assert raised.value.custom_id == "x"


def test_a_line_of_text_is_a_prompt() -> None:
    """As it stands, quotes and all."""
    assert text_row(Record(2, b'say "no"', 1)).messages == (Message("user", 'say "no"'),)
    with pytest.raises(BadRow, match="UTF-8"):
        text_row(Record(2, b"\xff", 1))
