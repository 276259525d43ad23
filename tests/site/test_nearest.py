"""The word somebody may have meant."""

import pytest

from chatdoor.site.nearest import nearest


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("cokie", "; did you mean 'cookie'?"),
        ("COOKIE", "; did you mean 'cookie'?"),
        ("haeders", "; did you mean 'headers'?"),
        ("x-csrftoken", "; did you mean 'X-CSRFToken'?"),
        ("zzz", ""),
        ("", ""),
        ("c" * 65, ""),
    ],
)
def test_the_nearest_known_word_is_named(word: str, hint: str) -> None:
    """One word, in the spelling that is known; nothing where none is near or the word is too long to be one."""
    assert nearest(word, ["cookie", "headers", "X-CSRFToken", "c" * 70]) == hint


def test_without_known_words_there_is_no_hint() -> None:
    """Nothing is near to nothing."""
    assert nearest("a", []) == ""
