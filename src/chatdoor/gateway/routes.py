"""The table of routes: path -> method -> what answers. A new endpoint is a file in `endpoints/` and a row here."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final, TypeAlias

import msgspec

from chatdoor.gateway.endpoints.chat import chat_completions
from chatdoor.gateway.endpoints.health import live, ready
from chatdoor.gateway.endpoints.models import one_model, some_models
from chatdoor.gateway.endpoints.page import front_page, page_file
from chatdoor.gateway.endpoints.sites import site_states
from chatdoor.gateway.exchange import Exchange
from chatdoor.gateway.problem import Problem
from chatdoor.gateway.state import State

Endpoint: TypeAlias = Callable[[State, Exchange], Awaitable[None]]


class Route(msgspec.Struct, frozen=True):
    """What answers, and what has to hold before.

    `open`: no key is needed. `prompts`: it has a JSON body, and counts.
    """

    endpoint: Endpoint
    open: bool = False
    prompts: bool = False


Methods: TypeAlias = Mapping[str, Route]


def _get(endpoint: Endpoint, *, is_open: bool = False) -> Methods:
    route = Route(endpoint, open=is_open)
    return {"GET": route, "HEAD": route}


PATHS: Final[Mapping[bytes, Methods]] = {
    b"/v1/chat/completions": {"POST": Route(chat_completions, prompts=True)},
    b"/v1/models": _get(some_models),
    b"/v1/chatdoor/state": _get(site_states),
    b"/": _get(front_page, is_open=True),
    b"/health": _get(ready, is_open=True),
    b"/livez": _get(live, is_open=True),
    b"/readyz": _get(ready, is_open=True),
}
"""Path as it was sent -> its methods."""

BELOW: Final[Mapping[bytes, Methods]] = {b"/v1/models/": _get(one_model), b"/page/": _get(page_file, is_open=True)}
"""Beginnings of paths whose rest is an argument."""

NOT_BUILT: Final = frozenset({
    *(b"assistants", b"audio", b"batches", b"completions", b"containers", b"conversations", b"embeddings", b"evals"),
    *(b"files", b"fine_tuning", b"images", b"moderations", b"organization", b"realtime", b"responses", b"skills"),
    *(b"threads", b"uploads", b"vector_stores", b"videos"),
})  # fmt: skip
"""What OpenAI has below /v1/ and a web chatbot has not: the first part of the path."""


def find_methods(exchange: Exchange) -> Methods:
    """The methods of the request's path. Raises Problem: 404, or 501 for what only OpenAI itself has."""
    path = exchange.path
    if found := PATHS.get(path):
        return found
    for beginning, methods in BELOW.items():
        if path.startswith(beginning) and len(path) > len(beginning):
            exchange.tail = path[len(beginning) :]
            return methods
    shown = path[:80].decode("ascii", "replace")
    if path.startswith(b"/v1/") and path.split(b"/", 3)[2] in NOT_BUILT:
        raise Problem(501, f"{shown} is not part of this gateway: a web chatbot has nothing to answer it with.",
                      code="not_implemented", headers=((b"x-should-retry", b"false"),))  # fmt: skip
    raise Problem(404, f"Unknown path: {shown}.", code="unknown_url")


def find_route(exchange: Exchange, methods: Methods) -> Route:
    """What answers the request's method. Raises Problem (405)."""
    if route := methods.get(exchange.method):
        return route
    allowed = allow(methods)
    problem = f"{exchange.method[:20]} is not allowed here; {allowed.decode()} is."
    raise Problem(405, problem, code="method_not_allowed", headers=((b"allow", allowed),))


def allow(methods: Methods) -> bytes:
    """The methods as the header Allow names them."""
    return ", ".join(methods).encode()
