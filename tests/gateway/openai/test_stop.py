"""Stop sequences and length limits that are applied by us."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatdoor.gateway.openai.stop import Stopper


def _cut(pieces: list[str], stops: list[str], most: int | None = None) -> tuple[str, str | None]:
    stopper, text = Stopper(stops, most), ""
    for piece in pieces:
        text += stopper.feed(piece)
        if stopper.finish:
            return text, stopper.finish
    return text + stopper.rest(), stopper.finish


@given(st.text("abc", max_size=12), st.lists(st.text("abc", min_size=1, max_size=3), max_size=3), st.data())
def test_every_split_is_cut_at_the_first_stop(text: str, stops: list[str], data: st.DataObject) -> None:
    """However the pieces come, the text ends before the first stop sequence that is whole first."""
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=4)))
    pieces = [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    ends = [(text.find(stop) + len(stop), text.find(stop)) for stop in stops if stop in text]
    cut, finish = _cut(pieces, stops)
    assert finish == ("stop" if ends else None)
    if not ends:
        assert cut == text
    else:
        assert text.startswith(cut)
        assert all(stop not in cut for stop in stops)
        assert cut in {text[:at] for _, at in ends}


def test_nothing_is_held_back_without_need() -> None:
    """Only what could begin a stop sequence waits."""
    stopper = Stopper(["\n\nUser:"], None)
    assert stopper.feed("Hello\n") == "Hello"
    assert stopper.feed("there") == "\nthere"
    assert (stopper.rest(), stopper.finish) == ("", None)


@pytest.mark.parametrize(
    ("pieces", "most", "expected"),
    [
        (["abcdefgh", "ijkl"], 2, ("abcdefgh", "length")),
        (["abcdefgh"], 2, ("abcdefgh", None)),
        (["äöüäöü"], 1, ("äö", "length")),
        (["aäöü"], 1, ("aä", "length")),
    ],
)
def test_a_length_limit_counts_as_the_usage_does(
    pieces: list[str], most: int, expected: tuple[str, str | None]
) -> None:
    """Four bytes are a token, and no character is cut in two."""
    assert _cut(pieces, [], most) == expected
