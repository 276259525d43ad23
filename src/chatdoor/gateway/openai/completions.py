"""Completions, the API before chat: the request, the whole answer, and the frames of a streamed one.

Source: https://platform.openai.com/docs/api-reference/completions
"""

from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from chatdoor.gateway.openai.frames import FINISHES, ChoiceFrames, Finish, TokenCounts
from chatdoor.gateway.openai.request import Limits, TextRequest
from chatdoor.gateway.problem import Problem

MOST_ANSWERS: Final = 64
"""The most answers to one request: prompts times `n`. Each is a request of its own to the site."""

Prompt = str | Annotated[list[Annotated[Any, Meta(extra_json_schema={"type": "string"})]], Meta(min_length=1)]


class CompletionRequest(TextRequest, frozen=True, kw_only=True):
    """A request, as far as we look at it; what else it holds is tolerated. A None is as if it were not there."""

    prompt: Prompt
    max_tokens: Annotated[int, Meta(ge=0)] | None = None  # 0 asks for no answer: for the prompt alone, with `echo`
    best_of: int | None = None
    echo: bool | None = None
    logprobs: int | None = None
    suffix: str | None = None

    @property
    def limits(self) -> Limits:
        """How long the answer may be, and where it ends."""
        return Limits(self.stops, self.max_tokens)

    @property
    def prompts(self) -> list[str]:
        """The prompts, as texts. Raises Problem for tokens, and for more than are answered at a time."""
        prompts = [self.prompt] if isinstance(self.prompt, str) else self.prompt
        if not all(isinstance(prompt, str) for prompt in prompts):
            raise _wrong("a web chatbot takes text: send a text or a list of texts, not tokens", "invalid_type")
        if len(prompts) * (self.n or 1) > MOST_ANSWERS:
            raise _wrong(f"prompts times n may be {MOST_ANSWERS} at most", "invalid_value")
        return prompts

    @property
    def picks(self) -> bool:
        """True where the best of several answers is wanted. How likely an answer is, only a model knows."""
        return (self.best_of or 1) > (self.n or 1)


class CompletionChoice(msgspec.Struct, frozen=True):
    """One of the answers."""

    index: int
    text: str
    finish_reason: Finish
    logprobs: None = None


class Completion(msgspec.Struct, frozen=True, tag_field="object", tag="text_completion"):
    """The whole answer. `created` is in seconds since 1970."""

    id: str
    created: int
    model: str
    choices: list[CompletionChoice]
    usage: TokenCounts


def completion_choice(index: int, text: str, finish: str) -> CompletionChoice:
    """One of the answers; `finish` is the site's word."""
    return CompletionChoice(index, text, FINISHES.get(finish, "stop"))


class CompletionFrames(ChoiceFrames):
    """The frames of a completion."""

    __slots__ = ()

    kind = "text_completion"
    place = b',"choices":[{"index":%d,"text":'
    nothing = b'""'
    close = b""

    def text(self, index: int, text: str) -> bytes:
        """A frame with a piece of the answer."""
        return self._start(index) + msgspec.json.encode(text) + self._after


def _wrong(problem: str, code: str) -> Problem:
    return Problem(400, f"prompt: {problem}.", param="prompt", code=code)
