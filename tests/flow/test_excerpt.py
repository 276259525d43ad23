"""Excerpts: short, on one line, with nothing secret in them, in whatever form a page repeats it."""

import html
import json
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from chatdoor.errors import RateLimited
from chatdoor.flow.answer import Answer
from chatdoor.flow.effects import Head, Moment
from chatdoor.flow.excerpt import MASK, MAX_CHARS, excerpt, mask, shorten, with_excerpt

ENCODINGS: dict[str, Callable[[str], str]] = {
    "raw": str,
    "percent": quote,
    "percent, all": lambda text: quote(text, safe=""),
    "percent, lower": lambda text: "".join(f"%{byte:02x}" for byte in text.encode()),
    "form": quote_plus,
    "html": html.escape,
    "html, decimal": lambda text: "".join(f"&#{ord(character)};" for character in text),
    "html, hex": lambda text: "".join(f"&#x{ord(character):X};" for character in text),
    "json": lambda text: json.dumps(text)[1:-1],
    "json, text": lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
    "json, slashes": lambda text: json.dumps(text)[1:-1].replace("/", "\\/"),
    "json, all": lambda text: "".join(
        f"\\u{unit:04x}" for unit in memoryview(text.encode("utf-16-le")).cast("H").tolist()
    ),
    "json in html": lambda text: html.escape(json.dumps(text)[1:-1]),
    "percent in json": lambda text: json.dumps(quote(text))[1:-1],
    "html in percent": lambda text: quote(html.escape(text)),
}
SECRETS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Z"]), min_size=4, max_size=20)


@pytest.mark.parametrize("encode", ENCODINGS.values(), ids=ENCODINGS.keys())
@given(SECRETS, st.text(max_size=10), st.text(max_size=10))
@example("a/b+c=", "", "")
@example("&lt;b%41", "%4", "1")
@example("a b c d", "x", "y")
@example('quo"te\\d', "", "")
@example("😀token", "", "")
def test_a_secret_never_shows(encode: Callable[[str], str], secret: str, before: str, after: str) -> None:
    """Neither as it is nor as it was sent, wherever it stands."""
    form = encode(secret)
    assume(not any(hidden in f"{before} {MASK} {after}" for hidden in (secret, form)))
    shown = mask(f"{before} {form} {after}", {secret})
    assert secret not in shown
    assert form not in shown


@pytest.mark.parametrize("encode", ENCODINGS.values(), ids=ENCODINGS.keys())
def test_all_of_a_secret_is_masked(encode: Callable[[str], str]) -> None:
    """No part of it is left, and what is left can be printed."""
    assert mask(f"({encode('pa/ss+w_ö&<r>d😀')})", {"pa/ss+w_ö&<r>d😀"}) == f"({MASK})"


def test_the_longest_secret_is_masked_first() -> None:
    """Of a secret that holds another one, nothing is left."""
    assert mask("abcdefgh", ["abcd", "abcdefgh"]) == MASK


def test_half_a_pair_can_be_printed() -> None:
    """An escape that is no character does not end up in a message, which could not be written then."""
    assert mask("a \\ud83d b", ()) == "a \ufffd b"


@given(st.lists(SECRETS, min_size=1, max_size=5), st.text(max_size=30))
def test_secrets_inside_each_other(secrets: list[str], text: str) -> None:
    """Where one secret holds another, or they overlap, none of them shows."""
    shown = mask(text.join(secrets), secrets)
    assert not any(secret in shown for secret in secrets if secret not in MASK)


OPAQUE = [
    ("session 0123456789abcdef0123456789abcdef here", f"session {MASK} here"),
    ("id=6f1c2b1e-8f0a-4c55-9d7e-1a2b3c4d5e6f", MASK),
    (
        "a word of twenty or more letters: internationalizations",
        "a word of twenty or more letters: internationalizations",
    ),
    ("12345678901234567890", "12345678901234567890"),
    ("short a1b2c3", "short a1b2c3"),
]


@pytest.mark.parametrize(("text", "masked"), OPAQUE)
def test_what_looks_like_a_token_is_masked(text: str, masked: str) -> None:
    """Letters and digits mixed, 20 or more without a space: whoever made it, it may be a secret."""
    assert mask(text, ()) == masked


def test_masking_takes_linear_time() -> None:
    """A run of a million letters is looked at once: it took minutes where each start was tried."""
    assert mask("a" * 1_000_000, ()) == "a" * 1_000_000


def _answer(body: str, content_type: str = "text/html", status: int = 403) -> Answer:
    return Answer(
        Head(status, (("content-type", content_type),), "https://bot.example/", Moment(0.0, 0.0)), body.encode()
    )


EXCERPTS = [
    ("text/html; charset=utf-8", "<h1>Forbidden</h1> <p>Sorry.", 'HTTP 403, text/html: "Forbidden Sorry."'),
    ("application/json", '{"error":\n "no"}', 'HTTP 403, application/json: "{"error": "no"}"'),
    ("", "no", 'HTTP 403: "no"'),
    ("text/html", " \r\n", "HTTP 403, text/html, with an empty body"),
    ("text/html", "<script>x()</script>", "HTTP 403, text/html, without text to read"),
    ("text/plain", "a\x1b[31mb\u0007\u202ec", 'HTTP 403, text/plain: "a [31mb \u202ec"'),
    ("text/plain", "it is s3cr3t!", 'HTTP 403, text/plain: "it is ***!"'),
    ("s3cr3t/plain", "no", 'HTTP 403, ***/plain: "no"'),
]


@pytest.mark.parametrize(("content_type", "body", "told"), EXCERPTS)
def test_an_excerpt(content_type: str, body: str, told: str) -> None:
    """Status, type, and what a person would read, on one line, without control characters."""
    assert excerpt(_answer(body, content_type), {"s3cr3t"}) == told


@given(st.text(max_size=400))
def test_an_excerpt_is_short(body: str) -> None:
    """At most 120 characters of the body, on one line, that can be printed."""
    line = shorten(body)
    assert len(line) <= MAX_CHARS
    assert "\n" not in line


def test_a_secret_at_the_end_of_what_is_looked_at_does_not_show() -> None:
    """A long body is cut between words, so that no half of a secret is left."""
    for body in ("x" + " " * 19_990 + "secretsecret" + " y" * 100, " " * 19_995 + "x" + " " * 19_990 + "secretsecret"):
        assert "secre" not in excerpt(_answer(body, "text/plain"), {"secretsecret"})


def test_an_error_keeps_what_it_knows() -> None:
    """An excerpt is added to the text; the wait, the site and the step stay."""
    error = RateLimited("slow down", retry_after=5.0, site="bot", step="POST /")
    told = with_excerpt(error, _answer("wait, s3cr3t", "text/plain", 429), {"s3cr3t"})
    assert str(told) == 'bot: POST /: slow down; HTTP 429, text/plain: "wait, ***"'
    assert (error.retry_after, error.site, error.step) == (5.0, "bot", "POST /")
