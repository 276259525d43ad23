"""Values in answers, by each source of the language."""

import pytest

from chatdoor.flow.answer import Answer
from chatdoor.flow.cookies import Cookie, Jar
from chatdoor.flow.effects import Head, Moment
from chatdoor.flow.extract import take
from tests.flow.script import site_of

PAGE = b"""<meta name="csrf-token" content="m&quot;1"><input type="hidden" name="token" value="i1">
<form id="chat"><input name="token" value="i2"></form><script id="state">{"auth": {"csrf": "s1", "n": 7}}</script>
<meta name="template" content="None"><div data-x="ZDE=">text</div><script>STATE = {"t": "a\\/b\\u002Bc"};</script>"""
JAR = Jar(
    (
        Cookie("plain", "c1", "bot.example"),
        Cookie("escaped", "a%20b%3D", "bot.example"),
        Cookie("json", "%7B%22t%22%3A%22j1%22%7D", "bot.example"),
        Cookie("base64", "eyJ0IjoiYjEifQ", "bot.example"),
        Cookie("url64", "-_-_", "bot.example"),
        Cookie("none", "None", "bot.example"),
        Cookie("empty", "", "bot.example"),
    )
)
HEAD = Head(
    200,
    (("x-token", "h1"), ("x-token", "h2"), ("content-type", "text/html")),
    "https://b.example/c?room=r%201",
    Moment(0, 0),
)

FOUND = [
    ('cookie = "plain"', "c1"),
    ('cookie = "escaped"', "a b="),
    ('cookie = "escaped", decode = "none"', "a%20b%3D"),
    ('cookie = "json", json = "t"', "j1"),
    ('cookie = "base64", decode = "base64", json = "t"', "b1"),
    ('cookie = "url64", decode = "base64"', None),
    ('cookie = "plain", json = "t"', None),
    ('cookie = "nowhere"', None),
    ('header = "X-Token"', "h1"),
    ('header = "X-Nothing"', None),
    ('meta = "csrf-token"', 'm"1'),
    ('meta = "nowhere"', None),
    ('input = "token"', "i1"),
    ('input = "nowhere"', None),
    ('css = "form#chat input"', "i2"),
    ('css = "form#chat input", attr = "name"', "token"),
    ('css = "div", attr = "data-x", decode = "base64"', "d1"),
    ('css = "div", decode = "base64"', None),
    ('css = "script#state", json = "auth.csrf"', "s1"),
    ('css = "script#state", json = "auth.n"', 7),
    ('css = "script#state", json = "auth"', {"csrf": "s1", "n": 7}),
    ('css = "script#state", json = "auth.nothing"', None),
    ('css = "script#state", regex = \'"csrf": "(.*?)"\'', "s1"),
    ('cookie = "escaped", regex = "(b.)"', "b="),
    ('cookie = "base64", decode = "base64", regex = "b(1)"', "1"),
    ('header = "X-Token", regex = "([0-9])"', "1"),
    ('meta = "csrf-token", regex = "([0-9])"', "1"),
    ('input = "token", regex = "([0-9])"', "1"),
    ("regex = 'data-x=\"(.+?)\"'", "ZDE="),
    ("regex = '(?s)<form.*?(s1)'", "s1"),
    ('css = "script#state", regex = \'"auth": (\\{.*?\\})\', json = "csrf"', "s1"),
    ("regex = 'STATE = (.+?);', json = \"t\"", "a/b+c"),
    ("regex = 'STATE = (.+?);', json = \"u\"", None),
    ("regex = 'div(.)', json = \"t\"", None),
    ("regex = 'no(thing)'", None),
    ("regex = 'no(thing)', json = \"t\"", None),
    ("regex = 'div( hidden)?'", None),
    ("url = 'room=(.+)'", "r%201"),
    ("url = 'room=(.+)', regex = '%20(.)'", "1"),
    ("url = 'no(thing)'", None),
    # What a template prints where it has no token.
    ('cookie = "none"', None),
    ('cookie = "empty"', None),
    ('meta = "template"', None),
]


@pytest.mark.parametrize(("source", "value"), FOUND)
def test_a_value_is_found(source: str, value: object) -> None:
    """Each place, and each pick; what is not there, or is no value, is not in the result."""
    site = site_of(f"[take]\nx = {{ {source} }}\n[headers]\nX-X = '{{x}}'")
    assert take(site.take, Answer(HEAD, PAGE), JAR) == ({} if value is None else {"x": value})


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b'{"csrf": "j1"}', "j1"),
        (b'\xef\xbb\xbf{"csrf": "j1"}', "j1"),
        (b'{"csrf": null}', None),
        (b'{"csrf": "null"}', None),
        (b'{"csrf": ""}', None),
        (b"[1]", None),
        (b"<p>", None),
        (b"", None),
        (b"[" * 10_000, None),
    ],
)
def test_a_value_in_a_json_body(body: bytes, value: object) -> None:
    """The body is the place where no other is named; what is no JSON holds none."""
    site = site_of('[take]\nx = { json = "csrf" }\n[headers]\nX-X = "{x}"')
    assert take(site.take, Answer(HEAD, body), JAR) == ({} if value is None else {"x": value})
