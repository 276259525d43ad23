"""The table of routes: path -> method -> what answers. A new endpoint is a file in `endpoints/` and a row here."""

import re
from collections.abc import Mapping
from typing import Final

from chatdoor.gateway.endpoints.chat import chat_completions
from chatdoor.gateway.endpoints.completions import completions
from chatdoor.gateway.endpoints.conversations import (
    conversation_items,
    delete_conversation,
    new_conversation,
    one_conversation,
)
from chatdoor.gateway.endpoints.description import description_of
from chatdoor.gateway.endpoints.health import Alive, Health, health, live, ready
from chatdoor.gateway.endpoints.metrics import METRICS_TYPE, metrics
from chatdoor.gateway.endpoints.models import one_model, some_models
from chatdoor.gateway.endpoints.page import UNCHANGED, front_page, page_file
from chatdoor.gateway.endpoints.responses import responses
from chatdoor.gateway.endpoints.sites import Told, site_states
from chatdoor.gateway.endpoints.stored import delete_response, input_items, one_response
from chatdoor.gateway.exchange import Exchange
from chatdoor.gateway.header import header
from chatdoor.gateway.masked import masked_path
from chatdoor.gateway.openai.chat import ChatCompletion, ChatRequest
from chatdoor.gateway.openai.completions import Completion, CompletionRequest
from chatdoor.gateway.openai.conversations import Conversation, ConversationRequest, Deleted, ItemList, ListQuery
from chatdoor.gateway.openai.errors import NO_RETRY
from chatdoor.gateway.openai.models import Model, ModelList
from chatdoor.gateway.openai.responses import Response, ResponseQuery, ResponseRequest
from chatdoor.gateway.problem import Problem
from chatdoor.gateway.route import Methods, Route
from chatdoor.gateway.state import State


def _get(route: Route) -> Methods:
    return {"GET": route, "HEAD": route}


PATHS: Final[Mapping[bytes, Methods]] = {
    b"/v1/chat/completions": {
        "POST": Route(chat_completions, prompts=True, takes=ChatRequest, gives=ChatCompletion, streams=True)
    },
    b"/v1/completions": {
        "POST": Route(completions, prompts=True, takes=CompletionRequest, gives=Completion, streams=True)
    },
    b"/v1/conversations": {
        "POST": Route(new_conversation, prompts=True, takes=ConversationRequest, gives=Conversation)
    },
    b"/v1/models": _get(Route(some_models, gives=ModelList)),
    b"/v1/chatdoor/state": _get(Route(site_states, gives=Told)),
    b"/": _get(Route(front_page, open=True, media="text/html", also=UNCHANGED)),
    b"/v1/responses": {"POST": Route(responses, prompts=True, takes=ResponseRequest, gives=Response, streams=True)},
    b"/health": _get(Route(health, open=True, always=True, sees_key=True, gives=Health)),
    b"/livez": _get(Route(live, open=True, always=True, gives=Alive)),
    b"/readyz": _get(Route(ready, open=True, always=True, gives=Alive)),
    b"/metrics": _get(Route(metrics, open=True, always=True, sees_key=True, media=METRICS_TYPE)),
    b"/openapi.json": _get(Route(description_of(lambda: ALL), open=True)),
}
"""Path as it was sent -> its methods."""

BELOW: Final[Mapping[tuple[bytes, bytes], Methods]] = {
    (b"/page/", b""): _get(Route(page_file, open=True, media="*/*", also=UNCHANGED)),
    (b"/v1/models/", b""): _get(Route(one_model, gives=Model)),
    (b"/v1/responses/", b"/input_items"): _get(Route(input_items, gives=ItemList, query=ListQuery)),
    (b"/v1/responses/", b""): {
        **_get(Route(one_response, gives=Response, query=ResponseQuery)),
        "DELETE": Route(delete_response, gives=Deleted),
    },
    (b"/v1/conversations/", b"/items"): _get(Route(conversation_items, gives=ItemList, query=ListQuery)),
    (b"/v1/conversations/", b""): {
        **_get(Route(one_conversation, gives=Conversation)),
        "DELETE": Route(delete_conversation, gives=Deleted),
    },
}
"""Beginnings and ends of paths, between which there is an argument; the first that fits."""


def _template(beginning: bytes, end: bytes) -> bytes:
    return b"%b{id}%b" % (beginning, end)


ALL: Final[Mapping[bytes, Methods]] = {**PATHS, **{_template(*ends): methods for ends, methods in BELOW.items()}}
"""Every path, `{id}` for its argument -> its methods."""

EVERY_METHOD: Final = ", ".join(sorted({method for methods in ALL.values() for method in methods})).encode()
"""The methods that some path has, as the header Allow names them."""

NOT_BUILT: Final = frozenset({
    *(b"assistants", b"audio", b"batches", b"containers", b"embeddings", b"evals"),
    *(b"files", b"fine_tuning", b"images", b"moderations", b"organization", b"realtime", b"skills"),
    *(b"threads", b"uploads", b"vector_stores", b"videos"),
})  # fmt: skip
"""What OpenAI has below /v1/ and a web chatbot has not: the first part of the path."""

_NOT_BUILT: Final = re.compile(
    rb"/v1/(?:responses/(?:compact|input_tokens|[^/]+/cancel)|conversations/[^/]+/items/[^/]+|chat/completions/.+)"
).fullmatch
"""What it has besides, among what is built here."""


def find_methods(exchange: Exchange) -> Methods:
    """The methods of the request's path. Raises Problem: 404, or 501 for what only OpenAI itself has."""
    path = exchange.path
    if found := PATHS.get(path):
        exchange.route = path.decode()
        return found
    not_built = _NOT_BUILT(path)
    for (beginning, end), methods in () if not_built else BELOW.items():
        if path.startswith(beginning) and path.endswith(end) and len(path) > len(beginning) + len(end):
            exchange.route = _template(beginning, end).decode()
            exchange.tail = path[len(beginning) : len(path) - len(end)]
            return methods
    shown = masked_path(path[:80].decode("ascii", "replace"))
    if not_built or (path.startswith(b"/v1/") and path.split(b"/", 3)[2] in NOT_BUILT):
        raise Problem(501, f"{shown} is not part of this gateway: a web chatbot has nothing to answer it with.",
                      code="not_implemented", headers=(NO_RETRY,))  # fmt: skip
    raise Problem(404, f"Unknown path: {shown}.", code="unknown_url")


async def options(state: State, exchange: Exchange) -> None:
    """Tells the methods of the path; of `*`, which stands for all (RFC 9110, section 9.3.7), those of any path."""
    methods = EVERY_METHOD if exchange.path == b"*" else allow(find_methods(exchange))
    await state.guard.answer_options(exchange, methods)


OPTIONS: Final = Route(options, open=True, always=True)
"""What answers this method, whatever the path."""


def find_route(exchange: Exchange) -> Route:
    """What answers the request. Raises Problem: 405, and as `find_methods` does."""
    if exchange.method == "OPTIONS":
        return OPTIONS
    methods = find_methods(exchange)
    if route := methods.get(exchange.method):
        return route
    allowed = allow(methods)
    problem = f"{exchange.method[:20]} is not allowed here; {allowed.decode()} is."
    raise Problem(405, problem, code="method_not_allowed", headers=(header(b"allow", allowed),))


def allow(methods: Methods) -> bytes:
    """The methods as the header Allow names them."""
    return ", ".join(methods).encode()
