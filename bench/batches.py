"""A batch beside a bare async client that asks the same prompts of the same practice site: time for a row, memory.

The bare client keeps nothing: `AsyncClient.ask` in as many tasks. The practice site is a process of its own. Against
the mock site, which costs a tenth of it, what the batch itself takes shows most.
"""

import asyncio
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.processes import in_fresh_process, pin
from bench.rows import Row, compared
from chatdoor import AsyncClient, Site, load_site, run_batch

AT_A_TIME = 32
TIMES_MOST = 1.25
"""Time for a row, beside the bare client's: 80 % of its throughput."""

ROWS = (1_000, 10_000, 100_000)
CROWDS = (1, 8, 32, 128, 1_000)
CROWD_ROWS = 4_000

GROWTH_MB = 3.0
"""Megabytes for 90,000 rows more: what is known of each row has 4 bytes."""

Pairs = list[tuple[float, float]]


def measure(url: str, rounds: int, _calls: int) -> list[Row]:
    """The rows of this part."""
    with practice_site() as practice:
        rows, peaks = [], []
        for count in ROWS:
            pairs = in_fresh_process(practice_pairs, practice, min(rounds, 3), count)
            most = TIMES_MOST if count > ROWS[0] else None  # a short one is mostly start and end
            rows.append(compared("batch", f"{count} rows, practice site, beside bare", "us a row", pairs, most))
            peaks.append(in_fresh_process(peak_mb, practice, count))
            rows.append(Row(part="batch", what=f"memory at most, {count} rows", unit="MB", ours=peaks[-1]))
    growth = peaks[-1] - peaks[-2]
    rows.append(Row(part="batch", what="memory for 90000 rows more", unit="MB", ours=growth, most=GROWTH_MB))
    for crowd in CROWDS:
        pairs = in_fresh_process(mock_pairs, url, rounds, CROWD_ROWS, crowd)
        rows.append(compared("batch", f"{crowd} at a time, mock site, beside bare", "us a row", pairs))
    pairs = in_fresh_process(mock_pairs, url, rounds, CROWD_ROWS, None)
    rows.append(compared("batch", f"auto, mock site, beside bare with {AT_A_TIME}", "us a row", pairs))
    return rows


@contextmanager
def practice_site() -> Iterator[str]:
    """The URL of a practice site, which runs in a process of its own on the last core."""
    command = [sys.executable, "-m", "chatdoor", "practice", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        pin(-1, process.pid)
        assert process.stdout is not None
        try:
            yield next(word for word in process.stdout.readline().split() if word.startswith("http://"))
        finally:
            process.terminate()


def practice_pairs(url: str, rounds: int, count: int) -> Pairs:
    """Microseconds for a row of a batch, and of the bare client, of each round."""
    return _pairs(_practice(url), rounds, count, AT_A_TIME)


def mock_pairs(url: str, rounds: int, count: int, at_a_time: int | None) -> Pairs:
    """The same against the mock site."""
    return _pairs(load_site("voigpt", url=url), rounds, count, at_a_time)


def peak_mb(url: str, count: int) -> float:
    """The most memory that a process has in which a batch runs, in megabytes."""
    from resource import RUSAGE_SELF, getrusage

    with tempfile.TemporaryDirectory() as folder:
        _batch(Path(folder), _practice(url), count, AT_A_TIME)
    return getrusage(RUSAGE_SELF).ru_maxrss / 1024


def _practice(url: str) -> Site:
    from chatdoor.cli.visit import find_site

    return find_site("practice", url)


def _pairs(site: Site, rounds: int, count: int, at_a_time: int | None) -> Pairs:
    with tempfile.TemporaryDirectory() as folder:
        _batch(Path(folder), site, 500, AT_A_TIME)  # everything is loaded
    pairs = []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as folder:
            ours = _batch(Path(folder), site, count, at_a_time)
        pairs.append((ours / count * 1e6, asyncio.run(_bare(site, count, at_a_time or AT_A_TIME)) / count * 1e6))
    return pairs


def _batch(folder: Path, site: Site, count: int, at_a_time: int | None) -> float:
    """Seconds that a batch takes, from the call to its end."""
    with (folder / "in.txt").open("w") as source:
        source.writelines(f"I feel lost in form {number}\n" for number in range(count))
    began = time.perf_counter()
    summary = run_batch(folder / "in.txt", folder / "out.jsonl", site, concurrency=at_a_time)
    assert summary.answered == count
    return time.perf_counter() - began


async def _bare(site: Site, count: int, at_a_time: int) -> float:
    """Seconds that the same prompts take without a batch."""
    numbers = iter(range(count))

    async def work() -> None:
        for number in numbers:
            await client.ask([{"role": "user", "content": f"I feel lost in form {number}"}])

    async with AsyncClient(site) as client:
        began = time.perf_counter()
        await asyncio.gather(*(work() for _ in range(at_a_time)))
        return time.perf_counter() - began
