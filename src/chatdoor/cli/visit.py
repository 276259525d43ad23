"""A visit: from settings to a client, and to a practice site where no other is named."""

import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from typing import TextIO

from chatdoor.cli.apart import Apart
from chatdoor.cli.clean import one_line
from chatdoor.cli.consent import Consent
from chatdoor.cli.output import Output
from chatdoor.cli.references import check_stdin, resolve
from chatdoor.cli.sessions import Sessions, kept_folder, session_files, usable_conversations
from chatdoor.cli.settings import PRACTICE, Settings
from chatdoor.cli.stdin import STDIN
from chatdoor.drive.client import Client
from chatdoor.drive.visitor import Options
from chatdoor.site.load import load_site, loads_site
from chatdoor.site.model import Site


@contextmanager
def visiting(settings: Settings, output: Output, *, stdin_for: str | None) -> Iterator[Client]:
    """A client for the length of a block, whose replies go to `output`.

    `stdin_for` is what standard input is needed for; None: it is free for a reference. Raises ArgumentError.
    """
    options = client_options(settings, stdin_for)
    with ExitStack() as stack:
        if settings.verbose:
            stack.enter_context(showing_log(before=output.interrupt))
        site = stack.enter_context(site_at_hand(settings))
        if not settings.starts_practice:
            options["store"] = Sessions(session_files(), fresh=settings.fresh)
            if site.remembers and (store := usable_conversations()):
                options["conversations"] = stack.enter_context(closing(store))
        yield stack.enter_context(Client(site, **options))


@contextmanager
def site_at_hand(settings: Settings) -> Iterator[Site]:
    """The site for the length of a block: where no other is named, a practice site that is started for it."""
    if settings.starts_practice:
        from chatdoor.practice import Practice  # loads an event loop and a server

        with Practice() as site:
            yield site
    else:
        yield find_site(settings.site, settings.url)


def find_site(name: str, url: str | None = None) -> Site:
    """The site that a name or file describes, at its own URL or another. Raises ArgumentError, SiteFileError."""
    return loads_site(practice_text(url), PRACTICE) if name == PRACTICE else load_site(name, url=url)


def practice_text(url: str | None = None) -> str:
    """The site file of a practice site without options."""
    from chatdoor.practice import Behaviour, site_text

    return site_text(Behaviour(), url or "http://127.0.0.1:8000")


def client_options(settings: Settings, stdin_for: str | None) -> Options:
    """The client's options, references resolved; no place to keep anything is among them. Raises ArgumentError."""
    references = {"--proxy": settings.proxy, "--access-token": settings.access_token}
    check_stdin(references | ({stdin_for: STDIN} if stdin_for else {}))
    found = {option: resolve(value, option) if value else None for option, value in references.items()}
    return {
        "proxy": found["--proxy"],
        "access_token": found["--access-token"],
        "timeout": settings.timeout,
        "ca_file": settings.ca_file,
        "user_agent": settings.user_agent,
        "trust_env": settings.trust_env,
        "per_minute": settings.per_minute,
        "allow_secrets": settings.allow_secrets or Consent(kept_folder()),
    }


class _OneLine(logging.Formatter):
    """A record as one line, and never a traceback: its text could hold anything."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        failure = f" ({record.exc_info[0].__name__})" if record.exc_info and record.exc_info[0] else ""
        return one_line(f"chatdoor: {record.getMessage()}{failure}")


class _Shown(logging.StreamHandler[TextIO]):
    """Shows records on standard error."""

    def __init__(self, before: Callable[[], None] | None) -> None:
        super().__init__(sys.stderr)
        self._before = before

    def emit(self, record: logging.LogRecord) -> None:
        """Shows one."""
        if self._before:
            self._before()
        super().emit(record)


@contextmanager
def showing_log(
    least: int = logging.DEBUG, *, before: Callable[[], None] | None = None, apart: bool = False
) -> Iterator[None]:
    """Shows on standard error what chatdoor logs, from a level on, for the length of a block.

    `before` is called before each line, where that is a terminal. `apart`: a thread writes, so that nobody waits.
    """
    logger = logging.getLogger("chatdoor")
    shown = Apart() if apart else _Shown(before if sys.stderr and sys.stderr.isatty() else None)
    shown.setFormatter(_OneLine())
    level = logger.level
    logger.addHandler(shown)
    logger.setLevel(least)
    try:
        yield
    finally:
        logger.setLevel(level)
        logger.removeHandler(shown)
        shown.close()
