"""Placeholders: how they are written, and what comes in their place."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatdoor.site.template import (
    Constant,
    MissingValue,
    Slot,
    Template,
    TemplateError,
    as_text,
    build,
    fill,
    parse_shape,
    parse_template,
    path_segment,
    slots,
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)
TRICKY = st.text(alphabet=st.sampled_from("{}?:\"'\\\n ax")) | st.sampled_from(
    ["{csrf}", "{{", "}}", "{a?}", "{env:X}"]
)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", ()),
        ("plain", ("plain",)),
        ("{name}", (Slot("name"),)),
        ("{name?}", (Slot("name", optional=True),)),
        ("a{b}c{d}", ("a", Slot("b"), "c", Slot("d"))),
        ("{a}{b}", (Slot("a"), Slot("b"))),
        ("{{name}}", ("{name}",)),
        ("{{{name}}}", ("{", Slot("name"), "}")),
        ("{{{{", ("{{",)),
        ("{env:A_B}", (Slot("env:A_B"),)),
        ("{file:/etc/x y}", (Slot("file:/etc/x y"),)),
        ("{env:A?}", (Slot("env:A", optional=True),)),
    ],
)
def test_text_and_slots_are_told_apart(text: str, parts: tuple[str | Slot, ...]) -> None:
    """A name in braces is a slot, doubled braces are braces, all else is text."""
    assert parse_template(text) == Template(parts)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "'{' at character 1"),
        ("a}", "'}' at character 2"),
        ("{a b}", "'{' at character 1"),
        ("{}", "'{' at character 1"),
        ("{1}", "'{' at character 1"),
        ("{{a}", "'}' at character 4"),
        ("{a}}", "'}' at character 4"),
        ("{a??}", "'{' at character 1"),
        ("{env:}", "'{' at character 1"),
    ],
)
def test_a_brace_that_stands_alone_is_an_error(text: str, said: str) -> None:
    """The error says which brace it is, and what to write instead."""
    with pytest.raises(TemplateError, match=r"is no \{name\}; to mean a brace, write it twice") as error:
        parse_template(text)
    assert said in str(error.value)


@given(st.dictionaries(st.sampled_from("abc"), JSON.filter(lambda value: value is not None), min_size=3))
def test_a_string_that_is_one_slot_takes_the_value_as_it_is(values: dict[str, object]) -> None:
    """Lists stay lists, numbers numbers, at any depth, in values."""
    shape = parse_shape({"x": ["{a}", {"y": "{b}"}], "z": "{c}"})
    assert build(shape, values) == {"x": [values["a"], {"y": values["b"]}], "z": values["c"]}


@given(TRICKY | st.text())
def test_what_a_value_holds_is_not_looked_at_again(value: str) -> None:
    """A value with quotes, line breaks, braces or names of values in it arrives unchanged, wherever it goes."""
    values = {"prompt": value, "csrf": "secret", "a": "other"}
    assert build(parse_shape("{prompt}"), values) == value
    assert build(parse_shape("<{prompt}|{csrf}>"), values) == f"<{value}|secret>"
    assert build(parse_shape({"{prompt}": ["{prompt}"]}), values) == {value: [value]}
    assert fill(parse_template("{prompt}"), values) == value


@given(TRICKY | st.text())
def test_braces_written_twice_are_the_text_itself(text: str) -> None:
    """Any text can be written as a template."""
    template = parse_template(text.replace("{", "{{").replace("}", "}}"))
    assert template.constant
    assert fill(template, {}) == text


@given(JSON)
def test_a_body_without_slots_is_itself(value: object) -> None:
    """What holds no braces is built as it was written."""
    plain = parse_shape(_doubled(value))
    assert list(slots(plain)) == []
    assert build(plain, {}) == value


def _doubled(value: object) -> object:
    if isinstance(value, str):
        return value.replace("{", "{{").replace("}", "}}")
    if isinstance(value, list):
        return [_doubled(item) for item in value]
    if isinstance(value, dict):
        return {_doubled(key): _doubled(item) for key, item in value.items()}
    return value


@pytest.mark.parametrize(
    ("shape", "built"),
    [
        ({"a": "{x?}", "b": 1}, {"b": 1}),
        ({"a": "x is {x?}!", "b": 1}, {"b": 1}),
        ({"{x?}": 1, "b": 1}, {"b": 1}),
        (["{x?}", "b"], ["b"]),
        ({"a": {"b": ["{x?}"]}}, {"a": {"b": []}}),
        ("{x?}", None),
        ({"a": "{conversation}"}, {"a": None}),
        (["{conversation}"], [None]),
        ({"a": "c-{conversation}"}, {"a": None}),
        ({"{conversation}": 1, "b": 1}, {"b": 1}),
    ],
)
def test_an_optional_value_that_is_absent_leaves_its_place_out(shape: object, built: object) -> None:
    """`{x?}` takes its key or entry with it; a conversation that has no id yet is null."""
    assert build(parse_shape(shape), {}) == built
    assert build(parse_shape(shape), {"x": None, "conversation": None}) == built


@pytest.mark.parametrize("shape", ["{x}", "a{x}", {"a": "{x}"}, {"{x}": 1}, ["{x}"], {"a": "{x} {y?}"}])
def test_a_value_that_is_absent_is_an_error(shape: object) -> None:
    """There is no empty text and no `None` in the place of a value."""
    for values in ({}, {"x": None}):
        with pytest.raises(MissingValue, match="x"):
            build(parse_shape(shape), {**values, "y": "there"})


def test_false_and_empty_values_are_values() -> None:
    """Only null is no value."""
    shape = parse_shape(["{a?}", "{b?}", "{c?}", "{d?}"])
    assert build(shape, {"a": False, "b": 0, "c": "", "d": []}) == [False, 0, "", []]


@pytest.mark.parametrize(
    ("value", "text"),
    [("a", "a"), (1, "1"), (1.5, "1.5"), (True, "true"), ([1, "ü"], '[1,"ü"]'), ({"a": None}, '{"a":null}')],
)
def test_inside_longer_text_a_value_is_text(value: object, text: str) -> None:
    """Text as it is, all else as JSON."""
    assert as_text(value) == text
    assert build(parse_shape("<{v}>"), {"v": value}) == f"<{text}>"


def test_fill_passes_values_and_not_the_rest_through_encode() -> None:
    """In a path a value stays inside its segment; the path itself is as it was written."""
    assert fill(parse_template("/c/{id}?x=1"), {"id": "a/b?c#ü ."}, path_segment) == "/c/a%2Fb%3Fc%23%C3%BC%20.?x=1"


def test_a_constant_is_no_template() -> None:
    """Text without slots is made once, when the file is loaded."""
    assert parse_shape("a{{b") == Constant("a{b")
    assert parse_shape(True) == Constant(True)


def test_slots_are_found_in_keys_lists_and_tables() -> None:
    """Every slot, in order, as often as it is there."""
    shape = parse_shape({"{a}": ["{b}", {"c": "{d?} {b}"}], "e": 1})
    assert list(slots(shape)) == [Slot("a"), Slot("b"), Slot("d", optional=True), Slot("b")]
