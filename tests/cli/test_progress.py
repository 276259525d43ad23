"""The progress bar: on a terminal while it lasts, nowhere else."""

import io
from contextlib import suppress
from pathlib import Path

import pytest

from chatdoor.cli.progress import progress
from chatdoor.errors import RecordingError
from tests.cli.program import Program
from tests.discover.har_file import RECORDINGS


class Screen(io.StringIO):
    """A terminal."""

    def isatty(self) -> bool:
        """It is one."""
        return True


def test_the_bar_grows_and_is_gone_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each percent is drawn once, over the one before; the end leaves an empty line, after an error too."""
    screen = Screen()
    monkeypatch.setattr("sys.stderr", screen)
    with suppress(RecordingError), progress("reading") as tell:
        for share in (0, 0.001, 0.5, 0.5, 1.0):
            tell(share)
        raise RecordingError("the work failed")
    drawn = screen.getvalue().split("\r")
    assert [line.strip() for line in drawn if line.strip()] == [
        f"reading [{'#' * cells:<30}] {percent:>3} %" for cells, percent in ((0, 0), (15, 50), (30, 100))
    ]
    assert drawn[-2].isspace()
    assert len(drawn[-2]) >= len(drawn[-3])
    assert drawn[-1] == ""


@pytest.mark.parametrize("command", ["scrub", "discover"])
def test_nothing_is_drawn_in_a_pipe(program: Program, command: str) -> None:
    """Standard error is no terminal here, so it holds no bar."""
    file = Path(program.folder, "a.har")
    file.write_bytes(RECORDINGS[0].read_bytes())
    ran = program(command, file)
    assert ran.code == 0
    assert "\r" not in ran.err
    assert "%" not in ran.err
