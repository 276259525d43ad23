"""`chatdoor discover --live`: who is asked before, what is told, what is written, and the exit code."""

import sys
from pathlib import Path

import pytest

from chatdoor.site import load_site
from tests.cli.program import Program
from tests.cli.terminal import terminal
from tests.discover.chats import OTHER
from tests.discover.picky import Picky, after, serving

QUESTION = "Prove the site file against"


def recording(program: Program, site: Picky) -> Path:
    """A recording of the site, with a header that it does not want."""
    file = program.folder / "chat.har"
    file.write_bytes(site.recording(X_Build="red"))
    return file


def test_without_a_terminal_nothing_is_sent(program: Program) -> None:
    """Unless --live or --yes says so; what was not done is told. --offline says nothing."""
    with serving(Picky()) as site:
        file = recording(program, site)
        alone, offline = program("discover", file), program("discover", file, "--offline")
        assert site.requests == []
        yes = program("discover", file, "--yes")
    assert (alone.code, offline.code, yes.code) == (0, 0, 0)
    assert "so the site was not asked: --live or --yes does" in alone.err
    assert "not asked" not in offline.err
    assert ("X-Build" in alone.out, "X-Build" in yes.out) == (True, False)


def test_live_proves_and_mends(program: Program) -> None:
    """The host, the most requests and the messages are told before; the report says what was proven."""
    out = program.folder / "bot.toml"
    with serving(Picky()) as site:
        ran = program("discover", recording(program, site), "--live", "--requests", "30", "--out", out)
        assert f"{site.url} gets at most 30 requests" in ran.err
        assert f"{len(site.requests)} requests sent" in ran.err
    assert ran.code == 0
    assert "My name is ... (a made-up word)." in ran.err
    assert "Proven, the site answered so:\n  turn: two messages were answered\n" in ran.err
    assert "  X-Build: not needed, left out\n" in ran.err
    assert "X-Build" not in load_site(out).text


def test_what_was_typed_is_said(program: Program) -> None:
    """A prompt that was given is told beside the default ones, and goes out."""
    with serving(Picky()) as site:
        prompt = "Where is my parcel, please?"
        ran = program("discover", recording(program, site), "--live", "--prompt", prompt)
        assert prompt in site.messages
    assert prompt in ran.err


@pytest.mark.skipif(sys.platform == "win32", reason="a pseudo-terminal is POSIX")
@pytest.mark.parametrize(("answer", "asked"), [("y\r", True), ("\r", True), ("n\r", False)])
def test_a_person_is_asked(program: Program, answer: str, asked: bool) -> None:
    """Once, before anything is sent; yes is the default."""
    out = program.folder / "bot.toml"
    with serving(Picky()) as site:
        file = recording(program, site)
        with terminal(program, "discover", str(file), "--out", str(out)) as screen:
            screen.wait_for(QUESTION)
            assert site.requests == []
            screen.type(answer)
            assert screen.wait() == 0
        assert bool(site.requests) == asked
    assert ("X-Build" in load_site(out).text) != asked


@pytest.mark.skipif(sys.platform == "win32", reason="a pseudo-terminal is POSIX")
def test_ctrl_c_at_the_question(program: Program) -> None:
    """Nothing is sent, and the file of the recording is there."""
    out = program.folder / "bot.toml"
    with serving(Picky()) as site:
        with terminal(program, "discover", str(recording(program, site)), "--out", str(out)) as screen:
            screen.wait_for("[Y/n]: ")
            screen.interrupt_until("\n")
            assert screen.wait() == 130
        assert site.requests == []
    assert load_site(out).name == "site"


def test_trouble_is_told_and_the_file_is_there(program: Program) -> None:
    """The exit code is the error's."""
    out = program.folder / "bot.toml"
    with serving(Picky(trouble=after(1, 429, Retry_After="7"))) as site:
        ran = program("discover", recording(program, site), "--live", "--out", out)
    assert ran.code == 6
    assert "slow down, for 7 s (HTTP 429)" in ran.err
    assert "was not proven" in ran.err
    assert "X-Build" in load_site(out).text


def test_a_secret_wants_its_own_yes(program: Program) -> None:
    """--yes sends no secret of the environment; --allow-secrets does. Nothing shows it."""
    with serving(Picky(wants={"X-Api-Key": "s3cret"})) as site:
        file = program.folder / "chat.har"
        file.write_bytes(site.recording(X_Api_Key=OTHER))
        key = {"SITE_API_KEY": "s3cret-k3y"}
        refused = program("discover", file, "--yes", env=key)
        sent = list(site.requests)
        allowed = program("discover", file, "--yes", "--allow-secrets", env=key)
    assert (refused.code, allowed.code) == (2, 0)
    assert "and that is not allowed yet" in refused.err
    assert [path for method, path in sent if method == "POST"] == []
    assert "{env:SITE_API_KEY}" in allowed.err
    assert "s3cret" not in refused.all + allowed.all


def test_offline_and_live_exclude_each_other(program: Program) -> None:
    """The error says so, and nothing is read or sent."""
    ran = program("discover", "nowhere.har", "--offline", "--yes")
    assert (ran.code, "--offline: goes with neither --live nor --yes" in ran.err) == (2, True)
