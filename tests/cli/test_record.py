"""`chatdoor record`: what it writes, what it refuses, and what it leaves behind."""

import os
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
from chatdoor.discover.tape import Taken
from chatdoor.errors import ArgumentError, RecordingError
from chatdoor.practice import Behaviour, Practice
from tests.cli.program import Program
from tests.discover.chats import ASKED, SAID, TOKEN, got, page, recorded
from tests.discover.picky import Picky, serving
from tests.discover.practice_page import RecordedPage

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
    monkeypatch.setattr(command, "_recorded", lambda _: Taken(recorded(meta, *turns), ()))
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


def recorded_as(monkeypatch: pytest.MonkeyPatch, data: bytes, *arguments: str) -> Result:
    """The command, with that recording instead of a browser's."""
    monkeypatch.setattr(command, "_recorded", lambda _: Taken(data, ()))
    return CliRunner().invoke(command.record, [URL, *arguments], catch_exceptions=False)


def test_what_was_recorded_is_proven(monkeypatch: pytest.MonkeyPatch) -> None:
    """As discover does it: where nobody can be asked, only with --live or --yes, and never with --offline."""
    with serving(Picky()) as site:
        data = site.recording(X_Build="red")
        alone, offline = recorded_as(monkeypatch, data), recorded_as(monkeypatch, data, "--offline")
        assert site.requests == []
        yes = recorded_as(monkeypatch, data, "--yes")
    assert ("so the site was not asked" in alone.stderr, "not asked" in offline.stderr) == (True, False)
    assert ("X-Build" in alone.stdout, "X-Build" in yes.stdout) == (True, False)
    assert "Proven, the site answered so:" in yes.stderr


def test_who_signed_in_signs_in_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """The credentials of the command line are those of the proof; afterwards they are nowhere."""
    monkeypatch.setenv("HERS", "guest")
    before = dict(os.environ)
    with Practice(login="form") as site:
        visitor = RecordedPage(site.url, Behaviour(login="form"))
        for text in SAY[1::2]:
            visitor.say(text)
        done = recorded_as(monkeypatch, visitor.har(), *SAY, "--yes", "--user", "guest", "--password", "env:HERS")
    assert (done.exit_code, "turn: two messages were answered" in done.stderr) == (0, True), done.stderr
    assert dict(os.environ) == before


def test_a_place_that_can_not_be_written_is_told_at_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Before anybody chats: no folder, or a folder itself."""
    monkeypatch.setattr(command, "_recorded", lambda _: pytest.fail("a browser was opened"))
    for place, message in (
        (tmp_path / "none" / "a.toml", "no folder that you may write to"),
        (tmp_path, "is a folder"),
    ):
        for option in ("--out", "--har"):
            with pytest.raises(ArgumentError, match=message):
                CliRunner().invoke(command.record, [URL, *SAY, option, str(place)], catch_exceptions=False)


def test_a_recording_without_a_chat_can_be_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Where it was not, that is told, with the option that keeps it."""
    hint, data = "the recording was not kept; --har FILE", recorded(page())
    monkeypatch.setattr(command, "_recorded", lambda _: Taken(data, ()))
    told = list[str]()
    monkeypatch.setattr(command, "tell", told.append)
    for arguments, hinted in (((), True), (("--har", str(tmp_path / "a.har")), False)):
        told.clear()
        with pytest.raises(RecordingError):
            CliRunner().invoke(command.record, [URL, *SAY, *arguments], catch_exceptions=False)
        assert any(line.startswith(hint) for line in told) == hinted
