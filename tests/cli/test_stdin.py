"""Standard input: bounded, and UTF-8."""

import io
import sys

import pytest

from chatdoor.cli import stdin
from chatdoor.cli.stdin import read_stdin, stdin_lines
from chatdoor.errors import ArgumentError


class Stdin:
    """A standard input that is no terminal."""

    def __init__(self, data: bytes) -> None:
        self.buffer = io.BytesIO(data)

    def isatty(self) -> bool:
        return False


def test_it_is_read_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """All lines are read as UTF-8, and a byte order mark is no part of the text."""
    monkeypatch.setattr(sys, "stdin", Stdin("\ufeffa\nn\u00e4\n".encode()))
    assert read_stdin("PROMPT", 100) == "a\nn\u00e4\n"


def test_it_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is longer than the limit is an error, and no more than that is read."""
    source = Stdin(b"a" * 1000)
    monkeypatch.setattr(sys, "stdin", source)
    with pytest.raises(ArgumentError, match="PROMPT: standard input has more than 10 bytes"):
        read_stdin("PROMPT", 10)
    assert source.buffer.tell() == 11


def test_other_encodings_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bytes that are not UTF-8 are an error that names the place."""
    monkeypatch.setattr(sys, "stdin", Stdin(b"caf\xe9"))
    with pytest.raises(ArgumentError, match=r"PROMPT: standard input is not UTF-8 text \(byte 4\)"):
        read_stdin("PROMPT", 100)


def test_a_closed_one_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that was started without standard input says so."""
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(ArgumentError, match="there is no standard input"):
        read_stdin("PROMPT", 100, hidden=True)


def test_lines_come_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each line comes without its end, the last one also where it has none."""
    monkeypatch.setattr(sys, "stdin", Stdin(b"a\r\n\nb"))
    assert list(stdin_lines("the conversation")) == ["a", "", "b"]


def test_lines_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A line without end is an error, not a full memory."""
    monkeypatch.setattr(stdin, "MAX_LINE_BYTES", 10)
    monkeypatch.setattr(sys, "stdin", Stdin(b"a\n" + b"b" * 11))
    lines = stdin_lines("the conversation")
    assert next(lines) == "a"
    with pytest.raises(ArgumentError, match="more than 10 bytes"):
        next(lines)
