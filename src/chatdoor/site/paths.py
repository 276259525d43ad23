"""JMESPath, the path language of the AWS command line, behind one seam.

Most site files only walk down names and indices (`choices[0].delta.content`). Those paths run as a plain
loop, ten times faster than the library, which is loaded for everything else.
Source: https://jmespath.org/specification.html
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, TypeAlias

import msgspec

from chatdoor.site.nearest import nearest

Find: TypeAlias = Callable[[object], object]
"""Takes decoded JSON, gives what the path finds there, or None."""

_PLAIN: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*|\[-?[0-9]{1,9}\])*")
_STEP: Final = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)|\[(-?[0-9]{1,9})\]")

MAX_CHARS: Final = 500
"""The longest expression. The library reads it recursively."""

_FAILURES: Final = (ValueError, TypeError, ArithmeticError, LookupError, AttributeError, RecursionError)
"""What the library raises: errors of its own, all of them ValueErrors, and what Python says of values that an
expression does not fit (`[::0]`, `ceil(to_number('1e400'))`)."""


# A quoted name, a raw text, or JSON in backticks.
_TEXT: Final = re.compile(r""""(?:[^"\\]|\\.)*+"|'(?:[^'\\]|\\.)*+'|`(?P<json>(?:[^`\\]|\\.)*+)`""", re.DOTALL)

_REASON: Final = re.compile(r"^(?:Invalid|Bad) jmespath expression: |(?:, for expression)?:$", re.IGNORECASE)
"""What the library puts around its reasons."""


class PathError(ValueError):
    """Not a JMESPath expression; says why."""


def compile_path(expression: str) -> Find:
    """A function that finds what the expression describes. Raises PathError."""
    if expression == "@":
        return _whole
    if len(expression) > MAX_CHARS:
        raise PathError(f"longer than {MAX_CHARS} characters")
    if _PLAIN.fullmatch(expression):
        return _walk(tuple(name or int(index) for name, index in _STEP.findall(expression)))
    return _search(expression)


def _search(expression: str) -> Find:
    import jmespath  # most sites never need it
    from jmespath.functions import Functions

    for literal in _TEXT.finditer(expression):
        if literal["json"] is not None and not _is_json(literal["json"]):
            raise PathError(f"{literal[0]} is not JSON; write text in single quotes")  # it only warns: "deprecated"
    try:
        parsed = jmespath.compile(expression)
    except _FAILURES as error:
        reason = _REASON.sub("", str(error).partition("\n")[0])
        raise PathError(f"not JMESPath: {reason}") from error
    for name in _functions(parsed.parsed):
        if name not in Functions.FUNCTION_TABLE:
            raise PathError(f"JMESPath has no function {name}(){nearest(name, Functions.FUNCTION_TABLE)}")

    def find(data: object) -> object:
        try:
            return parsed.search(data)
        except _FAILURES:  # the expression does not fit this data: nothing is found there
            return None

    return find


def _is_json(text: str) -> bool:
    try:
        msgspec.json.decode(text.replace("\\`", "`"))
    except (msgspec.DecodeError, RecursionError):
        return False
    return True


def _functions(node: Mapping[str, object]) -> Iterator[str]:
    """The names of all functions that a parsed expression calls."""
    if node["type"] == "function_expression":
        yield str(node["value"])
    children = node["children"]
    for child in children if isinstance(children, list) else ():
        if isinstance(child, dict):
            yield from _functions(child)


def _whole(data: object) -> object:
    return data


def _walk(steps: Sequence[str | int]) -> Find:
    def find(data: object) -> object:
        for step in steps:
            if isinstance(step, str):
                data = data.get(step) if isinstance(data, dict) else None
            else:
                data = data[step] if isinstance(data, list) and -len(data) <= step < len(data) else None
            if data is None:
                return None
        return data

    return find
