"""Every named value of an exchange."""

import time

import pytest

from chatdoor.discover.leaves import Leaf, answer_leaves, frame_leaves, leaves, request_leaves, text_leaves, url_leaves
from chatdoor.discover.recording import Answer, Body, Exchange, Frame, Request


def of(text: str, kind: str = "") -> list[tuple[str, str, str]]:
    """Place, name and value of each."""
    return [(leaf.where, leaf.name, leaf.value) for leaf in text_leaves(text, kind)]


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        ("application/json", '{"a": {"b": ["x", 7, null, true]}}', [("json", "a.b.0", "x"), ("json", "a.b.1", "7")]),
        ("application/json", ")]}'\n{\"a\": \"x\"}", [("json", "a", "x")]),
        ("", '42["say",{"a":"x"}]', [("json", "0", "say"), ("json", "1.a", "x")]),
        ("application/x-ndjson", '{"a":"x"}\n{"a":"y"}\n', [("json", "0.a", "x"), ("json", "1.a", "y")]),
        ("", '{"in": "{\\"a\\": \\"x\\"}"}', [("json", "in", '{"a": "x"}'), ("json", "in.a", "x")]),
        ("application/x-www-form-urlencoded", "a=x+y&b=%7B", [("form", "a", "x y"), ("form", "b", "{")]),
        ("text/event-stream", 'event: t\ndata: {"v": "x"}\n\ndata: hi\n\n',
         [("event", "event", "t"), ("json", "v", "x"), ("event", "data", "hi")]),
        ("text/html", '<meta name="csrf-token" content="a&amp;b"><input type=hidden name=t value=v>',
         [("attribute", "name", "csrf-token"), ("meta", "csrf-token", "a&b"), ("attribute", "type", "hidden"),
          ("attribute", "name", "t"), ("input", "t", "v")]),
        ("text/html", "<div data-p='{\"id\": \"x\"}'>",
         [("attribute", "data-p", '{"id": "x"}'), ("json", "data-p.id", "x")]),
        ("text/html", '<script type="application/json">{"n": "x"}</script><script>let nonce = "a\\u0062\\n";</script>',
         [("attribute", "type", "application/json"), ("json", "n", "x"), ("script", "nonce", "ab\n")]),
        ("text/javascript", "var t={csrf:'x',b:\"y\"}", [("script", "csrf", "x"), ("script", "b", "y")]),
        ("text/plain", "Hello", [("text", "", "Hello")]),
        ("text/plain", "", []),
        ("application/json", '{"cut": "of', [("script", "", "cut")]),
    ],
)  # fmt: skip
def test_a_text_is_taken_apart_by_its_kind(kind: str, text: str, expected: list[tuple[str, str, str]]) -> None:
    """Names are those by which a site file would speak of the value."""
    assert of(text, kind) == expected


def test_a_url_is_taken_apart() -> None:
    """All parts that can hold a secret, decoded."""
    found = [(leaf.where, leaf.name, leaf.value) for leaf in url_leaves("https://me:pw%21@a.org/c/%C3%A9?q=a+b&k=1#f")]
    assert found == [
        ("userinfo", "user", "me"), ("userinfo", "password", "pw!"), ("path", "0", "c"), ("path", "1", "é"),
        ("query", "q", "a b"), ("query", "k", "1"), ("fragment", "", "f"),
    ]  # fmt: skip
    assert [leaf.value for leaf in url_leaves("/chat/7?x=y")] == ["chat", "7", "y"]
    assert list(url_leaves("")) == []


def test_both_sides_of_an_exchange_and_its_frames_are_there() -> None:
    """Cookies once, as cookies; fields of a form once, as fields."""
    request = Request(
        "POST",
        "https://a.org/c",
        headers=(("cookie", "s=1"), ("x-t", "2")),
        cookies=(("s", "1"),),
        fields=(("m", "3"),),
    )
    answer = Answer(
        302, cookies=(("s", "4"),), headers=(("set-cookie", "s=4"),), redirect="/d/5", body=Body(content="6")
    )
    exchange = Exchange(0, request, answer, frames=(Frame(True, '["7"]'), Frame(False, b"8")))
    assert [leaf.value for leaf in request_leaves(request)] == ["c", "1", "2", "3"]
    assert [leaf.value for leaf in answer_leaves(answer)] == ["4", "d", "5", "6"]
    assert [leaf.value for leaf in leaves(exchange)] == ["c", "1", "2", "3", "4", "d", "5", "6", "7"]
    assert list(frame_leaves(exchange.frames[1])) == []


def test_the_key_of_a_leaf_is_no_position() -> None:
    """`content` of `messages.0.content`, `tags` of `tags.0`."""
    assert [Leaf("json", name, "").key for name in ("messages.0.content", "tags.0", "a")] == ["content", "tags", "a"]


@pytest.mark.parametrize(
    "text",
    ["[" * 50_000, '{"a":' * 50_000, "<a " * 80_000, "<a b='" * 80_000, "<script>" * 50_000, '"' * 200_000,
     "'\\" * 80_000, "a=" * 200_000, "<!--" * 80_000, '"a":' * 80_000],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["", "text/html", "text/javascript", "application/json"])
def test_hostile_texts_take_little_time(kind: str, text: str) -> None:
    """Some hundred kilobytes of what opens and never closes takes less than 3 seconds."""
    began = time.process_time()
    for _ in text_leaves(text, kind):
        pass
    assert time.process_time() - began < 3
