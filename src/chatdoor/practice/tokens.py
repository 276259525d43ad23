"""The kinds of token: how each is shown to a visitor, and where it must come back."""

from collections.abc import Mapping

from msgspec import Struct

from chatdoor.errors import ArgumentError
from chatdoor.practice.behaviour import Behaviour, Body, Token
from chatdoor.practice.forms import read_form
from chatdoor.practice.masks import mask, unmask
from chatdoor.practice.origin import is_own_origin
from chatdoor.practice.visitors import Visitors
from chatdoor.practice.wire import Request

CSRF_COOKIE = "csrftoken"
VISITOR_COOKIE = "visitor"
FORM_FIELD = "csrf_token"


class Carrier(Struct, frozen=True):
    """How one kind of token is shown. In each text `{token}` is the token; an empty one is not sent.

    `header` goes with every answer that shows a token, `head` and `form` into these places of the page, `key` is the
    name in a JSON object. `back` are the headers in which it may come back.
    """

    header: tuple[str, str] = ("", "")
    head: str = ""
    form: str = ""
    key: str = ""
    back: tuple[str, ...] = ("x-csrftoken", "x-csrf-token")  # Django's name; the name that Rails and Laravel use


_META = '<meta name="csrf-token" content="{token}">'

CARRIERS: Mapping[Token, Carrier] = {
    "cookie": Carrier(header=("Set-Cookie", f"{CSRF_COOKIE}={{token}}; Path=/; Max-Age=31449600; SameSite=Lax")),
    "meta": Carrier(head=_META),
    "input": Carrier(form=f'<input type="hidden" name="{FORM_FIELD}" value="{{token}}">'),
    "header": Carrier(header=("X-CSRF-Token", "{token}")),
    "json": Carrier(key="csrf"),
    "script": Carrier(head='<script id="state" type="text/plain">state = {{ user: 1, csrf: "{token}" }};</script>'),
    "named": Carrier(head=f'{_META}\n  <meta name="csrf-header" content="X-XSRF-Token">', back=("x-xsrf-token",)),
    "masked": Carrier(head=_META),
    "none": Carrier(),
}


def shown(kind: Token, token: str) -> str:
    """The token as a visitor gets to see it."""
    return mask(token) if kind == "masked" else token


def token_headers(kind: Token, token: str) -> tuple[tuple[str, str], ...]:
    """The headers that show a token; none where the kind has none."""
    name, text = CARRIERS[kind].header
    return ((name, text.format(token=token)),) if name else ()


def visitor_header(visitor: str) -> tuple[str, str]:
    """The header that gives a visitor its cookie."""
    return ("Set-Cookie", f"{VISITOR_COOKIE}={visitor}; Path=/; HttpOnly; SameSite=Lax")


def sent_in_form(behaviour: Behaviour) -> bool:
    """Whether the token comes back in a field of the form; otherwise it comes back in a header."""
    return behaviour.token == "input" and behaviour.body in _FORMS


_FORMS: tuple[Body, ...] = ("form", "multipart")


def refusal(request: Request, behaviour: Behaviour, visitors: Visitors, *, anywhere: bool = False) -> str:
    """Why this visitor may not post, as Django words it where Django has such a reason. Empty: it may.

    `anywhere`: a field of a form and a header are equally good.
    """
    cookies = request.cookies()
    visitor = cookies.get(VISITOR_COOKIE, "")
    if behaviour.token == "none":
        return _stranger(visitor, visitors) if behaviour.history == "session" else ""
    if not is_own_origin(request):
        return "Origin checking failed."
    if stranger := _stranger(visitor, visitors):
        return stranger
    if behaviour.token == "cookie" and CSRF_COOKIE not in cookies:
        return "CSRF cookie not set."
    return _token_refusal(_given(request, behaviour, anywhere=anywhere), behaviour, visitors, cookies)


def _stranger(visitor: str, visitors: Visitors) -> str:
    if visitors.knows(visitor):
        return ""
    return "Visitor not known." if visitor else "Visitor cookie not set."


def _token_refusal(given: str, behaviour: Behaviour, visitors: Visitors, cookies: Mapping[str, str]) -> str:
    if not given:
        return "CSRF token missing."
    expected = cookies[CSRF_COOKIE] if behaviour.token == "cookie" else given
    plain = unmask(given) if behaviour.token == "masked" else given
    good = given == expected and visitors.holds(cookies[VISITOR_COOKIE], plain)
    return "" if good else "CSRF token incorrect."


def _given(request: Request, behaviour: Behaviour, *, anywhere: bool) -> str:
    in_form = sent_in_form(behaviour)
    field = _from_field(request) if in_form or anywhere else ""
    return field if in_form and not anywhere else field or _from_header(request, behaviour.token)


def _from_header(request: Request, kind: Token) -> str:
    return next((request.headers[name] for name in CARRIERS[kind].back if name in request.headers), "")


def _from_field(request: Request) -> str:
    try:
        return read_form(request).get(FORM_FIELD, "")
    except ArgumentError:
        return ""
