"""`chatdoor discover`: a site file from a recording."""

import os
from pathlib import Path
from typing import Final

import click

from chatdoor.cli.discover_live import Wish, ask_site, may_ask, with_wish
from chatdoor.cli.output import stdout, tell
from chatdoor.cli.progress import progress
from chatdoor.cli.settings import Settings, with_access
from chatdoor.discover.discovery import Discovery
from chatdoor.discover.discovery import discover as discovered
from chatdoor.discover.har import read_har
from chatdoor.discover.har_text import MAX_BYTES
from chatdoor.discover.live import Mended, Speech
from chatdoor.discover.report import report
from chatdoor.errors import ArgumentError

EPILOG: Final = """\b
Examples:
  chatdoor discover recording.har
  chatdoor discover recording.har --out our-bot.toml
  chatdoor discover recording.har --prompt "Where is my parcel?"
  chatdoor discover monday.har tuesday.har --out our-bot.toml
  chatdoor discover recording.har --live --requests 60 --out our-bot.toml

\b
To record: open the network panel, load the chat's page, say two sentences, wait for
both replies, and save all as HAR. With sensitive data is better: it shows the cookies.

\b
Then the site itself is asked, if you agree: that proves the file, finds what the
recording hides, and leaves out what is not needed. At most --requests are sent.
"""


@click.command("discover", epilog=EPILOG)
@with_access
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE...")
@click.option("--out", type=click.Path(path_type=Path), help="Where to write. Default: standard output.")
@click.option("--overwrite", is_flag=True, help="Replace what is there already.")
@click.option("--prompt", "prompts", multiple=True, metavar="TEXT", help="A text that was typed. May be given often.")
@with_wish
def discover(
    settings: Settings,
    *,
    wish: Wish,
    files: tuple[Path, ...],
    out: Path | None,
    overwrite: bool,
    prompts: tuple[str, ...],
) -> None:
    """Write a site file from a recording (a HAR file), by rule.

    Each line says what it follows from. The file holds no secret: credentials are read from the environment. What is
    sure, guessed and not known is printed to standard error. Several recordings of the same steps are compared.

    At a terminal, or with --live, the file is proven against the site and mended by what that answers. What ends that
    early is told, and its exit code given; the file of the recording is written all the same.
    """
    place_for(out, overwrite=overwrite)
    recordings = [read_har(_read(file), str(file)) for file in files]
    with progress("discovering") as tell_share:
        found = discovered(recordings[0], str(files[0]), prompts, recordings[1:], tell=tell_share)
    finish(found, settings, wish, Speech(prompt=prompts[0] if prompts else ""), out)


def finish(found: Discovery, settings: Settings, wish: Wish, speech: Speech, out: Path | None) -> None:
    """Asks the site where that is wished, writes the site file and tells what is known of it.

    The exit code is that of what ended the trials early. The file of the recording is there before the first of them.
    """
    if out is not None:
        _write(out, found.text)
    try:
        mended = ask_site(found, settings, wish, speech) if may_ask(found, wish, speech) else None
    except KeyboardInterrupt:
        if out is None:
            stdout().write(found.text)
        raise
    _show(mended or found, out)
    if mended and mended.error:
        click.get_current_context().exit(mended.error.exit_code)


def place_for(place: Path | None, *, overwrite: bool) -> None:
    """Raises ArgumentError where something is there that may not be replaced, and where no file can be."""
    if place is None:
        return
    if place == Path("-"):
        raise ArgumentError("- is no file; name one, or leave the option out")
    if place.is_dir():
        raise ArgumentError(f"{place} is a folder; name a file in it")
    if not os.access(place.parent, os.W_OK):
        raise ArgumentError(f"{place} can not be written: {place.parent} is no folder that you may write to")
    if place.exists() and not overwrite:
        raise ArgumentError(f"{place} is there already; --overwrite replaces it, or name another")


def _show(found: Discovery | Mended, out: Path | None) -> None:
    """Writes the site file, to standard output without a place, and what is known of it to standard error."""
    if out is None:
        stdout().write(found.text)
    else:
        _write(out, found.text)
    for line in report(found.findings).splitlines():
        tell(line)


def _read(file: Path) -> bytes:
    try:
        with file.open("rb") as stream:
            return stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise ArgumentError(f"{file} can not be read: {error.strerror}") from error


def _write(place: Path, text: str) -> None:
    try:
        place.write_text(text, "utf-8")
    except OSError as error:
        raise ArgumentError(f"{place} can not be written: {error.strerror}") from error
