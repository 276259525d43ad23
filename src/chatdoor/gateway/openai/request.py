"""What requests of several endpoints have in common."""

from typing import Annotated, Final

import msgspec
from msgspec import Meta

MOST_CHOICES: Final = 16
"""The highest `n`. Each is a request of its own to the site."""

MOST_STOPS: Final = 16
"""The most stop sequences. OpenAI's own limit is 4; others take more."""

Count = Annotated[int, Meta(ge=1)]
Temperature = Annotated[float, Meta(ge=0, le=2)]
Share = Annotated[float, Meta(ge=0, le=1)]


class StreamOptions(msgspec.Struct, frozen=True):
    """How to stream."""

    include_usage: bool | None = None


class Limits(msgspec.Struct, frozen=True):
    """Where an answer ends: at a text, or after so many tokens. `tokens_field` is the request's name of that number."""

    stops: tuple[str, ...] = ()
    most_tokens: int | None = None
    tokens_field: str = "max_tokens"


class TextRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What chat completions and completions have in common."""

    model: Annotated[str, Meta(min_length=1)]
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    n: Annotated[int, Meta(ge=1, le=MOST_CHOICES)] | None = None
    stop: str | Annotated[list[str], Meta(max_length=MOST_STOPS)] | None = None
    max_tokens: Count | None = None
    temperature: Temperature | None = None
    top_p: Share | None = None
    seed: int | None = None
    frequency_penalty: float | None = None
    logit_bias: dict[str, float] | None = None
    presence_penalty: float | None = None

    @property
    def stops(self) -> tuple[str, ...]:
        """The stop sequences, without empty ones."""
        given = [self.stop] if isinstance(self.stop, str) else self.stop or []
        return tuple([stop for stop in given if stop])

    @property
    def with_usage(self) -> bool:
        """True where the stream ends with a frame that holds the usage."""
        return self.stream_options is not None and bool(self.stream_options.include_usage)
