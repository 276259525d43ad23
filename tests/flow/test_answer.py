"""What an answer is: its charset, its text, its JSON, whether it is a page."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatdoor.flow.answer import (
    Answer,
    Declared,
    charset,
    declared,
    decode_page,
    decode_text,
    looks_like_html,
    parse_json,
    read_json,
)
from chatdoor.flow.effects import Head, Moment

CHARSETS = [
    (None, "utf-8"),
    ("text/html", "utf-8"),
    ("text/html; charset=utf-8", "utf-8"),
    ("text/html; charset=UTF8", "utf-8"),
    ('text/html; charset="utf-8"', "utf-8"),
    ("text/html; Charset = ISO-8859-2", "iso8859-2"),
    ("text/html; charset=latin-1", "cp1252"),
    ("text/html; charset=us-ascii", "cp1252"),
    ("text/html; charset=windows-1251", "cp1251"),
    ("text/html; charset=Shift_JIS", "shift_jis"),
    ("text/html; charset=gbk", "gbk"),
    ("text/html; charset=utf-16le", "utf-16-le"),
    ("text/html; charset=nonsense", "utf-8"),
    # Python's own, which raise, warn, or give what is no text.
    ("text/html; charset=undefined", "utf-8"),
    ("text/html; charset=idna", "utf-8"),
    ("text/html; charset=unicode_escape", "utf-8"),
    ("text/html; charset=utf-7", "utf-8"),
    ("text/html; charset=base64", "utf-8"),
    ("text/html; charset=rot13", "utf-8"),
]


def _head(content_type: str | None) -> Head:
    headers = () if content_type is None else (("content-type", content_type),)
    return Head(200, headers, "https://bot.example/", Moment(0.0, 0.0))


@pytest.mark.parametrize(("declared", "codec"), CHARSETS)
def test_the_charset_is_one_of_the_webs(declared: str | None, codec: str) -> None:
    """The declared one where browsers know it; else UTF-8."""
    assert charset(_head(declared)) == codec


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126)), st.binary(max_size=30))
def test_no_charset_and_no_body_raises(declared: str, body: bytes) -> None:
    """Whatever is declared, the text can be had, and can be written again."""
    answer = Answer(_head(f"text/html; charset={declared}"), body)
    answer.text.encode()
    assert answer.json is None or answer.json is not None


def test_what_is_declared_is_told_from_what_is_not() -> None:
    """A charset that browsers do not know is none."""
    assert declared(_head("Text/HTML; charset=latin-1")) == Declared("text/html", "cp1252")
    assert declared(_head("text/html; charset=nonsense")) == Declared("text/html", None)
    assert declared(_head(None)) == Declared("", None)


def test_a_page_may_name_its_charset() -> None:
    """Where the header does not: WHATWG HTML, section 13.2.3.2."""
    body = b"<meta charset=windows-1251><p>\xe4\xe0"
    assert decode_page(body, None).endswith("да")
    assert decode_page(body, "cp1252").endswith("äà")
    assert Answer(_head("text/html"), body).page.text() == "да"


def test_a_byte_order_mark_wins() -> None:
    """WHATWG Encoding, section 6: the mark counts more than the header, and is no part of the text."""
    assert decode_text(b"\xef\xbb\xbfcaf\xc3\xa9", "cp1252") == "café"
    assert decode_text(b"caf\xe9", "cp1252") == "café"
    assert decode_text(b"caf\xe9", "utf-8") == "caf\ufffd"


def test_the_type_is_without_parameters() -> None:
    """Lower-case, nothing after the semicolon; empty where none is declared."""
    assert Answer(_head(" Text/HTML ; charset=utf-8"), b"").type == "text/html"
    assert Answer(_head(None), b"").type == ""


@pytest.mark.parametrize("body", [b"<!doctype html>", b"  \r\n<p>", b"\xef\xbb\xbf<html>", b"<?xml ?>", b"<!-- -->"])
def test_a_page_opens_a_tag(body: bytes) -> None:
    """Whatever the content type says."""
    assert looks_like_html(body)


@pytest.mark.parametrize("body", [b"", b"{}", b"data: <p>", b'"<p>"', b"Hello <b>", b"\xef\xbb\xbf{}"])
def test_data_opens_no_tag(body: bytes) -> None:
    """JSON and streams begin otherwise; an empty body is no page."""
    assert not looks_like_html(body)


JSON = [
    ("{}", {}),
    ("[1, 2.5, null, true]", [1, 2.5, None, True]),
    ('{"id": 123456789012345678901234567890, "a": "b"}', {"id": 123456789012345678901234567890, "a": "b"}),
    ('{"n": 1e999, "a": "b"}', {"n": float("inf"), "a": "b"}),
    ('{"half": "\\ud83d", "a": "b"}', {"half": "\ud83d", "a": "b"}),
    ('"\\ud83d\\ude00"', "😀"),
]


@pytest.mark.parametrize(("text", "value"), JSON)
def test_json_is_read_as_browsers_do(text: str, value: object) -> None:
    """Also with long numbers, and with half a surrogate pair somewhere in it."""
    assert parse_json(text) == value
    assert parse_json(text.encode()) == value


@pytest.mark.parametrize("text", ["", " ", "{", "nul", "{'a': 1}", "[1] x", "[" * 10_000, '{"a":' * 10_000, '"\ud800"'])
def test_what_is_no_json_is_none(text: str) -> None:
    """Also what is nested 10,000 deep."""
    assert read_json(text) is None
