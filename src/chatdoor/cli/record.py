"""`chatdoor record`: a site file from a chat in a browser that is opened for it."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import click
import msgspec
from msgspec.structs import replace

from chatdoor.cli.discover import finish, place_for
from chatdoor.cli.discover_live import Wish, with_wish
from chatdoor.cli.numbers import NumberRange
from chatdoor.cli.output import tell
from chatdoor.cli.references import FORMS, check_stdin, resolve
from chatdoor.cli.scrub import keep, write_file
from chatdoor.cli.settings import no_site
from chatdoor.discover.discovery import Discovery
from chatdoor.discover.discovery import discover as discovered
from chatdoor.discover.har import read_har
from chatdoor.discover.live import Speech
from chatdoor.discover.scrub import scrub
from chatdoor.discover.tape import Taken
from chatdoor.errors import ArgumentError, RecordingError
from chatdoor.site.urls import UrlError, parse_url

EPILOG: Final = """\b
Examples:
  chatdoor record https://chat.example.org --out our-bot.toml
  chatdoor record https://chat.example.org --say "Hello" --say "What did I say?"
  chatdoor record https://chat.example.org --har chat.har --out our-bot.toml
  chatdoor record http://127.0.0.1:8000 --headless --say "Hello" --say "And now?"
  chatdoor record https://chat.example.org --headless --user env:BOT_USER \\
      --password env:BOT_PASSWORD --say "Hello" --say "And now?"

