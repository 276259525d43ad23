"""What a running gateway is: the sites, the guard, and how it was told to behave."""

from time import perf_counter
from typing import TYPE_CHECKING, Final

import msgspec

from chatdoor.gateway.access_log import AccessLog
from chatdoor.gateway.counts import Counts
from chatdoor.gateway.exchange import Exchange
from chatdoor.gateway.guard import Guard
from chatdoor.gateway.house import House
from chatdoor.gateway.joins import Joins
from chatdoor.gateway.recent import Recent
from chatdoor.gateway.room import Room
from chatdoor.gateway.shares import (
    Share,
    Shares,
    Tallies,
    add_counts,
    add_histories,
    add_tallies,
    share_of,
)
from chatdoor.gateway.shelf import MemoryShelf, Shelf
from chatdoor.gateway.side_requests import SideRequests

if TYPE_CHECKING:
    from chatdoor.drive.shared.state import SharedState


class Conduct(msgspec.Struct, frozen=True, kw_only=True):
    """How requests are treated. Seconds and bytes.

    `strict`: what can not be done is refused, not ignored. `apply_stop`: stop sequences and length limits are applied
    by us. `heartbeat`: a stream that is quiet for that long gets a comment. `open_metrics`: they need no key.
    `user_headers` (in small letters) say who asks, and are believed. `side_requests`: what becomes of the questions
    that a chat front end asks on its own. `show_texts`: the page shows the prompts and replies of all who
    may ask a site to each other.
    """

    strict: bool = False
    apply_stop: bool = False
    heartbeat: float = 15.0
    show_texts: bool = False
    body_bytes: int = 10_000_000
    user_headers: tuple[bytes, ...] = ()
    side_requests: SideRequests = "answer"
    open_metrics: bool = False


class State:
    """The state of one gateway.

    `house`, `guard` and `conduct` may be replaced while it runs: a request keeps the sites that it began with.
    `shared` is what it shares with other gateways, which the house and the guard know already; `shares` are what it and
    the other workers of the same command have counted.
    """

    def __init__(
        self,
        house: House,
        guard: Guard,
        conduct: Conduct,
        shelf: Shelf | None = None,
        *,
        log: AccessLog | None = None,
        shared: "SharedState | None" = None,
        shares: Shares | None = None,
    ) -> None:
        self.house = house
        self.guard = guard
        self.conduct = conduct
        self.shelf: Shelf = MemoryShelf() if shelf is None else shelf
        self.bodies = Room(BODIES_MOST)
        self.joins = Joins()
        self.shared = shared
        if shared is not None:
            from chatdoor.gateway.shared.joins import SharedJoins
            from chatdoor.gateway.shared.shelf import SharedShelf

            self.shelf = SharedShelf(shared.link, serves=shared.serves)
            self.joins = SharedJoins(shared.link, serves=shared.serves)
        self.counts = Counts()
        self.log = log
        self.recent = Recent()
        self._shares = shares
        self._tallied: Tallies = {}
        """What was tallied by the worker whose place this one has taken."""
        self.running = 0
        """How many requests are on their way."""
        self.closing = False
        """True once the gateway is about to end, and wants no more requests."""
        if shares is not None:
            self._go_on_from(shares.before())

    @property
    def able(self) -> bool:
        """False where what the gateways share is away, and it was wanted that nothing is served without it."""
        return self.shared is None or self.shared.serves or self.shared.link.problem is None

    async def close(self) -> None:
        """Closes all connections to the sites, and writes the rest of the log."""
        try:
            await self.house.close()
        finally:
            if self.shared is not None:
                await self.shared.close()
            if self.log is not None:
                await self.log.close()

    def ended(self, exchange: Exchange) -> None:
        """Counts and logs a request that has its answer, or whose client has left."""
        if exchange.gate is not None:
            exchange.gate.ended()
            exchange.gate = exchange.ending = None  # they may know it: a ring of them would wait for the collector
        now = perf_counter()
        self.counts.add(exchange, now)
        if exchange.note.site:
            self.recent.add(exchange, now, shows=self.conduct.show_texts)
        if self.log is not None:
            self.log.add(exchange, now)
        if self._shares is not None:
            self._shares.tell_soon(self._tell)

    def numbers(self) -> tuple[Counts, Tallies, int]:
        """What was counted, what the sites' visitors have tallied, and what is on its way: by all workers together."""
        if self._shares is None:
            return self.counts, self._tallies(), self.running
        shares = [self._share(), *self._shares.others()]
        running = sum(share.running for share in shares)
        return add_counts(Counts(), shares), add_tallies({}, shares), running

    def histories(self) -> Recent:
        """What became of the last requests to each site, whichever worker had them."""
        return self.recent if self._shares is None else add_histories(Recent(), [self._share(), *self._shares.others()])

    def _go_on_from(self, before: Share) -> None:
        add_counts(self.counts, [before])
        add_histories(self.recent, [before])
        add_tallies(self._tallied, [before])
        self._tell()  # nothing of that one is on its way any more

    def _tallies(self) -> Tallies:
        """The tally of each site that is served, on top of what was tallied before."""
        own = {site: client.visitor.tally.numbers for site, client in self.house.sites.items()}
        return add_tallies(own, [Share(tallies=self._tallied)])

    def _share(self) -> Share:
        return share_of(self.counts, self.recent, self._tallies(), self.running)

    def _tell(self) -> None:
        if self._shares is not None:
            self._shares.tell(self._share())


RUNNING_MOST: Final = 1_000
"""How many requests may be on their way. More are answered 503."""

BODIES_MOST: Final = 256_000_000
"""How many bytes the bodies of all requests on their way may have. One that is too much is answered 503."""
