"""How far a long piece of work is, told as a share from 0 to 1."""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias, TypeVar

T = TypeVar("T")

Tell: TypeAlias = Callable[[float], None]
"""Is called with the share that is done."""


def nobody(_share: float) -> None:
    """Tells nobody."""


def between(begin: float, end: float, tell: Tell) -> Tell:
    """Tells of a part of the work, which goes from one share of all of it to another."""
    return lambda share: tell(begin + (end - begin) * share)


def counted(items: Sequence[T], tell: Tell) -> Iterator[T]:
    """The items; before each is told how many of them are done."""
    for number, item in enumerate(items):
        tell(number / len(items))
        yield item
