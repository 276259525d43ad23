"""One option of a practice site: its name, its help, what it can be set to."""

import math
from collections.abc import Callable, Mapping

from msgspec import Struct

from chatdoor.errors import ArgumentError

Value = str | bool | int | float
"""What an option can be set to."""

COUNT_MOST = 1_000_000
"""The highest number of an option that counts."""
SECONDS_MOST = 3_600
"""The longest time of an option that waits, in seconds."""


class Option(Struct, frozen=True):
    """One option, for a command line to offer.

    The type of `default` is the type of the option: str is a choice from `choices`, bool a flag, int a count, float a
    time in seconds. `live`: it can be changed while the site runs.
    """

    name: str
    help: str
    default: Value
    choices: tuple[str, ...] = ()
    live: bool = False

    @property
    def flag(self) -> str:
        """The option as a command line writes it, such as `--limit-every`."""
        return "--" + self.name.replace("_", "-")

    @property
    def expected(self) -> str:
        """What it can be set to, in words."""
        return "one of " + ", ".join(self.choices) if self.choices else _EXPECTED[type(self.default)]

    def check(self, value: object) -> None:
        """Raises ArgumentError where the option can not be set to this value."""
        if not _FITS[type(self.default)](self, value):
            raise self._misfit(value)

    def read(self, text: str) -> Value:
        """The value that a text stands for, as in a URL's query. Raises ArgumentError where it is none."""
        try:
            value = _READERS[type(self.default)](text)
        except (KeyError, ValueError):
            raise self._misfit(text) from None
        self.check(value)
        return value

    def _misfit(self, value: object) -> ArgumentError:
        return ArgumentError(f"expected {self.expected}, got {value!r:.60}", site="practice", step=self.name)


def _is_count(_option: Option, value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= COUNT_MOST


def _is_time(_option: Option, value: object) -> bool:
    number = value if isinstance(value, int | float) and not isinstance(value, bool) else math.nan
    return 0 <= number <= SECONDS_MOST


_FITS: Mapping[type, Callable[[Option, object], bool]] = {
    str: lambda option, value: value in option.choices,
    bool: lambda _option, value: isinstance(value, bool),
    int: _is_count,
    float: _is_time,
}
_EXPECTED: Mapping[type, str] = {
    bool: "true or false",
    int: f"a whole number from 0 to {COUNT_MOST}",
    float: f"seconds from 0 to {SECONDS_MOST}",
}
_READERS: Mapping[type, Callable[[str], Value]] = {
    str: str,
    bool: {"1": True, "true": True, "0": False, "false": False}.__getitem__,
    int: int,
    float: float,
}
