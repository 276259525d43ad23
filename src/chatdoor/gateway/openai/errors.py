"""The error envelope, and which envelope stands for which failure of ours."""

import math
import re
from collections.abc import Mapping
from typing import Final

import msgspec

from chatdoor.errors import (
    ArgumentError,
    ChatdoorError,
    ConnectFailed,
    ContentRefused,
    LoginFailed,
    PromptTooLong,
    RateLimited,
    StateDown,
    StateError,
    TokenNotFound,
)
from chatdoor.gateway.header import Header, header
from chatdoor.gateway.problem import INVALID, Problem

NO_RETRY: Final[Header] = header(b"x-should-retry", b"false")
"""The official clients repeat 408, 409, 429 and 5xx by themselves, unless an answer says this. Others repeat them in
any case (Vercel's AI SDK, garak), so that such a status stands for what may be repeated, whatever this says."""

RETRY: Final[Header] = header(b"x-should-retry", b"true")

CONNECT_AGAIN_AFTER: Final = 1
"""Seconds to wait after a connection that failed, where nothing was sent."""

UNSENT: Final = (ArgumentError, ConnectFailed, LoginFailed, RateLimited, StateDown, TokenNotFound)
"""Errors of calls whose prompt no site has read."""

SITE: Final = "site_error"
"""The type of what is wrong with the site, or on the way to it."""

TYPES: Final[Mapping[int, str]] = {400: INVALID, 409: INVALID, 429: "rate_limit_error", 503: "server_error"}
"""Status -> type of the error. Any other is the site's."""

CODES: Final[Mapping[type[ChatdoorError], str]] = {
    ContentRefused: "content_filter",
    PromptTooLong: "context_length_exceeded",
    RateLimited: "rate_limit_exceeded",
}
"""Errors for which the API has a word. The others are called by their own name, in small letters."""

UNSHOWN: Final[Mapping[type[ChatdoorError], str]] = {
    StateError: "the gateway can not keep conversations now, so none can go on; its log says why",
}
"""What is told of errors whose own text names files of the operator's."""

MESSAGES: Final = "messages"
"""Where chat completions have what is said, and what a call's errors name."""

_PARAM: Final = re.compile(r"(messages(?:\[\d+\])*(?:\.\w+(?:\[\d+\])*)*): ")
_CAPITAL: Final = re.compile(r"(?<!^)(?=[A-Z])")


def busy() -> Problem:
    """What is said to whom there is no room for. Nothing was asked of a site, so asking again is safe."""
    return Problem(
        503,
        "The gateway has too much to do, or is about to end.",
        type="server_error",
        code="busy",
        headers=(header(b"retry-after", b"1"), RETRY),
    )


BUSY: Final = busy()
"""One to tell. Whoever raises it takes one of its own."""


def bug(*, asked: bool) -> Problem:
    """What is said of a bug of our own. `asked`: of a site already, so that no client may repeat it."""
    return Problem(
        ChatdoorError.status if asked else 500,
        "This is a bug in chatdoor's gateway; its log says more.",
        type="server_error",
        code="internal_error",
        headers=(NO_RETRY,),
    )


class ErrorTold(msgspec.Struct, frozen=True):
    """What went wrong."""

    message: str
    type: str
    param: str | None
    code: str | None


class Envelope(msgspec.Struct, frozen=True):
    """The body of an answer that is an error."""

    error: ErrorTold


def envelope(problem: Problem) -> bytes:
    """The problem as the API's JSON."""
    return msgspec.json.encode(Envelope(ErrorTold(problem.message, problem.type, problem.param, problem.code)))


def is_unsent(error: ChatdoorError) -> bool:
    """True where no site can have read the prompt, so that asking again repeats nothing."""
    return isinstance(error, UNSENT)


def problem_of(error: ChatdoorError, field: str = MESSAGES) -> Problem:
    """What the client is told of an error of a call. The error's message holds no secret.

    `field` is where the request has its messages.
    """
    param = _PARAM.match(error.problem) if isinstance(error, ArgumentError) else None
    place = param[1] if param else MESSAGES if isinstance(error, ContentRefused | PromptTooLong) else None
    return Problem(
        error.status,
        UNSHOWN.get(type(error)) or str(error),
        type=TYPES.get(error.status, SITE),
        param=place if place is None or field == MESSAGES else field,
        code=CODES.get(type(error)) or _CAPITAL.sub("_", type(error).__name__).lower(),
        headers=_advice(error),
    )


def without_retry(error: ChatdoorError, field: str = MESSAGES) -> Problem:
    """The same as `problem_of`, for an error beside which other prompts may have been read: no client repeats it."""
    problem = problem_of(error, field)
    if error.retryable:
        problem.status, problem.type = ChatdoorError.status, SITE
    problem.headers = (NO_RETRY,)
    return problem


def _advice(error: ChatdoorError) -> tuple[Header, ...]:
    """Whether to ask again, and when. A retry that could repeat a turn, or can not help, is advised against."""
    if not error.retryable:
        return (NO_RETRY,)
    wait = error.retry_after if isinstance(error, RateLimited) else None
    if isinstance(error, ConnectFailed | StateDown):
        wait = CONNECT_AGAIN_AFTER
    advice = (RETRY,)
    return advice if wait is None else (*advice, header(b"retry-after", b"%d" % max(1, math.ceil(wait))))
