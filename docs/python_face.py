"""The page about Python: every public name, by its signature and its docstring."""

import inspect
import re
from collections.abc import Callable, Iterator
from typing import get_args

import msgspec

import chatdoor
from chatdoor import Site, Summary
from chatdoor.batch.face import BatchOptions
from chatdoor.batch.sketch import Spread
from chatdoor.drive.async_client import AsyncStream
from chatdoor.drive.client import Stream
from chatdoor.drive.visitor import Options

ABOUT = """\
# Python

Everything that `chatdoor` exports, and what its calls give. All else is inside, and may change. The errors are in
[a page of their own](errors.md).

`Messages` is a list of `{"role": ..., "content": ...}`, oldest first, as standard chat clients send it. `CreateResult`
is a generator of text.
"""

GIVEN = (AsyncStream, BatchOptions, Options, Spread, Stream)
"""Classes that nobody imports, but that callers meet."""

NOT_MADE = (AsyncStream, Site, Spread, Stream, Summary)
"""Classes of which callers get instances, and make none."""

_MODULES = re.compile(r"(?<![\w.])(?:[a-z_]\w*\.)+(?=[A-Z_])")
_ALIASES = {"Sequence[Mapping[str, object] | Message]": "Messages", "Generator[str, None, None]": "CreateResult"}


def python_face() -> Iterator[str]:
    """The page, part by part."""
    yield ABOUT
    named = {name: getattr(chatdoor, name) for name in chatdoor.__all__} | {kind.__name__: kind for kind in GIVEN}
    for name, value in sorted(named.items()):
        if inspect.isclass(value):
            yield from _class(name, value)
        elif inspect.isfunction(value):
            yield _entry(f"## {name}", _signature(name, value), value)


def _class(name: str, kind: type) -> Iterator[str]:
    yield _entry(f"## {name}", _made_by(name, kind), kind)
    for member, value in vars(kind).items():
        function = getattr(value, "__func__", value)
        if member.startswith("_"):
            continue
        if inspect.isfunction(function):
            yield _entry(f"### {name}.{member}", _signature(member, function), function)
        elif isinstance(value, property):
            yield _entry(f"### {name}.{member}", f"{member}: {_short(value.fget.__annotations__['return'])}", value)


def _made_by(name: str, kind: type) -> str:
    """How an instance is made; of a class that is there to be read, its attributes."""
    if kind in NOT_MADE:
        return ""
    if issubclass(kind, msgspec.Struct) or "__init__" in vars(kind):
        return re.sub(r" -> None$", "", _signature(name, kind))
    known = {key: value for base in kind.__mro__ for key, value in inspect.get_annotations(base).items()}
    own = [key for key in known if not key.startswith("_") and (key in vars(kind) or key in kind.__annotations__)]
    return "\n".join(f"{key}: {_short(known[key])}{_default(kind, key)}" for key in own)


def _default(kind: type, name: str) -> str:
    return f" = {getattr(kind, name)!r}".replace("'", '"') if hasattr(kind, name) else ""


def _signature(name: str, function: Callable[..., object]) -> str:
    """On one line where it fits, else one parameter a line."""
    signature = inspect.signature(function)
    line = _shortened(f"{name}{signature}")
    if len(line) <= 100:
        return line
    given = "".join(f"    {_shortened(str(part))},\n" for part in _with_star(signature))
    result = "" if signature.return_annotation is signature.empty else f" -> {_short(signature.return_annotation)}"
    return f"{name}(\n{given}){result}"


def _with_star(signature: inspect.Signature) -> Iterator[object]:
    """The parameters, with the star that keyword-only ones stand behind."""
    starred = False
    for part in signature.parameters.values():
        if part.kind is part.KEYWORD_ONLY and not starred:
            yield "*"
        starred = starred or part.kind in {part.KEYWORD_ONLY, part.VAR_POSITIONAL}
        yield part


def _short(annotation: object) -> str:
    """The annotation as a reader of the source knows it."""
    inner = get_args(annotation)
    if str(annotation).startswith("typing.ClassVar"):
        return _short(inner[0])
    return _shortened(annotation if isinstance(annotation, str) else inspect.formatannotation(annotation))


def _shortened(text: str) -> str:
    text = re.sub(r"\*<class '(.+?)'>", r"Unpack[\1]", text)  # what Python 3.11 makes of it
    text = _MODULES.sub("", text).replace("'", '"')
    for long, short in _ALIASES.items():
        text = text.replace(long, short)
    return re.sub(r'"([A-Z]\w+)"', r"\1", text)


def _entry(heading: str, signature: str, thing: object) -> str:
    shown = f"```text\n{signature}\n```\n\n" if signature else ""
    told = re.sub(r"^(?=(?:`\w+`(?:, )?)+:)", "- ", inspect.getdoc(thing) or "", flags=re.MULTILINE)
    return f"{heading}\n\n{shown}{told}\n"
