"""A log that nobody waits for, by itself: lines in their order, bounds, and an end."""

import logging
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from chatdoor.cli import apart
from chatdoor.cli.apart import MOST_LINES, Apart
from tests.servers.waiting import wait_until


@contextmanager
def piped(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """Inside, standard error is a pipe; gives the end that is read, to be closed."""
    reader, writer = os.pipe()
    with os.fdopen(writer, "w", encoding="ascii") as stream:
        monkeypatch.setattr(sys, "stderr", stream)
        yield reader


def record(text: str) -> logging.LogRecord:
    """A record that says so."""
    return logging.LogRecord("chatdoor", logging.ERROR, "", 0, text, (), None)


def test_lines_come_in_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """All of them, the last ones before the end; what the stream can not hold is escaped."""
    with piped(monkeypatch) as reader:
        log = Apart()
        for number in range(100):
            log.handle(record(f"{number} \u00e9"))
        log.close()
        assert os.read(reader, 65_536).decode() == "".join(f"{number} \\xe9\n" for number in range(100))
        os.close(reader)


def test_one_that_is_full_holds_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """What nobody takes is bounded, and the end waits a moment only."""
    monkeypatch.setattr(apart, "LAST_SECONDS", 0.05)
    with piped(monkeypatch) as reader:
        log, began = Apart(), time.monotonic()
        for _ in range(3 * MOST_LINES):
            log.handle(record("x" * 1_000))
        log.close()
        assert time.monotonic() - began < 5
        assert len(log._lines) == MOST_LINES
        os.close(reader)
        wait_until(lambda: log._thread is None)


def test_without_standard_error_nothing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """A line is lost, and nothing else."""
    monkeypatch.setattr(sys, "stderr", None)
    log = Apart()
    log.handle(record("lost"))
    log.close()
    assert log._lines == []
