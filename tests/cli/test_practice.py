"""`chatdoor practice`: the practice site in the foreground."""

import json
import shlex
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from chatdoor.practice import OPTIONS
from chatdoor.site import load_site
from tests.cli.program import Program


def first_lines(process: "subprocess.Popen[bytes]") -> tuple[str, list[str]]:
    """The URL that it says, and the words of the command that it offers."""
    assert process.stdout is not None
    url = process.stdout.readline().decode().split()[2]
    return url, shlex.split(process.stdout.readline().decode())


@pytest.mark.parametrize(
    "options",
    [(), ("--reply", "sse-delta", "--token", "meta"), ("--body", "form", "--token", "input"), ("--fail-every", "9")],
    ids=" ".join,
)
def test_the_command_that_it_offers_works(program: Program, options: tuple[str, ...]) -> None:
    """Whatever the site's options, the line that it prints asks it and gets its reply."""
    with program.started("practice", *options) as process:
        url, command = first_lines(process)
        assert command[:3] == ["chatdoor", "ask", "--site"]
        ran = program(*command[1:])
        assert (ran.code, ran.err) == (0, "")
        with urllib.request.urlopen(f"{url}/stats") as answer:
            assert json.load(answer)["accepted"] == 1


@pytest.mark.parametrize("login", ["form", "json"])
def test_the_command_for_a_login_names_its_secrets(
    program: Program, login: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where one has to sign in, the line that it prints says who may, and that this may be told to the site."""
    with program.started("practice", "--login", login) as process:
        _, words = first_lines(process)
        for word in words[:2]:
            monkeypatch.setenv(*word.split("=", 1))
        assert words[2] == "chatdoor"
        ran = program(*words[3:])
    assert (ran.code, ran.err) == (0, "")


def test_it_writes_its_site_file(program: Program) -> None:
    """--site-file writes a file that `ask` and `load_site` take, and that is still there afterwards."""
    file = program.folder / "our practice.toml"
    with program.started("practice", "--history", "none", "--site-file", file) as process:
        url, command = first_lines(process)
        assert command[3] == str(file)
        assert program(*command[1:]).code == 0
    assert load_site(file).url == url


def test_a_site_file_that_can_not_be_written_is_an_error(program: Program) -> None:
    """The site does not start where its description can not be had."""
    ran = program("practice", "--site-file", program.folder)
    assert ran.code == 2
    assert ran.err.startswith("chatdoor: --site-file: ")


@pytest.mark.skipif(sys.platform == "win32", reason="signals as POSIX has them")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_cleanly(program: Program, number: signal.Signals) -> None:
    """Ctrl-C and SIGTERM end it with exit code 0, in silence, and a site file of its own making is gone."""
    with program.started("practice", "--reply", "sse-delta") as process:
        _, command = first_lines(process)
        assert Path(command[3]).exists()
        process.send_signal(number)
        out, err = process.communicate(timeout=10)
    assert (process.returncode, out, err) == (0, b"", b"")
    assert not Path(command[3]).parent.exists()


def test_a_port_that_is_taken_is_an_error(program: Program) -> None:
    """Two sites on one port are one too many, and the second one says so."""
    with program.started("practice") as process:
        url, _ = first_lines(process)
        ran = program("practice", "--port", url.rpartition(":")[2])
    assert ran.code == 2
    assert ran.err.startswith("chatdoor: practice: can not listen on 127.0.0.1 port ")
    assert ran.err.count("\n") == 1


@pytest.mark.parametrize(
    "wrong", [("--host", "0.0.0.0"), ("--token", "none-such"), ("--fail-every", "-1"), ("--slow", "nan")]
)
def test_what_can_not_be_is_refused(program: Program, wrong: tuple[str, str]) -> None:
    """It listens on this machine only, and takes no option that makes no sense."""
    ran = program("practice", *wrong)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.count("\n") == 1


def test_every_option_of_the_site_is_offered(program: Program) -> None:
    """What a practice site can do, the command line can ask for."""
    shown = program("practice", "--help").out
    assert [option.flag for option in OPTIONS if f" {option.flag} " not in shown] == []
