"""Responses: the request, and the response as it stands, begun or done.

Source: https://platform.openai.com/docs/api-reference/responses
"""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from chatdoor.gateway.openai.items import Given, Item, OutputText, answer_id
from chatdoor.gateway.openai.request import Count, Limits, Share, Temperature
from chatdoor.messages import Usage

Metadata = Annotated[
    dict[Annotated[str, Meta(max_length=64)], Annotated[str, Meta(max_length=512)]], Meta(max_length=16)
]


class Reference(msgspec.Struct, frozen=True):
    """A conversation, by its id."""

    id: str


class ResponseRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A request, as far as we look at it; what else it holds is tolerated. A None is as if it were not there."""

    model: Annotated[str, Meta(min_length=1)]
    input: Given
    stream: bool | None = None
    store: bool | None = None
    instructions: str | None = None
    previous_response_id: str | None = None
    conversation: str | Reference | None = None
    max_output_tokens: Count | None = None
    max_tool_calls: int | None = None
    metadata: Metadata | None = None
    temperature: Temperature | None = None
    top_p: Share | None = None
    text: dict[str, Any] | None = None
    stream_options: dict[str, Any] | None = None
    user: str | None = None
    safety_identifier: str | None = None
    prompt_cache_key: str | None = None
    access_programs: dict[str, Any] | None = None
    background: bool | None = None
    context_management: list[Any] | None = None
    include: list[str] | None = None
    moderation: dict[str, Any] | None = None
    parallel_tool_calls: bool | None = None
    prompt: dict[str, Any] | None = None
    reasoning: dict[str, Any] | None = None
    tool_choice: str | dict[str, Any] | None = None
    tools: list[Any] | None = None
    top_logprobs: int | None = None
    truncation: Literal["auto", "disabled"] | None = None

    @property
    def limits(self) -> Limits:
        """How long the answer may be."""
        return Limits((), self.max_output_tokens, "max_output_tokens")

    @property
    def conversation_id(self) -> str | None:
        """The conversation that the request names."""
        return self.conversation.id if isinstance(self.conversation, Reference) else self.conversation

    @property
    def shapes(self) -> list[str]:
        """The names of wishes for the answer's form that a web chatbot can not meet."""
        text = self.text or {}
        padded = (self.stream_options or {}).get("include_obfuscation")
        wishes = {
            "text.format": text.get("format") not in (None, {"type": "text"}),
            "text.verbosity": text.get("verbosity") not in (None, "medium"),
            "stream_options.include_obfuscation": bool(padded),
        }
        return [name for name, wished in wishes.items() if wished]


class ResponseQuery(msgspec.Struct, frozen=True):
    """How a response that is kept is given."""

    stream: Annotated[
        bool, Meta(description="As events, which can not be done.", extra_json_schema={"const": False})
    ] = False


ENDS: Final[Mapping[str, str]] = {
    "length": "max_output_tokens",
    "max_tokens": "max_output_tokens",
    "content_filter": "content_filter",
}
"""A site's word for how a reply ended early -> the API's. With any other it is complete."""


class _Details(msgspec.Struct, frozen=True):
    cached_tokens: int = 0
    cache_write_tokens: int = 0


class _OutputDetails(msgspec.Struct, frozen=True):
    reasoning_tokens: int = 0


class ResponseUsage(msgspec.Struct, frozen=True):
    """The usage in the API's words."""

    input_tokens: int
    output_tokens: int
    total_tokens: int
    input_tokens_details: _Details = _Details()
    output_tokens_details: _OutputDetails = _OutputDetails()


class ResponseError(msgspec.Struct, frozen=True):
    """Why a response failed."""

    code: Literal["server_error", "rate_limit_exceeded", "invalid_prompt"]
    message: str


class _Incomplete(msgspec.Struct, frozen=True):
    reason: str


class _Reasoning(msgspec.Struct, frozen=True):
    effort: None = None
    summary: None = None


class _Format(msgspec.Struct, frozen=True, tag_field="type", tag="text"):
    pass


class _Text(msgspec.Struct, frozen=True):
    format: _Format = _Format()
    verbosity: Literal["medium"] = "medium"


class Response(msgspec.Struct, frozen=True, kw_only=True, tag_field="object", tag="response"):
    """A response. Times are in seconds since 1970. What a web chatbot can not do has the API's default."""

    id: str
    created_at: int
    status: Literal["in_progress", "completed", "incomplete", "failed"] = "in_progress"
    background: bool = False
    completed_at: int | None = None
    conversation: Reference | None = None
    error: ResponseError | None = None
    incomplete_details: _Incomplete | None = None
    instructions: str | None
    max_output_tokens: int | None
    max_tool_calls: int | None
    metadata: dict[str, str]
    model: str
    output: list[Item] = []
    parallel_tool_calls: bool
    previous_response_id: str | None
    prompt_cache_key: str | None
    reasoning: _Reasoning = _Reasoning()
    safety_identifier: str | None
    service_tier: Literal["default"] = "default"
    temperature: float | None
    text: _Text = _Text()
    tool_choice: Literal["auto", "none"]
    tools: tuple[()] = ()
    top_logprobs: int = 0
    top_p: float | None
    truncation: Literal["disabled"] = "disabled"
    usage: ResponseUsage | None = None
    user: str | None


def begin(request: ResponseRequest, response_id: str, now: int, sampling: Mapping[str, Any]) -> Response:
    """The response to a request, before there is anything of it. `sampling` is what of it goes to the site."""
    conversation = request.conversation_id
    return Response(
        id=response_id,
        created_at=now,
        conversation=Reference(conversation) if conversation else None,
        instructions=request.instructions,
        max_output_tokens=request.max_output_tokens,
        max_tool_calls=request.max_tool_calls,
        metadata=request.metadata or {},
        model=request.model,
        parallel_tool_calls=request.parallel_tool_calls is not False,
        previous_response_id=request.previous_response_id,
        prompt_cache_key=request.prompt_cache_key,
        safety_identifier=request.safety_identifier,
        temperature=sampling.get("temperature"),
        tool_choice="none" if request.tool_choice == "none" else "auto",
        top_p=sampling.get("top_p"),
        user=request.user,
    )


def finish(response: Response, text: str, ended: str, usage: Usage, now: int) -> Response:
    """The response with its answer; `ended` is the site's word for how it ended."""
    reason = ENDS.get(ended)
    status: Literal["incomplete", "completed"] = "incomplete" if reason else "completed"
    return msgspec.structs.replace(
        response,
        status=status,
        completed_at=None if reason else now,
        incomplete_details=_Incomplete(reason) if reason else None,
        output=[Item(answer_id(response.id), "assistant", [OutputText(text)], status)],
        usage=ResponseUsage(usage.input, usage.output, usage.input + usage.output),
    )
