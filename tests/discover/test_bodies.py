"""Bodies as recorders write them, and what they were."""

import base64
import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatdoor.discover.bodies import MAX_INFLATED, Recorded, form_fields, mend_charset, read_body

PROSE = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


def windows(text: str) -> str:
    """UTF-8 as somebody shows it who takes it for windows-1252, the way browsers do (WHATWG Encoding)."""
    return "".join(_shown(byte) for byte in text.encode())


def _shown(byte: int) -> str:
    try:
        return bytes([byte]).decode("cp1252")
    except UnicodeDecodeError:
        return chr(byte)


@given(PROSE)
def test_mojibake_is_mended(text: str) -> None:
    """Any text comes back, whether it was taken for windows-1252 or for Latin-1."""
    expected = None if text.isascii() else text
    assert mend_charset(windows(text)) == expected
    assert mend_charset(text.encode().decode("latin-1")) == expected


@pytest.mark.parametrize("text", ["naïve café", "漢字 🙂", "Ünïcödé — ok", "plain", ""])
def test_text_that_is_right_is_left_alone(text: str) -> None:
    """What is no UTF-8 in disguise stays as it is."""
    assert mend_charset(text) is None


def test_a_character_that_was_cut_in_two_does_not_hinder() -> None:
    """A stream may have ended inside one."""
    assert mend_charset(windows("naïve café")[:-1]) == "naïve caf"


def test_a_stream_without_a_charset_is_mended_and_one_with_a_charset_is_believed() -> None:
    """The type that the site sent says which it is."""
    text = windows("data: naïve\n\n")
    mended = read_body(Recorded("text/event-stream", text))
    assert (mended.text, mended.mended) == ("data: naïve\n\n", ("windows-1252",))
    assert read_body(Recorded("text/event-stream; charset=utf-8", text)).text == text


def encoded(data: bytes) -> str:
    """The bytes in base64."""
    return base64.b64encode(data).decode()


@pytest.mark.parametrize(
    ("recorded", "content", "mended"),
    [
        (Recorded("text/plain", encoded("naïve".encode()), "base64"), "naïve", ()),
        (Recorded("text/plain", encoded(b"padded!").rstrip("="), "base64", 7), "padded!", ()),
        (Recorded("text/plain", encoded(b"a\xefb"), "base64"), b"a\xefb", ()),
        (Recorded("text/plain; charset=latin-1", encoded(b"a\xefb"), "base64"), "aïb", ()),
        (Recorded("text/plain; charset=nonsense", encoded(b"ab"), "base64"), b"ab", ()),
        (Recorded("application/json", '{"a": 1}', "base64"), '{"a": 1}', ("false base64",)),
        (Recorded("text/plain", "Hello", "base64", 5), "Hello", ("false base64",)),
        (Recorded("text/plain", "Welcome1", "base64", 8), "Welcome1", ("false base64",)),
        (Recorded("text/plain", encoded(b"Hello!"), "BASE64", 6), "Hello!", ()),
        (Recorded("application/json", encoded(gzip.compress(b'{"a": 1}')), "base64"), '{"a": 1}', ("decompressed",)),
        (Recorded("text/plain", encoded(gzip.compress(b"Hello" * 99)[:-9]), "base64"), "Hello" * 99, ("decompressed",)),
    ],
)
def test_base64_is_undone_where_it_is_base64(recorded: Recorded, content: object, mended: object) -> None:
    """Text where the bytes are text; the mark is ignored where it is false."""
    body = read_body(recorded)
    assert (body.content, body.mended, body.absent) == (content, mended, None)


@pytest.mark.parametrize("data", [b"\x1f\x8bbroken", gzip.compress(bytes(MAX_INFLATED + 10))])
def test_what_can_not_be_decompressed_is_absent(data: bytes) -> None:
    """Damaged, or a bomb: 64 MB are the limit."""
    body = read_body(Recorded("text/plain", encoded(data), "base64"))
    assert (body.content, body.absent) == (None, "compressed")


def test_a_form_with_too_many_fields_has_none() -> None:
    """Nobody types that many."""
    assert form_fields("application/x-www-form-urlencoded", "a=1&" * 20_000) == ()
    assert form_fields("application/json", "a=1") == ()
