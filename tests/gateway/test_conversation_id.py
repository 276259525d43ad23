"""Which conversation a request names."""

from collections.abc import Mapping

import pytest

from chatdoor.gateway.conversation_id import conversation_id
from chatdoor.gateway.problem import Problem

HEADER = b"x-conversation-id"


@pytest.mark.parametrize(
    ("headers", "metadata", "found"),
    [
        ({}, None, None),
        ({}, {}, None),
        ({HEADER: b"a-1"}, None, "a-1"),
        ({}, {"conversation_id": "b"}, "b"),
        ({HEADER: b"a"}, {"conversation_id": "b"}, "a"),
        ({}, {"conversation_id": None}, None),
    ],
)
def test_an_id_by_header_or_metadata(
    headers: Mapping[bytes, bytes], metadata: Mapping[str, object] | None, found: str | None
) -> None:
    """The header comes first."""
    assert conversation_id(headers, metadata) == found


@pytest.mark.parametrize("given", ["", "a b", "a\r\nb", "ü", "x" * 129, 5, ["a"]])
def test_what_can_be_no_id_is_a_problem(given: object) -> None:
    """It is never looked up, and never comes back in a header."""
    with pytest.raises(Problem) as problem:
        conversation_id({}, {"conversation_id": given})
    assert (problem.value.status, problem.value.param) == (400, "metadata.conversation_id")
