"""A row of the input, ready to be asked: what the formats have in common."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from chatdoor.messages import CheckedMessages

MOST_BYTES: Final = 8_000_000
"""The longest row. A longer one is a bad row, and is passed over without being held."""


class Record(msgspec.Struct, frozen=True, gc=False):
    """A row as it stands in the file: the number of its first line, from 1, and its bytes without the line's end.

    `mark` tells a row that was changed from the one that was answered. It is never 0. `long` says that it has more
    than MOST_BYTES; `data` is empty then.
    """

    line: int
    data: bytes
    mark: int
    long: bool = False


class Row(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What is asked. `more` are user turns, each of which is sent after the reply to the one before."""

    line: int
    mark: int
    custom_id: str
    messages: CheckedMessages
    more: tuple[str, ...] = ()
    model: str | None = None
    options: Mapping[str, Any] = msgspec.field(default_factory=dict)
    named: bool = False
    """The row itself has an id, which must be its own."""


class BadRow(Exception):
    """A row that can not be asked. The text says why, in words for whoever wrote the file."""

    def __init__(self, problem: str, custom_id: str | None = None) -> None:
        self.problem = problem
        self.custom_id = custom_id
        super().__init__(problem)
