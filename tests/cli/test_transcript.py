"""The messages of a conversation, and the file they are saved to."""

import json
import sys
from pathlib import Path

import pytest

from chatdoor.cli.transcript import Transcript
from chatdoor.errors import ArgumentError


def test_turns_are_added_in_order() -> None:
    """A turn that is only tried leaves the messages as they were; one that is added stays."""
    talk = Transcript(None)
    assert talk.with_prompt("a") == [{"role": "user", "content": "a"}]
    assert talk.messages == []
    talk.add("a", "b")
    assert [message["content"] for message in talk.with_prompt("c")] == ["a", "b", "c"]
    talk.clear()
    assert talk.messages == []


def test_a_failed_save_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A write that breaks off halfway neither spoils the file nor leaves a part of one."""
    file = tmp_path / "talk.json"
    file.write_text("old")

    def full(_source: Path, _target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(ArgumentError, match=r"talk.json can not be written: No space left"):
        Transcript(None).save(str(file), overwrite=True)
    assert [each.name for each in tmp_path.iterdir()] == ["talk.json"]
    assert file.read_text() == "old"


@pytest.mark.skipif(sys.platform == "win32", reason="HOME as POSIX has it")
def test_a_file_may_stand_in_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """~ is the home folder, as in a shell."""
    monkeypatch.setenv("HOME", str(tmp_path))
    talk = Transcript("Be brief.")
    assert talk.save("~/talk.json", overwrite=False) == tmp_path / "talk.json"
    assert json.loads((tmp_path / "talk.json").read_text()) == [{"role": "system", "content": "Be brief."}]
