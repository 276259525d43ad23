"""Headers and cookies that a site file sets."""

import pytest

from chatdoor.site.headers import FORBIDDEN, read_cookies, read_headers
from chatdoor.site.problem import Problem
from chatdoor.site.template import Slot, Template


def test_names_and_values_may_hold_slots() -> None:
    """Order and spelling are kept."""
    assert read_headers({"X-{a}": "b {c?}", "Accept": "*/*", "X-Empty": ""}, ()) == (
        (Template(("X-", Slot("a"))), Template(("b ", Slot("c", optional=True)))),
        (Template(("Accept",)), Template(("*/*",))),
        (Template(("X-Empty",)), Template(())),
    )


@pytest.mark.parametrize(
    ("table", "key", "said"),
    [
        ({"X A": "b"}, "X A", "letters, digits and dashes"),
        ({"": "b"}, "", "letters, digits and dashes"),
        ({"X-ü": "b"}, "X-ü", "letters, digits and dashes"),
        ({"X:": "b"}, "X:", "letters, digits and dashes"),
        ({"X-A": "b\r\nEvil: 1"}, "X-A", "no line break"),
        ({"X-A": "{b}\nEvil: 1"}, "X-A", "no line break"),
        ({"X-A": "ü"}, "X-A", "beyond ASCII"),
        ({"X-A": "\x00"}, "X-A", "no line break"),
        ({"X-A": "{b"}, "X-A", "is no {name}"),
        ({"{b": "x"}, "{b", "is no {name}"),
        ({"X-A": "1", "x-a": "2"}, "x-a", "is there already, as X-A"),
        ({"Proxy-Authorization": "x"}, "Proxy-Authorization", "proxy"),
    ],
)
def test_a_header_that_could_not_be_sent_is_a_problem(table: dict[str, str], key: str, said: str) -> None:
    """Each with its key: names, line breaks, other characters, and the same name twice in other case."""
    with pytest.raises(Problem, match=said) as problem:
        read_headers(table, ("headers",))
    assert problem.value.path == ("headers", key)


@pytest.mark.parametrize("name", [*FORBIDDEN, "Host", "CONTENT-LENGTH"])
def test_headers_of_the_connection_can_not_be_set(name: str) -> None:
    """A file can neither name another host nor change where a request ends."""
    with pytest.raises(Problem, match="jar" if name == "cookie" else "can not be set"):
        read_headers({name: "x"}, ("headers",))


@pytest.mark.parametrize("name", ["Origin", "Referer", "User-Agent", "Accept", "Content-Type"])
def test_what_a_page_would_send_can_be_set_by_hand(name: str) -> None:
    """The headers that chatdoor makes itself are defaults."""
    assert read_headers({name: "x"}, ()) == ((Template((name,)), Template(("x",))),)


def test_a_cookie_value_may_hold_slots() -> None:
    """Its name is what it is."""
    assert read_cookies({"seen": "yes", "id": "a{b}"}, ()) == (
        ("seen", Template(("yes",))),
        ("id", Template(("a", Slot("b")))),
    )


@pytest.mark.parametrize(
    "table",
    [
        {"a b": "x"},
        {"": "x"},
        {"{a}": "x"},
        {"a=b": "x"},
        {"a": "x; b=y"},
        {"a": "x y"},
        {"a": '"x"'},
        {"a": "ü"},
        {"a": "{b}\n"},
    ],
)
def test_a_cookie_that_could_not_be_sent_is_a_problem(table: dict[str, str]) -> None:
    """A name is a token; a value can not begin another cookie."""
    with pytest.raises(Problem, match="a cookie"):
        read_cookies(table, ("chat", "cookies"))
