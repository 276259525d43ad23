"""A reply in a page: the last element, whole pages and fragments, what is no reply."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatdoor.errors import ReplyCutShort, ReplyError, ReplyTooLarge, SiteFailed, UnexpectedReply
from chatdoor.flow.html import MAX_TAGS
from chatdoor.flow.replies.decoder import PageInstead
from tests.flow.replies.splits import decoder_of, outcome_of, splits

BOT = 'html = ".bot"'
OPEN = b"<!doctype html><html><head><title>Chat</title></head><body>"
CLOSE = b"</body></html>\n"

PAGES = [
    ("a fragment", BOT, b"<div class=bot>Good day.</div>", "Good day."),
    ("a page", BOT, OPEN + b"<div class=bot>Good day.</div>" + CLOSE, "Good day."),
    ("the last one", BOT, b"<i class=bot>a</i><i class=me>no</i><i class=bot>b</i>", "b"),
    ("the last of two selectors", 'html = ".b, .a"', b"<i class=a>a</i><i class=b>b</i><i class=a>c</i>", "c"),
    ("text in front", BOT, b"ok <p class=bot>Good <b>day</b>.", "Good day."),
    ("an end tag that may be left out", BOT, b"<ul><li class=bot>a<li class=me>b</ul>", "a"),
    ("not closed, in a page that is", BOT, OPEN + b"<div class=bot>a" + CLOSE, "a"),
    ("a byte order mark", BOT, b"\xef\xbb\xbf<p class=bot>caf\xc3\xa9", "café"),
    ("an empty one", BOT, b"<p class=bot></p>", ""),
    ("a NUL", BOT, b"<p class=bot>a\0b</p>", "ab"),
    ("an error that is not there", f'{BOT}\nerror = ".error"', b"<p class=bot>a</p>", "a"),
    ("an empty error", f'{BOT}\nerror = ".error"', b"<p class=bot>a</p><p class=error> </p>", "a"),
    ("an error", f'{BOT}\nerror = ".error"', b"<p class=bot>old</p><p class=error>full</p>", SiteFailed),
    ("nothing", BOT, b"", PageInstead),
    ("no such element", BOT, b"<p>Good day.</p>", PageInstead),
    ("data", BOT, b'{"error": "no"}', PageInstead),
    ("not closed", BOT, b"<div class=bot>Good", ReplyCutShort),
    ("an older one, and then not closed", BOT, OPEN + b"<p class=bot>old</p><div class=me>", ReplyCutShort),
    ("the end in a tag", BOT, b"<p class=bot>old</p><p cla", ReplyCutShort),
    ("the end in a script", BOT, b"<p class=bot>old</p><script>x", ReplyCutShort),
    ("the end in a comment", BOT, b"<p class=bot>old</p><!-- x", ReplyCutShort),
    ("the end in a field", BOT, b"<textarea class=bot>old", ReplyCutShort),
    ("too many tags", BOT, b"<p class=bot>old</p>" + b"<i>" * MAX_TAGS, ReplyTooLarge),
]


@pytest.mark.parametrize(("rule", "body", "outcome"), [row[1:] for row in PAGES], ids=[row[0] for row in PAGES])
@given(data=st.data())
def test_the_element_for_every_split(rule: str, body: bytes, outcome: object, data: st.DataObject) -> None:
    """The text or the error, the same one however the bytes come."""
    found = outcome_of(rule, data.draw(splits(body)))
    assert found == outcome or type(found) is outcome


@given(st.binary(max_size=50) | st.text("<>/ab='p&;!-", max_size=50).map(str.encode), st.data())
def test_no_bytes_raise_anything_else(body: bytes, data: st.DataObject) -> None:
    """Whatever comes: a text, or an error of ours, the same for every split."""
    whole, split = outcome_of('html = "p"', [body]), outcome_of('html = "p"', data.draw(splits(body)))
    assert isinstance(whole, str | ReplyError)
    assert repr(split) == repr(whole)


@pytest.mark.parametrize(("before", "after"), [(b"", b""), (OPEN, CLOSE.strip())])
def test_cut_anywhere_is_an_error_or_whole(before: bytes, after: bytes) -> None:
    """A page that ends inside an element is never taken for all of it, nor an older reply for the newest."""
    body = before + "<main><p class=bot>old</p><div class=bot>Gö &amp; <b>od</b></div></main>".encode() + after
    whole = body.index(b"</main>") + len(b"</main>")
    for at in range(whole):
        assert isinstance(outcome_of(BOT, [body[:at]]), PageInstead | ReplyCutShort), body[:at]
    assert outcome_of(BOT, [body]) == outcome_of(BOT, [body[:whole]]) == "Gö & od"


CHARSETS = [
    (None, b"caf\xc3\xa9", "café"),
    ("cp1252", b"caf\xe9", "café"),
    (None, b"<meta charset=iso-8859-1>caf\xe9", "café"),
    (None, b"<META http-equiv=Content-Type content='text/html; charset=windows-1251'>\xe4\xe0", "да"),
    ("utf-8", b"<meta charset=iso-8859-1>caf\xc3\xa9", "café"),
    (None, b"\xef\xbb\xbf<meta charset=iso-8859-1>caf\xc3\xa9", "café"),
    (None, b"<meta charset=utf-16>caf\xc3\xa9", "café"),
    (None, b"<meta charset=nonsense>caf\xc3\xa9", "café"),
    (None, b" " * 2_000 + b"<meta charset=iso-8859-1>caf\xc3\xa9", "café"),
]


@pytest.mark.parametrize(("declared", "body", "text"), CHARSETS)
def test_the_charset_is_the_declared_one_or_the_pages(declared: str | None, body: bytes, text: str) -> None:
    """A mark first, then the header, then what the page says early on; else UTF-8."""
    assert outcome_of('html = "body"', [body], declared) == text


def test_what_is_not_found_is_named() -> None:
    """The error has the selector, and the page is its evidence."""
    decoder = decoder_of(BOT)
    decoder.feed(b"<p>Good day.</p>")
    with pytest.raises(UnexpectedReply, match=r"an element that '\.bot' finds, found none"):
        decoder.finish()
    assert decoder.evidence == b"<p>Good day.</p>"


def test_the_error_of_the_site_is_the_evidence() -> None:
    """What is shown is the error, not the beginning of the page; in the charset that is declared."""
    decoder = decoder_of(f'{BOT}\nerror = ".error"', "cp1252")
    decoder.feed(b"<p>Chat</p><p class=error>caf\xe9</p>")
    with pytest.raises(SiteFailed):
        decoder.finish()
    assert decoder.evidence == b"caf\xe9"


def test_the_evidence_is_bounded() -> None:
    """Enough of the page to see a login in it."""
    decoder = decoder_of(BOT)
    for _ in range(100):
        decoder.feed(b"<p>aaaaaaaaaaaaa" * 100)
    assert len(decoder.evidence) == 64_000
