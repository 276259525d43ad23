"""A reply in one JSON document: its text, what is no reply, and the same for every split of its bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatdoor.errors import ReplyCutShort, ReplyError, SiteFailed, UnexpectedReply
from chatdoor.flow.replies.decoder import PageInstead
from tests.flow.replies.splits import decoder_of, outcome_of, splits

GOOD = [
    (b'{"response": "Good day."}', "Good day."),
    (b' \r\n{"a": 1, "response" : "caf\xc3\xa9 \\u00e9 \\ud83d\\ude00 \\n"}\n', "café é 😀 \n"),
    (b'\xef\xbb\xbf{"response": "mark"}', "mark"),
    (b'{"response": ""}', ""),
    (b'{"response": "<p>not a page</p>"}', "<p>not a page</p>"),
    (b'{"id": 123456789012345678901234567890, "half": "\\ud83d", "response": "a"}', "a"),
]


@pytest.mark.parametrize(("body", "text"), GOOD)
@given(data=st.data())
def test_the_text_for_every_split(body: bytes, text: str, data: st.DataObject) -> None:
    """The text is at its path, whatever stands around it, and however the bytes come."""
    assert outcome_of('json = "response"', data.draw(splits(body))) == text


BAD = [
    ("empty", b"", UnexpectedReply, "expected JSON"),
    ("space", b" \n ", UnexpectedReply, "expected JSON"),
    ("a mark alone", b"\xef\xbb\xbf", UnexpectedReply, "expected JSON"),
    ("null", b"null", UnexpectedReply, "expected text at 'response', found nothing"),
    ("a number", b"7", UnexpectedReply, "found nothing"),
    ("a text", b'"Good day."', UnexpectedReply, "found nothing"),
    ("a list", b'["Good day."]', UnexpectedReply, "found nothing"),
    ("another key", b'{"answer": "Good day."}', UnexpectedReply, "found nothing"),
    ("a null there", b'{"response": null}', UnexpectedReply, "found nothing"),
    ("a number there", b'{"response": 7}', UnexpectedReply, "found a number"),
    ("true there", b'{"response": true}', UnexpectedReply, "found true or false"),
    ("a list there", b'{"response": []}', UnexpectedReply, "found a list"),
    ("a table there", b'{"response": {}}', UnexpectedReply, "found a table"),
    ("half a document", b'{"response": "Good', ReplyCutShort, "the JSON ends before its end"),
    ("half a character", b'{"response": "caf\xc3', ReplyCutShort, "the JSON ends before its end"),
    ("half an escape", b'{"response": "\\ud83d', ReplyCutShort, "the JSON ends before its end"),
    ("half a pair", b'{"response": "\\ud83d"}', UnexpectedReply, "half a surrogate pair"),
    ("more after it", b'{"response": "a"} b', UnexpectedReply, "expected JSON"),
    ("two of them", b'{"response": "a"}{"response": "b"}', UnexpectedReply, "expected JSON"),
    ("text", b"Good day.", UnexpectedReply, "expected JSON"),
    ("invalid UTF-8", b'{"response": "\xff"}', UnexpectedReply, "expected JSON in UTF-8"),
    ("deep lists", b"[" * 10_000 + b"]" * 10_000, UnexpectedReply, "nested too deeply"),
    ("deep and not closed", b"[" * 10_000, UnexpectedReply, "nested too deeply"),
    (
        "deep in the text",
        b'{"response": ' + b'{"a":' * 10_000 + b"1" + b"}" * 10_001,
        UnexpectedReply,
        "nested too deeply",
    ),
    ("a page", b"\n <!doctype html><p>Sign in", PageInstead, "got a page"),
    ("a page after a mark", b"\xef\xbb\xbf<p>", PageInstead, "got a page"),
]


@pytest.mark.parametrize(("body", "kind", "told"), [row[1:] for row in BAD], ids=[row[0] for row in BAD])
@given(data=st.data())
def test_what_is_no_reply_for_every_split(body: bytes, kind: type[ReplyError], told: str, data: st.DataObject) -> None:
    """A clear error, the same one however the bytes come, and never a shorter text."""
    outcome = outcome_of('json = "response"', data.draw(splits(body)))
    assert isinstance(outcome, kind)
    assert told in outcome.problem


@given(st.binary(max_size=50), st.data())
def test_no_bytes_raise_anything_else(body: bytes, data: st.DataObject) -> None:
    """Whatever comes: a text, or an error of ours, the same for every split."""
    whole = outcome_of('json = "@"', [body])
    split = outcome_of('json = "@"', data.draw(splits(body)))
    assert isinstance(whole, str | ReplyError)
    assert repr(split) == repr(whole)


CHARSETS = [
    ("cp1252", '{"response": "café"}'.encode("cp1252"), "café"),
    ("utf-16-le", '{"response": "café 😀"}'.encode("utf-16-le"), "café 😀"),
    ("cp1252", b'\xef\xbb\xbf{"response": "caf\xc3\xa9"}', "café"),
]


@pytest.mark.parametrize(("encoding", "body", "text"), CHARSETS)
def test_the_declared_charset_is_read(encoding: str, body: bytes, text: str) -> None:
    """For JSON it counts; a byte order mark counts more."""
    assert outcome_of('json = "response"', [body], encoding) == text


ERRORS = [
    ('error = "error"', b'{"error": "quota", "response": "a"}', SiteFailed),
    ('error = "error.message"', b'{"error": {"message": "quota"}}', SiteFailed),
    ('error = { ok = false, code = ["quota", "full"] }', b'{"ok": false, "code": "full", "response": "a"}', SiteFailed),
    ('error = "error"', b'{"error": null, "response": "a"}', "a"),
    ('error = "error"', b'{"error": "", "response": "a"}', "a"),
    ("error = { ok = false }", b'{"ok": 0, "response": "a"}', "a"),
]


def test_time_is_linear_in_the_bytes() -> None:
    """A million bytes, one at a time: each is handled once. By the square it would take minutes."""
    decoder = decoder_of('json = "response"')
    for byte in b'{"response": "' + b"x" * 1_000_000 + b'"}':
        decoder.feed(bytes([byte]))
    assert decoder.finish() == ["x" * 1_000_000]


@pytest.mark.parametrize(("rule", "body", "outcome"), ERRORS)
def test_an_error_inside_a_success(rule: str, body: bytes, outcome: object) -> None:
    """Text found there, or a document that fits, is an error that the site reports."""
    found = outcome_of(f'json = "response"\n{rule}', [body])
    assert found == outcome or type(found) is outcome


def test_of_a_list_the_path_picks_one() -> None:
    """JMESPath: the text of the answer among other things."""
    body = b'{"items": [{"type": "note", "text": "n"}, {"type": "answer", "text": "Good day."}]}'
    assert outcome_of("json = \"items[?type=='answer'].text | [0]\"", [body]) == "Good day."
