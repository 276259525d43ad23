"""A route: what answers a method of a path, and what is said of it."""

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias

import msgspec

from chatdoor.gateway.exchange import Exchange
from chatdoor.gateway.state import State

Endpoint: TypeAlias = Callable[[State, Exchange], Awaitable[None]]


class Route(msgspec.Struct, frozen=True):
    """What answers, what has to hold before, and what goes in and comes out.

    `open`: no key is needed. `prompts`: it has a JSON body, and counts. `always`: it answers also while the gateway has
    too much to do, or is about to end. `sees_key`: it asks for a key itself, or says more to one. `takes` and `gives`
    are the structs of the bodies, `query` is that of the query, `media` the type of an answer that is no struct; with
    `streams` it may be a stream of events too. `also` are good statuses beside 200, which have no body. The description
    of the API is made from these.
    """

    endpoint: Endpoint
    open: bool = False
    prompts: bool = False
    always: bool = False
    sees_key: bool = False
    takes: type[msgspec.Struct] | None = None
    gives: type[msgspec.Struct] | None = None
    query: type[msgspec.Struct] | None = None
    media: str = "application/json"
    streams: bool = False
    also: Mapping[int, str] = msgspec.field(default_factory=dict)


Methods: TypeAlias = Mapping[str, Route]
"""Method -> what answers it."""
