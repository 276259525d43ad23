"""The committer: a row counts once the disk has it, and not before."""

import asyncio
import contextlib
import errno
import os
from pathlib import Path

import pytest

from chatdoor.batch import committer as committing
from chatdoor.batch.committer import Committer
from chatdoor.batch.keeping import Output, results_in
from chatdoor.batch.result import About, bad_row
from chatdoor.errors import BatchStopped

ROW = bad_row(1, 7, "line-1", "s", "no")


def test_a_row_counts_after_its_trip_to_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever counts rows hears of one only when the file was synced with it inside."""
    path, sync = tmp_path / "out", os.fsync
    events: list[tuple[str, int]] = []

    def heard(file: int) -> None:
        sync(file)
        events.append(("synced", len(list(results_in(path)))))

    async def scene() -> None:
        committer = Committer(output, lambda group: events.append(("kept", len(group))))
        committer.put(ROW)
        await committer.close()

    output = Output(path)
    monkeypatch.setattr(os, "fsync", heard)
    with contextlib.closing(output):
        asyncio.run(scene())
    assert events[:2] == [("synced", 1), ("kept", 1)]


def test_a_disk_that_takes_nothing_stops_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A trip that fails is an error with the file's name, and its rows do not count."""
    kept: list[About] = []

    def fails(_file: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    async def scene() -> None:
        committer = Committer(output, kept.extend)
        monkeypatch.setattr(os, "fsync", fails)
        committer.put(ROW)
        await committer.close()

    output = Output(tmp_path / "out")
    goes_on = pytest.raises(BatchStopped, match=r"out: Input/output error; .*goes on from there")
    with contextlib.closing(output), goes_on:
        asyncio.run(scene())
    assert not kept


def test_nothing_more_is_taken_after_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever brings the next result hears of the disk, and does not ask on for nothing."""

    def fails(_lines: bytes) -> None:
        raise BatchStopped("no room")

    async def scene() -> None:
        committer = Committer(output, lambda _group: None)
        monkeypatch.setattr(output, "write", fails)
        committer.put(ROW)
        await asyncio.sleep(0)
        with pytest.raises(BatchStopped, match="no room"):
            committer.put(ROW)
        with pytest.raises(BatchStopped, match="no room"):
            await committer.close()

    output = Output(tmp_path / "out")
    with contextlib.closing(output):
        asyncio.run(scene())


def test_a_slow_disk_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where more wait for it than may, there is no room until it has them."""
    monkeypatch.setattr(committing, "MOST_WAITING", 2)
    kept: list[About] = []

    async def scene() -> list[bool]:
        committer = Committer(output, kept.extend)
        full = [committer.put(ROW) for _ in range(3)]
        asyncio.get_running_loop().call_soon(lambda: full.append(committer.put(ROW)))
        await asyncio.sleep(0)
        await committer.room()
        assert len(kept) >= 3
        await committer.close()
        return full

    output = Output(tmp_path / "out")
    with contextlib.closing(output):
        assert asyncio.run(scene()) == [False, False, False, True]
    assert len(kept) == 4
