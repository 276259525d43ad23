"""`chatdoor batch`: what a person, a log and a program see of it, and how it ends."""

import json
import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatdoor import Practice
from tests.cli.program import Program
from tests.cli.terminal import INTERRUPT, terminal

MOST_BYTES = 20_000
"""Bytes that a file may have where the disk is to be full."""

FULL_DISK = (
    f"import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
    f"resource.setrlimit(resource.RLIMIT_FSIZE, ({MOST_BYTES}, {MOST_BYTES})); "
)


@pytest.fixture
def slow() -> Iterator[Practice]:
    """A practice site that takes its time."""
    practice = Practice(slow=0.05)
    with practice:
        yield practice


def write(program: Program, count: int) -> None:
    """An input of so many prompts."""
    program.write("in.txt", "".join(f"I feel number {number}\n" for number in range(count)))


def results(program: Program) -> list[dict[str, dict[str, object]]]:
    """The results; each row has one at most."""
    found = [json.loads(line) for line in (program.folder / "out.jsonl").read_text().splitlines()]
    assert len({result["chatdoor"]["line"] for result in found}) == len(found)
    return found


def test_without_a_site_the_practice_site_answers(program: Program) -> None:
    """A summary on standard output, nothing on standard error, exit code 0; the same again has nothing to do."""
    write(program, 30)
    ran = program("batch", "in.txt", "out.jsonl")
    assert (ran.code, ran.err, len(results(program))) == (0, "", 30)
    assert ran.out.startswith("rows         30\nanswered     30\nfailed       0\nthis run     30 in 0:0")
    assert re.search(r"^latency +least .+ p50 .+ p99 .+ most .+$", ran.out, re.MULTILINE)
    again = program("batch", "in.txt", "out.jsonl")
    assert (again.code, "this run" in again.out) == (0, False)


def test_a_row_without_an_answer_is_told(program: Program) -> None:
    """The exit code is 1, the summary counts the kinds, and one line says what to do."""
    program.write("in.jsonl", '"I feel one"\n{broken\n')
    ran = program("batch", "in.jsonl", "out.jsonl")
    assert ran.code == 1
    assert "failed       1\n" in ran.out
    assert "  BadRow               1\n" in ran.out
    assert ran.err == "chatdoor: rows failed: 1; out.jsonl says why, and --retry-failed asks them again\n"


def test_quiet_is_quiet(program: Program) -> None:
    """Nothing but what is wrong."""
    write(program, 3)
    ran = program("batch", "--quiet", "in.txt", "out.jsonl")
    assert (ran.code, ran.all) == (0, "")


def test_columns_of_a_spreadsheet(program: Program) -> None:
    """A column by its name, ids by theirs, and the model and system text that are wanted for all."""
    program.write("in.csv", "Id;Question\nx;I feel lost\n".replace("Id", "id"))
    ran = program("batch", "--column", "Question", "--model", "eliza", "in.csv", "out.jsonl", "--report", "r.html")
    assert ran.code == 0
    (result,) = results(program)
    assert result["custom_id"] == "x"
    assert (program.folder / "r.html").read_text("utf-8").startswith("<!doctype html>")


def test_a_dry_run_sends_and_writes_nothing(program: Program, slow: Practice) -> None:
    """It says how many rows would be asked, and which can not be."""
    program.write("in.jsonl", '"I feel one"\n{broken\n"I feel two"\n')
    ran = program("batch", "--site", "practice", "--url", slow.url, "--dry-run", "in.jsonl", "out.jsonl")
    assert ran.code == 0
    assert ran.out == "3 rows: 0 answered, 1 failed or not to be asked, 2 to ask\n"
    assert ran.err.startswith("chatdoor: line 2: is no JSON: ")
    assert slow.stats()["pages"] == 0
    assert not (program.folder / "out.jsonl").exists()


@pytest.mark.parametrize(
    ("options", "code", "problem"),
    [
        (["--concurrency", "many"], 2, "expected auto or a whole number from 1 to 10000"),
        (["--concurrency", "0"], 2, "expected auto"),
        (["--limit", "0"], 2, "--limit"),
        (["--on", "mars"], 2, "on: expected"),
        (["--column", "a"], 2, "there is no column 'a'"),
        (["--patience", "0"], 2, "--patience"),
        (["--report", "in.txt"], 2, "is the input; take another file for the report"),
        (["-"], 2, "expected the name of a file"),
    ],
)
def test_options_are_checked(program: Program, options: list[str], code: int, problem: str) -> None:
    """In one line, and nothing is written."""
    write(program, 1)
    ran = program("batch", *options, "in.txt", "out.jsonl")
    assert (ran.code, ran.err.count("\n")) == (code, 1)
    assert problem in ran.err
    assert not (program.folder / "out.jsonl").exists()


