"""Trouble with what is kept: who hears of it, and how often."""

import pytest

from chatdoor.drive.trouble import Trouble
from chatdoor.errors import StateDown, StateError


def test_it_is_told_once_until_it_goes_again(caplog: pytest.LogCaptureFixture) -> None:
    """A hundred calls that fail are one line, and the next time is another one; links tell of servers themselves."""
    trouble = Trouble()
    for text in ("one", "two"):
        trouble.tell(StateDown("away"))
        for _ in range(100):
            trouble.tell(StateError(text))
        trouble.over()
    assert [(one.levelname, one.message) for one in caplog.records] == [("ERROR", "one"), ("ERROR", "two")]
