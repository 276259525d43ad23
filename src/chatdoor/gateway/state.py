"""What a running gateway is: the sites, the guard, and how it was told to behave."""

from typing import Final

import msgspec

from chatdoor.gateway.exchange import Exchange
from chatdoor.gateway.guard import Guard
from chatdoor.gateway.house import House
from chatdoor.gateway.recent import Recent


class Conduct(msgspec.Struct, frozen=True, kw_only=True):
    """How requests are treated. Seconds and bytes.

    `strict`: what can not be done is refused, not ignored. `apply_stop`: stop sequences and length limits are applied
    by us. `heartbeat`: a stream that is quiet for that long gets a comment. `show_texts`: the page shows the prompts
    and replies of all who may ask a site to each other.
    """

    strict: bool = False
    apply_stop: bool = False
    heartbeat: float = 15.0
    show_texts: bool = False
    body_bytes: int = 10_000_000


class State:
    """The state of one gateway. `house` may be replaced while it runs: a request keeps the one that it began with."""

    def __init__(self, house: House, guard: Guard, conduct: Conduct) -> None:
        self.house = house
        self.guard = guard
        self.conduct = conduct
        self.recent = Recent()
        self.running = 0
        """How many requests are on their way."""
        self.closing = False
        """True once the gateway is about to end, and wants no more requests."""

    def ended(self, exchange: Exchange) -> None:
        """Takes down a request that has its answer, or whose client has left."""
        if exchange.note.site:
            self.recent.add(exchange, shows=self.conduct.show_texts)


RUNNING_MOST: Final = 1_000
"""How many requests may be on their way. More are answered 503."""
