"""The options: each checked, described once, and changeable where it says so."""

import math

import pytest

from chatdoor.errors import ArgumentError
from chatdoor.practice.behaviour import DEEDS, FAULTS, OPTIONS, Behaviour
from chatdoor.practice.option import COUNT_MOST, SECONDS_MOST, Option

BY_NAME = {option.name: option for option in OPTIONS}


def test_every_field_is_an_option() -> None:
    """The options are the fields of a behaviour, with their defaults, so that a command line offers all of them."""
    assert tuple(BY_NAME) == Behaviour.__struct_fields__
    assert {name: option.default for name, option in BY_NAME.items()} == {
        name: getattr(Behaviour(), name) for name in Behaviour.__struct_fields__
    }


@pytest.mark.parametrize("option", [*OPTIONS, *DEEDS], ids=lambda option: option.name)
def test_help_is_one_sentence(option: Option) -> None:
    """Each option has one line of help that ends in a full stop, and a flag as command lines write it."""
    assert option.help[0].isupper()
    assert option.help.endswith(".")
    assert len(option.help) <= 80
    assert option.flag == "--" + option.name.replace("_", "-")


def test_faults_are_live() -> None:
    """What can be changed while the site runs is what makes trouble, and nothing of how the site talks."""
    assert [option.name for option in FAULTS] == [
        "rotate", "expire_every", "forget_every", "mix", "limit_every", "retry_after", "fail_every", "error_every",
        "cut_every", "slow",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("token", "none"),
        ("reply", "sse-delta"),
        ("pause", 0),
        ("pause", 0.25),
        ("slow", SECONDS_MOST),
        ("rotate", True),
        ("limit_every", 0),
        ("limit_every", COUNT_MOST),
    ],
)
def test_fitting_values_are_taken(name: str, value: object) -> None:
    """An option takes what its type and limits allow; whole seconds are seconds."""
    assert getattr(Behaviour.of({name: value}), name) == value


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("token", "cookies", "one of cookie, meta, input, header, json, script, named, masked, none"),
        ("token", None, "one of cookie"),
        ("token", ["cookie"], "one of cookie"),
        ("rotate", 1, "true or false"),
        ("limit_every", True, "a whole number"),
        ("limit_every", -1, "a whole number"),
        ("limit_every", 1.0, "a whole number"),
        ("limit_every", COUNT_MOST + 1, "a whole number"),
        ("pause", -0.1, "seconds"),
        ("pause", math.nan, "seconds"),
        ("pause", math.inf, "seconds"),
        ("pause", "1", "seconds"),
        ("pause", False, "seconds"),
        ("slow", SECONDS_MOST + 1, "seconds"),
        ("slow", 10**400, "seconds"),
    ],
)
def test_other_values_are_refused(name: str, value: object, expected: str) -> None:
    """A value that does not fit is an ArgumentError that names the option and what it takes."""
    with pytest.raises(ArgumentError, match=f"practice: {name}: expected {expected}"):
        Behaviour.of({name: value})


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("token", "meta", "meta"),
        ("rotate", "1", True),
        ("rotate", "true", True),
        ("rotate", "false", False),
        ("limit_every", "3", 3),
        ("slow", "0.5", 0.5),
    ],
)
def test_values_are_read_from_text(name: str, text: str, value: object) -> None:
    """A text stands for the value that a URL means by it."""
    assert BY_NAME[name].read(text) == value


@pytest.mark.parametrize(
    ("name", "text"), [("rotate", "yes"), ("limit_every", "x"), ("limit_every", ""), ("slow", "nan"), ("token", "")]
)
def test_other_texts_are_refused(name: str, text: str) -> None:
    """A text that stands for no value of the option is an ArgumentError."""
    with pytest.raises(ArgumentError, match=f"practice: {name}: expected"):
        BY_NAME[name].read(text)


def test_unknown_option_names_the_nearest() -> None:
    """An option that is none is an ArgumentError with the one that was meant."""
    with pytest.raises(ArgumentError, match="no option 'limit_evry'; did you mean 'limit_every'"):
        Behaviour.of({"limit_evry": 3})


def test_faults_change_nothing_else() -> None:
    """Faults are set in a copy; how the site talks can not be changed while it runs."""
    before = Behaviour(token="meta", limit_every=2)
    after = before.with_faults({"limit_every": 0, "rotate": True})
    assert (after.token, after.limit_every, after.rotate) == ("meta", 0, True)
    assert before.faults()["limit_every"] == 2
    with pytest.raises(ArgumentError, match="no option 'token'"):
        before.with_faults({"token": "none"})


def test_a_plain_text_reports_no_error() -> None:
    """What can not go together is an ArgumentError, when the site is made and when a fault is set."""
    with pytest.raises(ArgumentError, match="error_every: a plain text has no place for an error"):
        Behaviour(reply="text", error_every=1)
    with pytest.raises(ArgumentError, match="no place for an error"):
        Behaviour(reply="text").with_faults({"error_every": 1})
