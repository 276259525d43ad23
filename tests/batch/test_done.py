"""Which rows are done, and which ids are taken."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatdoor.batch.done import MOST_LINES, Done, Ids
from chatdoor.batch.row import Record
from chatdoor.errors import ArgumentError

LINE = st.integers(1, 5_000)
MARK = st.integers(1, 2**32 - 1)


@given(st.dictionaries(LINE, MARK, max_size=50), LINE)
def test_it_is_a_set_of_lines(rows: dict[int, int], other: int) -> None:
    """What was added is in it, once, and nothing else is."""
    done = Done()
    assert all(done.add(line, mark) for line, mark in rows.items())
    assert not any(done.add(line, mark) for line, mark in rows.items())
    assert done.count == len(rows)
    assert (other in done) == (other in rows)


def test_a_row_that_was_changed_is_an_error() -> None:
    """Its answer in the output would belong to another prompt."""
    done = Done()
    done.add(3, 5)
    assert done.has(Record(3, b"", 5))
    assert not done.has(Record(4, b"", 5))
    with pytest.raises(ArgumentError, match="line 3 is not what was answered"):
        done.has(Record(3, b"", 6))


@pytest.mark.parametrize(("line", "mark"), [(0, 1), (-1, 1), (MOST_LINES + 1, 1), (1, 0), (1, 2**32)])
def test_a_line_that_no_input_has_is_an_error(line: int, mark: int) -> None:
    """A file with such a line could else take all memory."""
    with pytest.raises(ArgumentError):
        Done().add(line, mark)


@given(st.lists(st.text(max_size=3), max_size=200))
def test_ids_are_a_set(texts: list[str]) -> None:
    """A text is new once."""
    ids, seen = Ids(), set[str]()
    for text in texts:
        assert ids.add(text) == (text not in seen)
        seen.add(text)


def test_ids_stay_apart_when_there_are_many() -> None:
    """Growing loses none."""
    ids = Ids()
    assert all(ids.add(f"id-{number}") for number in range(20_000))
    assert not any(ids.add(f"id-{number}") for number in range(20_000))
