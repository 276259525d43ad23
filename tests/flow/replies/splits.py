"""Feeding a decoder with the same bytes in every split."""

from collections.abc import Sequence

from hypothesis import strategies as st

from chatdoor.errors import ReplyError
from chatdoor.flow.answer import Declared
from chatdoor.flow.replies import ReplyDecoder, make_decoder
from tests.flow.script import site_of


def decoder_of(rule: str, charset: str | None = None, kind: str = "") -> ReplyDecoder:
    """A decoder for the lines of a `[reply]` table."""
    return make_decoder(site_of(reply=rule).reply, Declared(kind, charset), {})


def splits(body: bytes) -> st.SearchStrategy[list[bytes]]:
    """The bytes in chunks, split anywhere; some chunks are empty."""
    cuts = st.lists(st.integers(0, len(body)), max_size=12).map(sorted)
    return cuts.map(lambda at: [body[start:end] for start, end in zip([0, *at], [*at, len(body)], strict=True)])


def feed(decoder: ReplyDecoder, chunks: Sequence[bytes]) -> list[str]:
    """The pieces, as a driver gets them: it stops where the decoder has ended."""
    pieces: list[str] = []
    for chunk in chunks:
        if not decoder.ended:
            pieces += decoder.feed(chunk)
    return pieces + decoder.finish()


def outcome_of(rule: str, chunks: Sequence[bytes], charset: str | None = None, kind: str = "") -> str | ReplyError:
    """The text of the reply, or the error."""
    decoder = decoder_of(rule, charset, kind)
    try:
        pieces = feed(decoder, chunks)
    except ReplyError as error:
        return error
    assert decoder.ended
    assert "" not in pieces
    assert decoder.revised or "".join(pieces) == decoder.text
    return decoder.text
