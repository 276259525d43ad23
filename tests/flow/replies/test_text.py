"""A reply that is the body itself: characters as they come, and what is a page instead."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatdoor.errors import ReplyCutShort, ReplyError, UnexpectedReply
from chatdoor.flow.replies.decoder import PageInstead
from tests.flow.replies.splits import decoder_of, outcome_of, splits

TEXT = "text = true"

BODIES = [
    ("text", "", b"Good day.", "Good day."),
    ("lines", "text/plain", b" a\r\nb\n", " a\r\nb\n"),
    ("UTF-8", "text/plain", "café 😀".encode(), "café 😀"),
    ("a byte order mark", "", b"\xef\xbb\xbfa", "a"),
    ("two marks", "", b"\xef\xbb\xbf\xef\xbb\xbfa", "\ufeffa"),
    ("invalid UTF-8 is replaced", "", b"a\xff\xefb", "a\ufffd\ufffdb"),
    ("a broken character, and a mark", "text/plain", b"\xe2\xef\xbb\xbfa", "\ufffd\ufeffa"),
    ("a tag of a model", "text/html", b"<think>hm</think>Good day.", "<think>hm</think>Good day."),
    ("a fragment", "text/html", b"<p>Good day.</p>", "<p>Good day.</p>"),
    ("an element that begins like a page", "text/html", b"<htmx>" + b"a" * 40, "<htmx>" + "a" * 40),
    ("the beginning of a page, and no more", "", b"<htm", "<htm"),
    ("a page that is declared as text", "text/plain", b"<!doctype html><p>", "<!doctype html><p>"),
    ("[DONE] is text", "", b"[DONE]", "[DONE]"),
    ("space without end", "", b" " * 3_000 + b"<html>", " " * 3_000 + "<html>"),
    ("a page", "", b"<!DOCTYPE html><p>Sign in", PageInstead),
    ("a page of HTML", "text/html", b'\n <html lang="en"><p>Sign in', PageInstead),
    ("a page after a mark", "text/html", b"\xef\xbb\xbf<html>", PageInstead),
    ("nothing", "", b"", UnexpectedReply),
    ("a mark alone", "", b"\xef\xbb\xbf", UnexpectedReply),
    ("half a character", "", b"caf\xc3", ReplyCutShort),
    ("half a first character", "", b"\xf0\x9f", ReplyCutShort),
]


@pytest.mark.parametrize(("kind", "body", "outcome"), [row[1:] for row in BODIES], ids=[row[0] for row in BODIES])
@given(data=st.data())
def test_the_body_for_every_split(kind: str, body: bytes, outcome: object, data: st.DataObject) -> None:
    """The text or the error, the same one however the bytes come."""
    found = outcome_of(TEXT, data.draw(splits(body)), data.draw(st.sampled_from([None, "utf-8"])), kind)
    assert found == outcome or type(found) is outcome


CHARSETS = [
    ("UTF-8 all the same", "cp1252", "café 😀".encode(), "café 😀"),
    ("Latin-1", "cp1252", "café, voilà".encode("cp1252"), "café, voilà"),
    ("Latin-1 at the end", "cp1252", b"caf\xc3", "cafÃ"),
    ("Latin-1 alone", "iso8859-15", b"\xa4", "€"),
    ("Latin-1 after UTF-8", "cp1252", "é".encode() + b"caf\xe9 \xc3\xa9", "écafé Ã©"),
    ("Cyrillic", "cp1251", "Добрый день".encode("cp1251"), "Добрый день"),
    ("no character of it", "cp1252", b"a\x81", "a\ufffd"),
    ("a mark", "cp1252", b"\xef\xbb\xbfcaf\xc3\xa9\xff", "café\ufffd"),
    ("UTF-16", "utf-16", "café 😀".encode("utf-16"), "café 😀"),
    ("UTF-16 without a mark", "utf-16-le", "café".encode("utf-16-le"), "café"),
    ("UTF-16 with a mark of UTF-8", "utf-16", b"\xef\xbb\xbfcaf\xc3\xa9", "café"),
    ("half of UTF-16", "utf-16-le", "café".encode("utf-16-le")[:-1], ReplyCutShort),
    ("Chinese", "gb18030", "你好世界".encode("gb18030"), "你好世界"),
]


@pytest.mark.parametrize(
    ("charset", "body", "outcome"), [row[1:] for row in CHARSETS], ids=[row[0] for row in CHARSETS]
)
@given(data=st.data())
def test_the_declared_charset(charset: str, body: bytes, outcome: object, data: st.DataObject) -> None:
    """It counts where the text is not UTF-8, however the bytes come."""
    found = outcome_of(TEXT, data.draw(splits(body)), charset, "text/plain")
    assert found == outcome or type(found) is outcome


@given(st.binary(max_size=50), st.sampled_from(["", "text/html", "text/plain"]), st.data())
def test_no_bytes_raise_anything_else(body: bytes, kind: str, data: st.DataObject) -> None:
    """Whatever comes: a text, or an error of ours, the same for every split."""
    whole, split = outcome_of(TEXT, [body], kind=kind), outcome_of(TEXT, data.draw(splits(body)), kind=kind)
    assert isinstance(whole, str | ReplyError)
    assert repr(split) == repr(whole)


def test_pieces_come_as_they_come() -> None:
    """A character with its last byte; only what may begin a page is held back, until it is clear."""
    decoder = decoder_of(TEXT)
    assert [decoder.feed(bytes([byte])) for byte in "aé".encode()] == [["a"], [], ["é"]]
    decoder = decoder_of(TEXT, kind="text/html")
    assert [decoder.feed(chunk) for chunk in (b"<", b"h", b"1>", b"a")] == [[], [], ["<h1>"], ["a"]]


def test_no_piece_comes_before_a_page_is_told() -> None:
    """A page is a refusal, perhaps: it must not follow a piece."""
    decoder = decoder_of(TEXT)
    assert [decoder.feed(bytes([byte])) for byte in b" \n<!doctype  html ><p>Sign in"] == [[]] * 29
    with pytest.raises(PageInstead):
        decoder.finish()


def test_time_is_linear_in_the_bytes() -> None:
    """A million bytes, one at a time: each is handled once."""
    decoder = decoder_of(TEXT)
    for _ in range(1_000_000):
        decoder.feed(b"x")
    decoder.finish()
    assert decoder.text == "x" * 1_000_000
