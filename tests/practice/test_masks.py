"""Tokens below a mask."""

import pytest

from chatdoor.practice.masks import mask, unmask

TOKEN = "00ff" * 8


def test_each_writing_is_another_and_means_the_same() -> None:
    """A token never looks the same twice, nor like itself, and comes out again."""
    written = {mask(TOKEN) for _ in range(5)}
    assert len(written) == 5
    assert not any(TOKEN in text for text in written)
    assert {unmask(text) for text in written} == {TOKEN}


@pytest.mark.parametrize("text", ["", "x", "é", TOKEN, TOKEN * 3, "0" * 63])
def test_what_is_no_mask_holds_no_token(text: str) -> None:
    """The plain token, and whatever else came, is no masked one."""
    assert unmask(text) == ""


def test_no_token_has_no_mask() -> None:
    """Where there is no token, none is shown."""
    assert mask("") == ""
