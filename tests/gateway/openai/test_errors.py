"""Errors of calls in the API's terms, so that a client that repeats by itself never repeats a turn."""

import msgspec
import pytest

from chatdoor.errors import (
    ArgumentError,
    BotCheckMet,
    ChatdoorError,
    ConnectFailed,
    ContentRefused,
    ConversationBusy,
    ConversationLost,
    PromptTooLong,
    RateLimited,
    ReadFailed,
    ReplyCutShort,
    SecretMissing,
    SessionRefused,
    SiteFailed,
    StateDown,
    StateError,
    TimedOut,
)
from chatdoor.gateway.openai.errors import envelope, problem_of

NO, YES = b"x-should-retry: false\r\n", b"x-should-retry: true\r\n"

ROWS: list[tuple[ChatdoorError, int, str, str, tuple[bytes, ...]]] = [
    (SessionRefused("403"), 424, "session_refused", "site_error", (NO,)),
    (BotCheckMet("a captcha"), 424, "bot_check_met", "site_error", (NO,)),
    (ContentRefused("no"), 400, "content_filter", "invalid_request_error", (NO,)),
    (PromptTooLong("long"), 400, "context_length_exceeded", "invalid_request_error", (NO,)),
    (ConversationBusy("talks"), 409, "conversation_busy", "invalid_request_error", (NO,)),
    (ConversationLost("gone"), 409, "conversation_lost", "invalid_request_error", (NO,)),
    (
        RateLimited("wait", retry_after=1.2),
        429,
        "rate_limit_exceeded",
        "rate_limit_error",
        (YES, b"retry-after: 2\r\n"),
    ),
    (RateLimited("wait"), 429, "rate_limit_exceeded", "rate_limit_error", (YES,)),
    (ConnectFailed("no route"), 503, "connect_failed", "server_error", (YES, b"retry-after: 1\r\n")),
    (ReadFailed("reset"), 424, "read_failed", "site_error", (NO,)),
    (SiteFailed("500"), 424, "site_failed", "site_error", (NO,)),
    (ReplyCutShort("cut"), 424, "reply_cut_short", "site_error", (NO,)),
    (SecretMissing("{env:A}"), 424, "secret_missing", "site_error", (NO,)),
    (TimedOut("slow", phase="reading"), 424, "timed_out", "site_error", (NO,)),
]


@pytest.mark.parametrize(("error", "status", "code", "kind", "headers"), ROWS, ids=[row[2] for row in ROWS])
def test_an_error_of_a_call(
    error: ChatdoorError, status: int, code: str, kind: str, headers: tuple[bytes, ...]
) -> None:
    """Each has its status, its word and its advice; a site's refusal is never the client's 401 or 403."""
    problem = problem_of(error)
    assert (problem.status, problem.code, problem.type) == (status, code, kind)
    assert problem.headers == headers


def test_no_error_looks_like_the_clients_own_key() -> None:
    """No error of the tree has a status that says the client's key is wrong."""
    kinds = [ChatdoorError]
    for kind in kinds:
        kinds += kind.__subclasses__()
    assert not {kind.status for kind in kinds} & {401, 403}


@pytest.mark.parametrize(
    ("said", "param"),
    [("messages[3].role: expected one", "messages[3].role"), ("messages[0].content[1]: only", "messages[0].content[1]"),
     ("messages: the list is empty", "messages"), ("the model: no", None)],
)  # fmt: skip
def test_a_wrong_argument_names_its_parameter(said: str, param: str | None) -> None:
    """The place that our own message begins with is the API's parameter."""
    assert problem_of(ArgumentError(said)).param == param


def test_no_client_is_told_of_the_operators_files() -> None:
    """Where conversations are kept is the operator's to know; of a server that is away, its own words are told."""
    problem = problem_of(StateError("conversations can not be kept in /srv/ours.db: disk full"))
    assert (problem.status, problem.code, "/srv" in problem.message) == (424, "state_error", False)
    assert problem_of(StateDown("it is away")).message == "it is away"


def test_the_envelope_has_its_four_fields() -> None:
    """Clients read message, type, param and code, each there even where it is null."""
    assert msgspec.json.decode(envelope(problem_of(SiteFailed("500", site="bot", step="chat")))) == {
        "error": {"message": "bot: chat: 500", "type": "site_error", "param": None, "code": "site_failed"}
    }
