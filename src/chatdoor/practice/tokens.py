"""The kinds of token: how each is shown to a visitor, and where it must come back."""

from collections.abc import Mapping
from urllib.parse import parse_qs

from msgspec import Struct

from chatdoor.practice.behaviour import Behaviour, Token
from chatdoor.practice.origin import is_own_origin
from chatdoor.practice.visitors import Visitors
from chatdoor.practice.wire import Request

CSRF_COOKIE = "csrftoken"
VISITOR_COOKIE = "visitor"
FORM_FIELD = "csrf_token"
TOKEN_HEADERS = ("x-csrftoken", "x-csrf-token")  # Django's name; the name that Rails and Laravel use
FORM_FIELDS_MOST = 100


class Carrier(Struct, frozen=True):
    """How one kind of token is shown. In each text `{token}` is the token; an empty one is not sent.

    `header` goes with every answer that shows a token, `head` and `form` into these places of the page, `key` is the
    name in a JSON object.
    """

    header: tuple[str, str] = ("", "")
    head: str = ""
    form: str = ""
    key: str = ""


CARRIERS: Mapping[Token, Carrier] = {
    "cookie": Carrier(header=("Set-Cookie", f"{CSRF_COOKIE}={{token}}; Path=/; Max-Age=31449600; SameSite=Lax")),
    "meta": Carrier(head='<meta name="csrf-token" content="{token}">'),
    "input": Carrier(form=f'<input type="hidden" name="{FORM_FIELD}" value="{{token}}">'),
    "header": Carrier(header=("X-CSRF-Token", "{token}")),
    "json": Carrier(key="csrf"),
    "none": Carrier(),
}


def token_headers(kind: Token, token: str) -> tuple[tuple[str, str], ...]:
    """The headers that show a token; none where the kind has none."""
    name, text = CARRIERS[kind].header
    return ((name, text.format(token=token)),) if name else ()


def visitor_header(visitor: str) -> tuple[str, str]:
    """The header that gives a visitor its cookie."""
    return ("Set-Cookie", f"{VISITOR_COOKIE}={visitor}; Path=/; HttpOnly; SameSite=Lax")


def sent_in_form(behaviour: Behaviour) -> bool:
    """Whether the token comes back in a field of the form; otherwise it comes back in a header."""
    return behaviour.token == "input" and behaviour.body == "form"


def refusal(request: Request, behaviour: Behaviour, visitors: Visitors) -> str:
    """Why this visitor may not post, as Django words it where Django has such a reason. Empty: it may."""
    if behaviour.token == "none":
        return ""
    if not is_own_origin(request):
        return "Origin checking failed."
    cookies = request.cookies()
    visitor = cookies.get(VISITOR_COOKIE, "")
    if not visitors.knows(visitor):
        return "Visitor cookie not set." if not visitor else "Visitor not known."
    if behaviour.token == "cookie" and CSRF_COOKIE not in cookies:
        return "CSRF cookie not set."
    return _token_refusal(request, behaviour, visitors, cookies)


def _token_refusal(request: Request, behaviour: Behaviour, visitors: Visitors, cookies: Mapping[str, str]) -> str:
    given = _from_field(request) if sent_in_form(behaviour) else _from_header(request)
    if not given:
        return "CSRF token missing."
    shown = cookies[CSRF_COOKIE] if behaviour.token == "cookie" else given
    good = given == shown and visitors.holds(cookies[VISITOR_COOKIE], given)
    return "" if good else "CSRF token incorrect."


def _from_header(request: Request) -> str:
    return next((request.headers[name] for name in TOKEN_HEADERS if name in request.headers), "")


def _from_field(request: Request) -> str:
    try:
        fields = parse_qs(request.body.decode("ascii", "replace"), max_num_fields=FORM_FIELDS_MOST)
    except ValueError:  # too many fields
        return ""
    return fields.get(FORM_FIELD, [""])[0]
