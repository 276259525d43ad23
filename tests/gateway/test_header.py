"""Headers of answers."""

import pytest

from chatdoor.gateway.header import header


def test_a_header_is_a_line() -> None:
    """Its name, its value, and the end of its line."""
    assert header(b"x-odd", b"one: two") == b"x-odd: one: two\r\n"


@pytest.mark.parametrize("value", [b"1\r\nx-evil: 2", b"1\nx-evil: 2", b"1\rx-evil: 2", b"1\0"])
def test_a_value_of_several_lines_is_refused(value: bytes) -> None:
    """Nobody gets a header in that was not meant."""
    with pytest.raises(ValueError, match="one line"):
        header(b"x-odd", value)
