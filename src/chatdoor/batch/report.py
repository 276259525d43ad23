"""The report: one HTML file that needs nothing else, neither scripts nor a network."""

from collections.abc import Iterator, Sequence
from html import escape
from itertools import pairwise
from pathlib import Path
from typing import Final

from chatdoor._version import __version__
from chatdoor.batch import charts
from chatdoor.batch.charts import Line, bar_chart, line_chart
from chatdoor.batch.plan import Ended, Progress
from chatdoor.batch.sketch import Bar
from chatdoor.batch.words import PERCENTILES, counts, seconds_text, spread_rows
from chatdoor.errors import BatchStopped

STYLE: Final = """
:root { color-scheme: light dark }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 44rem; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse; margin: 1rem 0 } td, th { padding: .2rem .8rem .2rem 0; text-align: left }
td { font-variant-numeric: tabular-nums } figure { margin: 2rem 0; color: #3b6fb5 }
figcaption { color: CanvasText; font-weight: 600 } svg { width: 100%; font: 12px system-ui, sans-serif }
svg text { fill: CanvasText } footer { color: GrayText; font-size: .85rem }
"""


def write_report(path: Path, ended: Ended) -> None:
    """Writes the report. Raises BatchStopped where that can not be done."""
    try:
        path.write_text(report_html(ended), "utf-8")
    except OSError as error:
        raise BatchStopped(f"{path}: {error.strerror}") from error


def report_html(ended: Ended) -> str:
    """The report."""
    site = escape(ended.summary.site)
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    return (
        f'<!doctype html>\n<html lang="en"><meta charset="utf-8"><title>Batch: {site}</title>'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style>'
        f"<h1>{site}</h1>{''.join(_parts(ended))}<footer>chatdoor {__version__}</footer></html>\n"
    )


def _parts(ended: Ended) -> Iterator[str]:
    summary = ended.summary
    yield _table(("", ""), list(counts(summary)))
    spreads = [
        (name, *(seconds_text(getattr(spread, each)) for each in PERCENTILES)) for name, spread in spread_rows(summary)
    ]
    yield _table(("", *PERCENTILES), spreads) if spreads else ""
    yield bar_chart("Errors", [charts.Bar(kind, count) for kind, count in summary.errors.items()])
    yield bar_chart("Time to the whole reply", _bars(summary.latencies))
    yield bar_chart("Time to the first piece", _bars(summary.first_pieces))
    yield line_chart("Rows a second", Line("rows a second", _rates(ended.course)))
    yield line_chart("At a time", Line("rows", [(point.seconds, point.at_a_time) for point in ended.course]))


def _bars(bars: Sequence[Bar]) -> list[charts.Bar]:
    return [charts.Bar(f"{seconds_text(bar.start)} - {seconds_text(bar.end)}", bar.count) for bar in bars]


def _rates(course: Sequence[Progress]) -> list[tuple[float, float]]:
    return [
        (after.seconds, (after.asked - before.asked) / (after.seconds - before.seconds))
        for before, after in pairwise(course)
        if after.seconds > before.seconds
    ]


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    heading = "".join(f"<th>{escape(cell)}</th>" for cell in head)
    body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><tr>{heading}</tr>{body}</table>" if any(head) else f"<table>{body}</table>"
