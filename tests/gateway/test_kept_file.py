"""What one gateway keeps over its restart, and what becomes of a file that is damaged, full or another program's."""

import asyncio
import logging
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from chatdoor.errors import StateError
from chatdoor.gateway.kept_file import KeptFile
from chatdoor.gateway.problem import Problem
from chatdoor.gateway.quota import Quota
from chatdoor.gateway.shelf import MOST_KEPT, Kept
from tests.gateway.door import key


@pytest.fixture
def file(tmp_path: Path) -> Iterator[KeptFile]:
    """A new file."""
    made = KeptFile(tmp_path / "gateway.db")
    yield made
    made.close()


def kept(kept_id: str, revision: int = 0) -> Kept:
    """Something to keep."""
    return Kept(id=kept_id, scope="s", body=b"{}", items=(b"[1]", b"[2]"), revision=revision)


def test_a_shelf_is_as_it_was(file: KeptFile) -> None:
    """What was put, changed and taken away is so after a restart; what made room stays away."""

    async def main() -> None:
        shelf = file.shelf()
        for number in range(MOST_KEPT + 1):
            assert await shelf.compare_and_set(f"r{number}", None, kept(f"r{number}"))
        assert await shelf.compare_and_set("r1", 0, kept("r1", 1))
        assert await shelf.compare_and_set("r2", 0, None)
        again = file.shelf()
        assert len(again) == len(shelf) == MOST_KEPT - 1
        for name in ("r0", "r1", "r2", "r3"):
            assert await again.get(name) == await shelf.get(name)
        assert file.run("SELECT text, users FROM part ORDER BY text") == [(b"[1]", 999), (b"[2]", 999)]
        for number in range(MOST_KEPT + 1):
            await again.compare_and_set(f"r{number}", 1 if number == 1 else 0, None)
        assert file.run("SELECT * FROM part") == []
        again = shelf
        assert (await again.get("r0"), await again.get("r1")) == (None, kept("r1", 1))

    asyncio.run(main())


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such locks")
def test_two_gateways_in_one_folder_are_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Each that comes to another hears of it, also after the first has made room for the second; one alone does not."""
    told = []
    files: list[KeptFile] = []
    for leaves in (False, True, True, False):
        if leaves:
            files.pop(0).close()
        files.append(KeptFile(tmp_path / "gateway.db"))
        told.append(caplog.text.count(f"another gateway uses {tmp_path} too"))
    assert told == [0, 0, 0, 1]
    files.pop(0).close()
    files.append(KeptFile(tmp_path / "gateway.db"))
    assert caplog.text.count("another gateway uses") == 2
    for file in files:
        file.close()


def test_what_can_not_be_read_is_taken_out(file: KeptFile, caplog: pytest.LogCaptureFixture) -> None:
    """A damaged row costs itself alone."""
    asyncio.run(file.shelf().compare_and_set("whole", None, kept("whole")))
    for number, text in enumerate((b"", b"\xff", b"\x91" * 5_000, "text", 7)):
        file.run("INSERT INTO shelf VALUES (?, ?, ?, ?)", f"broken{number}", time.time(), text, b"x" * 16)
    assert len(file.shelf()) == 1
    assert file.run("SELECT id FROM shelf") == [("whole",)]
    assert "can not be read" in caplog.text


def test_counts_go_on(file: KeptFile) -> None:
    """A key has asked as often as before; one with other limits too, and a window that is over does not count."""
    now = time.time()
    (first,) = file.counted([key("k", quota=Quota(100, 2))])
    assert first.quota is not None
    first.quota.take(now)
    (again,) = file.counted([key("k", quota=Quota(None, 2))])
    assert again.quota is not None
    again.quota.take(now)
    with pytest.raises(Problem):
        again.quota.take(now)
    again.quota.take(now + 86_400)
    unlimited = key("other")
    assert file.counted([unlimited]) == [unlimited]


def test_a_file_that_fails_ends_nothing(file: KeptFile, caplog: pytest.LogCaptureFixture) -> None:
    """Where it can not be written any more, that is told once, and what is in memory counts."""
    shelf = file.shelf()
    file.run("PRAGMA query_only = ON")

    async def main() -> None:
        for name in ("a", "b"):
            assert await shelf.compare_and_set(name, None, kept(name))
            assert await shelf.get(name)

    with caplog.at_level(logging.ERROR):
        asyncio.run(main())
        assert caplog.text.count("something is not kept") == 1
        file.run("PRAGMA query_only = OFF")
        file.run("PRAGMA query_only = ON")
        file.run("DELETE FROM shelf")
    assert caplog.text.count("something is not kept") == 2


def test_another_program_that_writes_holds_up_nobody(file: KeptFile, tmp_path: Path) -> None:
    """While it does, nothing is kept, in part neither; the gateway goes on at once."""
    with closing(sqlite3.connect(tmp_path / "gateway.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        began = time.monotonic()
        shelf = file.shelf()
        assert asyncio.run(shelf.compare_and_set("a", None, kept("a")))
        assert time.monotonic() - began < 1
        other.execute("ROLLBACK")
    assert (file.run("SELECT id FROM shelf"), file.run("SELECT digest FROM part")) == ([], [])


def test_what_was_not_kept_takes_nothing_with_it(file: KeptFile) -> None:
    """Something that the file could not take leaves later, and what it has in common with others stays there."""

    async def main() -> None:
        shelf = file.shelf()
        await shelf.compare_and_set("whole", None, kept("whole"))
        file.run("PRAGMA query_only = ON")
        await shelf.compare_and_set("lost", None, kept("lost"))
        file.run("PRAGMA query_only = OFF")
        await shelf.compare_and_set("lost", 0, None)
        assert await file.shelf().get("whole") == kept("whole")

    asyncio.run(main())


def test_another_programs_file(tmp_path: Path) -> None:
    """What is not ours is not touched, and the error names the place and the way out."""
    path = tmp_path / "gateway.db"
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE theirs (a)")
    other.close()
    before = path.read_bytes()
    with pytest.raises(StateError, match=r"gateway\.db can not be used .* name another folder"):
        KeptFile(path)
    assert path.read_bytes() == before
    path.write_bytes(b"no database at all" * 100)
    with pytest.raises(StateError):
        KeptFile(path)
