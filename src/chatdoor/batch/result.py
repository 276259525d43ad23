"""A result as it is written: OpenAI's Batch result format, and beside it what chatdoor knows.

Source: https://platform.openai.com/docs/api-reference/batch/request-output
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from chatdoor.batch.row import Row
from chatdoor.errors import ChatdoorError
from chatdoor.messages import Reply

START: Final = b'{"id":"batch_req_'
"""How each line of an output begins."""

BAD_ROW: Final = "BadRow"
"""The kind of error of a row that can not be asked."""

FINISHES: Final[Mapping[str, str]] = {"length": "length", "max_tokens": "length", "content_filter": "content_filter"}
"""A site's word for how a reply ended -> the API's. Any other means `stop`."""

_CAPITAL: Final = re.compile(r"(?<!^)(?=[A-Z])")


class About(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What chatdoor knows of a row: where it stands, how long it took (seconds), how it was asked.

    `attempts` counts how often its prompts went out; a script has one for each turn at least. `asked_again` says that
    an earlier run ended while the row was under way, so that the site may have got it twice. `error` is the kind of
    what went wrong. `replies` are those of all turns, where there are several.
    """

    line: int
    mark: int
    site: str
    latency: float | None = None
    first_piece: float | None = None
    attempts: int = 0
    fidelity: str | None = None
    asked_again: bool = False
    error: str | None = None
    replies: Sequence[str] | None = None


class Said(msgspec.Struct, frozen=True, gc=False):
    """The message of a choice."""

    content: str
    role: str = "assistant"
    refusal: None = None


class Choice(msgspec.Struct, frozen=True, gc=False):
    """The one choice of a chat completion."""

    message: Said
    finish_reason: str
    index: int = 0
    logprobs: None = None


class Tokens(msgspec.Struct, frozen=True, gc=False):
    """The usage."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class Completion(msgspec.Struct, frozen=True, tag_field="object", tag="chat.completion", gc=False):
    """A chat completion. `created` is in seconds since 1970."""

    id: str
    created: int
    model: str
    choices: tuple[Choice]
    usage: Tokens


class Response(msgspec.Struct, frozen=True, gc=False):
    """The answer to a row."""

    status_code: int
    request_id: str
    body: Completion


class Wrong(msgspec.Struct, frozen=True, gc=False):
    """Why there is no answer."""

    code: str
    message: str


class Result(msgspec.Struct, frozen=True, gc=False):
    """One line of the output. Either `response` or `error` is null."""

    id: str
    custom_id: str
    response: Response | None
    error: Wrong | None
    chatdoor: About


class Seen(msgspec.Struct, frozen=True):
    """A line of an output, as far as a run looks at it again."""

    chatdoor: About


def answered(row: Row, replies: Sequence[Reply], about: About, now: float) -> Result:
    """The result of a row that was answered: the last reply, with the usage of all."""
    name, last = _name(about), replies[-1]
    choice = Choice(Said(last.text), FINISHES.get(last.finish, "stop"))
    body = Completion(f"chatcmpl-{name}", int(now), last.model, (choice,), _tokens(replies))
    return Result(f"batch_req_{name}", row.custom_id, Response(200, f"req_{name}", body), None, about)


def failed(custom_id: str, about: About, message: str) -> Result:
    """The result of a row that was not answered."""
    code = _CAPITAL.sub("_", about.error or "").lower()
    return Result(f"batch_req_{_name(about)}", custom_id, None, Wrong(code, message), about)


def bad_row(line: int, mark: int, custom_id: str, site: str, problem: str) -> Result:
    """The result of a row that can not be asked."""
    about = About(line=line, mark=mark, site=site, error=BAD_ROW)
    return failed(custom_id, about, f"line {line}: {problem}")


def kind_of(error: ChatdoorError) -> str:
    """The kind of an error, as results name it."""
    return type(error).__name__


def _tokens(replies: Sequence[Reply]) -> Tokens:
    prompt = answer = 0
    for reply in replies:
        prompt += reply.usage.input
        answer += reply.usage.output
    return Tokens(prompt, answer, prompt + answer)


def _name(about: About) -> str:
    return "%08d%08x" % (about.line, about.mark)  # noqa: UP031 - half the time, once for each row
