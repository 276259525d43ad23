"""Numbers as a person reads them, and the charts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatdoor.batch.charts import Bar, Line, bar_chart, line_chart
from chatdoor.batch.course import MOST_POINTS, Course
from chatdoor.batch.plan import Ended, Progress
from chatdoor.batch.report import report_html
from chatdoor.batch.result import About
from chatdoor.batch.summary import Count
from chatdoor.batch.words import duration_text, histogram_lines, progress_text, seconds_text, summary_lines


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.0000012, "1.2 us"), (0.00085, "850 us"), (0.0123, "12.3 ms"), (4.56, "4.56 s"), (0, "0 us")],
)
def test_a_time_has_its_unit(seconds: float, text: str) -> None:
    """And about three digits."""
    assert seconds_text(seconds) == text


@pytest.mark.parametrize(("seconds", "text"), [(7.2, "0:07"), (754, "12:34"), (3723, "1:02:03")])
def test_a_duration_is_as_on_a_clock(seconds: float, text: str) -> None:
    """Minutes and seconds, hours where there are any."""
    assert duration_text(seconds) == text


def count_of(times: list[float]) -> Count:
    """A count of rows that took so long, and one that failed."""
    count = Count()
    count.add(
        [
            About(line=line, mark=1, site="<s>", latency=time, first_piece=time / 2, attempts=1, fidelity="folded")
            for line, time in enumerate(times, 1)
        ]
    )
    count.add([About(line=999, mark=1, site="<s>", error="SiteFailed", attempts=2, asked_again=True)])
    return count


def test_a_summary_counts_what_results_say() -> None:
    """Of all of them."""
    summary = count_of([0.1, 0.2, 0.3]).summary("<s>", 10, 6, seconds=2.0, asked=4)
    assert (summary.answered, summary.failed, summary.missing, summary.attempts) == (3, 1, 6, 5)
    assert (summary.errors, summary.asked_again, summary.fidelity) == ({"SiteFailed": 1}, 1, {"folded": 3})
    assert summary.rate == 2.0
    assert summary.latency is not None
    assert summary.latency.p50 == pytest.approx(0.2, rel=0.01)
    told = list(summary_lines(summary))
    assert "missing      6" in told
    assert "history folded 3" in told
    assert "  SiteFailed           1" in told


@given(st.lists(st.floats(1e-4, 1e3), min_size=1, max_size=50))
def test_every_bar_of_a_histogram_has_a_line(times: list[float]) -> None:
    """With its count at the end, and the longest as long as any can be."""
    bars = count_of(times).summary("s", 1, 0, seconds=1, asked=1).latencies
    lines = list(histogram_lines(bars))
    assert [int(line.split()[-1]) for line in lines] == [bar.count for bar in bars]
    assert max(line.count("█") for line in lines) == 40


def test_a_report_shows_no_markup_of_others() -> None:
    """Names and kinds are text. It is whole for a run of nothing, too."""
    course = [Progress(rows=4, done=n, failed=0, asked=n, at_a_time=4, seconds=n / 2) for n in range(4)]
    report = report_html(
        Ended(count_of([0.1, 5.0]).summary("<s>", 3, 1, seconds=1, asked=3), interrupted=False, course=course)
    )
    assert "<s>" not in report
    assert report.count("<svg") == report.count("</svg>") == 5
    empty = report_html(Ended(Count().summary("s", 0, 0, seconds=0, asked=0), interrupted=False))
    assert "<svg" not in empty


def test_charts_are_empty_where_there_is_nothing() -> None:
    """No bar, no line, no time."""
    assert bar_chart("a", []) == bar_chart("a", [Bar("b", 0)]) == line_chart("a", Line("b", [(0, 1)])) == ""


def test_a_course_is_bounded() -> None:
    """However long a run is, it has its whole length in at most so many points."""
    course = Course()
    for tick in range(20_000):
        course.add(Progress(rows=1, done=0, failed=0, asked=0, at_a_time=1, seconds=tick / 4))
    times = [point.seconds for point in course.points]
    assert MOST_POINTS / 4 <= len(times) <= MOST_POINTS
    assert times == sorted(times)
    assert times[-1] > 4_900


def test_progress_of_nothing_is_told() -> None:
    """An input without rows has no rate and no remaining time."""
    nothing = Progress(rows=0, done=0, failed=0, asked=0, at_a_time=0, seconds=0.0)
    assert progress_text(nothing) == "0 of 0 rows (100%), 0 a second, 0 failed, 0 at a time"
