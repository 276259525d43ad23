"""How a batch shows its progress."""

import io
import sys

import pytest

from chatdoor.batch.plan import Progress
from chatdoor.cli.batch_progress import LOG_SECONDS, InLog, OnTerminal, shown


def at(seconds: float, done: int = 5) -> Progress:
    """A point in time."""
    return Progress(rows=10, done=done, failed=1, asked=done, at_a_time=4, seconds=seconds)


def test_a_log_gets_a_line_now_and_then(capsys: pytest.CaptureFixture[str]) -> None:
    """And at once what happens."""
    log = InLog()
    for second in range(int(LOG_SECONDS * 2) + 1):
        log.progressed(at(second))
    log.said("the site is back")
    log.end()
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "chatdoor: 5 of 10 rows (50%), 0.167 a second, 0:30 left, 1 failed, 4 at a time"
    assert (len(lines), lines[-1]) == (3, "chatdoor: the site is back")


def test_a_terminal_gets_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """It is drawn anew, keeps within the width, and makes room for what happens."""
    bar = OnTerminal()
    bar.progressed(at(1.0))
    bar.progressed(at(1.0))
    bar.said("a \x1b[31mred\x1b[0m word")
    bar.end()
    err = capsys.readouterr().err
    assert err.count("5 of 10 rows") == 2
    assert "\x1b[31m" not in err
    assert err.endswith("\n")


def test_quiet_shows_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor is there anything to show it on where standard error is closed."""
    screen = io.StringIO()
    monkeypatch.setattr(sys, "stderr", screen)
    nothing = shown(quiet=True)
    nothing.progressed(at(1.0))
    nothing.said("x")
    nothing.end()
    assert screen.getvalue() == ""
    monkeypatch.setattr(sys, "stderr", None)
    shown(quiet=False).said("x")
