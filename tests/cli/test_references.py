"""Secrets by reference: from the environment, a file, or standard input."""

import io
import sys
from pathlib import Path

import pytest

from chatdoor.cli.references import check_stdin, resolve
from chatdoor.drive.secrets import MAX_BYTES
from chatdoor.errors import ArgumentError


class Stdin:
    """A standard input that is no terminal."""

    def __init__(self, data: bytes) -> None:
        self.buffer = io.BytesIO(data)

    def isatty(self) -> bool:
        return False


def test_a_variable_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """env:NAME stands for what the variable holds."""
    monkeypatch.setenv("OUR_TOKEN", "s3cret")
    assert resolve("env:OUR_TOKEN", "--access-token") == "s3cret"


@pytest.mark.parametrize("text", ["s3cret", "s3cret\n", "s3cret\r\n", "\ufeffs3cret\n"])
def test_a_file_is_read_without_its_line_end(tmp_path: Path, text: str) -> None:
    """file:PATH stands for the one line in the file, as editors of every system write it."""
    file = tmp_path / "token"
    file.write_bytes(text.encode())
    assert resolve(f"file:{file}", "--access-token") == "s3cret"


def test_a_file_may_stand_in_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The shell does not open up ~ behind `file:`, so we do."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    (tmp_path / "token").write_text("s3cret")
    assert resolve("file:~/token", "--access-token") == "s3cret"


def test_standard_input_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """A dash stands for what standard input holds."""
    monkeypatch.setattr(sys, "stdin", Stdin(b"s3cret\n"))
    assert resolve("-", "--access-token") == "s3cret"


@pytest.mark.parametrize("value", ["http://gate:word@127.0.0.1:3128", "abc", "environment:x", ""])
def test_other_text_stands_for_itself(value: str) -> None:
    """A URL has a colon too, and is no reference."""
    assert resolve(value, "--proxy") == value


def test_what_is_not_there_is_named(tmp_path: Path) -> None:
    """A missing variable or file is an error that names it and the option."""
    with pytest.raises(ArgumentError, match=r"--proxy: there is no environment variable 'OUR_PROXY_XYZ'"):
        resolve("env:OUR_PROXY_XYZ", "--proxy")
    with pytest.raises(ArgumentError, match=r"--proxy: .*none can not be read: No such file"):
        resolve(f"file:{tmp_path}/none", "--proxy")
    with pytest.raises(ArgumentError, match=r"--proxy: .* can not be read: Is a directory|Permission denied"):
        resolve(f"file:{tmp_path}", "--proxy")


WRONG = {
    b"": "is empty",
    b"\n": "is empty",
    b"s3cret\nmore": "has more than one line",
    b"s3cret\xff": "is not UTF-8 text",
    b"s3cret" * MAX_BYTES: "is larger than",
}


@pytest.mark.parametrize(("data", "problem"), WRONG.items(), ids=WRONG.values())
def test_what_is_no_single_line_is_refused(tmp_path: Path, data: bytes, problem: str) -> None:
    """An empty, longer or binary file is an error, which does not show what the file holds."""
    file = tmp_path / "token"
    file.write_bytes(data)
    with pytest.raises(ArgumentError, match=problem) as caught:
        resolve(f"file:{file}", "--access-token")
    assert "s3cret" not in str(caught.value)


def test_paths_that_no_system_has_are_refused() -> None:
    """A NUL in a path, or the home of nobody, is an error like any other."""
    for name in ("a\0b", "~nobody-of-that-name/x"):
        with pytest.raises(ArgumentError, match="can not be read"):
            resolve(f"file:{name}", "--proxy")


def test_standard_input_is_read_for_one_thing_only() -> None:
    """Two dashes on one command line are an error that names both."""
    check_stdin({"--proxy": "-", "--access-token": "env:X", "PROMPT": None})
    with pytest.raises(ArgumentError, match="--proxy and PROMPT: only one"):
        check_stdin({"--proxy": "-", "--access-token": None, "PROMPT": "-"})
