"""`chatdoor scrub`: a recording without its secrets, to be shared."""

import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final, cast

import click

from chatdoor.cli.output import stdout
from chatdoor.cli.progress import progress
from chatdoor.discover.har_text import MAX_BYTES
from chatdoor.discover.progress import Tell, between, nobody
from chatdoor.discover.scrub import Scrubbed, Texts, prove
from chatdoor.discover.scrub import scrub as scrubbed
from chatdoor.errors import ArgumentError

EPILOG: Final = """\b
Examples:
  chatdoor scrub recording.har
  chatdoor scrub recording.har --out to-share.har
  chatdoor scrub recording.har --texts remove
  chatdoor scrub recording.har --in-place

\b
What is replaced, the same value by the same everywhere, in each spelling:
  password       what was typed into a password field
  authorization  the credentials of Authorization
  cookie         all values of cookies
  token          what is named a token, key, nonce or the like
  user, person   who logged in; names, phone numbers in fields named so
  email          addresses, wherever they stand
  id             whatever else looks random
  text           what was typed and answered, with --texts remove

Kept: hosts, paths, names of fields, what else is text in pages and scripts.
Left out: images, fonts and other bodies that are no text.
"""


@click.command("scrub", epilog=EPILOG)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), help="Where to write. Default: FILE.scrubbed.har beside it.")
@click.option("--in-place", is_flag=True, help="Replace the recording itself.")
@click.option("--overwrite", is_flag=True, help="Replace what is there already.")
@click.option(
    "--texts",
    type=click.Choice(["keep", "remove"]),
    default="keep",
    show_default=True,
    help="What was typed and answered. Discovery reads it; remove puts x for each letter.",
)
def scrub(file: Path, *, out: Path | None, in_place: bool, overwrite: bool, texts: str) -> None:
    """Remove secrets from a recording (a HAR file), so that it can be shared.

    The result is read again, and every secret looked for in every spelling: where one is left, no file is written.
    Random values keep their length and alphabet, so that discovery works as before. Look through the texts yourself: no
    rule knows what is private in a sentence.
    """
    place = _place(file, out, in_place=in_place, overwrite=overwrite)
    with progress("scrubbing") as tell:
        done = scrubbed(_read(file), str(file), cast(Texts, texts), between(0, 0.8, tell))
        keep(place, done, between(0.8, 1, tell))
    stdout().write(summary(done, place))


def summary(done: Scrubbed, place: Path) -> str:
    """What was replaced, by kind and count, and where the file is. No value is in it."""
    lines = [f"{each.kind:<14} {each.values:>6} replaced at {each.places} places" for each in done.counts]
    if done.dropped:
        lines.append(f"{'left out':<14} {done.dropped:>6} bodies that are no text")
    lines = lines or ["nothing that looks like a secret was found"]
    return "\n".join([*lines, f"written: {place}", ""])


def _place(file: Path, out: Path | None, *, in_place: bool, overwrite: bool) -> Path:
    """Where the result goes. Raises ArgumentError where something is there that may not be replaced."""
    if in_place and out is not None:
        raise ArgumentError("--in-place and --out: only one can say where to write")
    place = file if in_place else out or file.with_name(f"{file.name.removesuffix('.har')}.scrubbed.har")
    if not in_place and place.exists() and file.exists() and place.samefile(file):
        raise ArgumentError(f"{place}: this is the recording itself; --in-place replaces it")
    if not (in_place or overwrite) and place.exists():
        raise ArgumentError(f"{place} is there already; --overwrite replaces it, --out names another")
    return place


def _read(file: Path) -> bytes:
    try:
        with file.open("rb") as stream:
            return stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise ArgumentError(f"{file} can not be read: {error.strerror}") from error


def keep(place: Path, done: Scrubbed, tell: Tell = nobody) -> None:
    """Writes beside the place, reads that again, and only where no secret is in it puts it there."""
    write_file(place, done.data, lambda written: prove(written, str(place), done.rewriter, tell))


def write_file(place: Path, data: bytes, check: Callable[[bytes], None] = lambda _: None) -> None:
    """Puts a file there that nobody else may read, whole or not at all. `check` raises where it may not be there."""
    part = place.with_name(f"{place.name}.{secrets.token_hex(4)}.part")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
            stream.write(data)
        check(_read(part))
        part.replace(place)
    except BaseException as error:
        with suppress(OSError):
            part.unlink()
        if isinstance(error, OSError):
            raise ArgumentError(f"{place} can not be written: {error.strerror}") from error
        raise