def test_a_person_sees_how_far_it_is(program: Program, slow: Practice) -> None:
    """A bar with rate, remaining time, errors and how many at a time; then the summary with its histogram."""
    write(program, 60)
    with terminal(
        program, "batch", "--site", "practice", "--url", slow.url, "--concurrency", "4", "in.txt", "out.jsonl",
        env={"COLUMNS": "120"},
    ) as shown:  # fmt: skip
        assert shown.wait() == 0
    assert re.search(
        r"\[#+\.+\] \d+ of 60 rows \(\d+%\), [\d.]+ a second, 0:0\d left, 0 failed, 4 at a time", shown.screen
    )
    assert "█" in shown.screen


def test_ctrl_c_lets_what_runs_finish(program: Program, slow: Practice) -> None:
    """It says so, and how to go on; the same command then asks what is missing, each prompt once."""
    write(program, 100)
    command = ("batch", "--site", "practice", "--url", slow.url, "--concurrency", "4", "in.txt", "out.jsonl")
    with terminal(program, *command) as shown:
        shown.wait_for(" a second, ")
        while slow.stats()["accepted"] < 4:
            shown._read()
        shown.type(INTERRUPT)
        shown.wait_for("finishing what is under way; Ctrl-C again stops at once")
        shown.wait_for("stopped; the same command goes on from here")
        assert shown.wait() == 130
    kept = len(results(program))
    assert 0 < kept < 100
    assert slow.stats()["accepted"] == kept
    assert not (program.folder / "out.jsonl.journal").exists()
    assert program(*command).code == 0
    assert (len(results(program)), slow.stats()["accepted"]) == (100, 100)


def test_a_second_ctrl_c_stops_at_once(program: Program) -> None:
    """What was under way is asked again by the next run, and marked."""
    write(program, 20)
    practice = Practice(slow=20.0)
    with practice:
        command = ("batch", "--site", "practice", "--url", practice.url, "--concurrency", "4", "in.txt", "out.jsonl")
        with terminal(program, *command) as shown:
            shown.wait_for("4 at a time")
            while practice.stats()["accepted"] < 4:
                shown._read()
            shown.type(INTERRUPT)
            shown.wait_for("finishing")
            shown.type(INTERRUPT)
            assert shown.wait() == 130
        practice.faults(slow=0.0)
        assert program(*command).code == 0
    assert sum(bool(result["chatdoor"]["asked_again"]) for result in results(program)) == 4


def test_sigterm_lets_what_runs_finish(program: Program, slow: Practice) -> None:
    """As a container does it; in a log there are plain lines."""
    write(program, 100)
    with program.started(
        "batch", "--site", "practice", "--url", slow.url, "--concurrency", "4", "in.txt", "out.jsonl"
    ) as process:
        while slow.stats()["accepted"] < 8:
            assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        _, told = process.communicate(timeout=20)
    assert process.returncode == 130
    assert told.decode().splitlines()[0] == "chatdoor: finishing what is under way; Ctrl-C again stops at once"
    assert "\r" not in told.decode()
    assert slow.stats()["accepted"] == len(results(program))


def test_a_full_disk_is_told_and_the_run_goes_on_later(program: Program, slow: Practice) -> None:
    """The output holds whole lines only; with room again the same command answers every row once."""
    pytest.importorskip("resource")
    slow.faults(slow=0.0)
    write(program, 100)
    command = ("batch", "--site", "practice", "--url", slow.url, "--concurrency", "4", "in.txt", "out.jsonl")
    with program.started(*command, before=FULL_DISK) as process:
        _, told = process.communicate(timeout=20)
    assert process.returncode == 12
    assert "out.jsonl: File too large; what was answered is kept, and the same command goes on" in told.decode()
    assert b"Traceback" not in told
    kept = results(program)
    assert 0 < len(kept) < 100
    assert (program.folder / "out.jsonl").stat().st_size <= MOST_BYTES
    assert program(*command).code == 0
    assert len(results(program)) == 100
    marked = sum(bool(result["chatdoor"]["asked_again"]) for result in results(program))
    assert slow.stats()["accepted"] <= 100 + marked


def test_a_disk_that_is_really_full(program: Program, slow: Practice, tmp_path: Path) -> None:
    """The same on a small file system, where this process may mount one."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
    try:
        if subprocess.run(mount, capture_output=True, check=False).returncode:
            pytest.skip("only who may mount can make a full disk")
    except FileNotFoundError:
        pytest.skip("there is no mount here")
    try:
        slow.faults(slow=0.0)
        write(program, 300)
        ran = program("batch", "--site", "practice", "--url", slow.url, "in.txt", folder / "out.jsonl")
        assert ran.code == 12
        assert "out.jsonl: No space left on device" in ran.err
        lines = (folder / "out.jsonl").read_text().splitlines()
        assert 0 < len(lines) < 300
        assert all(json.loads(line)["response"] for line in lines)
    finally:
        subprocess.run(["umount", str(folder)], check=True)
