"""What a loaded site answers by itself."""

import pytest

from chatdoor.site import loads_site
from chatdoor.site.model import Match, RecordMatch, Source, step_slots
from chatdoor.site.paths import compile_path
from tests.site.bot import BOT


def record_match(**fields: object) -> RecordMatch:
    """A record match with one value for each plain path."""
    return RecordMatch(tuple((compile_path(path), (value,)) for path, value in fields.items()))


@pytest.mark.parametrize(
    ("value", "found", "fits"),
    [
        ("a", "a", True),
        ("a", "b", False),
        ("a", None, False),
        (1, 1, True),
        (1, 1.0, True),
        (1.0, 1, True),
        (1.5, 1.5, True),
        (True, True, True),
        (True, 1, False),
        (1, True, False),
        (False, 0, False),
        (False, None, False),
        ("1", 1, False),
        (1, "1", False),
        ("a", ["a"], False),
    ],
)
def test_values_are_equal_as_json_has_them(value: object, found: object, fits: bool) -> None:
    """A whole number is the same with and without a fraction; true is no number and null is no value."""
    assert record_match(x=value).fits({"x": found}) is fits


def test_every_path_has_to_find_one_of_its_values() -> None:
    """All fields, any of the values."""
    match = RecordMatch(((compile_path("a"), ("x", "y")), (compile_path("b.c"), (1,))))
    assert match.fits({"a": "y", "b": {"c": 1}})
    assert not match.fits({"a": "y", "b": {"c": 2}})
    assert not match.fits({"a": "z", "b": {"c": 1}})
    assert not match.fits("text")


def test_what_needs_the_body_says_so() -> None:
    """Heads are judged without reading on where that is enough."""
    assert not Source("cookie", "a").needs_body
    assert not Source("header", "a").needs_body
    assert Source("meta", "a").needs_body
    assert Source("body").needs_body
    assert not Match(statuses=frozenset({403}), paths=("/login",), types=("text/html",)).needs_body
    assert Match(texts=("expired",)).needs_body
    assert Match(selectors=("form",)).needs_body
    assert Match(json=record_match(ok=False)).needs_body


def test_the_slots_of_a_step_are_those_of_its_whole_request() -> None:
    """Path, query, headers, cookies and body."""
    text = BOT.replace('lang = "en"', '"{csrf}" = "{model}"').replace('seen = "yes"', 'seen = "{csrf}-{room}"')
    names = [slot.name for slot in step_slots(loads_site(text).chat[0])]
    assert sorted(slot.name for slot in step_slots(loads_site(text).session[0])) == []
    assert sorted(names) == ["csrf", "csrf", "messages", "model", "model", "room", "room", "room", "temperature"]
