"""Numbers of the command line: what no range refuses by itself."""

import click
import pytest

from chatdoor.cli.numbers import NumberRange


@pytest.mark.parametrize("text", ["nan", "NaN", "-nan", "inf", "-1", "x"])
def test_what_is_no_number_of_the_range_is_refused(text: str) -> None:
    """Not even what is neither below nor above it."""
    with pytest.raises(click.BadParameter):
        NumberRange(0, 10).convert(text, None, None)  # type: ignore[arg-type]  # as it comes from the command line


def test_a_number_is_one() -> None:
    """A text becomes the number that it writes."""
    assert NumberRange(0, 10).convert("2.5", None, None) == 2.5  # type: ignore[arg-type]