\b
It needs the extra, pip install "chatdoor[record]", and Chromium or Chrome on this
machine (Debian: apt install chromium). Then the site itself is asked, if you agree: that
proves the file and mends it. At any other time: chatdoor check our-bot.toml
"""

MISSING: Final = 'record: Playwright is not installed: pip install "chatdoor[record]"'


def _page(_context: click.Context, _argument: click.Parameter, url: str) -> str:
    try:
        parse_url(url)
    except UrlError as error:
        raise click.BadParameter(f"{error}") from None
    return url


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """The command line. `user` and `password` are references until `resolved`."""

    url: str
    say: tuple[str, ...]
    out: Path | None
    overwrite: bool
    har: Path | None
    keep_secrets: bool
    headless: bool
    user: str | None
    password: str | None
    browser: str | None
    ca_file: str | None
    timeout: float
    settle: float

    def check(self) -> None:
        """Raises ArgumentError for options that do not fit together, and for a file that is there already."""
        if self.headless and not self.say:
            raise ArgumentError("--headless: nobody can chat in a window that is not there; give --say TEXT, twice")
        if (self.user or self.password) and not self.say:
            raise ArgumentError("--user and --password are for --say; without it you sign in yourself, in the window")
        check_stdin({"--user": self.user, "--password": self.password})
        for place in (self.out, self.har):
            place_for(place, overwrite=self.overwrite)

    def resolved(self) -> "Options":
        """The same with the credentials themselves. Raises ArgumentError for one that is not there."""
        user = resolve(self.user, "--user") if self.user else None
        return replace(self, user=user, password=resolve(self.password, "--password") if self.password else None)


_SECONDS: Final = NumberRange(0, 3_600, min_open=True)
_FILE: Final = click.Path(path_type=Path)


@click.command("record", epilog=EPILOG)
@click.argument("url", callback=_page)
@click.option("--say", multiple=True, metavar="TEXT", help="Type this for me. May be given often; twice is good.")
@click.option("--out", type=_FILE, help="Where to write the site file. Default: standard output.")
@click.option("--overwrite", is_flag=True, help="Replace what is there already.")
@click.option("--har", type=_FILE, metavar="FILE", help="Keep the recording too, without its secrets.")
@click.option("--keep-secrets", is_flag=True, help="With --har: keep cookies, tokens and passwords in it.")
@click.option("--headless", is_flag=True, help="Open no window. Needs --say.")
@click.option("--user", metavar="REF", help=f"Whom to sign in for --say: {FORMS}.")
@click.option("--password", metavar="REF", help=f"The password for it: {FORMS}.")
@click.option("--browser", metavar="FILE", help="Which Chromium or Chrome. Default: the one that is installed.")
@click.option(
    "--ca-file",
    envvar="CHATDOOR_CA_FILE",
    show_envvar=True,
    metavar="FILE",
    type=click.Path(),
    help="Certificates (PEM) to trust besides the system's, for the host of URL.",
)
@click.option(
    "--timeout",
    type=_SECONDS,
    default=60.0,
    show_default=True,
    metavar="SECONDS",
    help="For loading the page, and for each reply to --say.",
)
@click.option(
    "--settle",
    type=_SECONDS,
    default=2.0,
    show_default=True,
    metavar="SECONDS",
    help="How long all is quiet after a reply to --say.",
)
@with_wish
def record(*, wish: Wish, **params: object) -> None:
    """Record a chat in a browser, and write a site file from it, by rule.

    A window opens on URL with an empty profile: sign in, say two sentences, wait for both replies, and close it, or
    press Enter in the terminal. With --say it is typed for you. The window shows that a program has started it, and a
    bot check ends the recording. What `chatdoor discover` says of a recording holds here too; streams, redirects and
    cookies that browsers leave out of their exports are all in it. Then, if you agree, the file is proven against the
    site and mended; --user and --password sign in for that too.
    """  # fmt: skip
    options = msgspec.convert(params, Options)
    options.check()
    options = options.resolved()
    taken = _recorded(options)
    if options.har is not None:
        _keep(options.har, taken, with_secrets=options.keep_secrets)
    found = _found(taken, options)
    settings = no_site(ca_file=options.ca_file, allow_secrets=options.password is not None)
    with _signed_in(found, options):
        finish(found, settings, wish, Speech(prompt=options.say[0] if options.say else ""), options.out)


def _found(taken: Taken, options: Options) -> Discovery:
    """What is in the recording. Where that is no chat, the way out is told: the recording would be lost."""
    name = f"the recording of {options.url}"
    try:
        return discovered(replace(read_har(taken.har, name), passwords=taken.passwords), name, options.say)
    except RecordingError:
        if options.har is None:
            tell("the recording was not kept; --har FILE keeps it, without its secrets, for discover")
        raise


@contextmanager
def _signed_in(found: Discovery, options: Options) -> Iterator[None]:
    """The credentials that were typed, where the site file reads them, for as long as the site is asked."""
    given = {"_USER": options.user, "_PASSWORD": options.password}
    wanted = {
        name: text for name in found.clues.variables for end, text in given.items() if text and name.endswith(end)
    }
    added = {name: text for name, text in wanted.items() if name not in os.environ}
    os.environ.update(added)
    try:
        yield
    finally:
        for name in added:
            del os.environ[name]


def _recorded(options: Options) -> Taken:
    """The recording. Raises ArgumentError where Playwright is missing."""
    try:
        from chatdoor.discover.recorder.visit import Wish
        from chatdoor.discover.recorder.visit import record as recorded
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != "playwright":
            raise
        raise ArgumentError(MISSING) from None
    wish = Wish(
        url=options.url,
        say=options.say,
        headless=options.headless,
        browser=options.browser,
        ca_file=options.ca_file,
        user=options.user,
        password=options.password,
        seconds=options.timeout,
        quiet=options.settle,
    )
    return recorded(wish, tell, None if options.say else _enter())


def _enter() -> Callable[[], object] | None:
    """What waits for Enter; None where nobody sits at a terminal. It holds no lock that the program's end waits for."""
    if sys.stdin is None or not sys.stdin.isatty():
        return None
    terminal = sys.stdin.fileno()
    return lambda: os.read(terminal, 1024)


def _keep(place: Path, taken: Taken, *, with_secrets: bool) -> None:
    if with_secrets:
        write_file(place, taken.har)
    else:
        keep(place, scrub(taken.har, str(place), passwords=taken.passwords))
    tell(f"the recording is in {place}{', with all secrets' if with_secrets else ''}")
