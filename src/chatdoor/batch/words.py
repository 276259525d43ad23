"""Numbers in words that a person reads: times, rows, and the lines of a summary. Pure."""

from collections.abc import Iterator, Sequence

from chatdoor.batch.plan import Progress
from chatdoor.batch.sketch import Bar, Spread
from chatdoor.batch.summary import Summary

BLOCKS = "▏▎▍▌▋▊▉█"
PERCENTILES = ("least", "p50", "p90", "p95", "p99", "most")


def seconds_text(seconds: float) -> str:
    """A time with about three digits: `850 us`, `12.3 ms`, `4.56 s`."""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("us", 1e-6)):
        if seconds >= size or unit == "us":
            return f"{seconds / size:.3g} {unit}"
    return ""


def duration_text(seconds: float) -> str:
    """A time as on a clock: `0:07`, `12:34`, `1:02:03`."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def spread_rows(summary: Summary) -> Iterator[tuple[str, Spread]]:
    """What spreads, by name."""
    for name, spread in (("latency", summary.latency), ("first piece", summary.first_piece)):
        if spread is not None:
            yield name, spread


def counts(summary: Summary) -> Iterator[tuple[str, str]]:
    """The counts of a summary: name and text. What is 0 is left out."""
    yield "rows", f"{summary.rows:,}"
    yield "answered", f"{summary.answered:,}"
    yield "failed", f"{summary.failed:,}"
    if summary.missing:
        yield "missing", f"{summary.missing:,}"
    if summary.asked_again:
        yield "asked again", f"{summary.asked_again:,}"
    for kind, count in summary.fidelity.items():
        if kind != "native":
            yield f"history {kind}", f"{count:,}"
    if summary.asked:
        yield "this run", f"{summary.asked:,} in {duration_text(summary.seconds)}, {summary.rate:.3g} a second"


def summary_lines(summary: Summary) -> Iterator[str]:
    """The summary as lines for a terminal."""
    yield from (f"{name:<12} {text}" for name, text in counts(summary))
    yield from (f"  {kind:<20} {count:,}" for kind, count in summary.errors.items())
    for name, spread in spread_rows(summary):
        told = "  ".join(f"{each} {seconds_text(getattr(spread, each))}" for each in PERCENTILES)
        yield f"{name:<12} {told}"
    yield from histogram_lines(summary.latencies)


def histogram_lines(bars: Sequence[Bar], width: int = 40) -> Iterator[str]:
    """A histogram, a line for each bar."""
    most = max((bar.count for bar in bars), default=0)
    for bar in bars:
        eighths = round(bar.count / most * width * 8)
        block = "█" * (eighths // 8) + (BLOCKS[eighths % 8 - 1] if eighths % 8 else "")
        yield f"{seconds_text(bar.start):>9} - {seconds_text(bar.end):<9} {block} {bar.count:,}".rstrip()


def progress_text(progress: Progress) -> str:
    """How far a run is, in one line."""
    rate = progress.asked / progress.seconds if progress.seconds else 0.0
    share = progress.done / progress.rows if progress.rows else 1.0
    left = f", {duration_text((progress.rows - progress.done) / rate)} left" if rate else ""
    return (
        f"{progress.done:,} of {progress.rows:,} rows ({share:.0%}), {rate:.3g} a second{left}, "
        f"{progress.failed:,} failed, {progress.at_a_time} at a time"
    )


def bar_text(progress: Progress, width: int = 20) -> str:
    """The same behind a bar."""
    full = round(width * progress.done / progress.rows) if progress.rows else width
    return f"[{'#' * full}{'.' * (width - full)}] {progress_text(progress)}"
