"""Matches in words."""

import pytest
from msgspec import UNSET, convert

from chatdoor.site.file import MatchTable
from chatdoor.site.words import match_words, record_words


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"status": 403}, "status 403"),
        ({"status": [401, 403, "5xx"]}, "status 401, 403 or 5xx"),
        ({"url": "/chat"}, "a redirect to /chat"),
        ({"url": ["/chat", "/home/*"]}, "a redirect to /chat or /home/*"),
        ({"type": "text/html"}, "the content type text/html"),
        ({"css": "form#login"}, "an element 'form#login'"),
        ({"text": ["expired", "CSRF"]}, "the text 'expired' or 'CSRF'"),
        ({"close": 4401}, "the close code 4401"),
        ({"json": {"ok": False}}, "JSON in which ok is false"),
        ({"status": 400, "text": "CSRF"}, "status 400 with the text 'CSRF'"),
        ({"text": "a\n\x1b[31mb"}, r"the text 'a\n\x1b[31mb'"),
    ],
)
def test_a_match_says_what_it_describes(table: dict[str, object], words: str) -> None:
    """All keys hold together, any value of a key will do; what a file quotes stays on one line."""
    assert match_words(convert(table, MatchTable)) == words


def test_of_several_matches_any_holds() -> None:
    """No match is said as nothing."""
    several = [MatchTable(status=404), MatchTable(text="Welcome")]
    assert match_words(several) == "status 404, or the text 'Welcome'"
    assert match_words(UNSET) == ""


def test_a_record_match_names_paths_and_values() -> None:
    """Texts stand in quotes, so that a word and a number can be told apart."""
    assert record_words({"type": ["delta", "final"], "n": 1}) == "type is 'delta' or 'final' and n is 1"
