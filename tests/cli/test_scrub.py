"""`chatdoor scrub`: what it writes, where, and when it does not."""

import json
from pathlib import Path

import pytest

from chatdoor.cli import scrub as command
from chatdoor.discover.scrub import Scrubbed, scrub
from chatdoor.errors import RecordingError
from tests.cli.program import Program
from tests.discover.har_file import entry, form_entry, har, headers

TOKEN = "mlibUvnl4XbRRpYv9h8yfccGjZovGL3K"


@pytest.fixture
def recording(program: Program) -> Path:
    """A recording with a token, a password and a prompt."""
    file = program.folder / "chat.har"
    login = form_entry("https://a.example.org/login", "user=alice&password=sunflower")
    ask = form_entry("https://a.example.org/ask", "message=Where+is+my+parcel")
    file.write_bytes(har(login, ask, entry(request={"headers": headers(authorization=f"Bearer {TOKEN}")})))
    return file


def test_the_result_stands_beside_the_recording(program: Program, recording: Path) -> None:
    """It holds no secret, and only its owner may read it; the summary shows kinds and counts; the recording stays."""
    before = recording.read_bytes()
    ran = program("scrub", recording)
    assert (ran.code, ran.err) == (0, "")
    written = recording.with_name("chat.scrubbed.har")
    text = written.read_text("utf-8")
    assert len(json.loads(text)["log"]["entries"]) == 3
    assert [each for each in (TOKEN, "alice", "sunflower") if each in text or each in ran.all] == []
    assert "Where+is+my+parcel" in text
    assert written.stat().st_mode & 0o077 == 0
    assert ran.out.splitlines()[:3] == [
        "password            1 replaced at 1 places",
        "authorization       1 replaced at 1 places",
        "user                1 replaced at 1 places",
    ]
    assert ran.out.endswith(f"written: {written}\n")
    assert recording.read_bytes() == before
    assert sorted(path.suffix for path in recording.parent.glob("chat*")) == [".har", ".har"]


def test_texts_go_where_that_is_wanted(program: Program, recording: Path) -> None:
    """With --texts remove, what was typed is unreadable."""
    ran = program("scrub", recording, "--texts", "remove", "--out", "shared.har")
    assert ran.code == 0
    text = (program.folder / "shared.har").read_text("utf-8")
    assert "parcel" not in text
    assert "xxxxx+xx+xx+xxxxxx" in text


def test_nothing_is_replaced_unasked(program: Program, recording: Path) -> None:
    """A file that is there is kept, the recording itself above all, unless the person says otherwise."""
    assert program("scrub", recording).code == 0
    again = program("scrub", recording)
    assert again.code == 2
    assert "is there already; --overwrite replaces it" in again.err
    assert program("scrub", recording, "--overwrite").code == 0
    itself = program("scrub", recording, "--out", recording, "--overwrite")
    assert (itself.code, "--in-place" in itself.err) == (2, True)
    assert TOKEN in recording.read_text("utf-8")
    assert program("scrub", recording, "--in-place", "--out", "b.har").code == 2
    assert program("scrub", recording, "--in-place").code == 0
    assert TOKEN not in recording.read_text("utf-8")


@pytest.mark.parametrize(
    ("data", "code", "says"),
    [
        (None, 2, "can not be read"),
        (b"", 3, "is empty"),
        (b"PK\x03", 3, "not a HAR file"),
        (har(entry())[:-9], 3, "cut"),
    ],
)
def test_what_is_no_recording_is_one_line(program: Program, data: bytes | None, code: int, says: str) -> None:
    """It names the file and the way out, and nothing is written."""
    if data is not None:
        (program.folder / "a.har").write_bytes(data)
    ran = program("scrub", "a.har")
    assert (ran.code, ran.out) == (code, "")
    assert ran.err.startswith("chatdoor: a.har")
    assert says in ran.err
    assert len(ran.err.splitlines()) == 1
    assert not (program.folder / "a.scrubbed.har").exists()


def test_a_place_that_can_not_be_written_is_an_error(program: Program, recording: Path) -> None:
    """One line, and no part of a file is left."""
    ran = program("scrub", recording, "--out", "nowhere/a.har")
    assert (ran.code, "can not be written" in ran.err) == (2, True)


def test_a_leak_leaves_no_file(recording: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a secret were still in what was written, that goes, and what was there before stays."""
    data = recording.read_bytes()
    honest = scrub(data, "chat.har")
    monkeypatch.setattr(command, "scrubbed", lambda *_: Scrubbed(data, honest.counts, 0, honest.rewriter))
    kept = recording.with_name("chat.scrubbed.har")
    kept.write_text("before", "utf-8")
    with pytest.raises(RecordingError, match="no file was written"):
        command.scrub.callback(recording, out=None, in_place=False, overwrite=True, texts="keep")
    assert kept.read_text("utf-8") == "before"
    assert sorted(path.name for path in recording.parent.glob("chat*")) == ["chat.har", "chat.scrubbed.har"]
