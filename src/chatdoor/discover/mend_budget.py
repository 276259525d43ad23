"""What the trials send, counted, and never more than was said."""

from typing import Final

from chatdoor.discover.mend_bench import LIMITED
from chatdoor.discover.mend_trial import Setter
from chatdoor.errors import ChatdoorError, RateLimited, SessionRefused
from chatdoor.flow.bot_check import announced_check
from chatdoor.flow.dates import read_retry_after
from chatdoor.flow.effects import Head, Send

REFUSED: Final = 400
"""Statuses from here on are no success."""


class Spent(ChatdoorError):
    """All requests were sent that may be."""


class Budget:
    """Counts what is sent, lets no more go out than may, and ends all where the site asks us to slow down.

    `entry` is the first step of a session that was just opened, empty where a session may be opened anew: a message
    that a fresh session refuses is not tried in another one.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self.sent = 0
        self.status = 0
        self.setters: list[Setter] = []
        self.entry = ""
        self._label = ""

    def sends(self, effect: Send) -> None:
        """Counts a request. Raises Spent for one too many, SessionRefused for another session after a refusal."""
        if self.entry == effect.label and self.status >= REFUSED:
            raise SessionRefused(f"a fresh session was refused (HTTP {self.status})", step=self._label)
        if self.sent >= self.most:
            raise Spent(f"the {self.most} requests are used up; --requests allows more", step=effect.label)
        self.sent += 1
        self._label = effect.label

    def answered(self, head: Head) -> None:
        """Notes an answer. Raises RateLimited for one that asks for less."""
        self.status = head.status
        cookies = (value.partition("=")[0].strip() for name, value in head.headers if name == "set-cookie")
        self.setters.append(Setter(self._label.rpartition(" ")[2], tuple(cookies)))
        if head.status == LIMITED and not announced_check(head):
            wait = read_retry_after(head.get("retry-after"), head.at.unix)
            when = "" if wait is None else f", for {wait:.0f} s"
            problem = f"the site asks to slow down{when} (HTTP 429), so nothing more is tried"
            raise RateLimited(problem, retry_after=wait)
