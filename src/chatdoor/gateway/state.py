"""What a running gateway is: the sites, the guard, and how it was told to behave."""

from typing import Final

import msgspec

from chatdoor.gateway.guard import Guard
from chatdoor.gateway.house import House
from chatdoor.gateway.joins import Joins
from chatdoor.gateway.room import Room
from chatdoor.gateway.shelf import MemoryShelf, Shelf
from chatdoor.gateway.side_requests import SideRequests


class Conduct(msgspec.Struct, frozen=True, kw_only=True):
    """How requests are treated. Seconds and bytes.

    `strict`: what can not be done is refused, not ignored. `apply_stop`: stop sequences and length limits are applied
    by us. `heartbeat`: a stream that is quiet for that long gets a comment. `user_headers` (in small letters) say who
    asks, and are believed. `side_requests`: what becomes of a chat front end's own questions.
    """

    strict: bool = False
    apply_stop: bool = False
    heartbeat: float = 15.0
    body_bytes: int = 10_000_000
    user_headers: tuple[bytes, ...] = ()
    side_requests: SideRequests = "answer"


class State:
    """The state of one gateway. `house` may be replaced while it runs: a request keeps the one that it began with."""

    def __init__(self, house: House, guard: Guard, conduct: Conduct, shelf: Shelf | None = None) -> None:
        self.house = house
        self.guard = guard
        self.conduct = conduct
        self.shelf: Shelf = MemoryShelf() if shelf is None else shelf
        self.bodies = Room(BODIES_MOST)
        self.joins = Joins()
        self.running = 0
        """How many requests are on their way."""
        self.closing = False
        """True once the gateway is about to end, and wants no more requests."""


RUNNING_MOST: Final = 1_000
"""How many requests may be on their way. More are answered 503."""

BODIES_MOST: Final = 256_000_000
"""How many bytes the bodies of all requests on their way may have. One that is too much is answered 503."""
