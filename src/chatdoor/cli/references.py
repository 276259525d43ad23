"""Options by reference: `env:NAME`, `file:PATH` or `-`, so that a secret need not stand in the process list."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from chatdoor.cli.stdin import STDIN, read_stdin
from chatdoor.errors import ArgumentError

FORMS: Final = "env:NAME, file:PATH, or - for standard input"

MAX_BYTES: Final = 65_536
"""The longest value that is read. Tokens and proxies are far shorter."""


def resolve(value: str, option: str) -> str:
    """What a reference stands for; a value that is none stands for itself.

    The end of the line is no part of what is read. Raises ArgumentError where there is nothing to read; it names the
    option and the place, and never what was found there.
    """
    if value == STDIN:
        return _only_line(read_stdin(option, MAX_BYTES, hidden=True), option, "standard input")
    kind, _, name = value.partition(":")
    return _READERS[kind](name, option) if kind in _READERS else value


def check_stdin(uses: Mapping[str, str | None]) -> None:
    """Raises ArgumentError where more than one of the options (option -> value) is read from standard input."""
    users = [option for option, value in uses.items() if value == STDIN]
    if len(users) > 1:
        raise ArgumentError(f"{' and '.join(users)}: only one can be read from standard input")


def _read_variable(name: str, option: str) -> str:
    if name not in os.environ:
        raise ArgumentError(f"{option}: there is no environment variable {name!r}")
    return _only_line(os.environ[name], option, f"the environment variable {name!r}")


def _read_file(name: str, option: str) -> str:
    path = Path(name)
    try:
        path = path.expanduser()
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except (OSError, ValueError, RuntimeError) as error:  # a path may hold a NUL, or a home that nobody has
        reason = getattr(error, "strerror", None) or "no usable path"
        raise ArgumentError(f"{option}: {name} can not be read: {reason}") from error
    if len(data) > MAX_BYTES:
        raise ArgumentError(f"{option}: {name} is larger than {MAX_BYTES} bytes")
    try:
        return _only_line(data.decode("utf-8-sig"), option, name)
    except UnicodeDecodeError:
        raise ArgumentError(f"{option}: {name} is not UTF-8 text") from None


def _only_line(text: str, option: str, place: str) -> str:
    line = text.rstrip("\r\n")
    if not line:
        raise ArgumentError(f"{option}: {place} is empty")
    if "\n" in line or "\r" in line:
        raise ArgumentError(f"{option}: {place} has more than one line")
    return line


_READERS: Final[Mapping[str, Callable[[str, str], str]]] = {"env": _read_variable, "file": _read_file}
