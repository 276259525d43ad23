"""Bodies: what a parser on the other side reads is what went in."""

import io
import json
from urllib.parse import parse_qsl, unquote, urlsplit

import django
import pytest
from django.conf import settings
from django.http.multipartparser import MultiPartParser
from hypothesis import example, given
from hypothesis import settings as trying
from hypothesis import strategies as st

from chatdoor.errors import ArgumentError
from chatdoor.flow.effects import Request
from chatdoor.flow.request import MAX_URL_CHARS, build_request
from chatdoor.flow.session import Session
from chatdoor.site import Site
from tests.flow.script import header, site_of

PROMPTS = [
    'a "quoted" {csrf} {{x}}\n\r\t\\ é \U0001f600 </script>',
    "a=1&b=2+3%20%00;\0\x7f",
    "\u202eright to left\u202c",
    '--chatdoor\r\n--chatdoor--\r\nContent-Disposition: form-data; name="p"\r\n\r\n',
    "\r\n",
    "\n",
    " ",
    "",
    "long " * 200_000,
]
"""What a person may write, and what breaks careless encoders. The last has 1 MB."""

TEXT = st.text(st.characters(codec="utf-8") | st.sampled_from('"%&+={}\r\n\0-'))


def _site(chat: str, post: str = "/c") -> Site:
    return site_of("[conversation]\nhistory = 'none'", chat=chat, post=post)


SITES = {
    "json": _site('json = { p = "{prompt}", "k{prompt}" = 1 }'),
    "form": _site('form = { p = "{prompt}", "k{prompt}" = 1 }'),
    "multipart": _site('multipart = { p = "{prompt}", n = 1, nothing = "{seed?}" }'),
    "text": _site('text = "{prompt}"'),
    "query": _site('query = { p = "{prompt}", "k{prompt}" = 1 }'),
    "path": _site("", "/c/{prompt}/x?q={prompt}"),
    "header": _site('headers = { X-P = "{prompt}" }'),
}


def _request(site: Site, prompt: str) -> Request:
    session = Session(generation=1, opened=0.0)
    return build_request(site, site.chat[-1], session, {"prompt": prompt, "model": "m"}, accept="json")


def _request_or_refusal(kind: str, prompt: str) -> Request | str:
    """The request, or what is said of a prompt that can not be sent."""
    try:
        return _request(SITES[kind], prompt)
    except ArgumentError as error:
        return error.problem


def _read_multipart(request: Request) -> dict[str, list[str]]:
    """The fields, as Django reads them."""
    if not settings.configured:
        settings.configure(DATA_UPLOAD_MAX_MEMORY_SIZE=None)
        django.setup()
    body = request.body or b""
    meta = {"CONTENT_TYPE": header(request, "content-type"), "CONTENT_LENGTH": len(body)}
    fields, files = MultiPartParser(meta, io.BytesIO(body), [], "utf-8").parse()
    assert not files
    return {name: fields.getlist(name) for name in fields}


def _prompts(test: object) -> object:
    for prompt in PROMPTS:
        test = example(prompt)(test)  # type: ignore[arg-type]
    return trying(deadline=None)(given(TEXT)(test))  # type: ignore[arg-type]


@_prompts
def test_json(prompt: str) -> None:
    """A prompt is a string of the document, and of its keys."""
    assert json.loads(_request(SITES["json"], prompt).body or b"") == {"p": prompt, f"k{prompt}": 1}


@_prompts
def test_a_form(prompt: str) -> None:
    """A prompt is a field, or a part of a field's name; line breaks stay as they are."""
    body = (_request(SITES["form"], prompt).body or b"").decode("ascii")
    fields = parse_qsl(body, keep_blank_values=True, strict_parsing=True, errors="strict")
    assert fields == [("p", prompt), (f"k{prompt}", "1")]


@_prompts
def test_multipart(prompt: str) -> None:
    """Django reads each field as it is, and a field without a value is not there."""
    assert _read_multipart(_request(SITES["multipart"], prompt)) == {"p": [prompt], "n": ["1"]}


@_prompts
def test_text(prompt: str) -> None:
    """The body is the prompt, in UTF-8, and says so."""
    request = _request(SITES["text"], prompt)
    assert (request.body or b"").decode() == prompt
    assert header(request, "content-type") == "text/plain; charset=UTF-8"


