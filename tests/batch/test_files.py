"""The files of a run: none of them is another one, and an output has one journal by whatever name."""

from pathlib import Path

import pytest

from chatdoor.batch.files import check_apart, journal_of, output_of
from chatdoor.batch.plan import Plan
from chatdoor.errors import ArgumentError


@pytest.mark.parametrize(
    ("source", "output", "report", "problem"),
    [
        ("in", "in", None, "is the input; take another file for the output$"),
        ("in", "./folder/../in", None, "is the input"),
        ("in", "link", None, "is the input"),
        ("x.journal", "x", None, "is the input; take another file for the output's journal"),
        ("x.journal.new", "x", None, "is the input; take another file for the output's journal"),
        ("in", "out", "in", "is the input; take another file for the report"),
        ("in", "out", "out", "is the output; take another file for the report"),
        ("in", "out", "out.journal", "is the output's journal; take another file for the report"),
    ],
)
def test_no_file_is_written_over_another(
    tmp_path: Path, source: str, output: str, report: str | None, problem: str
) -> None:
    """Neither the input nor results, by whatever name and also where they are not there yet."""
    (tmp_path / "folder").mkdir()
    (tmp_path / source).write_text("Hello\n")
    (tmp_path / "link").symlink_to(tmp_path / "in")
    plan = Plan(source=tmp_path / source, output=tmp_path / output, report=tmp_path / report if report else None)
    with pytest.raises(ArgumentError, match=problem):
        check_apart(plan)


def test_files_that_are_apart_are_taken(tmp_path: Path) -> None:
    """Also those that have much of their names in common."""
    check_apart(Plan(source=tmp_path / "a", output=tmp_path / "a.jsonl", report=tmp_path / "a.html"))


def test_a_link_has_the_journal_of_what_it_leads_to(tmp_path: Path) -> None:
    """So that two runs have not one output under two names."""
    (tmp_path / "link").symlink_to("out")
    plans = [Plan(source=tmp_path / "in", output=tmp_path / name) for name in ("link", "out")]
    link, plain = [journal_of(output_of(plan)).resolve() for plan in plans]
    assert link == plain
