"""Rows of the benchmark's table."""

import pytest

from bench.rows import Row, as_table, compared


def test_a_comparison_takes_medians() -> None:
    """One round that went wrong changes neither the figures nor the ratio."""
    row = compared("call", "x", "us CPU", [(10.0, 10.0), (30.0, 20.0), (900.0, 30.0)], most=1.5)
    assert (row.ours, row.peer, row.ratio, row.met) == (30.0, 20.0, 1.5, True)


@pytest.mark.parametrize(
    ("ours", "ratio", "most", "met"),
    [(5.0, 2.0, 1.5, False), (5.0, None, 4.0, False), (5.0, None, 5.0, True), (5.0, 2.0, None, None)],
)
def test_a_target_is_for_the_ratio_or_without_a_peer_for_the_figure(
    ours: float, ratio: float | None, most: float | None, met: bool | None
) -> None:
    """A target is met up to and with its number; a row without one has no verdict."""
    assert Row(part="call", what="x", unit="us", ours=ours, ratio=ratio, most=most).met is met


def test_the_table_has_ratios_first_and_names_what_is_missed() -> None:
    """Each row is a line that begins with its ratio, target and verdict."""
    lines = as_table([compared("call", "x", "us CPU", [(300.0, 100.0)], most=2.0)]).splitlines()
    assert lines[2] == "| 3 | 2 | **missed** | call: x | 300 | 100 | us CPU |"
