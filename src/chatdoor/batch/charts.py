"""Charts as SVG, with the numbers beside them for those who can not see them. Pure."""

from collections.abc import Sequence
from html import escape
from typing import Final, NamedTuple

WIDTH: Final = 640
ROW: Final = 22
HEIGHT: Final = 160
LABEL: Final = 150


class Bar(NamedTuple):
    """A bar with its label; `length` is the number that it stands for."""

    label: str
    length: int


class Line(NamedTuple):
    """A line through points, x and y."""

    label: str
    points: Sequence[tuple[float, float]]


def bar_chart(title: str, bars: Sequence[Bar]) -> str:
    """Bars from left to right, one below the other; empty where there are none."""
    most = max((bar.length for bar in bars), default=0)
    if not most:
        return ""
    rows = "".join(_bar(number, bar, most) for number, bar in enumerate(bars))
    return _figure(title, ROW * len(bars), rows)


def line_chart(title: str, line: Line) -> str:
    """A line over time; empty where it has fewer than two points."""
    if len(line.points) < 2 or line.points[-1][0] <= 0:
        return ""
    last, most = line.points[-1][0], max(y for _, y in line.points) or 1.0
    spots = " ".join(f"{x / last * WIDTH:.1f},{HEIGHT - 20 - y / most * (HEIGHT - 40):.1f}" for x, y in line.points)
    shown = (
        f'<polyline points="{spots}" fill="none" stroke="currentColor" stroke-width="2"/>'
        f'<text x="0" y="12">{escape(line.label)}: {most:.4g} at most</text>'
        f'<text x="{WIDTH}" y="{HEIGHT - 4}" text-anchor="end">{last:.4g} s</text>'
    )
    return _figure(title, HEIGHT, shown)


def _bar(number: int, bar: Bar, most: int) -> str:
    top = number * ROW
    length = bar.length / most * (WIDTH - LABEL - 80)
    return (
        f'<text x="{LABEL - 8}" y="{top + 15}" text-anchor="end">{escape(bar.label)}</text>'
        f'<rect x="{LABEL}" y="{top + 3}" width="{max(length, 1):.1f}" height="{ROW - 6}" fill="currentColor"/>'
        f'<text x="{LABEL + length + 6:.1f}" y="{top + 15}">{bar.length:,}</text>'
    )


def _figure(title: str, height: int, shown: str) -> str:
    return (
        f'<figure><figcaption>{escape(title)}</figcaption><svg viewBox="0 0 {WIDTH} {height}" role="img" '
        f'aria-label="{escape(title)}">{shown}</svg></figure>'
    )
