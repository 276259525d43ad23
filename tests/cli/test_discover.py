"""`chatdoor discover`: what it writes, where, and what it says beside it."""

import tomllib
from pathlib import Path

import pytest

from chatdoor.site import load_site
from tests.cli.program import Program
from tests.discover.chats import ASKED, SAID, got, page, recorded


@pytest.fixture
def recording(program: Program) -> Path:
    """A recording of two turns."""
    file = program.folder / "chat.har"
    asked = [got("POST", "/ask", {"answer": said}, body={"q": text}) for text, said in zip(ASKED, SAID, strict=True)]
    file.write_bytes(recorded(page(), *asked))
    return file


def test_the_site_file_goes_to_standard_output(program: Program, recording: Path) -> None:
    """It can be piped; what is sure and what is guessed is said beside it, and holds nothing that was typed."""
    ran = program("discover", recording)
    assert ran.code == 0
    assert tomllib.loads(ran.out)["chat"]["post"] == "/ask"
    assert "Sure, the recording shows it:" in ran.err
    assert "chat: POST /ask, 2 turns" in ran.err
    assert "Guessed, please look:" in ran.err
    assert [text for text in (*ASKED, *SAID) if text in ran.all] == []


def test_the_site_file_is_written_and_loads(program: Program, recording: Path) -> None:
    """With --out it is a file; another time it is not replaced, unless that is wanted."""
    out = program.folder / "bot.toml"
    assert program("discover", recording, "--out", out).code == 0
    assert load_site(out).name == "bot-example"
    again = program("discover", recording, "--out", out)
    assert (again.code, again.out) == (2, "")
    assert "--overwrite replaces it" in again.err
    assert program("discover", recording, "--out", out, "--overwrite", "--offline").code == 0


def test_prompts_and_several_recordings(program: Program, recording: Path) -> None:
    """What was typed may be told; recordings of the same steps are compared."""
    ran = program("discover", recording, recording, "--prompt", ASKED[0], "--prompt", ASKED[1])
    assert (ran.code, tomllib.loads(ran.out)["reply"]) == (0, {"json": "answer"})
    other = program("discover", recording, "--prompt", "Good morning")
    assert other.code == 3
    assert "no request holds the text of --prompt" in other.err


def test_no_recording(program: Program) -> None:
    """A file that is not there, is cut short or is no HAR is an error that names it and leaves nothing behind."""
    missing = program("discover", "nowhere.har", "--out", "bot.toml")
    assert (missing.code, "nowhere.har can not be read" in missing.err) == (2, True)
    cut = program.folder / "cut.har"
    cut.write_bytes(recorded(page())[:-30])
    ran = program("discover", cut, "--out", "bot.toml")
    assert ran.code == 3
    assert "the file ends in the middle" in ran.err
    assert not (program.folder / "bot.toml").exists()


def test_a_place_that_can_not_be_written(program: Program, recording: Path) -> None:
    """The error names the place."""
    ran = program("discover", recording, "--out", program.folder / "no" / "bot.toml")
    assert ran.code == 2
    assert "can not be written" in ran.err
    dash = program("discover", recording, "--out", "-")
    assert (dash.code, "- is no file" in dash.err) == (2, True)
