"""The rows that are under way, and what is left of them after a kill."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatdoor.batch.done import Done
from chatdoor.batch.journal import MAGIC, Journal, read_slots, slot_bytes
from chatdoor.errors import ArgumentError, BatchStopped

Opened = Callable[..., Journal]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Opened]:
    """Opens a journal of which these lines are done. All are closed in the end."""
    with ExitStack() as stack:
        yield lambda *done: open_journal(tmp_path / "j", stack, done)


def open_journal(path: Path, stack: ExitStack, done: tuple[int, ...]) -> Journal:
    """One journal."""
    journal, lines = Journal(path), Done()
    stack.callback(journal._file.close)
    for line in done:
        lines.add(line, 1)
    journal.take_over(lines)
    return journal


def killed(journal: Journal) -> None:
    """Ends as a kill does: the lock is gone and nothing else happens."""
    journal._file.close()


def test_what_was_under_way_is_known_afterwards(opened: Opened) -> None:
    """Also over a second kill before it was asked again; what is done or was given back is not."""
    journal = opened()
    assert not any(journal.begin(line) for line in (5, 6, 7, 8))
    journal.end(5)
    journal.give_back(8)
    killed(journal)
    for line in (9, 10):
        journal = opened(5)
        assert not journal.begin(line)
        killed(journal)
    journal = opened(5, 9, 10)
    assert [journal.begin(line) for line in (6, 7, 8)] == [True, True, False]


def test_slots_are_used_again(opened: Opened, tmp_path: Path) -> None:
    """However many rows there are, it is as long as the most that were under way."""
    journal = opened()
    for line in range(1, 1000):
        journal.begin(line)
        journal.end(line)
    assert (tmp_path / "j").stat().st_size == 16


def test_it_is_deleted_where_nothing_is_under_way(opened: Opened, tmp_path: Path) -> None:
    """And stays where something is."""
    journal = opened()
    journal.begin(1)
    journal.close()
    assert (tmp_path / "j").exists()
    opened(1).close()
    assert not (tmp_path / "j").exists()


def test_two_have_not_the_same(opened: Opened, tmp_path: Path) -> None:
    """The second one is refused, and may have it when the first has ended."""
    first = opened()
    with pytest.raises(BatchStopped, match="another run"):
        Journal(tmp_path / "j")
    first.close()
    Journal(tmp_path / "j").close()


@given(st.binary(max_size=64), st.integers(0, 7))
def test_any_bytes_are_a_journal_or_none(data: bytes, torn: int) -> None:
    """A torn slot holds nothing, and what was whole before it is read."""
    assert read_slots(data if not data.startswith(MAGIC) else b"") == {}
    assert read_slots(MAGIC + slot_bytes(5) + slot_bytes(0) + slot_bytes(9) + data[:torn]) == {1: 5, 3: 9}


@pytest.mark.parametrize("data", [b"Dear diary", b"\0x", b"chat with me"])
def test_a_file_of_somebody_else_is_left_alone(opened: Opened, tmp_path: Path, data: bytes) -> None:
    """It only has the name."""
    (tmp_path / "j").write_bytes(data)
    with pytest.raises(ArgumentError, match="move it away"):
        opened()
    assert (tmp_path / "j").read_bytes() == data


@pytest.mark.parametrize("data", [b"", b"chat", b"chatdoor\5", bytes(16)])
def test_a_torn_journal_is_taken_over(opened: Opened, tmp_path: Path, data: bytes) -> None:
    """Also where a file system has lost its bytes."""
    (tmp_path / "j").write_bytes(data)
    opened()
    assert (tmp_path / "j").read_bytes() == MAGIC
