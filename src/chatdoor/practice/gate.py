"""Signing in to a practice site, and who has done so."""

from collections.abc import Callable, Mapping

from chatdoor.errors import ArgumentError
from chatdoor.practice.behaviour import Login
from chatdoor.practice.forms import read_form
from chatdoor.practice.logins import are_right
from chatdoor.practice.page import PAGE_HEADERS, forbidden_page, login_page
from chatdoor.practice.prompts import read_json
from chatdoor.practice.state import State
from chatdoor.practice.tokens import VISITOR_COOKIE, refusal, token_headers, visitor_header
from chatdoor.practice.wire import HTML, LOGIN_PATH, Answer, Request, document, json_document, problem, see_other

_BEARER = "Bearer "


def stopped(request: Request, state: State) -> Answer | None:
    """The answer to somebody who has to sign in first; None for who may pass."""
    return _GATES[state.behaviour.login](request, state)


def show_login(request: Request, state: State) -> Answer:
    """The page to sign in on; 404 where nobody does so by a page."""
    if state.behaviour.login != "form":
        return problem(404, "nobody signs in on a page here")
    return _login_page(_admitted(request, state), state, "")


def sign_in(request: Request, state: State) -> Answer:
    """The answer to credentials: as the site signs in, and 404 where it does not."""
    enter = _ENTRIES.get(state.behaviour.login)
    if enter is None:
        return problem(404, "nobody signs in here")
    if reason := _reason(request, state):
        state.counts.refused += 1
        return document(403, HTML, forbidden_page(reason))
    try:
        return enter(request, state)
    except ArgumentError as error:
        return problem(400, str(error))


def _reason(request: Request, state: State) -> str:
    """Why this visitor may not sign in. One who is new may, where there are no tokens."""
    behaviour = state.behaviour
    if behaviour.token == "none":
        return ""
    return refusal(request, behaviour, state.visitors, anywhere=True)


def leave(_request: Request, _state: State) -> Answer:
    """Lets a visitor go, and with the cookie all that the site knows them by."""
    return json_document(200, {"left": True}, ("Set-Cookie", f"{VISITOR_COOKIE}=; Path=/; Max-Age=0"))


def _by_form(request: Request, state: State) -> Answer:
    fields = read_form(request)
    visitor = _admitted(request, state)
    if not are_right(fields.get("user"), fields.get("password")):
        return _login_page(visitor, state, "That is not the user and the password.")
    state.logins.enter(visitor)
    return see_other("/", *_new_headers(visitor, state))


def _by_json(request: Request, state: State) -> Answer:
    fields = read_json(request)
    if not are_right(fields.get("user"), fields.get("password")):
        return problem(401, "that is not the user and the password")
    visitor = _admitted(request, state)
    return json_document(200, {"token": state.logins.bearer()}, *_new_headers(visitor, state))


def _admitted(request: Request, state: State) -> str:
    return state.visitors.admit(request.cookies().get(VISITOR_COOKIE))


def _new_headers(visitor: str, state: State) -> tuple[tuple[str, str], ...]:
    """The headers of a visitor who has just signed in. The token from before is no longer good."""
    kind = state.behaviour.token
    tokens = () if kind == "none" else token_headers(kind, state.visitors.renew(visitor))
    return (visitor_header(visitor), *tokens)


def _login_page(visitor: str, state: State, notice: str) -> Answer:
    behaviour = state.behaviour
    token = "" if behaviour.token == "none" else state.visitors.token(visitor)
    headers = (*PAGE_HEADERS, visitor_header(visitor), *token_headers(behaviour.token, token))
    return document(200, HTML, login_page(behaviour, token, notice), *headers)


def _by_cookie(request: Request, state: State) -> Answer | None:
    is_in = state.logins.is_in(request.cookies().get(VISITOR_COOKIE, ""))
    return None if is_in else see_other(LOGIN_PATH)


def _by_bearer(request: Request, state: State) -> Answer | None:
    given = request.headers.get("authorization", "")
    if given.startswith(_BEARER) and state.logins.is_in(given.removeprefix(_BEARER)):
        return None
    return problem(401, "sign in first", ("WWW-Authenticate", "Bearer"))


_GATES: Mapping[Login, Callable[[Request, State], Answer | None]] = {
    "none": lambda _request, _state: None,
    "form": _by_cookie,
    "json": _by_bearer,
}
_ENTRIES: Mapping[Login, Callable[[Request, State], Answer]] = {"form": _by_form, "json": _by_json}
