"""The practice site: a request in, an answer out. No socket, no clock."""

from collections.abc import Callable, Mapping
from urllib.parse import parse_qsl

from chatdoor.errors import ArgumentError
from chatdoor.practice.behaviour import DEEDS, FAULTS
from chatdoor.practice.chat import answer_prompt, start_conversation
from chatdoor.practice.gate import leave, show_login, sign_in, stopped
from chatdoor.practice.jobs import show_job
from chatdoor.practice.origin import is_from_here, is_to_here
from chatdoor.practice.page import ASSETS, PAGE_HEADERS, asset, chat_page
from chatdoor.practice.prompts import read_object
from chatdoor.practice.state import State
from chatdoor.practice.tokens import CARRIERS, VISITOR_COOKIE, token_headers, visitor_header
from chatdoor.practice.wire import (
    CHAT_PATH,
    HTML,
    JOBS_PATH,
    LOGIN_PATH,
    SESSION_PATH,
    START_PATH,
    WEBSOCKET,
    Answer,
    Request,
    document,
    json_document,
    problem,
)

QUERY_FIELDS_MOST = 100

Route = Callable[[Request, State], Answer]


def answer(request: Request, state: State) -> Answer:
    """The site's answer to a request.

    421 for a host that is not this site, 404 for a path that it does not have, 405 for a method that the path does not
    have.
    """
    if not is_to_here(request):
        return problem(421, "this site answers to the names of this machine only, such as localhost, with its own port")
    methods = ROUTES.get(JOBS_PATH if request.path.startswith(JOBS_PATH) else request.path)
    if methods is None:
        return problem(404, "there is no such page")
    route = methods.get("GET" if request.method == "HEAD" else request.method)
    if route is None:
        return problem(
            405, "this page does not take that", ("Allow", ", ".join(name for name in methods if name != WEBSOCKET))
        )
    return route(request, state)


def _page(request: Request, state: State) -> Answer:
    state.counts.pages += 1
    kind = state.behaviour.token
    if state.behaviour.login == "form" and (wait := stopped(request, state)):
        return wait
    visitor = state.visitors.admit(request.cookies().get(VISITOR_COOKIE))
    on_page = kind not in {"json", "none"}
    token = _token(visitor, state) if on_page else ""
    headers = (*PAGE_HEADERS, visitor_header(visitor), *token_headers(kind, token))
    return document(200, HTML, chat_page(state.behaviour, token), *headers)


def _chat(request: Request, state: State) -> Answer:
    if state.behaviour.reply == "websocket":
        return _framed(request, state)
    wanted = "GET" if state.behaviour.body == "query" else "POST"
    if request.method != wanted:
        return problem(405, f"this site takes a prompt by {wanted}", ("Allow", wanted))
    return answer_prompt(request, state)


def _framed(request: Request, state: State) -> Answer:
    if request.method == WEBSOCKET:
        return answer_prompt(request, state)
    return problem(426, "this site takes a prompt by a websocket", ("Upgrade", "websocket"))


def _job(request: Request, state: State) -> Answer:
    return show_job(request, state.jobs)


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
    return json_document(200, {**state.stats(), "heard": state.conversations.heard()})


def _health(_request: Request, _state: State) -> Answer:
    return json_document(200, {"ok": True})


def _show_faults(request: Request, state: State) -> Answer:
    if request.query:
        return problem(405, "faults are changed by POST", ("Allow", "POST"))
    return json_document(200, state.behaviour.faults())


def _change_faults(request: Request, state: State) -> Answer:
    """Changes faults by the query, a JSON object in the body, or both. For this machine and the site's page only."""
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
    readers = {option.name: option.read for option in (*FAULTS, *DEEDS)}
    try:
        pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=QUERY_FIELDS_MOST)
    except ValueError:
        raise ArgumentError("the query has too many fields") from None
    return {name: readers[name](text) if name in readers else text for name, text in pairs}


ROUTES: Mapping[str, Mapping[str, Route]] = {
    "/": {"GET": _page},
    SESSION_PATH: {"GET": _session},
    LOGIN_PATH: {"GET": show_login, "POST": sign_in},
    "/leave": {"POST": leave},
    START_PATH: {"POST": start_conversation},
    CHAT_PATH: {"GET": _chat, "POST": _chat, WEBSOCKET: _framed},
    JOBS_PATH: {"GET": _job},
    "/stats": {"GET": _stats},
    "/faults": {"GET": _show_faults, "POST": _change_faults},
    "/healthz": {"GET": _health},
    **{path: {"GET": _asset} for path in ASSETS},
}
"""What the site has: path, then method. Whatever begins with the path of jobs is one."""
