"""The table of routes: path -> method -> what answers. A new endpoint is a file in `endpoints/` and a row here."""

from collections.abc import Mapping
from typing import Final

from chatdoor.gateway.endpoints.chat import chat_completions
from chatdoor.gateway.endpoints.description import description_of
from chatdoor.gateway.endpoints.health import Health, health, live, ready
from chatdoor.gateway.endpoints.metrics import METRICS_TYPE, metrics
from chatdoor.gateway.endpoints.models import one_model, some_models
from chatdoor.gateway.exchange import Exchange
from chatdoor.gateway.openai.chat import ChatCompletion, ChatRequest
from chatdoor.gateway.openai.models import Model, ModelList
from chatdoor.gateway.problem import Problem
from chatdoor.gateway.route import Methods, Route


def _get(route: Route) -> Methods:
    return {"GET": route, "HEAD": route}


PATHS: Final[Mapping[bytes, Methods]] = {
    b"/v1/chat/completions": {
        "POST": Route(chat_completions, prompts=True, takes=ChatRequest, gives=ChatCompletion, streams=True)
    },
    b"/v1/models": _get(Route(some_models, gives=ModelList)),
    b"/health": _get(Route(health, open=True, always=True, gives=Health)),
    b"/livez": _get(Route(live, open=True, always=True)),
    b"/readyz": _get(Route(ready, open=True, always=True)),
    b"/metrics": _get(Route(metrics, open=True, always=True, media=METRICS_TYPE)),
    b"/openapi.json": _get(Route(description_of(lambda: {**PATHS, **BELOW}), open=True)),
}
"""Path as it was sent -> its methods."""

BELOW: Final[Mapping[bytes, Methods]] = {b"/v1/models/": _get(Route(one_model, gives=Model))}
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
        exchange.route = path.decode()
        return found
    for beginning, methods in BELOW.items():
        if path.startswith(beginning) and len(path) > len(beginning):
            exchange.tail = path[len(beginning) :]
            exchange.route = beginning.decode()
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
