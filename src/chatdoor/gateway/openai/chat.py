"""Chat completions: the request, the whole answer, and the frames of a streamed one.

Source: https://platform.openai.com/docs/api-reference/chat
"""

from operator import attrgetter
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from chatdoor.gateway.openai.frames import FINISHES, ChoiceFrames, Finish, TokenCounts
from chatdoor.gateway.openai.parts import PlainMessage, plain_messages
from chatdoor.gateway.openai.request import Count, Limits, TextRequest
from chatdoor.messages import ROLES, CheckedMessages

_MESSAGE: Final = {
    "required": ["role"],
    "properties": {
        "role": {"type": "string", "enum": sorted(ROLES)},
        "content": {"type": ["string", "array", "null"]},
    },
}
"""What the description of the API says of a message, which is looked at later and in the whole list."""

_Given = Annotated[dict[str, Any], Meta(extra_json_schema=_MESSAGE)]


_WISHES: Final = ("stop", "max_tokens", "max_completion_tokens", "temperature", "top_p", "seed")
_NO_WISHES: Final = (None,) * len(_WISHES)
_wishes: Final = attrgetter(*_WISHES)


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
    def asks_little(self) -> bool:
        """True where nothing is said of how to answer, as in most requests."""
        return _wishes(self) == _NO_WISHES

    @property
    def told(self) -> tuple[CheckedMessages, list[str]]:
        """The messages as they go to a site, and what of them does not. Raises Problem, ArgumentError."""
        return plain_messages(self.messages)

    @property
    def limits(self) -> Limits:
        """How long the answer may be: in tokens by the newer name or the older, and where it ends."""
        newer = self.max_completion_tokens
        return Limits(self.stops, newer or self.max_tokens, "max_completion_tokens" if newer else "max_tokens")


class PlainChatRequest(ChatRequest, frozen=True, kw_only=True):
    """A request whose messages are text alone, as in most: read in less time."""

    messages: Annotated[list[PlainMessage], Meta(min_length=1)]  # type: ignore[assignment]  # what can be read of both

    @property
    def told(self) -> tuple[CheckedMessages, list[str]]:
        """The messages as they are: JSON has no text that can not be sent."""
        return CheckedMessages(self.messages), []


class _Message(msgspec.Struct, frozen=True, gc=False):
    content: str
    refusal: None = None
    role: Literal["assistant"] = "assistant"


class Choice(msgspec.Struct, frozen=True, gc=False):
    """One of the answers."""

    index: int
    message: _Message
    finish_reason: Finish
    logprobs: None = None


class ChatCompletion(msgspec.Struct, frozen=True, tag_field="object", tag="chat.completion", gc=False):
    """The whole answer. `created` is in seconds since 1970."""

    id: str
    created: int
    model: str
    choices: list[Choice]
    usage: TokenCounts


def choice(index: int, text: str, finish: str) -> Choice:
    """One of the answers; `finish` is the site's word."""
    return Choice(index, _Message(text), FINISHES.get(finish, "stop"))


class ChatFrames(ChoiceFrames):
    """The frames of a chat completion."""

    __slots__ = ()

    kind = "chat.completion.chunk"
    place = b',"choices":[{"index":%d,"delta":'
    nothing = b"{}"
    close = b"}"

    def first(self, index: int) -> bytes:
        """The frame that says who is speaking."""
        return self._start(index) + b'{"role":"assistant","content":"","refusal":null' + self._after

    def content(self, index: int, text: str) -> bytes:
        """A frame with a piece of the answer."""
        return self._start(index) + b'{"content":' + msgspec.json.encode(text) + self._after
