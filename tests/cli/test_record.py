"""`chatdoor record`: what it writes, what it refuses, and what it leaves behind."""

import shutil
import signal
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from chatdoor.cli import record as command
from chatdoor.errors import ArgumentError
from chatdoor.practice import Practice
from tests.cli.program import Program
from tests.discover.chats import ASKED, SAID, TOKEN, got, page, recorded

SAY = ("--say", "I feel so tired of my work today", "--say", "My mother never listens to me")
HEADLESS = ("--headless", "--settle", "0.3", *SAY)
URL = "https://bot.example.org/"

browser = pytest.mark.skipif(shutil.which("chromium") is None, reason="see scripts/debian-packages.txt")


@browser
def test_a_site_file_that_talks(program: Program) -> None:
    """What is written needs no edit; what is done is said beside it."""
    with Practice(reply="sse-delta") as site:
        ran = program("record", site.url, *HEADLESS, "--out", "bot.toml")
        assert ran.code == 0, ran.err
        assert program("ask", "--site", program.folder / "bot.toml", "I feel lost").out == "Why do you feel lost?\n"
    assert ran.err.startswith(f"opening {site.url}\nsaid 1 of 2, and the reply came\n")
    assert "Sure, the recording shows it:" in ran.err


@browser
def test_ctrl_c_leaves_no_browser_behind(program: Program) -> None:
    """It ends with the code of shells, and nothing that it started is left."""
    with Practice(slow=30.0) as site, program.started("record", site.url, *HEADLESS) as process:
        assert process.stderr is not None
        assert process.stderr.readline().startswith(b"opening")
        begun = children(process.pid)
        process.send_signal(signal.SIGINT)
        rest = process.stderr.read()
        assert (process.wait(10), rest) == (130, b"")
    assert begun
    assert gone(begun)


def children(pid: int) -> list[int]:
    """All processes that a process has started, and those have."""
    found = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    pairs = [tuple(map(int, line.split())) for line in found.splitlines()]
    below, seen = [pid], list[int]()
    while below:
        below = [each for each, parent in pairs if parent in below]
        seen += below
    return seen


def gone(pids: list[int]) -> bool:
    """Whether they end soon."""
    until = time.monotonic() + 5
    while time.monotonic() < until:
        if not any(lives(pid) for pid in pids):
            return True
        time.sleep(0.05)
    return False


def lives(pid: int) -> bool:
    """Whether a process runs; one that has ended, and that nobody has asked for, does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] != "Z"
    except OSError:
        return False


def ran(monkeypatch: pytest.MonkeyPatch, *arguments: str | Path) -> Result:
    """The command, with a recording that is made here instead of a browser's."""
    sent = {"X-Token": TOKEN}
    turns = [got("POST", "/ask", {"answer": SAID[at]}, body={"q": ASKED[at]}, sent=sent) for at in range(2)]
    meta = page(f'<html><head><meta name="token" content="{TOKEN}"></head></html>')
    monkeypatch.setattr(command, "_recorded", lambda _: recorded(meta, *turns))
    said = ("--say", ASKED[0], "--say", ASKED[1])
    return CliRunner().invoke(command.record, [URL, *said, *map(str, arguments)], catch_exceptions=False)


def test_the_recording_is_kept_without_its_secrets(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Unless they are wanted; both files are for their owner's eyes."""
    scrubbed, whole = tmp_path / "a.har", tmp_path / "b.har"
    done = ran(monkeypatch, "--har", scrubbed)
    assert tomllib.loads(done.stdout)["take"] == {"token": {"meta": "token"}}
    assert TOKEN not in scrubbed.read_text()
    assert ran(monkeypatch, "--har", whole, "--keep-secrets").exit_code == 0
    assert TOKEN in whole.read_text()
    assert [file.stat().st_mode & 0o077 for file in (scrubbed, whole)] == [0, 0]


def test_nothing_is_replaced_unless_that_is_wanted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither the site file nor the recording, and this is said before anything is recorded."""
    for option in ("--out", "--har"):
        file = tmp_path / f"there{option}"
        file.write_text("mine")
        with pytest.raises(ArgumentError, match="--overwrite replaces it"):
            ran(monkeypatch, option, file)
        assert file.read_text() == "mine"
        assert ran(monkeypatch, option, file, "--overwrite").exit_code == 0
        assert file.read_text() != "mine"


def test_options_that_do_not_fit_together(program: Program) -> None:
    """Each is told before a browser is started."""
    for arguments, message in (
        (("--headless",), "give --say TEXT"),
        (("--password", "env:X"), "--user and --password are for --say"),
        ((*SAY, "--user", "-", "--password", "-"), "only one can be read from standard input"),
    ):
        done = program("record", URL, *arguments)
        assert (done.code, message in done.err) == (2, True), done.err
    assert "Invalid value for 'URL'" in program("record", "bot.example.org").err


def test_without_playwright(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message says what to install."""
    for name in [name for name in sys.modules if name.startswith("chatdoor.discover.recorder")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "playwright.async_api", None)
    with pytest.raises(ArgumentError, match=r'pip install "chatdoor\[record\]"'):
        CliRunner().invoke(command.record, [URL, *SAY], catch_exceptions=False)
