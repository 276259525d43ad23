"""Options by reference: `env:NAME`, `file:PATH` or `-`, so that a secret need not stand in the process list."""

from collections.abc import Mapping
from typing import Final

from chatdoor.cli.stdin import STDIN, read_stdin
from chatdoor.drive.secrets import MAX_BYTES, only_line, read_secret
from chatdoor.errors import ArgumentError

FORMS: Final = "env:NAME, file:PATH, or - for standard input"

KINDS: Final = ("env", "file")
"""What may stand before the colon: any other word may be the scheme of a URL."""


def resolve(value: str, option: str) -> str:
    """What a reference stands for; a value that is none stands for itself.

    The end of the line is no part of what is read. Raises ArgumentError where there is nothing to read; it names the
    option and the place, and never what was found there.
    """
    if value == STDIN:
        return only_line(read_stdin(option, MAX_BYTES, hidden=True), option, "standard input")
    return read_secret(value, option) if value.partition(":")[0] in KINDS else value


def check_stdin(uses: Mapping[str, str | None]) -> None:
    """Raises ArgumentError where more than one of the options (option -> value) is read from standard input."""
    users = [option for option, value in uses.items() if value == STDIN]
    if len(users) > 1:
        raise ArgumentError(f"{' and '.join(users)}: only one can be read from standard input")
