"""Chat completions: the request, the whole answer, and the frames of a streamed one.

Source: https://platform.openai.com/docs/api-reference/chat
"""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from chatdoor.gateway.openai.request import Count, Limits, TextRequest
from chatdoor.messages import ROLES, Usage

Finish = Literal["stop", "length", "content_filter"]

FINISHES: Final[Mapping[str, Finish]] = {"length": "length", "max_tokens": "length", "content_filter": "content_filter"}
"""A site's word for how a reply ended -> the API's. Any other means `stop`."""

DONE: Final = b"data: [DONE]\n\n"


_MESSAGE: Final = {
    "required": ["role"],
    "properties": {
        "role": {"type": "string", "enum": sorted(ROLES)},
        "content": {"type": ["string", "array", "null"]},
    },
}
"""What the description of the API says of a message, which is looked at later and in the whole list."""

_Given = Annotated[dict[str, Any], Meta(extra_json_schema=_MESSAGE)]


class ChatRequest(TextRequest, frozen=True, kw_only=True):
    """A request, as far as we look at it; what else it holds is tolerated. A None is as if it were not there."""

    messages: Annotated[list[_Given], Meta(min_length=1)]
    max_completion_tokens: Count | None = None
    metadata: dict[str, Any] | None = None
    audio: dict[str, Any] | None = None
    function_call: str | dict[str, Any] | None = None
    functions: list[Any] | None = None
    logprobs: bool | None = None
    modalities: list[str] | None = None
    parallel_tool_calls: bool | None = None
    prediction: dict[str, Any] | None = None
    reasoning_effort: str | None = None
    response_format: dict[str, Any] | None = None
    store: bool | None = None
    tool_choice: str | dict[str, Any] | None = None
    tools: list[Any] | None = None
    top_logprobs: int | None = None
    verbosity: str | None = None
    web_search_options: dict[str, Any] | None = None
    litellm_session_id: Any = None

    @property
    def limits(self) -> Limits:
        """How long the answer may be: in tokens by the newer name or the older, and where it ends."""
        newer = self.max_completion_tokens
        return Limits(self.stops, newer or self.max_tokens, "max_completion_tokens" if newer else "max_tokens")


CHAT_REQUEST: Final = msgspec.json.Decoder(ChatRequest)


class _Message(msgspec.Struct, frozen=True):
    content: str
    refusal: None = None
    role: Literal["assistant"] = "assistant"


class Choice(msgspec.Struct, frozen=True):
    """One of the answers."""

    index: int
    message: _Message
    finish_reason: Finish
    logprobs: None = None


class TokenCounts(msgspec.Struct, frozen=True):
    """The usage in the API's words."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class ChatCompletion(msgspec.Struct, frozen=True, tag_field="object", tag="chat.completion"):
    """The whole answer. `created` is in seconds since 1970."""

    id: str
    created: int
    model: str
    choices: list[Choice]
    usage: TokenCounts


def choice(index: int, text: str, finish: str) -> Choice:
    """One of the answers; `finish` is the site's word."""
    return Choice(index, _Message(text), FINISHES.get(finish, "stop"))


def token_counts(usages: list[Usage]) -> TokenCounts:
    """The usage of all choices together. The prompt counts once, as in OpenAI's own numbers."""
    prompt, answer = usages[0].input, sum([usage.output for usage in usages])
    return TokenCounts(prompt, answer, prompt + answer)


class Frames:
    """Makes the frames of one streamed answer. What does not change is encoded once."""

    __slots__ = ("_after", "_after_finish", "_head")

    def __init__(self, answer_id: str, created: int, model: str, *, with_usage: bool) -> None:
        head = {"id": answer_id, "object": "chat.completion.chunk", "created": created, "model": model}
        self._head = b"data: " + msgspec.json.encode(head)[:-1]
        usage = b',"usage":null' if with_usage else b""
        self._after = b'},"logprobs":null,"finish_reason":null}]' + usage + b"}\n\n"
        self._after_finish = b'"}]' + usage + b"}\n\n"

    def first(self, index: int) -> bytes:
        """The frame that says who is speaking."""
        return self._start(index) + b'{"role":"assistant","content":"","refusal":null' + self._after

    def content(self, index: int, text: str) -> bytes:
        """A frame with a piece of the answer."""
        return self._start(index) + b'{"content":' + msgspec.json.encode(text) + self._after

    def finish(self, index: int, finish: str) -> bytes:
        """The frame that says why the answer ends; `finish` is the site's word."""
        reason = FINISHES.get(finish, "stop").encode()
        return self._start(index) + b'{},"logprobs":null,"finish_reason":"' + reason + self._after_finish

    def usage(self, counts: TokenCounts) -> bytes:
        """The last frame before the end, where usage is asked for."""
        return self._head + b',"choices":[],"usage":' + msgspec.json.encode(counts) + b"}\n\n"

    def _start(self, index: int) -> bytes:
        return self._head + b',"choices":[{"index":%d,"delta":' % index
