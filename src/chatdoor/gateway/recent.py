"""What became of the last requests to each site: a bounded number, kept in memory for the page's state panel."""

import time
from collections import deque
from typing import TYPE_CHECKING, Final

import msgspec

if TYPE_CHECKING:
    from chatdoor.gateway.exchange import Exchange
    from chatdoor.gateway.house import Served

KEPT: Final = 60
"""How many requests are kept for each site."""

TEXT_MOST: Final = 500
"""Characters that are kept of a prompt and of a reply, where texts are kept at all."""

LEFT: Final = 499
"""The status of a request whose client left before the answer, as nginx has it."""


class Told:
    """What a request to a site tells of itself on its way. Ticks are `time.monotonic`'s; 0 is not yet."""

    __slots__ = ("began", "conversation", "first", "prompt", "reply", "served", "shows")

    def __init__(self, served: "Served", prompt: object, *, shows: bool) -> None:
        self.served = served
        self.shows = shows
        self.prompt = prompt[:TEXT_MOST] if shows and isinstance(prompt, str) else ""
        self.reply = ""
        self.conversation: str | None = None
        self.first = 0.0
        self.began = time.monotonic()

    def begin(self, conversation: str | None) -> None:
        """The first piece is there."""
        if not self.first:
            self.first = time.monotonic()
            self.conversation = conversation

    def add(self, text: str) -> None:
        """A piece of the reply, kept where texts are shown."""
        if self.shows and len(self.reply) < TEXT_MOST:
            self.reply = (self.reply + text)[:TEXT_MOST]


class Past(msgspec.Struct, frozen=True):
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
        """True where the site was not able to answer; what the client did wrong is none."""
        return self.status in {424, 429} or self.status >= 502


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

    def note(self, exchange: "Exchange") -> None:
        """Takes down what became of a request; of one that never came to a site, nothing."""
        told = exchange.told
        if told is not None:
            site = told.served.site.name
            if site not in self._sites:
                self._sites[site] = History()
            self._sites[site].add(_past(exchange, told))


def _past(exchange: "Exchange", told: Told) -> Past:
    problem, key = exchange.problem, exchange.key
    left = exchange.gone or not exchange.status
    return Past(
        time.time(),
        told.served.name,
        problem.status if problem else LEFT if left else exchange.status,
        time.monotonic() - told.began,
        told.first - told.began if told.first else None,
        told.conversation,
        key.scope if key else "",
        problem.code if problem else None,
        problem.message if problem else "",
        told.prompt,
        told.reply,
    )
