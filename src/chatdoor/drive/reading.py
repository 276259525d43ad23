"""The body of an answer on its way through a decoder: how much of it there may be, and what is handed on when."""

import time

from chatdoor.errors import ChatdoorError, ContentRefused, ReplyError, ReplyTooLarge
from chatdoor.flow.effects import Decode


class Reading:
    """The body of an answer on its way through a decoder.

    A failure waits for the texts before it: whether they came in the same bytes is chance.
    """

    over = False
    """Its end has come."""
    _first: float | None = None

    def __init__(self, effect: Decode) -> None:
        self._decoder = effect.decoder
        self._limit = effect.limit
        self._quiet = effect.quiet
        self._size = 0
        self._seen = effect.seen
        self._given = 0
        """Characters of the texts so far."""
        self._failure: ChatdoorError | None = None

    @property
    def wants_more(self) -> bool:
        """True until the reply has ended or failed, whether or not more bytes come. What is there comes first."""
        return not (self._seen or self._decoder.ended or self._failure)

    def feed(self, data: bytes | None) -> list[str]:
        """The texts that these bytes complete, or the end, which is None. Raises ReplyError, ContentRefused."""
        if self._seen:
            data, self._seen = self._seen, b""
        if self._failure is not None:
            raise self._failure
        if data is not None:
            self._size += len(data)
            if self._size > self._limit:
                raise too_large(self._limit)
        try:
            texts = self._decoder.finish() if data is None else self._decoder.feed(data)
        except (ReplyError, ContentRefused) as error:
            texts = [self._rest(error)]
        else:
            self.over = data is None
        for text in texts:
            self._given += len(text)
        if texts and self._first is None and not self.over:  # else it comes with the end
            self._first = time.monotonic()
        return [] if self._quiet else texts

    def _rest(self, error: ChatdoorError) -> str:
        """What was not handed on when the reply failed; the error is raised after it. Raises it where there is none."""
        rest = "" if self._quiet or self._decoder.revised else self._decoder.text[self._given :]
        if not rest:
            raise error
        self._failure = error
        return rest

    @property
    def text(self) -> str:
        """The reply so far; empty where nobody hears it."""
        return "" if self._quiet else self._decoder.text

    @property
    def times(self) -> tuple[float, float]:
        """When the first piece came, and now, which is the end."""
        end = time.monotonic()
        return self._first or end, end


def too_large(limit: int) -> ReplyTooLarge:
    """The error for an answer with more than `limit` bytes."""
    return ReplyTooLarge(f"the answer is larger than {limit} bytes")
