"""The open websockets of one conversation.

A site that keeps the turns with a websocket has forgotten them once it is closed. So one that was open and is not
any more is never opened again behind the flow's back: the flow hears that it is gone, and decides.
"""

from typing import Protocol, TypeVar
from urllib.parse import urlsplit

from chatdoor.errors import Place
from chatdoor.flow.effects import HungUp


class Line(Protocol):
    """An open websocket."""

    @property
    def usable(self) -> bool:
        """It is open, and may be used here: on this event loop, if it belongs to one."""
        ...

    def rest(self) -> None:
        """Waits for the next turn: frames that come meanwhile are dropped."""
        ...

    def drop(self) -> None:
        """Closes it, from any thread, without a wait."""
        ...


L = TypeVar("L", bound=Line)


class Lines:
    """Websockets by their URL, its query left out. One call at a time uses them."""

    def __init__(self) -> None:
        self._lines: dict[str, Line] = {}
        self._bound = False
        self._gone = False

    def enter(self, *, begun: bool) -> None:
        """A call goes on in a conversation that the site keeps with them; `begun` says whether it has any."""
        self._bound = True
        self._gone = begun and not self._lines

    def find(self, url: str, kind: type[L], place: Place) -> L | None:
        """The open websocket to the URL, None where it is to be opened. Raises HungUp for one that is gone."""
        key = _key(url)
        line = self._lines.get(key)
        if isinstance(line, kind) and line.usable:
            return line
        if self._gone or (self._bound and line is not None):
            raise HungUp("the websocket that held the conversation is closed", site=place.site, step=place.step)
        if line is not None:
            del self._lines[key]
            line.drop()
        return None

    def add(self, url: str, line: Line) -> None:
        """Keeps an open websocket."""
        self._lines[_key(url)] = line

    def rest(self) -> None:
        """Ends a turn; the conversation goes on."""
        for line in self._lines.values():
            line.rest()

    def drop(self) -> None:
        """Closes all of them. What is opened next is a new beginning."""
        lines, self._lines, self._gone = self._lines, {}, False
        for line in lines.values():
            line.drop()


def _key(url: str) -> str:
    return urlsplit(url)._replace(query="").geturl()
