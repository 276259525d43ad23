"""Text with placeholders, and structures of such text.

`"{name}"` stands for a value, `"{name?}"` for one that may be absent, `{{` and `}}` for braces. Values enter
a request's parsed structure, never its text, so a value with quotes, newlines or `{csrf}` in it arrives
unchanged: what a value holds is not looked at again.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final, TypeAlias, final
from urllib.parse import quote

import msgspec

Values: TypeAlias = Mapping[str, object]
"""What the slots are filled with, by name. None is no value."""

Encode: TypeAlias = Callable[[str], str]
"""What is done to a value's text before it enters longer text."""

NULLABLE: Final = "conversation"
"""The one placeholder that is null, or left out, until there is a value: a first turn has no id yet."""


@final
class Slot(msgspec.Struct, frozen=True):
    """The place of one value."""

    name: str
    optional: bool = False


@final
class Template(msgspec.Struct, frozen=True):
    """Text with slots, in order. No slots: constant text."""

    parts: tuple[str | Slot, ...]

    @property
    def constant(self) -> bool:
        """True where there is nothing to fill in."""
        return not any(isinstance(part, Slot) for part in self.parts)


@final
class Constant(msgspec.Struct, frozen=True):
    """A number, true, false or text without slots."""

    value: object


@final
class Fields(msgspec.Struct, frozen=True):
    """A table whose keys and values may hold slots. A key without any is plain text."""

    items: "tuple[tuple[str | Template, Shape], ...]"


@final
class Items(msgspec.Struct, frozen=True):
    """A list whose entries may hold slots."""

    items: "tuple[Shape, ...]"


Shape: TypeAlias = Constant | Slot | Template | Fields | Items
"""A lone slot becomes the value, whatever its type; a slot in a template becomes text."""


class MissingValue(LookupError):
    """A value that a request needs is not there. `args[0]` is its name."""


class TemplateError(ValueError):
    """Text that is not a template; says why."""


# Doubled braces first, then a placeholder, then a brace that stands alone (an error). No nested repetition.
_TOKEN = re.compile(
    r"(?P<brace>\{\{|\}\})|\{(?P<name>[A-Za-z_][A-Za-z0-9_]*(?::[^{}?]+)?)(?P<optional>\??)\}|(?P<stray>[{}])"
)


def parse_template(text: str) -> Template:
    """The template that the text spells. Raises TemplateError at a brace that stands alone."""
    parts: list[str | Slot] = []
    end = 0
    for token in _TOKEN.finditer(text):
        _append_text(parts, text[end : token.start()])
        end = token.end()
        if token["stray"]:
            raise TemplateError(
                f"'{token['stray']}' at character {token.start() + 1} is no {{name}}; to mean a brace, write it twice"
            )
        if token["brace"]:
            _append_text(parts, token["brace"][0])
        else:
            parts.append(Slot(token["name"], bool(token["optional"])))
    _append_text(parts, text[end:])
    return Template(tuple(parts))


def parse_shape(value: object) -> Shape:
    """The shape of a parsed TOML value. Raises TemplateError."""
    if isinstance(value, str):
        template = parse_template(value)
        if template.constant:
            return Constant(_constant_text(template))
        lone = template.parts[0] if len(template.parts) == 1 else None
        return lone if isinstance(lone, Slot) else template
    if isinstance(value, Mapping):
        return Fields(tuple((_parse_key(key), parse_shape(item)) for key, item in value.items()))
    if isinstance(value, list):
        return Items(tuple(parse_shape(item) for item in value))
    return Constant(value)


def slots(shape: Shape) -> Iterator[Slot]:
    """Every slot of a shape, keys included."""
    if isinstance(shape, Slot):
        yield shape
    elif isinstance(shape, Template):
        yield from (part for part in shape.parts if isinstance(part, Slot))
    elif isinstance(shape, Fields):
        for key, item in shape.items:
            if isinstance(key, Template):
                yield from slots(key)
            yield from slots(item)
    elif isinstance(shape, Items):
        for item in shape.items:
            yield from slots(item)


def names_in(*shapes: Shape | None) -> frozenset[str]:
    """The names of all slots."""
    return frozenset(slot.name for shape in shapes if shape for slot in slots(shape))


def fill(template: Template, values: Values, encode: Encode | None = None) -> str | None:
    """The text with its values, each passed through `encode`. None where an optional value is absent.

    Raises MissingValue where one that is not optional is absent.
    """
    parts = template.parts
    if len(parts) == 1 and type(parts[0]) is str:  # most names and many values are constant
        return parts[0]
    found: list[str] = []
    for part in parts:
        if isinstance(part, str):
            found.append(part)
            continue
        value = values.get(part.name)
        if value is None:
            if part.optional or part.name == NULLABLE:
                return None
            raise MissingValue(part.name)
        text = as_text(value)
        found.append(encode(text) if encode else text)
    return "".join(found)


def build(shape: Shape, values: Values) -> object:
    """The structure with its values. A string that is one slot becomes the value, whatever its type.

    A key or an entry whose optional value is absent is left out. Raises MissingValue.
    """
    if type(shape) is Slot:  # `isinstance` would be a call, and this is done for every message of every call
        value = values.get(shape.name)
        if value is None and not shape.optional and shape.name != NULLABLE:
            raise MissingValue(shape.name)
        return value
    if type(shape) is Constant:
        return shape.value
    if type(shape) is Fields:
        built: dict[str, object] = {}
        for name, item in shape.items:
            key = fill(name, values) if type(name) is Template else name
            value = build(item, values)
            if key is not None and (value is not None or not _left_out(item, values)):
                built[key] = value
        return built
    if type(shape) is Items:
        pairs = [(item, build(item, values)) for item in shape.items]
        return [value for item, value in pairs if value is not None or not _left_out(item, values)]
    return fill(shape, values)


def as_text(value: object) -> str:
    """The text of a value inside longer text: JSON for what is not text already."""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def path_segment(text: str) -> str:
    """The text, percent-encoded so that it stays inside one segment of a path (RFC 3986, section 3.3)."""
    return quote(text, safe="")


def _left_out(shape: Shape, values: Values) -> bool:
    """True for text with an optional value that is absent. A structure is never left out, a missing id is null."""
    return isinstance(shape, Slot | Template) and any(
        slot.optional and values.get(slot.name) is None for slot in slots(shape)
    )


def _parse_key(key: str) -> str | Template:
    template = parse_template(key)
    return _constant_text(template) if template.constant else template


def _constant_text(template: Template) -> str:
    return "".join([part for part in template.parts if isinstance(part, str)])


def _append_text(parts: list[str | Slot], text: str) -> None:
    if text and parts and isinstance(parts[-1], str):
        parts[-1] += text
    elif text:
        parts.append(text)
