"""A reply as server-sent events: how the stream is read, the same for every split of its bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatdoor.errors import ReplyCutShort, ReplyError, SiteFailed, UnexpectedReply
from chatdoor.flow.replies.decoder import PageInstead
from tests.flow.replies.splits import decoder_of, feed, outcome_of, splits

TEXT = 'sse = "@"'
WHERE = 'sse = "v"\nwhere = { t = 1 }'
DELTA = 'sse = "v"\ndone = "[DONE]"'

# WHATWG HTML, section 9.2.6: what each stream says as plain text data.
STREAMS = [
    ("one event", b"data: a\n\n", "a"),
    ("two events", b"data: a\n\ndata: b\n\n", "ab"),
    ("CR LF", b"data: a\r\n\r\ndata: b\r\n\r\n", "ab"),
    ("CR", b"data: a\r\rdata: b\r\r", "ab"),
    ("a mix", b"data: a\r\n\ndata: b\r\rdata: c\n\r\n", "abc"),
    ("several lines of data", b"data: a\ndata: b\n\n", "a\nb"),
    ("no space after the colon", b"data:a\n\n", "a"),
    ("one space is dropped, not two", b"data:  a\n\n", " a"),
    ("a colon in the data", b"data: a: b\n\n", "a: b"),
    ("a comment", b": ping\n\ndata: a\n: ping\ndata: b\n\n", "a\nb"),
    ("other fields", b"id: 1\nretry: 5\nfoo: bar\nbar\ndata: a\n\n", "a"),
    ("a name of the event", b"event: x\ndata: a\n\n", "a"),
    ("a name without data", b"event: x\n\ndata: a\n\n", "a"),
    ("data without a colon", b"data\ndata: a\n\n", "\na"),
    ("empty data", b"data:\n\ndata: a\n\n", "a"),
    ("a byte order mark", b"\xef\xbb\xbfdata: a\n\n", "a"),
    ("a mark later on is text", b"data: a\n\ndata: \xef\xbb\xbfb\n\n", "a\ufeffb"),
    ("no blank line at the end", b"data: a\n\ndata: b\n", "ab"),
    ("no line end at the end", b"data: a\n\ndata: b", "ab"),
    ("a CR at the end", b"data: a\n\ndata: b\r", "ab"),
    ("UTF-8", "data: é😀\n\ndata: ü\n\n".encode(), "é😀ü"),
    ("invalid UTF-8", b"data: a\xff\xc3\n\n", "a\ufffd\ufffd"),
    ("blank lines", b"\n\n\r\n\r\ndata: a\n\n\n\n", "a"),
    ("a last line that is no field", b"data: a\n\nOK", "a"),
    ("a last comment", b"data: a\n\n: by", "a"),
    ("the end", b"data: a\n\ndata: [DONE]\n\ndata: b\n\n", "a"),
    ("the end alone", b"data: [DONE]\n\n", ""),
    ("the end in half a line", b"data: a\n\ndata: [DONE]", "a"),
    ("what only looks like the end", b"data: [DONE] not yet\n\n", "[DONE] not yet"),
    ("field names have a case", b"Data: no\ndata : no\n data: no\ndata: a\n\n", "a"),
]


@pytest.mark.parametrize(("body", "text"), [row[1:] for row in STREAMS], ids=[row[0] for row in STREAMS])
@given(data=st.data())
def test_a_stream_for_every_split(body: bytes, text: str, data: st.DataObject) -> None:
    """The same text, however the bytes come."""
    assert outcome_of(TEXT, data.draw(splits(body))) == text


LINES = st.lists(st.sampled_from([b"data: a", b"data:", b"data", b"event: e", b": c", b"", b"id: 1", b"\xef\xbb\xbf"]))
ENDS = st.sampled_from([b"\n", b"\r", b"\r\n"])


@given(LINES, st.lists(ENDS, min_size=1), st.data())
def test_every_stream_is_the_same_for_every_split(lines: list[bytes], ends: list[bytes], data: st.DataObject) -> None:
    """Lines, ends of lines, marks in any order: one chunk or many, the same pieces and the same error."""
    body = b"".join(line + ends[at % len(ends)] for at, line in enumerate(lines))
    whole, split = outcome_of(TEXT, [body]), outcome_of(TEXT, data.draw(splits(body)))
    assert repr(split) == repr(whole)


@given(st.binary(max_size=60), st.data())
def test_no_bytes_raise_anything_else(body: bytes, data: st.DataObject) -> None:
    """Whatever comes: a text, or an error of ours, the same for every split."""
    whole, split = outcome_of(DELTA, [body]), outcome_of(DELTA, data.draw(splits(body)))
    assert isinstance(whole, str | ReplyError)
    assert repr(split) == repr(whole)


BAD = [
    ("nothing", b"", TEXT, UnexpectedReply, "expected a stream of records, got none"),
    ("comments alone", b": ping\n\n: ping\n\n", TEXT, UnexpectedReply, "got none"),
    ("a document", b'{"error": "no"}', DELTA, UnexpectedReply, "got none"),
    ("a page", b"<!doctype html><p>data: a\n\n", TEXT, PageInstead, "got a page"),
    ("no end", b'data: {"v": "a"}\n\n', DELTA, ReplyCutShort, "before the end that the site file declares"),
    ("half a record", b'data: {"v": "a"}\n\ndata: {"v": "b', DELTA, ReplyCutShort, "ends inside a record"),
    ("half a name", b'data: {"v": "a"}\n\neve', 'sse = "v"', ReplyCutShort, "ends inside a record"),
    (
        "half a record that would not count",
        b'data: {"t": 1, "v": "a"}\n\ndata: {"t',
        WHERE,
        ReplyCutShort,
        "inside a record",
    ),
    ("half a name of a field", b'data: {"v": "a"}\n\ndata', 'sse = "v"', ReplyCutShort, "ends inside a record"),
    ("a name, and no more", b'data: {"v": "a"}\n\nevent: x\n', 'sse = "v"', ReplyCutShort, "ends inside a record"),
    ("names alone", b"event: ping\n\n", TEXT, UnexpectedReply, "no record has it"),
    ("a last record that is another", b'data: {"v": 1}', 'sse = "v"', UnexpectedReply, "expected text at 'v'"),
    ("an error that is a name", b"event: error\n\n", f'{TEXT}\nerror = {{ event = "error" }}', SiteFailed, "reports"),
    (
        "half a record, no end declared",
        b'data: {"v": "a"}\n\ndata: {"v"',
        'sse = "v"',
        ReplyCutShort,
        "inside a record",
    ),
]


@pytest.mark.parametrize("end", [b"event: end\n\n", b"event: end\n", b"event: end"])
def test_a_name_alone_may_be_the_end(end: bytes) -> None:
    """Without data, which the standard passes over and scripts that read the stream themselves do not."""
    rule = 'sse = "v"\ndone = { event = "end" }'
    assert outcome_of(rule, [b'data: {"v": "a"}\n\n', end]) == "a"


@pytest.mark.parametrize(("body", "rule", "kind", "told"), [row[1:] for row in BAD], ids=[row[0] for row in BAD])
@given(data=st.data())
def test_what_is_no_stream_for_every_split(
    body: bytes, rule: str, kind: type[ReplyError], told: str, data: st.DataObject
) -> None:
    """A clear error, the same one however the bytes come."""
    outcome = outcome_of(rule, data.draw(splits(body)))
    assert isinstance(outcome, kind)
    assert told in outcome.problem


def test_pieces_come_as_soon_as_their_event_is_whole() -> None:
    """With the last byte of the blank line, also where that is a CR; nothing is held back."""
    decoder = decoder_of(TEXT)
    assert [decoder.feed(bytes([byte])) for byte in b"data: a\r\r"] == [[]] * 8 + [["a"]]
    assert decoder.feed(b"\ndata: b\n\n") == ["b"]
    assert decoder.feed(b"data: c\n\ndata: d\n\nda") == ["c", "d"]
    assert decoder.feed(b"ta: e\n\n") == ["e"]


def test_what_comes_after_the_end_is_not_read() -> None:
    """A decoder that has ended gives nothing more."""
    decoder = decoder_of(TEXT)
    assert feed(decoder, [b"data: a\n\ndata: [DONE]\n\ndata: b\n\n"]) == ["a"]
    assert decoder.feed(b"data: c\n\n") == []


def test_time_is_linear_in_the_bytes() -> None:
    """A million bytes of one line, one at a time: each is handled once. By the square it would take minutes."""
    decoder = decoder_of(TEXT)
    for _ in range(1_000_000):
        decoder.feed(b"x")
    decoder.feed(b"\ndata: a\n\n")
    assert decoder.finish() == []
    assert decoder.text == "a"
