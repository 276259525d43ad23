"""What the frames of streamed chat completions and completions have in common."""

from collections.abc import Mapping
from typing import ClassVar, Final, Literal

import msgspec

from chatdoor.messages import Usage

Finish = Literal["stop", "length", "content_filter"]

FINISHES: Final[Mapping[str, Finish]] = {"length": "length", "max_tokens": "length", "content_filter": "content_filter"}
"""A site's word for how a reply ended -> the API's. Any other means `stop`."""

DONE: Final = b"data: [DONE]\n\n"


class TokenCounts(msgspec.Struct, frozen=True):
    """The usage in the API's words."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


def token_counts(usages: list[Usage], n: int) -> TokenCounts:
    """The usage of all answers together, `n` to each prompt. It counts once, as in OpenAI's own numbers."""
    prompt = answer = 0
    for index, usage in enumerate(usages):  # a comprehension is a call each
        prompt += 0 if index % n else usage.input
        answer += usage.output
    return TokenCounts(prompt, answer, prompt + answer)


class ChoiceFrames:
    """Makes the frames of one streamed answer. What does not change is encoded once.

    A kind says what it is called, where a choice has its text, what stands there without one, and what comes after it.
    """

    __slots__ = ("_after", "_after_finish", "_head")

    kind: ClassVar[str]
    place: ClassVar[bytes]
    nothing: ClassVar[bytes]
    close: ClassVar[bytes]

    def __init__(self, answer_id: str, created: int, model: str, *, with_usage: bool) -> None:
        head = {"id": answer_id, "object": self.kind, "created": created, "model": model}
        self._head = b"data: " + msgspec.json.encode(head)[:-1]
        usage = b',"usage":null' if with_usage else b""
        self._after = self.close + b',"logprobs":null,"finish_reason":null}]' + usage + b"}\n\n"
        self._after_finish = b'"}]' + usage + b"}\n\n"

    def finish(self, index: int, finish: str) -> bytes:
        """The frame that says why the answer ends; `finish` is the site's word."""
        reason = FINISHES.get(finish, "stop").encode()
        return self._start(index) + self.nothing + b',"logprobs":null,"finish_reason":"' + reason + self._after_finish

    def usage(self, counts: TokenCounts) -> bytes:
        """The last frame before the end, where usage is asked for."""
        return self._head + b',"choices":[],"usage":' + msgspec.json.encode(counts) + b"}\n\n"

    def _start(self, index: int) -> bytes:
        return self._head + self.place % index
