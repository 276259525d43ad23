"""The shapes of a reply."""

import json
import re
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatdoor.practice.behaviour import Behaviour, Shape
from chatdoor.practice.replies import Spoken, compose, cut_short
from chatdoor.practice.wire import Answer

TEXT = " Two words,\nthen  more. "


def _data(body: tuple[bytes, ...]) -> list[dict[str, str]]:
    return [json.loads(chunk.partition(b"data: ")[2]) for chunk in body if b"{" in chunk]


def _compose(shape: Shape, text: str, beside: dict[str, str]) -> Answer:
    return compose(Behaviour(reply=shape), Spoken(text, beside=beside))


def test_a_document_holds_the_text() -> None:
    """The plain shape is one JSON object with the text, and what goes beside it."""
    answer = _compose("json", TEXT, {"csrf": "x"})
    (body,) = answer.body
    assert json.loads(body) == {"response": TEXT, "csrf": "x"}


def test_deltas_come_word_by_word() -> None:
    """Each event of the delta shape holds the next word with the space before it, and the last says DONE."""
    answer = _compose("sse-delta", TEXT, {})
    *words, end = answer.body
    assert [event["delta"] for event in _data(tuple(words))] == [" Two", " words,", "\nthen", "  more.", " "]
    assert end == b"data: [DONE]\n\n"
    assert ("Content-Type", "text/event-stream; charset=utf-8") in answer.headers


def test_wholes_grow_word_by_word() -> None:
    """Each event of the cumulative shape holds all so far, and an event named done is the end."""
    *words, end = _compose("sse-cumulative", "a b c", {}).body
    assert [event["text"] for event in _data(tuple(words))] == ["a", "a b", "a b c"]
    assert end == b"event: done\ndata: {}\n\n"


@pytest.mark.parametrize("shape", ["sse-delta", "sse-cumulative"])
def test_what_goes_beside_the_text_comes_first(shape: Shape) -> None:
    """In a stream, what goes beside the text is an event of its own before the first word."""
    assert _compose(shape, "a", {"csrf": "x"}).body[0] == b'data: {"csrf":"x"}\n\n'


@given(text=st.text(max_size=100))
def test_streams_lose_nothing(text: str) -> None:
    """For any text the deltas joined, and the last whole, are the text; no event breaks its framing."""
    deltas = _compose("sse-delta", text, {}).body
    wholes = _compose("sse-cumulative", text, {}).body
    assert "".join(event["delta"] for event in _data(deltas)) == text
    assert [event.get("text", text) for event in _data(wholes)][-2:-1] in ([text], [])
    assert all(re.fullmatch(rb"(event: done\n)?data: [^\n\r]+\n\n", chunk) for chunk in (*deltas, *wholes))


def test_a_document_cut_short_keeps_its_promise() -> None:
    """A document cut short promises its whole length, holds half of it, and breaks the connection."""
    whole = _compose("json", "A reply.", {})
    cut = cut_short(whole, "json")
    assert cut.headers == whole.headers
    assert cut.body == (whole.body[0][: len(whole.body[0]) // 2],)
    assert cut.broken


@pytest.mark.parametrize("shape", ["sse-delta", "sse-cumulative"])
@pytest.mark.parametrize("text", ["one", "one two three four"])
def test_a_stream_cut_short_has_no_end(shape: Shape, text: str) -> None:
    """A stream cut short has the first of its events and not its end; as HTTP it is whole, and the last answer."""
    whole = _compose(shape, text, {})
    cut = cut_short(whole, shape)
    assert 0 < len(cut.body) < len(whole.body)
    assert cut.body == whole.body[: len(cut.body)]
    assert ("Connection", "close") in cut.headers
    assert not cut.broken


def test_a_snapshot_repeats_the_words() -> None:
    """The last record of the snapshot shape is the end, and holds all the words that came before."""
    *words, end = _data(_compose("sse-snapshot", "a b c", {}).body)
    assert "".join(word["text"] for word in words) == "a b c"
    assert end == {"type": "final", "text": "a b c"}


def test_mixed_records_have_names() -> None:
    """Beside the words come the prompt again and thoughts, in the same place under other names."""
    body = compose(Behaviour(reply="sse-mixed"), Spoken("a b", turns=("Hi",), beside={"conversation": "7"})).body
    names = [chunk.partition(b"\n")[0] for chunk in body]
    assert names == [
        b"event: begin", b"event: ack", b"event: reasoning", b"event: reasoning", b"event: message", b"event: message",
        b"event: end",
    ]  # fmt: skip
    assert b'{"text":"Hi"}' in body[1]


def test_lines_are_json() -> None:
    """Each line of the NDJSON shape is a record; the last says that it is the end."""
    answer = _compose("ndjson", "a b", {"csrf": "x"})
    lines = [json.loads(line) for line in b"".join(answer.body).splitlines()]
    assert lines == [
        {"csrf": "x"}, {"kind": "text", "text": "a"}, {"kind": "text", "text": " b"}, {"kind": "end"},
    ]  # fmt: skip


def test_plain_text_is_the_text() -> None:
    """The plain shape is the text alone, word by word; cut short it breaks off, since it has no end of its own."""
    answer = _compose("text", TEXT, {"csrf": "x"})
    assert b"".join(answer.body).decode() == TEXT
    assert len(answer.body) > 1
    assert cut_short(answer, "text").broken


@pytest.mark.parametrize("shape", ["html", "redirect"])
def test_a_page_holds_the_whole_talk(shape: Shape) -> None:
    """The page shape repeats the talk, each reply below its turn, with what visitors write made harmless."""
    spoken = Spoken("Bye.", turns=("I feel <b>cold</b> @token", "Bye"), token="t0")
    page = compose(Behaviour(reply=shape, token="meta"), spoken).body[0].decode()
    items = re.findall('<li class="(\\w+)">(.*?)</li>', page)
    assert items == [
        ("user", "I feel &lt;b&gt;cold&lt;/b&gt; @token"),
        ("assistant", "Why do you feel &lt;b&gt;cold&lt;/b&gt; @token?"),
        ("user", "Bye"),
        ("assistant", "Bye."),
    ]
    assert '<meta name="csrf-token" content="t0">' in page


@pytest.mark.parametrize("shape", [shape for shape in get_args(Shape) if shape != "text"])
def test_an_error_comes_in_place_of_the_text(shape: Shape) -> None:
    """Each shape but plain text can report an error, and holds no text then."""
    body = b"".join(compose(Behaviour(reply=shape), Spoken("Hello.", error="no")).body)
    assert b"Hello." not in body
    assert b'"error":"no"' in body or b'<li class="error">no</li>' in body
