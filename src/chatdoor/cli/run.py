"""One run of the command line: its arguments in, its exit code out, and every failure as one line."""

import errno
import logging
import os
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from traceback import extract_tb
from types import TracebackType
from typing import Any, Final

import click

from chatdoor.cli.failures import READER_GONE, STOPPED
from chatdoor.cli.output import complain, silence_stdout, tell
from chatdoor.cli.root import COMPLETE_VARIABLE, PROGRAM, root
from chatdoor.errors import ChatdoorError

_READER_GONE: Final = {errno.EPIPE, errno.EINVAL} if os.name == "nt" else {errno.EPIPE}
"""What a write says when nobody reads any more. Windows has a second word for it."""


def main() -> None:
    """Runs the program `chatdoor` on the arguments of this process, and ends with its exit code."""
    sys.excepthook = lambda kind, _error, trace: _report_bug(kind, trace)
    threading.excepthook = lambda raised: _report_bug(raised.exc_type, raised.exc_traceback)
    logging.getLogger().addHandler(logging.NullHandler())  # else libraries' warnings go to standard error
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]  # a program's own are text files
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Runs a command; its exit code. Failures are told on standard error."""
    if sys.stdout is None:
        complain("there is no standard output")
        return 1
    try:
        _call(arguments)
        sys.stdout.flush()
    except tuple(_ENDS) as error:
        return next(end(error) for kind, end in _ENDS.items() if isinstance(error, kind))
    return 0


def _call(arguments: Sequence[str]) -> None:
    if instruction := os.environ.get(COMPLETE_VARIABLE):
        from click.shell_completion import shell_complete

        raise click.exceptions.Exit(shell_complete(root, {}, PROGRAM, COMPLETE_VARIABLE, instruction))
    with root.make_context(PROGRAM, list(arguments)) as context:
        root.invoke(context)


def _help_shown(error: click.exceptions.NoArgsIsHelpError) -> int:
    error.show()
    return error.exit_code


def _wrong_usage(error: click.ClickException) -> int:
    context = error.ctx if isinstance(error, click.UsageError) else None
    place = f" (see {context.command_path} --help)" if context else ""
    complain(f"{error.format_message().rstrip('.')}{place}")
    return error.exit_code


def _failed(error: ChatdoorError) -> int:
    complain(str(error))
    return error.exit_code


def _stopped(_error: KeyboardInterrupt) -> int:
    if sys.stderr is not None and sys.stderr.isatty():
        tell("")  # a new line after the terminal's own ^C
    return STOPPED


def _not_written(error: OSError) -> int:
    """Standard output's error has no name of a file; those of our own files are told where they happen, or here."""
    if error.filename is not None:
        complain(f"{error.filename}: {error.strerror}")
        return 1
    silence_stdout()
    if error.errno in _READER_GONE:
        return READER_GONE
    complain(f"the output can not be written: {error.strerror}")
    return 1


_ENDS: Final[Mapping[type[BaseException], Callable[[Any], int]]] = {
    click.exceptions.Exit: lambda end: end.exit_code,
    click.exceptions.NoArgsIsHelpError: _help_shown,
    click.ClickException: _wrong_usage,
    ChatdoorError: _failed,
    KeyboardInterrupt: _stopped,
    OSError: _not_written,
}
"""How a run can end early: what was raised -> what gives the exit code. The first kind that fits counts."""


def _report_bug(kind: type[BaseException], trace: TracebackType | None) -> None:
    """Says where an error nobody expected came from. Its text is not shown, because it may hold secrets."""
    if issubclass(kind, KeyboardInterrupt):
        return
    frames = extract_tb(trace)
    place = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    complain(f"this is a bug in chatdoor: {kind.__name__}{place}")
