"""Secrets in clear text."""

import tomllib

import msgspec
import pytest

from chatdoor.site import file
from chatdoor.site.clear_secrets import find_clear_secret
from chatdoor.site.lines import KeyPath

OPAQUE = "a1B2c3D4e5F6g7H8i9"


def table(more: str = "", chat: str = "") -> file.SiteTable:
    """A site file with something added, as far as the grammar reads it."""
    text = f"""
schema = 1
name = "a"
url = "https://a"
{more}
[chat]
post = "/c"
{chat}
[reply]
json = "r"
"""
    return msgspec.convert(tomllib.loads(text), file.SiteTable)


@pytest.mark.parametrize(
    ("more", "path"),
    [
        ('[headers]\nAuthorization = "Bearer abc"', ("headers", "Authorization")),
        ('[headers]\nX-Api-Key = "abc"', ("headers", "X-Api-Key")),
        ('[headers]\nX-Auth-Token = "abc"', ("headers", "X-Auth-Token")),
        (f'[headers]\nX-CSRFToken = "{OPAQUE}"', ("headers", "X-CSRFToken")),
        (f'[headers]\nX-CSRF-Token = "{OPAQUE}"', ("headers", "X-CSRF-Token")),
        ('[session]\npost = "/in"\nform = { password = "x" }', ("session", "form", "password")),
        ('[[session]]\nget = "/"\n[[session]]\npost = "/in"\njson = { a = [{ Passwd = "x" }] }',
         ("session", 1, "json", "a", 0, "Passwd")),
        (f'[[conversation.start]]\npost = "/in"\nquery = {{ token = "{OPAQUE}" }}',
         ("conversation", "start", 0, "query", "token")),
        (f'[session]\nget = "/"\ncookies = {{ sessionid = "{OPAQUE}" }}', ("session", "cookies", "sessionid")),
        ('[session]\nget = "/in?lang=en&api_key=abc"', ("session", "get")),
        (f'[session]\nget = "/in?token={OPAQUE}"', ("session", "get")),
        ('[session]\npost = "/in"\njson = { userPassword = "x" }', ("session", "json", "userPassword")),
        (f'[session]\npost = "/in"\njson = {{ csrfToken = "{OPAQUE}" }}', ("session", "json", "csrfToken")),
        (f'[session]\npost = "/in"\nform = {{ csrfmiddlewaretoken = "{OPAQUE}" }}',
         ("session", "form", "csrfmiddlewaretoken")),
        ('models = ["sk-abcdefghijklmnop123"]', ("models", 0)),
        ('[take]\na = { css = "ghp_abcdefghijklmnop123" }', ("take", "a", "css")),
        ('[headers]\nX-A = "eyJhbGciOiJI.eyJzdWIiOiIx.abc"', ("headers", "X-A")),
        ('[headers]\nX-A = "AKIAIOSFODNN7EXAMPLE"', ("headers", "X-A")),
        ('[headers]\nX-A = "xoxb-1234567890-abc"', ("headers", "X-A")),
        ('[headers]\nX-A = "{a} sk-abcdefghijklmnop123"', ("headers", "X-A")),
    ],
)  # fmt: skip
def test_what_looks_like_a_secret_is_found(more: str, path: KeyPath) -> None:
    """By its key, by the prefix its vendor gives it, or because a token's key holds something opaque."""
    assert find_clear_secret(table(more)) == path


@pytest.mark.parametrize(
    "more",
    [
        '[headers]\nAuthorization = "Bearer {token}"',
        '[headers]\nX-CSRFToken = "{csrf}"',
        '[headers]\nX-CSRF = "1"',
        '[headers]\nX-CSRF-Token = "fetch"',
        '[headers]\nX-Requested-With = "XMLHttpRequest"',
        '[session]\npost = "/in"\nform = { password = "{env:BOT_PASSWORD}", user = "guest" }',
        '[session]\npost = "/in"\nform = { password = "" }',
        '[session]\nget = "/in?api_key={key}&page=1"',
        '[session]\nget = "/password/reset"',
        '[take]\npassword = { input = "password" }\ncsrf = { cookie = "csrftoken" }',
        '[take]\ncsrf_token = { input = "csrfmiddlewaretoken" }',
        'models = ["risk-assessment-with-a-long-name", "task-1234567890123456"]',
        '[messages]\nroles = { assistant = "ai" }',
    ],
)
def test_what_only_names_a_secret_is_none(more: str) -> None:
    """Values in the place of secrets, constants that every request has, and where values are found."""
    assert find_clear_secret(table(more)) is None


def test_a_body_of_any_shape_is_looked_through() -> None:
    """Lists, tables, and keys that mean something else elsewhere."""
    assert find_clear_secret(table(chat='json = { take = { password = "x" } }')) == ("chat", "json", "take", "password")
    assert find_clear_secret(table(chat='json = ["x", { secret = ["y"] }]')) == ("chat", "json", 1, "secret", 0)
    assert find_clear_secret(table(chat="json = { secret = 5, max_tokens = 10 }")) is None
