"""Sources are found where stacks have them, the likeliest first, and never hold the value itself."""

import base64

import pytest

from chatdoor.discover.draft import Line, Table
from chatdoor.discover.mend_sources import Candidate, candidates, pages_beside
from chatdoor.discover.mend_trial import HEADER, PAGE, Seen, Setter
from tests.discover.chats import OTHER, TOKEN

DRAFT = [Table("[headers]", [Line("X-CSRF-Token", "{csrf}")]), Table("[session]", [Line("get", "/")])]


def found(page: str = "", *, cookies: tuple[tuple[str, str], ...] = (), header: str = "") -> list[Candidate]:
    """The candidates for `X-CSRF-Token`, recorded as TOKEN, in what a look has seen."""
    setters = (Setter("/", tuple(name for name, _ in cookies)),)
    values: dict[str, object] = {f"{PAGE}0": page, **({f"{HEADER}0": header} if header else {})}
    return candidates(DRAFT, (), Seen(setters, cookies, values), "X-CSRF-Token", TOKEN)


PAGES = {
    "meta": (f'<meta name="csrf-token" content="{OTHER}">', {"meta": "csrf-token"}),
    "input": (f'<form><input type="hidden" name="_token" value="{OTHER}"></form>', {"input": "_token"}),
    "the right one of two": (
        f'<form id="a"><input name="_token" value="x"></form><form id="b"><input name="_token" value="{OTHER}"></form>',
        {"css": "#b input[name=_token]"},
    ),
    "attribute": (f'<body data-csrf="{OTHER}"></body>', {"css": "body", "attr": "data-csrf"}),
    "JSON in a script": (
        f'<script id="boot" type="application/json">{{"auth": {{"csrf": "{OTHER}"}}}}</script>',
        {"css": "script#boot", "json": "auth.csrf"},
    ),
    "JSON": (f'{{"data": {{"csrfToken": "{OTHER}"}}}}', {"json": "data.csrfToken"}),
}


@pytest.mark.parametrize("name", PAGES)
def test_a_place_in_a_page(name: str) -> None:
    """The source that our own reader finds it by."""
    page, source = PAGES[name]
    best = found(page if page.startswith("{") else f"<html>{page}</html>")[0]
    assert best.source == source
    assert OTHER not in str(best)


def test_a_cookie() -> None:
    """Decoded as scripts read it, as it is, or from base64, by which of these looks like what was recorded."""
    packed = base64.b64encode(OTHER.encode()).decode()
    assert found(cookies=(("lang", "en"), ("csrf", OTHER)))[0].source == {"cookie": "csrf"}
    assert found(cookies=(("state", packed),))[0].source == {"cookie": "state", "decode": "base64"}


def test_a_header() -> None:
    """Under the name by which it goes out."""
    assert found(header=OTHER)[0].source == {"header": "X-CSRF-Token"}


def test_the_likeliest_is_first() -> None:
    """A token under a token's name is before one of its kind under another; what is no such thing is not tried."""
    page = f'<html><meta name="verify" content="{TOKEN[::-1]}"><meta name="csrf-token" content="{OTHER}"></html>'
    assert [each.source for each in found(page)] == [{"meta": "csrf-token"}, {"meta": "verify"}]
    assert found('<html><meta name="viewport" content="width=device-width"></html>') == []


def test_pages_after_a_login_are_opened_again() -> None:
    """A page that the session opened before it sent something may hold another token now."""
    steps = [Table("[[session]]", [Line(verb, path)]) for verb, path in (("get", "/"), ("post", "/login"))]
    assert pages_beside(steps, ("/", "/a")) == ("/", "/a")
    assert pages_beside([*steps, steps[0]], ("/", "/a")) == ("/a",)
