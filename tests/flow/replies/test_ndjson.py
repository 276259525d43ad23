"""A reply as JSON lines: how lines are read, the same for every split of their bytes."""

import sys
from types import FrameType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatdoor.errors import ReplyCutShort, ReplyError, UnexpectedReply
from chatdoor.flow.replies import ReplyDecoder
from chatdoor.flow.replies.decoder import PageInstead
from tests.flow.replies.splits import decoder_of, feed, outcome_of, splits

V = 'ndjson = "v"'
END = f"{V}\ndone = {{ last = true }}"

STREAMS = [
    ("two lines", V, b'{"v": "a"}\n{"v": "b"}\n', "ab"),
    ("CR LF", V, b'{"v": "a"}\r\n{"v": "b"}\r\n', "ab"),
    ("blank lines", V, b'\n\r\n{"v": "a"}\n \n\n{"v": "b"}\n\n', "ab"),
    ("a byte order mark", V, b'\xef\xbb\xbf{"v": "a"}\n', "a"),
    ("no line end at the end", V, b'{"v": "a"}\n{"v": "b"}', "ab"),
    ("a line end in a text", V, b'{"v": "a\\nb"}\n', "a\nb"),
    ("a separator of lines in a text", V, '{"v": "a\u2028\x85b"}\n'.encode(), "a\u2028\x85b"),
    ("UTF-8", V, '{"v": "café 😀"}\n'.encode(), "café 😀"),
    ("invalid UTF-8 is replaced", V, b'{"v": "a\xff"}\n', "a\ufffd"),
    ("the end, and what comes after it", END, b'{"v": "a"}\n{"v": "b", "last": true}\n{"v": "no"}', "ab"),
    ("[DONE]", V, b'{"v": "a"}\n[DONE]\n{"v": "no"}\n', "a"),
    ("an end by string", f'{V}\ndone = "bye"', b'{"v": "a"}\nbye\n', "a"),
    ("other kinds are passed over", f'{V}\nwhere = {{ t = "x" }}', b'{"t":"y","v":"no"}\n{"t":"x","v":"a"}\n', "a"),
    ("a field called event is a field", f'{V}\nwhere = {{ event = "e" }}', b'{"event":"e","v":"a"}\n{"v":"b"}\n', "a"),
    ("no event has no name", f'{V}\nwhere = {{ event = "message" }}', b'{"v":"b"}\n', UnexpectedReply),
    ("the record itself", 'ndjson = "@"', b'"a"\n"b"\n', "ab"),
    ("the whole so far", f"{V}\ncumulative = true", b'{"v": "a"}\n{"v": "ab"}\n', "ab"),
    ("nothing", V, b"", UnexpectedReply),
    ("blank lines alone", V, b"\n\r\n", UnexpectedReply),
    ("no record has text", V, b'{"error": "full"}\n', UnexpectedReply),
    ("the record itself is no text", 'ndjson = "@"', b'{"v": "a"}\n', UnexpectedReply),
    ("a line that is no JSON", V, b'{"v": "a"}\nhello\n', UnexpectedReply),
    ("a last line that is no JSON", V, b"Internal error", UnexpectedReply),
    ("a page", V, b"<!doctype html><p>Sign in", PageInstead),
    ("half a last line", V, b'{"v": "a"}\n{"v": "b', ReplyCutShort),
    ("half a last line that would not count", f"{V}\nwhere = {{ t = 1 }}", b'{"t":1,"v":"a"}\n{"t', ReplyCutShort),
    ("half the end", V, b'{"v": "a"}\n[DON', ReplyCutShort),
    ("the end without a line end", V, b'{"v": "a"}\n[DONE]', "a"),
    ("a last line that is another", V, b'{"v": "a"}\n{"v": 1}', UnexpectedReply),
    ("half a text", 'ndjson = "@"', b'"a"\n"b', ReplyCutShort),
    ("no end", END, b'{"v": "a"}\n', ReplyCutShort),
    ("nested too deeply", V, b"[" * 10_000 + b"\n", UnexpectedReply),
]


@pytest.mark.parametrize(("rule", "body", "outcome"), [row[1:] for row in STREAMS], ids=[row[0] for row in STREAMS])
@given(data=st.data())
def test_what_lines_say_for_every_split(rule: str, body: bytes, outcome: object, data: st.DataObject) -> None:
    """The text or the error, the same one however the bytes come."""
    found = outcome_of(rule, data.draw(splits(body)))
    assert found == outcome or type(found) is outcome


@given(st.binary(max_size=50), st.data())
def test_no_bytes_raise_anything_else(body: bytes, data: st.DataObject) -> None:
    """Whatever comes: a text, or an error of ours, the same for every split."""
    whole, split = outcome_of(V, [body]), outcome_of(V, data.draw(splits(body)))
    assert isinstance(whole, str | ReplyError)
    assert repr(split) == repr(whole)


def test_cut_anywhere_is_an_error_or_whole() -> None:
    """Where an end is declared, no beginning of the stream is taken for all of it."""
    body = '{"v": "Gö"}\r\n{"v": "od", "n": [1]}\n{"last": true}\n'.encode()
    outcomes = [outcome_of(END, [body[:at]]) for at in range(len(body) + 1)]
    assert {type(each) for each in outcomes[: body.rindex(b"}") + 1]} <= {ReplyCutShort, UnexpectedReply}
    assert set(map(str, outcomes[body.rindex(b"}") + 1 :])) == {"Göod"}


def test_pieces_come_as_soon_as_their_line_is_whole() -> None:
    """With the line end, and nothing is held back."""
    decoder = decoder_of(V)
    assert decoder.feed(b'{"v": "a"}') == []
    assert decoder.feed(b'\n{"v": "b"}\n{"v"') == ["a", "b"]


def test_a_line_is_handled_once_however_it_comes() -> None:
    """A million bytes of one line, one at a time. By the square it would take minutes."""
    decoder = decoder_of(V)
    for byte in b'{"v": "' + b"x" * 1_000_000 + b'"}':
        decoder.feed(bytes([byte]))
    assert decoder.finish() == ["x" * 1_000_000]


LONG = [
    ("ndjson", V, b'{"v": "x"}\n'),
    ("sse", 'sse = "v"', b'data: {"v": "x"}\n\n'),
    ("sse, named", 'sse = "v"\nwhere = { event = "e" }', b'event: e\ndata: {"v": "x"}\n\n'),
]


@pytest.mark.parametrize(("rule", "record"), [row[1:] for row in LONG], ids=[row[0] for row in LONG])
def test_work_grows_with_the_records_and_no_faster(rule: str, record: bytes) -> None:
    """Eight times the records are eight times the calls. Two hundred thousand of them are read."""
    assert _calls(decoder_of(rule), record, 8_000) <= 9 * _calls(decoder_of(rule), record, 1_000)
    decoder = decoder_of(rule)
    assert len(feed(decoder, [record * 1_000] * 200)) == 200_000
    assert decoder.text == "x" * 200_000


def _calls(decoder: ReplyDecoder, record: bytes, count: int) -> int:
    """How many calls of functions reading so many records takes."""
    calls = 0

    def note(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event in {"call", "c_call"}

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        for _ in range(count):
            decoder.feed(record)
        decoder.finish()
    finally:
        sys.setprofile(before)
    return calls
