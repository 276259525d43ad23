"""What became of the last requests to each site: a bounded number, kept in memory for the page's state panel."""

import time
from collections import deque
from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from chatdoor.gateway.counts import CLIENT_LEFT, is_fault
from chatdoor.gateway.exchange import Exchange

KEPT: Final = 60
"""How many requests are kept for each site."""

TEXT_MOST: Final = 500
"""Characters that are kept of a prompt and of a reply, where texts are kept at all."""


class Past(msgspec.Struct, frozen=True, gc=False):
    """A request that is over. `at` is in seconds since 1970, `took` and `first` (None: no piece) are seconds.

    `scope` is whose it was; `code` and `message` are of the error, if any. Texts are empty unless they are shown.
    """

    at: float
    model: str
    status: int
    took: float
    first: float | None
    conversation: str | None
    scope: str
    code: str | None
    message: str
    prompt: str
    reply: str

    @property
    def fault(self) -> bool:
        """True where the site was not able to answer."""
        return is_fault(self.status)


class History:
    """The requests to one site: how many, the last ones, and the last fault."""

    __slots__ = ("fault", "faults", "last", "requests")

    def __init__(self) -> None:
        self.requests = 0
        self.faults = 0
        self.last: deque[Past] = deque(maxlen=KEPT)
        self.fault: Past | None = None

    def add(self, past: Past) -> None:
        """One more."""
        self.requests += 1
        self.last.append(past)
        if past.fault:
            self.faults += 1
            self.fault = past

    @property
    def failing(self) -> bool:
        """True where the last answer that says anything of the site was a fault."""
        said = (past.fault for past in reversed(self.last) if past.fault or past.status == 200)
        return next(said, False)


class Recent:
    """The history of each site, by its name."""

    def __init__(self) -> None:
        self._sites: dict[str, History] = {}

    def of(self, site: str) -> History:
        """The history of a site; an empty one where nothing was asked."""
        return self._sites.get(site) or History()

    def all(self) -> Mapping[str, History]:
        """The histories of all sites that were asked."""
        return self._sites

    def merge(self, site: str, requests: int, faults: int, past: tuple[Past | None, Iterable[Past]]) -> None:
        """Adds what another worker knows of a site: how many requests and faults, the last fault, the last requests."""
        fault, last = past
        history = self._sites.setdefault(site, History())
        history.requests += requests
        history.faults += faults
        history.fault = max((one for one in (history.fault, fault) if one), key=_at, default=None)
        history.last = deque(sorted([*history.last, *last], key=_at), maxlen=KEPT)

    def add(self, exchange: Exchange, now: float, *, shows: bool) -> None:
        """Takes down what became of a request to a site; with `shows`, what was said too. `now` is as in `Counts`."""
        history = self._sites.get(exchange.note.site)
        if history is None:
            history = self._sites[exchange.note.site] = History()
        history.add(_past(exchange, now, shows=shows))


def _at(past: Past) -> float:
    return past.at


def _past(exchange: Exchange, now: float, *, shows: bool) -> Past:
    note, key = exchange.note, exchange.key
    problem = note.problem
    left = exchange.gone or not exchange.status
    return Past(
        time.time(),
        note.model,
        problem.status if problem else CLIENT_LEFT if left else exchange.status,
        now - note.began,
        note.first,
        note.conversation,
        key.scope if key else "",
        problem.code if problem else None,
        problem.message if problem else "",
        note.messages[-1].text[:TEXT_MOST] if shows else "",
        " / ".join(note.texts)[:TEXT_MOST] if shows else "",
    )
