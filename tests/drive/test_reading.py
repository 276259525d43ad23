"""Reading a reply: what was said before it failed is handed on, however the bytes come."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatdoor.drive.reading import Reading
from chatdoor.errors import ChatdoorError, ReplyCutShort, SiteFailed, UnexpectedReply
from chatdoor.flow.effects import Decode
from tests.flow.replies.splits import decoder_of, splits

LIMIT = 10_000
RULE = 'sse = "v"\ndone = "[DONE]"\nerror = "e"'
SAID = 'data: {"v":"é"}\n\ndata: {"v":"two"}\n\n'


def _outcome(reading: Reading, chunks: list[bytes]) -> tuple[str, ChatdoorError | None]:
    """What a driver hands on, and how the reply failed."""
    texts: list[str] = []
    left = iter(chunks)
    try:
        while not reading.over:
            texts += reading.feed(next(left, None) if reading.wants_more else None)
    except ChatdoorError as error:
        return "".join(texts), error
    return "".join(texts), None


@pytest.mark.parametrize(
    ("end", "kind"),
    [("", ReplyCutShort), ('data: {"e":"full"}\n\n', SiteFailed), ("data: {\n\n", UnexpectedReply),
     ("data: [DONE]", None)],
    ids=["cut", "error", "no JSON", "whole"],
)  # fmt: skip
@given(data=st.data())
def test_what_was_said_before_a_failure_is_handed_on(
    data: st.DataObject, end: str, kind: type[ChatdoorError] | None
) -> None:
    """The same text for every split, also where all of it comes at once; the failure comes after it."""
    chunks = data.draw(splits((SAID + end).encode()))
    seen = data.draw(st.sampled_from([b"", chunks[0]]))
    text, error = _outcome(Reading(Decode(decoder_of(RULE), LIMIT, seen)), chunks[1:] if seen else chunks)
    assert (text, None if error is None else type(error)) == ("étwo", kind)


def test_nothing_is_handed_on_where_nobody_hears_it() -> None:
    """A turn that the site had heard before fails at once."""
    reading = Reading(Decode(decoder_of(RULE), LIMIT, quiet=True))
    with pytest.raises(SiteFailed):
        reading.feed((SAID + 'data: {"e":"full"}\n\n').encode())


def test_a_text_that_was_rewritten_is_not_told_again() -> None:
    """Where the site took back what was handed on, nobody knows what of the text is new."""
    rule = 'sse = "v"\ncumulative = true\nerror = "e"'
    reading = Reading(Decode(decoder_of(rule), LIMIT))
    with pytest.raises(SiteFailed):
        reading.feed(b'data: {"v":"one"}\n\ndata: {"v":"two"}\n\ndata: {"e":"full"}\n\n')
