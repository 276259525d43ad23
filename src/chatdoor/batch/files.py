"""The files of a run: what lies beside the output, and that no file is written over another one."""

import os
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

from chatdoor.batch.plan import Plan
from chatdoor.errors import ArgumentError


def output_of(plan: Plan) -> Path:
    """Where results are written: a link's target, so that two names of an output have one journal."""
    return Path(os.path.realpath(plan.output)) if plan.output.is_symlink() else plan.output


def journal_of(output: Path) -> Path:
    """Where the journal of an output lies."""
    return output.with_name(f"{output.name}.journal")


def fresh_of(output: Path) -> Path:
    """Where an output is written anew, before it takes the place of the old one."""
    return output.with_name(f"{output.name}.journal.new")


def check_apart(plan: Plan) -> None:
    """Raises ArgumentError where one file would be two things."""
    for (name, path), (other, another) in combinations(_files(plan), 2):
        if _same(path, another):
            raise ArgumentError(f"{another}: is the {name}; take another file for the {other}")


def _files(plan: Plan) -> Iterator[tuple[str, Path]]:
    output = output_of(plan)
    yield "input", plan.source
    yield "output", output
    yield "output's journal", journal_of(output)
    yield "output's journal", fresh_of(output)
    if plan.report is not None:
        yield "report", plan.report


def _same(path: Path, another: Path) -> bool:
    """Whether two paths lead to one file, also to one that is not there yet."""
    try:
        return path.samefile(another)
    except OSError:
        return os.path.realpath(path) == os.path.realpath(another)
