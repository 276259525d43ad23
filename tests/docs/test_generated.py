"""The reference pages are what the code says, and `--help` is what they say."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from docs.generate import FOLDER, PAGES, outdated
from tests.docs.blocks import ROOT


def test_the_reference_is_what_the_code_says() -> None:
    """`scripts/docs --check` finds nothing: whoever changes a command, a key, an error or a signature runs it."""
    done = subprocess.run(
        [sys.executable, "-m", "docs.generate", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_a_page_that_differs_is_named(tmp_path: Path) -> None:
    """A page that is missing or was changed by hand is outdated; one that is as written is not."""
    pages = outdated(tmp_path)
    assert [page.name for page in pages] == list(PAGES)
    for page, text in pages.items():
        page.write_text(text, "utf-8")
    assert outdated(tmp_path) == {}
    changed = tmp_path / "errors.md"
    changed.write_text(changed.read_text("utf-8") + "by hand\n", "utf-8")
    assert list(outdated(tmp_path)) == [changed]


@pytest.mark.parametrize("command", [(), ("ask",)], ids=" ".join)
def test_the_help_of_the_real_command_is_in_the_reference(command: tuple[str, ...], tmp_path: Path) -> None:
    """On a terminal of 80 columns, `chatdoor ... --help` prints what the page holds, character by character."""
    done = subprocess.run(
        [sys.executable, "-m", "chatdoor", *command, "--help"],
        env={**os.environ, "COLUMNS": "80", "CHATDOOR_CONFIG_DIR": str(tmp_path)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
    )
    assert f"```text\n{done.stdout.rstrip()}\n```\n" in (FOLDER / "cli.md").read_text("utf-8")
