"""One run: whatever is raised, there is an exit code and a line."""

import errno
import subprocess
import sys

import pytest

from chatdoor.cli import run as running
from chatdoor.cli.failures import as_object
from chatdoor.cli.run import run
from chatdoor.errors import ArgumentError, RateLimited, SiteFileError


@pytest.mark.parametrize(
    ("raised", "code", "said"),
    [
        (ArgumentError("no", site="s", step="GET /"), 2, "chatdoor: s: GET /: no\n"),
        (RateLimited("wait", retry_after=9.0), 6, "chatdoor: wait\n"),
        (KeyboardInterrupt(), 130, ""),
        (OSError(errno.ENOSPC, "No space left"), 1, "chatdoor: the output can not be written: No space left\n"),
        (PermissionError(errno.EACCES, "Permission denied", "a.toml"), 1, "chatdoor: a.toml: Permission denied\n"),
        (BrokenPipeError(errno.EPIPE, "Broken pipe"), 141, ""),
    ],
)
def test_each_end_has_its_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], raised: BaseException, code: int, said: str
) -> None:
    """Errors, Ctrl-C and a lost output end a run with their code and at most one line."""

    def end(_arguments: object) -> None:
        raise raised

    monkeypatch.setattr(running, "_call", end)
    monkeypatch.setattr(running, "silence_stdout", lambda: None)
    assert run([]) == code
    assert capsys.readouterr() == ("", said)


def test_without_an_output_nothing_is_asked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A program that was started without standard output says so and sends nothing."""
    monkeypatch.setattr(sys, "stdout", None)
    assert run(["ask", "Hello"]) == 1
    monkeypatch.undo()
    assert "there is no standard output" in capsys.readouterr().err


def test_a_bug_is_a_line_that_names_the_place(capsys: pytest.CaptureFixture[str]) -> None:
    """An error that nobody expected is told without its text, which may hold secrets, and without a traceback."""
    try:
        raise ValueError("s3cret")
    except ValueError as error:
        running._report_bug(ValueError, error.__traceback__)
    said = capsys.readouterr().err
    assert said.startswith("chatdoor: this is a bug in chatdoor: ValueError at test_run.py:")
    assert "s3cret" not in said


def test_an_error_is_an_object() -> None:
    """What every error has is there, and what only this kind has too."""
    wrong = as_object(SiteFileError("unknown key", file="bot.toml", line=3, key="chat.jsn"))["error"]
    assert wrong == {
        "kind": "SiteFileError",
        "message": "bot.toml:3: chat.jsn: unknown key",
        "exit_code": 3,
        "status": SiteFileError.status,
        "retryable": False,
        "site": None,
        "step": None,
        "file": "bot.toml",
        "line": 3,
        "key": "chat.jsn",
    }


def test_ctrl_c_while_the_program_is_loaded_is_no_traceback() -> None:
    """An impatient person sees the prompt of the shell again, and nothing else."""
    program = (
        "import sys\n"
        "class Impatient:\n"
        "    def find_spec(self, name, *_):\n"
        "        if name == 'chatdoor.cli.run': raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Impatient())\n"
        "from chatdoor.cli import main\n"
        "main()\n"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=20, check=False)
    assert (ran.returncode, ran.stdout, ran.stderr) == (130, b"", b"")
