"""The practice site: a request in, an answer out. No socket, no clock."""

from collections.abc import Callable, Mapping
from urllib.parse import parse_qsl

from chatdoor.errors import ArgumentError
from chatdoor.practice.behaviour import EXPIRE, FAULTS
from chatdoor.practice.chat import answer_prompt
from chatdoor.practice.origin import is_from_here
from chatdoor.practice.page import ASSETS, PAGE_HEADERS, asset, chat_page
from chatdoor.practice.prompts import read_object
from chatdoor.practice.state import State
from chatdoor.practice.tokens import CARRIERS, VISITOR_COOKIE, token_headers, visitor_header
from chatdoor.practice.wire import (
    CHAT_PATH,
    HTML,
    SESSION_PATH,
    Answer,
    Request,
    document,
    json_document,
    problem,
)

QUERY_FIELDS_MOST = 100

Route = Callable[[Request, State], Answer]


def answer(request: Request, state: State) -> Answer:
    """The site's answer to a request: 404 for a path it does not have, 405 for a method that the path does not have."""
    methods = ROUTES.get(request.path)
    if methods is None:
        return problem(404, "there is no such page")
    route = methods.get("GET" if request.method == "HEAD" else request.method)
    if route is None:
        return problem(405, "this page does not take that", ("Allow", ", ".join(methods)))
    return route(request, state)


def _page(request: Request, state: State) -> Answer:
    state.counts.pages += 1
    kind = state.behaviour.token
    visitor = state.visitors.admit(request.cookies().get(VISITOR_COOKIE))
    on_page = kind not in {"json", "none"}
    token = _token(visitor, state) if on_page else ""
    headers = (*PAGE_HEADERS, visitor_header(visitor), *token_headers(kind, token))
    return document(200, HTML, chat_page(state.behaviour, token), *headers)


def _session(request: Request, state: State) -> Answer:
    key = CARRIERS[state.behaviour.token].key
    if not key:
        return problem(404, "the token of this site stands elsewhere")
    visitor = state.visitors.admit(request.cookies().get(VISITOR_COOKIE))
    return json_document(200, {key: _token(visitor, state)}, visitor_header(visitor))


def _token(visitor: str, state: State) -> str:
    return state.visitors.renew(visitor) if state.behaviour.rotate else state.visitors.token(visitor)


def _asset(request: Request, _state: State) -> Answer:
    media_type, body = asset(request.path)
    return document(200, media_type, body, ("Cache-Control", "no-cache"))


def _stats(_request: Request, state: State) -> Answer:
    return json_document(200, state.stats())


def _health(_request: Request, _state: State) -> Answer:
    return json_document(200, {"ok": True})


def _show_faults(request: Request, state: State) -> Answer:
    if request.query:
        return problem(405, "faults are changed by POST", ("Allow", "POST"))
    return json_document(200, state.behaviour.faults())


def _change_faults(request: Request, state: State) -> Answer:
    """Changes faults by the query, a JSON object in the body, or both. Only for programs and pages of this machine."""
    if not is_from_here(request):
        return problem(403, "faults are changed from this machine only")
    try:
        changes = _read_query(request.query)
        if request.body:
            changes.update(read_object(request.body))
        state.change(changes)
    except ArgumentError as error:
        return problem(400, str(error))
    return json_document(200, state.behaviour.faults())


def _read_query(query: str) -> dict[str, object]:
    readers = {option.name: option.read for option in (*FAULTS, EXPIRE)}
    try:
        pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=QUERY_FIELDS_MOST)
    except ValueError:
        raise ArgumentError("the query has too many fields") from None
    return {name: readers[name](text) if name in readers else text for name, text in pairs}


ROUTES: Mapping[str, Mapping[str, Route]] = {
    "/": {"GET": _page},
    SESSION_PATH: {"GET": _session},
    CHAT_PATH: {"POST": answer_prompt},
    "/stats": {"GET": _stats},
    "/faults": {"GET": _show_faults, "POST": _change_faults},
    "/healthz": {"GET": _health},
    **{path: {"GET": _asset} for path in ASSETS},
}
"""What the site has: path, then method."""
