"""The open websockets of one conversation: which is used again, and which is gone."""

import pytest

from chatdoor.drive.lines import Lines
from chatdoor.errors import Place
from chatdoor.flow.effects import HungUp

URL = "https://bot.example/ws?nonce=1"
PLACE = Place("bot", "WEBSOCKET /ws")


class Line:
    """A websocket that is none."""

    def __init__(self) -> None:
        self.usable = True

    def rest(self) -> None:
        """Nothing to drop."""

    def drop(self) -> None:
        """Closes it."""
        self.usable = False


def test_steps_with_the_same_path_share_a_line() -> None:
    """The query may differ."""
    lines, line = Lines(), Line()
    lines.add(URL, line)
    assert lines.find("https://bot.example/ws?nonce=2", Line, PLACE) is line
    assert lines.find("https://bot.example/other", Line, PLACE) is None


def test_a_closed_line_that_holds_the_conversation_is_gone() -> None:
    """It is not opened again before the conversation begins anew."""
    lines, line = Lines(), Line()
    lines.enter(begun=False)
    lines.add(URL, line)
    line.usable = False
    with pytest.raises(HungUp):
        lines.find(URL, Line, PLACE)
    lines.drop()
    assert lines.find(URL, Line, PLACE) is None


def test_a_conversation_without_its_line_is_gone() -> None:
    """After a restart, for one: what was begun has no connection any more."""
    lines = Lines()
    lines.enter(begun=True)
    with pytest.raises(HungUp):
        lines.find(URL, Line, PLACE)


def test_a_closed_line_that_holds_nothing_is_opened_again() -> None:
    """Where the site does not remember with it, a new one is as good."""
    lines, line = Lines(), Line()
    lines.add(URL, line)
    line.usable = False
    assert lines.find(URL, Line, PLACE) is None
