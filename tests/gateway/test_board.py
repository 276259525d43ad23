"""The board of several workers: what one process puts there, another reads, whole or as it was before."""

import os

import pytest

from chatdoor.gateway import board as module
from chatdoor.gateway.board import HEAD, Board

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="workers are forked")


def test_a_slot_is_read_by_others_and_outlives_its_worker() -> None:
    """What a forked process has put there is there when it is gone; other slots are empty."""
    board = Board(2)
    pid = os.fork()
    if not pid:
        board.write(1, b"from the child")
        os._exit(0)
    os.waitpid(pid, 0)
    assert (board.read(0), board.read(1)) == (b"", b"from the child")


def test_the_last_text_counts() -> None:
    """A shorter text takes the place of a longer one."""
    board = Board(1)
    for text in (b"a long text", b"short", b""):
        board.write(0, text)
        assert board.read(0) == text


def test_a_text_that_is_being_written_is_as_it_was_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a text is not read, and one that is too large is not written."""
    board = Board(1)
    board.write(0, b"whole")
    assert board.read(0) == b"whole"
    os.pwrite(board._files[0], HEAD.pack(100, 1) + b"half", 0)
    assert board.read(0) == b"whole"
    monkeypatch.setattr(module, "MOST_BYTES", 10)
    board.write(0, b"x" * 11)
    assert board.read(0) == b"whole"
