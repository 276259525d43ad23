"""Requests and answers as values."""

import pytest

from chatdoor.practice.wire import Request, document, problem


def _request(**headers: str) -> Request:
    return Request(method="GET", path="/", headers={name.replace("_", "-"): text for name, text in headers.items()})


@pytest.mark.parametrize(
    ("header", "cookies"),
    [
        ("", {}),
        ("a=1", {"a": "1"}),
        ("a=1; b=2;c=3", {"a": "1", "b": "2", "c": "3"}),
        ("a=1; a=2", {"a": "1"}),
        ("a=b=c; =; flag; ;", {"a": "b=c", "": ""}),
        (' a = "1" ', {"a": '"1"'}),
    ],
)
def test_cookies_are_split(header: str, cookies: dict[str, str]) -> None:
    """Cookies are split as RFC 6265 says, values left as they are, the first of a name counts."""
    assert _request(cookie=header).cookies() == cookies


@pytest.mark.parametrize(
    ("header", "media_type"),
    [("", ""), ("text/html", "text/html"), ("Application/JSON ; charset=x", "application/json")],
)
def test_media_type_is_bare(header: str, media_type: str) -> None:
    """The type of a body is given lower-case and without parameters."""
    assert _request(content_type=header).media_type == media_type


def test_a_document_says_its_length() -> None:
    """A document has its type, its length, and the headers it was given, in that order."""
    made = document(200, "text/plain", "é".encode(), ("X-A", "1"))
    assert made.headers[:2] == (("Content-Type", "text/plain"), ("Content-Length", "2"))
    assert made.headers[-1] == ("X-A", "1")
    assert (made.body, made.wait, made.pause, made.broken) == (("é".encode(),), 0.0, 0.0, False)


def test_a_problem_is_a_json_object() -> None:
    """An error is a JSON object with one text, and no cache keeps it."""
    made = problem(400, 'no "x"')
    assert made.body == (b'{"error":"no \\"x\\""}',)
    assert ("Cache-Control", "no-store") in made.headers
