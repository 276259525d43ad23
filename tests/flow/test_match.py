"""Matches: what an answer has to be like."""

import pytest

from chatdoor.flow.answer import Answer
from chatdoor.flow.effects import Head, Moment
from chatdoor.flow.match import fits
from tests.flow.script import site_of

PAGE = '<h1 class="title">Session expired</h1>'


def _answer(body: str, *headers: tuple[str, str], status: int = 200, path: str = "/chat") -> Answer:
    head = Head(status, headers, f"https://bot.example{path}", Moment(0.0, 0.0))
    return Answer(head, body.encode())


FITS = [
    ("status = 403", _answer("", status=403), True),
    ("status = 403", _answer("", status=401), False),
    ('status = ["5xx", 403]', _answer("", status=503), True),
    ('type = "text/html"', _answer("", ("content-type", "Text/HTML; charset=utf-8")), True),
    ('type = "text/html"', _answer(PAGE), False),
    ('text = ["gone", "expired"]', _answer(PAGE), True),
    ('text = "Expired"', _answer(PAGE), False),
    ('css = "h1.title"', _answer(PAGE), True),
    ('css = ["h2", "h1.title"]', _answer(PAGE), True),
    ('css = "h2"', _answer(PAGE), False),
    ('css = "p"', _answer("{}"), False),
    ('json = { code = "expired" }', _answer('{"code": "expired"}'), True),
    ('json = { code = ["x", "expired"] }', _answer('{"code": "expired"}'), True),
    ('json = { code = "expired" }', _answer("expired"), False),
    ("json = { ok = 1 }", _answer('{"ok": true}'), False),
    ('status = 200, text = "expired"', _answer(PAGE), True),
    ('status = 403, text = "expired"', _answer(PAGE), False),
    ('url = "/chat"', _answer("", path="/chat?a=/b"), True),
    ('url = "/chat"', _answer("", path="/chat/"), False),
    ('url = "/"', _answer("", path=""), True),
    ('url = "/"', _answer("", path="?next=/chat"), True),
    ('url = "/login*"', _answer("", path="/login"), True),
    ('url = "/login*"', _answer("", path="/login/step/2"), True),
    ('url = "*/login"', _answer("", path="/a/login"), True),
    ('url = "*/login*"', _answer("", path="/login"), True),
    ('url = "/*/login"', _answer("", path="/login"), False),
    ('url = "/a*a"', _answer("", path="/a"), False),
    ('url = "/a*b*c"', _answer("", path="/axbxc"), True),
    ('url = "/a*b*c"', _answer("", path="/axcxb"), False),
    ('url = "/a.c"', _answer("", path="/abc"), False),
    ('url = "*"', _answer("", path="/any"), True),
    ('url = "/?expired"', _answer("", ("location", "/?expired"), status=302), True),
    ('url = "/?expired"', _answer("", ("location", "/"), status=302), False),
    ('url = "/?expired"', _answer("", ("location", "/?expired=1"), status=302), False),
    ('url = "/*?*reason=old*"', _answer("", path="/login?next=/&reason=old&x=1"), True),
    ('url = "/?*"', _answer("", path="/"), False),
    ('url = "/login"', _answer("", ("location", "/login?next=/"), status=302), True),
    ('url = "/login"', _answer("", ("location", "https://other.example/login"), status=302), True),
    ('url = "/login"', _answer("", ("location", "/login")), False),
    ('url = "/chat"', _answer("", ("location", "/login"), status=302), True),
    ('url = "/login"', _answer("", ("location", "http://[::1"), status=302), False),
    ('url = "/login"', _answer("", status=302), False),
]


@pytest.mark.parametrize(("match", "answer", "fitting"), FITS)
def test_all_keys_of_a_match_hold(match: str, answer: Answer, fitting: bool) -> None:
    """Each key says one thing about the answer; of a list, any holds; of the keys, all do."""
    (compiled,) = site_of(f"refused = {{ {match} }}").refused
    assert fits(compiled, answer) is fitting


def test_a_pattern_takes_no_time() -> None:
    """Many stars and a long path: each part is looked for once."""
    (match,) = site_of(f'refused = {{ url = "/{"*a" * 30}b" }}').refused
    assert not fits(match, _answer("", path="/" + "a" * 100_000))