@_prompts
def test_a_query(prompt: str) -> None:
    """A prompt is one parameter, or refused because no URL is that long."""
    request = _request_or_refusal("query", prompt)
    if isinstance(request, str):
        assert len(prompt) * 24 > MAX_URL_CHARS
        assert "the URL would have" in request
        return
    query = parse_qsl(urlsplit(request.url).query, keep_blank_values=True, strict_parsing=True, errors="strict")
    assert query == [("p", prompt), (f"k{prompt}", "1")]


@_prompts
@example(".")
@example("..")
def test_a_path(prompt: str) -> None:
    """A prompt is one segment, or refused because it would lead elsewhere or no URL is that long."""
    request = _request_or_refusal("path", prompt)
    if isinstance(request, str):
        assert prompt in {".", ".."} or len(prompt) * 24 > MAX_URL_CHARS
        assert ("another path" if prompt in {".", ".."} else "the URL would have") in request
        return
    parts = urlsplit(request.url)
    assert [unquote(segment, errors="strict") for segment in parts.path.split("/")] == ["", "c", prompt, "x"]
    assert parts.query.startswith("q=")
    assert unquote(parts.query.removeprefix("q="), errors="strict") == prompt


@_prompts
@example("plain ASCII, 100 %")
@example(" a")
def test_a_header(prompt: str) -> None:
    """A prompt is the whole value, or refused because no header holds it."""
    request = _request_or_refusal("header", prompt)
    if isinstance(request, str):
        assert "no header may hold" in request
        assert not prompt.isascii() or not prompt.isprintable() or prompt != prompt.strip(" ")
        return
    assert header(request, "x-p") == prompt == prompt.strip(" \t").encode("ascii").decode()


def test_names_of_fields_are_written_as_browsers_write_them() -> None:
    """A quote and line breaks are escaped, so that no header ends early; a percent sign is not."""
    site = _site('multipart = { "{prompt}" = "x" }')
    body = _request(site, 'é"\r\n%22').body or b""
    assert b'Content-Disposition: form-data; name="\xc3\xa9%22%0D%0A%22"\r\n\r\nx\r\n' in body


def test_the_boundary_is_short_enough() -> None:
    """It has at most 70 characters, since parsers may refuse a longer one (RFC 2046, section 5.1.1)."""
    site = _site('multipart = { p = "{prompt}" }')
    boundary = str(header(_request(site, "x"), "content-type")).partition("boundary=")[2]
    assert 60 < len(boundary) <= 70


def test_the_boundary_follows_from_the_content() -> None:
    """The same content has the same bytes; another has another boundary, also where its parts run on."""
    site = _site('multipart = { a = "{prompt}", b = "{model}" }')
    kinds = {header(_request(site, prompt), "content-type") for prompt in ("x", "x", "xm")}
    assert len(kinds) == 2
    assert _read_multipart(_request(site, "x")) == {"a": ["x"], "b": ["m"]}


def test_an_empty_multipart_body() -> None:
    """Without fields, the closing boundary stands alone."""
    site = _site('multipart = { a = "{seed?}" }\nquery = { p = "{prompt}" }')
    assert _read_multipart(_request(site, "x")) == {}


@pytest.mark.parametrize("kind", ["json", "form", "multipart", "text", "query", "path"])
def test_half_a_surrogate_pair_is_refused(kind: str) -> None:
    """It is no text in any encoding, and the error says so."""
    with pytest.raises(ArgumentError, match="half a surrogate pair"):
        _request(SITES[kind], "\ud83d")


PLAIN = [
    ('text = "Q: {prompt}"', b"Q: x"),
    ('text = "{messages}"', b'[{"role":"user"}]'),
    ('text = "{conversation}"\nquery = { p = "{prompt}" }', b""),
]


@pytest.mark.parametrize(("chat", "body"), PLAIN)
def test_values_in_plain_text(chat: str, body: bytes) -> None:
    """A list is its JSON; an id that is not there yet is nothing."""
    site = site_of("" if "messages" in chat else "[conversation]\nhistory = 'none'", chat=chat)
    values = {"prompt": "x", "messages": [{"role": "user"}]}
    assert build_request(site, site.chat[-1], Session(generation=1, opened=0.0), values, accept="json").body == body
