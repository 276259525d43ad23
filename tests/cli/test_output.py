"""What is written to standard output: pieces at once, lines ended once."""

import io

import pytest

from chatdoor.cli.output import Output, complain, tell


class Screen(io.StringIO):
    """A terminal that remembers how often it was told to show what it has."""

    shown = 0

    def isatty(self) -> bool:
        return True

    def flush(self) -> None:
        self.shown += 1


def test_each_piece_is_shown_at_once() -> None:
    """A piece is not kept back until more comes."""
    screen = Screen()
    output = Output(screen)
    for count, piece in enumerate(["a", "b"], 1):
        output.write(piece)
        assert screen.shown == count


@pytest.mark.parametrize(
    ("pieces", "written"),
    [(["a", "b"], "ab\n"), (["a\n"], "a\n"), (["a\n", "\nb"], "a\n\nb\n"), ([""], "\n"), ([], "\n")],
)
def test_a_reply_ends_with_one_newline(pieces: list[str], written: str) -> None:
    """One newline is added, unless the reply has its own."""
    pipe = io.StringIO()
    output = Output(pipe)
    for piece in pieces:
        output.write(piece)
    output.end_reply()
    assert pipe.getvalue() == written


@pytest.mark.parametrize(("stream", "written"), [(Screen, "a\nb\n"), (io.StringIO, "ab\n")])
def test_another_text_begins_a_line(stream: type[io.StringIO], written: str) -> None:
    """On a terminal a line that is begun is ended for it, once; a pipe gets the reply as it is."""
    out = stream()
    output = Output(out)
    output.interrupt()
    output.write("a")
    output.interrupt()
    output.interrupt()
    output.write("b")
    output.end_reply()
    assert out.getvalue() == written


def test_a_reply_that_never_began_has_no_line() -> None:
    """A failure before the first piece leaves the output empty."""
    pipe = io.StringIO()
    output = Output(pipe)
    output.end_line()
    output.write("a")
    output.end_line()
    output.end_line()
    assert pipe.getvalue() == "a\n"


def test_a_sequence_does_not_reach_into_the_next_reply() -> None:
    """What one reply left open is closed with its line."""
    screen = Screen()
    output = Output(screen)
    output.write("one\n\x1b]0;title")
    output.end_reply()
    output.write("two\x1b[31m")
    output.end_reply()
    assert screen.getvalue() == "one\ntwo\n"


def test_messages_are_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever a message holds, it is one line and no terminal obeys it."""
    tell("a\nb\x1b[31m")
    complain("c\r\nd")
    assert capsys.readouterr().err == "a b [31m\nchatdoor: c d\n"
