"""Errors as the command line shows them: a line, an object, a row in a table of exit codes."""

from collections.abc import Iterator
from typing import Final

from chatdoor.errors import ChatdoorError

STOPPED: Final = 130
"""The exit code after Ctrl-C, as shells give it for SIGINT."""

READER_GONE: Final = 141
"""The exit code where nobody reads the output any more, as shells give it for SIGPIPE."""

OTHER: Final = {
    0: "done",
    1: "any other failure",
    STOPPED: "stopped by Ctrl-C",
    READER_GONE: "whoever read the output went away",
}
"""Exit codes that are no error of a call."""


def as_object(error: ChatdoorError) -> dict[str, object]:
    """The error for `--json`: `kind`, `message`, `exit_code`, `status`, `retryable` and what else the kind has.

    `status` is the HTTP status that a gateway should answer.
    """
    about = {"kind": type(error).__name__, "message": str(error), "exit_code": error.exit_code}
    about |= {"status": error.status, "retryable": error.retryable}
    return {"error": about | {name: value for name, value in vars(error).items() if name != "problem"}}


def exit_codes() -> dict[int, str]:
    """Every exit code and what it says, from the error tree."""
    codes = dict(OTHER)
    for kind in _tree(ChatdoorError):
        if "exit_code" in vars(kind) and kind.exit_code not in OTHER:
            meaning = _first_sentence(kind)
            codes[kind.exit_code] = "; ".join(filter(None, [codes.get(kind.exit_code), meaning]))
    return dict(sorted(codes.items()))


def exit_code_table() -> str:
    """The exit codes as paragraphs of a command's help."""
    rows = "\n".join(f"{code:>5}  {meaning}" for code, meaning in exit_codes().items())
    return f"\b\nExit codes:\n{rows}"


def _tree(kind: type[ChatdoorError]) -> Iterator[type[ChatdoorError]]:
    yield kind
    for below in kind.__subclasses__():
        yield from _tree(below)


def _first_sentence(kind: type[ChatdoorError]) -> str:
    """What the error's docstring begins with, as part of a longer line."""
    sentence = (kind.__doc__ or kind.__name__).split(".")[0]
    return sentence[0].lower() + sentence[1:]
