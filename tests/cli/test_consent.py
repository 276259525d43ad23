"""Consent: a secret that a site file names goes out only where the user said so."""

import io
import stat
import sys
from pathlib import Path

import pytest

from chatdoor.cli.consent import FILE, Consent
from chatdoor.drive.secrets import SecretUse
from chatdoor.practice import Practice
from tests.cli.program import Program
from tests.cli.terminal import terminal

SITE = """schema = 1
name = "bot"
url = "{url}"
extends = "django"
[chat]
post = "/generate_response/"
json = {{ messages = "{{messages}}", key = "{{env:BOT_KEY}}" }}
[reply]
json = "response"
"""
KEY = {"BOT_KEY": "s3cret-k3y"}
USE = SecretUse("bot", "f", "env:X", "https://bot.example", "POST /")


def test_without_a_terminal_only_the_option_allows_it(program: Program) -> None:
    """The refusal names reference, host and option; nothing shows the secret, not even --verbose."""
    with Practice() as site:
        file = program.write("bot.toml", SITE.format(url=site.url))
        ask = ("ask", "--site", file, "--verbose", "Hello")
        refused = program(*ask, env=KEY)
        allowed = program(*ask, "--allow-secrets", env=KEY)
        missing = program(*ask, "--allow-secrets")
    assert refused.code == missing.code != 0
    assert f"{{env:BOT_KEY}} would be sent to {site.url}, and that is not allowed yet" in refused.err
    assert "there is no environment variable 'BOT_KEY'" in missing.err
    assert allowed.code == 0, allowed.err
    assert "s3cret" not in refused.all + allowed.all
    assert not [path for path in program.state.rglob("*") if "s3cret" in path.read_text()]


@pytest.mark.skipif(sys.platform == "win32", reason="a pseudo-terminal is POSIX")
def test_a_yes_at_the_terminal_is_remembered(program: Program) -> None:
    """Once for this file and host: the second run asks nothing, a changed file asks again."""
    with Practice() as site:
        file = program.write("bot.toml", SITE.format(url=site.url))
        for answer in ("n\n", "y\n"):
            with terminal(program, "ask", "--site", str(file), "Hello", env=KEY) as screen:
                screen.wait_for("sends the secret {env:BOT_KEY} to")
                screen.type(answer)
                assert (screen.wait() == 0) is (answer == "y\n")
        assert program("ask", "--site", file, "Hello", env=KEY).code == 0
        program.write("bot.toml", SITE.format(url=site.url) + "# changed\n")
        assert program("ask", "--site", file, "Hello", env=KEY).code != 0
    kept = program.state.parent / FILE
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert kept.read_text().endswith(f" bot {site.url} {{env:BOT_KEY}}\n")


class Terminal(io.StringIO):
    """A standard input that is a terminal."""

    def isatty(self) -> bool:
        return True


class TestWithoutAFile:
    """Folders that can not be used."""

    def test_what_can_not_be_read_allows_nothing(self, tmp_path: Path) -> None:
        """A folder in the file's place, or bytes that are no text."""
        (tmp_path / FILE).write_bytes(b"\xff" + USE.key.encode())
        assert not Consent(tmp_path)(USE)
        (tmp_path / FILE).unlink()
        (tmp_path / FILE).mkdir()
        assert not Consent(tmp_path)(USE)

    def test_what_can_not_be_kept_is_said(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """The answer holds for now, with a warning."""
        (tmp_path / FILE).mkdir()
        monkeypatch.setattr("chatdoor.cli.consent._allows", lambda _use: True)
        monkeypatch.setattr(sys, "stdin", Terminal())
        assert Consent(tmp_path)(USE)
        assert "warning: the answer can not be kept" in capsys.readouterr().err
