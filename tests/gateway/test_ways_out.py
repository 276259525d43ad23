"""Every error has a way out."""

from collections.abc import Iterator

import pytest

from chatdoor.errors import BatchStopped, ChatdoorError, NotRecorded, RecordingError
from chatdoor.gateway.openai.errors import CODES, bug
from chatdoor.gateway.ways_out import WAYS_OUT, way_out

ELSEWHERE = {BatchStopped, NotRecorded, RecordingError}
"""Errors of commands that no call raises."""


def leaves(kind: type[ChatdoorError] = ChatdoorError) -> Iterator[type[ChatdoorError]]:
    """All kinds of errors of the tree that a call can raise."""
    for below in kind.__subclasses__():
        if below.__module__ == "chatdoor.errors" and below not in ELSEWHERE:
            yield below
            yield from leaves(below)


def code_of(kind: type[ChatdoorError]) -> str:
    """The code as the API writes it."""
    small = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in kind.__name__)
    return CODES.get(kind) or small.removeprefix("_")


@pytest.mark.parametrize("kind", list(leaves()))
def test_each_error_has_one(kind: type[ChatdoorError]) -> None:
    """What a person can do is one or two sentences, for each error of the tree."""
    assert way_out(code_of(kind)).endswith((".", ")."))


def test_no_row_is_left_over() -> None:
    """A way out is for a code that there is."""
    assert set(WAYS_OUT) == {code_of(kind) for kind in leaves()} | {bug(asked=True).code}


def test_what_has_none_has_none() -> None:
    """A problem of the request itself says what to change."""
    assert way_out("model_not_found") == way_out(None) == ""
