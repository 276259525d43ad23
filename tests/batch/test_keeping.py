"""The output: only ever whole lines, whatever was there before."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from chatdoor.batch.keeping import Output, as_line, results_in
from chatdoor.batch.result import bad_row
from chatdoor.errors import ArgumentError, BatchStopped

FIRST, SECOND = (as_line(bad_row(line, 7, f"line-{line}", "s", "no")) for line in (1, 2))


def lines_of(path: Path) -> list[int]:
    """The lines of the input that an output has results of, as a new run finds them."""
    output = Output(path)
    found = [about.line for about in output.results()]
    output.write(as_line(bad_row(99, 7, "line-99", "s", "no")))
    output.sync()
    output.close()
    return found


@pytest.mark.parametrize("cut", range(len(SECOND)))
def test_a_torn_line_is_cut_off(tmp_path: Path, cut: int) -> None:
    """Wherever it was torn: what is added afterwards is a line of its own."""
    path = tmp_path / "out"
    path.write_bytes(FIRST + SECOND[:cut])
    assert lines_of(path) == [1]
    assert [about.line for about in results_in(path)] == [1, 99]


def test_lost_bytes_are_cut_off(tmp_path: Path) -> None:
    """A file system may give zeros for what it had not written when the power went."""
    path = tmp_path / "out"
    path.write_bytes(FIRST + SECOND[:20] + bytes(40))
    assert lines_of(path) == [1]


@pytest.mark.parametrize(
    "data", [b"my only copy\n", b"my only copy", FIRST + b"{}\n", FIRST + b"notes", b"[" * 100_000]
)
def test_a_file_of_another_kind_is_left_alone(tmp_path: Path, data: bytes) -> None:
    """It is an error, and not a byte of it changes."""
    path = tmp_path / "out"
    path.write_bytes(data)
    output = Output(path)
    with pytest.raises(ArgumentError, match="no result of `chatdoor batch`; take another output"):
        list(output.results())
    output.close()
    assert path.read_bytes() == data


def test_failed_rows_are_taken_out(tmp_path: Path) -> None:
    """At once, by a new file in the place of the old one."""
    path = tmp_path / "out"
    path.write_bytes(FIRST + SECOND.replace(b'"error":"BadRow"', b'"error":null'))
    output = Output(path)
    assert len(list(output.results())) == 2
    output.without_failed()
    assert [about.line for about in output.results()] == [2]
    output.close()
    assert [file.name for file in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize("lose", [Path.unlink, lambda path: os.truncate(path, 3), lambda path: path.rename("x")])
def test_what_is_lost_does_not_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lose: Callable[[Path], object]
) -> None:
    """Where the output was deleted, cut or moved in mid-run, the run stops instead of writing for nobody."""
    monkeypatch.chdir(tmp_path)
    output = Output(tmp_path / "out")
    output.write(FIRST)
    output.sync()
    lose(tmp_path / "out")
    with pytest.raises(BatchStopped, match="somebody else moved, deleted or cut it"):
        output.sync()
    output.close()


def test_a_folder_is_no_output(tmp_path: Path) -> None:
    """It is told by its name."""
    with pytest.raises(BatchStopped, match="Is a directory"):
        Output(tmp_path)


def test_a_device_is_no_output() -> None:
    """Nothing that is written there could be found again."""
    with pytest.raises(ArgumentError, match="expected a file"):
        Output(Path("/dev/null"))
