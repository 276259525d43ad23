"""The error tree: what its docstring draws, what each leaf says to gateways and shells, how errors travel."""

import copy
import pickle
import re

import pytest

from chatdoor import errors
from chatdoor.errors import (
    ArgumentError,
    ChatdoorError,
    RateLimited,
    ReadFailed,
    ReplyCutShort,
    SiteFileError,
    TimedOut,
)


def subclasses(kind: type[ChatdoorError]) -> list[type[ChatdoorError]]:
    """The class and all below it, in this module."""
    below = [found for child in kind.__subclasses__() for found in subclasses(child)]
    return [kind, *(found for found in below if found.__module__ == errors.__name__)]


ALL = subclasses(ChatdoorError)
LEAVES = [kind for kind in ALL if not subclasses(kind)[1:]]

EXAMPLES = [
    *(kind("it went wrong", site="bot", step="POST /chat") for kind in ALL if "__init__" not in vars(kind)),
    ChatdoorError("it went wrong", site="bot", step="POST /chat"),
    SiteFileError("is wrong", file="bot.toml", line=3, key="chat.post"),
    RateLimited("wait", retry_after=1.5, site="bot", step="POST /chat"),
    ReplyCutShort("cut", partial="Hello", site="bot", step="POST /chat"),
    ReadFailed("broken", begun=True, site="bot", step="POST /chat"),
    TimedOut("too long", phase="connect", site="bot", step="POST /chat"),
]


def drawn_tree() -> dict[str, str]:
    """Each class and the one above it, as the docstring draws them."""
    above: dict[str, str] = {}
    parents: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        if node := re.match(r"    (?P<lines>(?:[│ ]   )*(?:[├└]── )?)(?P<name>[A-Z][A-Za-z]+)(?:  |$)", line):
            parents[len(node["lines"]) // 4 :] = [node["name"]]
            above[node["name"]] = parents[-2] if len(parents) > 1 else "RuntimeError"
    return above


def test_the_tree_in_the_docstring_is_the_tree() -> None:
    """Every class is drawn, below the class that it is one of."""
    bases = {kind.__name__: kind.__bases__[0].__name__ for kind in ALL}
    assert drawn_tree() == bases


def test_every_class_of_the_module_is_in_the_tree() -> None:
    """There is no error beside it."""
    found = {kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, BaseException)}
    assert found == set(ALL)


def test_all_are_runtime_errors_and_wrong_arguments_value_errors_too() -> None:
    """Programs that know nothing of chatdoor can catch both."""
    assert all(issubclass(kind, RuntimeError) for kind in ALL)
    assert {kind for kind in ALL if issubclass(kind, ValueError)} == set(subclasses(ArgumentError))


@pytest.mark.parametrize("kind", ALL)
def test_only_what_may_be_repeated_has_a_status_that_clients_repeat(kind: type[ChatdoorError]) -> None:
    """Some repeat a 408, 429 or 5xx whatever a header says. Nothing is the client's own 401 or 403."""
    assert 400 <= kind.status < 600
    assert kind.status not in {401, 403}
    assert kind.retryable == (kind.status in {408, 429} or kind.status >= 500)


@pytest.mark.parametrize("kind", ALL)
def test_what_may_be_repeated_was_not_taken(kind: type[ChatdoorError]) -> None:
    """A connection that was not made, a wait that the site asks for, state that is away: nothing was done."""
    assert kind.retryable is (kind.__name__ in {"ConnectFailed", "RateLimited", "StateDown"})


EXIT_CODES = {
    "ArgumentError": 2, "SiteFileError": 3, "RecordingError": 3, "SecretMissing": 2, "NotRecorded": 3,
    "TokenNotFound": 4, "SessionRefused": 4, "LoginFailed": 4, "ConversationLost": 4,
    "ConversationBusy": 4,
    "BotCheckMet": 5, "RateLimited": 6, "UnexpectedReply": 7, "SiteFailed": 7, "ReplyCutShort": 7, "ReplyTooLarge": 7,
    "ContentRefused": 8, "PromptTooLong": 8, "ConnectFailed": 9, "WriteFailed": 9, "ReadFailed": 9,
    "RedirectRefused": 9, "TimedOut": 10, "StateDown": 11, "BatchStopped": 12,
}  # fmt: skip


def test_exit_codes_tell_kinds_apart() -> None:
    """Each kind has its own, from 2 to 12: 1 is what any program gives."""
    assert {kind.__name__: kind.exit_code for kind in LEAVES} | {"ArgumentError": ArgumentError.exit_code} == EXIT_CODES
    assert set(EXIT_CODES.values()) == set(range(2, 13))


@pytest.mark.parametrize("kind", ALL)
def test_every_class_says_what_it_means(kind: type[ChatdoorError]) -> None:
    """Its own docstring, not the one above it."""
    assert kind.__dict__["__doc__"]


@pytest.mark.parametrize(
    ("site", "step", "text"),
    [
        (None, None, "expected text"),
        ("bot", None, "bot: expected text"),
        ("bot", "GET /", "bot: GET /: expected text"),
        (None, "GET /", "GET /: expected text"),
    ],
)
def test_a_message_names_site_and_step(site: str | None, step: str | None, text: str) -> None:
    """As far as they are known; the bare problem is kept too."""
    error = ChatdoorError("expected text", site=site, step=step)
    assert (str(error), error.problem, error.site, error.step) == (text, "expected text", site, step)


@pytest.mark.parametrize(
    ("line", "key", "text"),
    [
        (None, None, "f.toml: is wrong"),
        (3, None, "f.toml:3: is wrong"),
        (3, "chat", "f.toml:3: chat: is wrong"),
        (None, "chat", "f.toml: chat: is wrong"),
    ],
)
def test_a_site_file_error_names_file_line_and_key(line: int | None, key: str | None, text: str) -> None:
    """In the way that editors make a link of."""
    error = SiteFileError("is wrong", file="f.toml", line=line, key=key)
    assert (str(error), error.problem) == (text, "is wrong")
    assert (error.file, error.line, error.key) == ("f.toml", line, key)


def test_there_is_an_example_of_each() -> None:
    """The next test forgets none."""
    assert {type(error) for error in EXAMPLES} == set(ALL)


@pytest.mark.parametrize("error", EXAMPLES, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize(
    "travel",
    [lambda error: pickle.loads(pickle.dumps(error)), copy.copy, copy.deepcopy],
    ids=["pickle", "copy", "deep"],
)
def test_an_error_travels_whole(error: ChatdoorError, travel: object) -> None:
    """To another process or thread: type, text, attributes and notes."""
    error.add_note("seen before")
    arrived = travel(error)
    assert type(arrived) is type(error)
    assert arrived is not error
    assert (str(arrived), arrived.args) == (str(error), error.args)
    assert vars(arrived) == vars(error)
