"""`chatdoor practice`: the practice site, in the foreground."""

import os
import shlex
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final

import click

from chatdoor.cli.numbers import NumberRange
from chatdoor.cli.output import stdout
from chatdoor.errors import ArgumentError
from chatdoor.practice import OPTIONS, PASSWORD, USER, Behaviour, Option, serve, site_text
from chatdoor.practice.option import COUNT_MOST, SECONDS_MOST, Value

EPILOG: Final = """\b
Examples:
  chatdoor practice
  chatdoor practice --port 8000 --reply sse-delta --pause 0.2
  chatdoor practice --token meta --limit-every 3 --site-file practice.toml
  chatdoor practice --login form --history session --reply html

\b
While it runs:
  GET /stats     what it has counted: pages, tokens, accepted, refused ...,
                 and what it has heard, turn by turn, in each conversation
  GET /faults    the faults as they are; POST /faults?fail_every=2 changes one,
                 POST /faults?expire=true lets all tokens and logins expire now,
                 POST /faults?forget=true forgets all conversations
"""

ASK: Final = 'chatdoor ask --site {site} "Hello"'
SIGNED_IN: Final = "PRACTICE_USER={user} PRACTICE_PASSWORD={password} " + ASK.replace(
    "--site", "--allow-secrets --site"
)
"""How to ask a site, and one with a login: its file names the variables, and holds neither user nor password."""

_KINDS: "Final[Mapping[type, Callable[[Option], click.ParamType[Any]]]]" = {
    str: lambda option: click.Choice(option.choices),
    bool: lambda _: click.BOOL,
    int: lambda _: click.IntRange(0, COUNT_MOST),
    float: lambda _: NumberRange(0, SECONDS_MOST),
}
"""Type of an option's default -> what click takes for it."""

_METAVARS: Final = {int: "N", float: "SECONDS"}


def _with_behaviour(command: Callable[..., None]) -> Callable[..., None]:
    """The command with one option for each of a practice site's."""
    for option in reversed(OPTIONS):
        kind = type(option.default)
        command = click.option(
            option.flag,
            option.name,
            type=_KINDS[kind](option),
            is_flag=kind is bool,
            metavar=_METAVARS.get(kind),
            default=option.default,
            help=option.help,
        )(command)
    return command


@click.command("practice", epilog=EPILOG, context_settings={"show_default": True})
@click.option("--host", default="127.0.0.1", help="An address of this machine.")
@click.option("--port", type=click.IntRange(0, 65_535), default=0, help="0: one that is free.")
@click.option("--site-file", type=click.Path(path_type=Path), help="Write the site's description here.")
@_with_behaviour
def practice(host: str, port: int, site_file: Path | None, **options: Value) -> None:
    """Run the practice site: a web chatbot on this machine, until Ctrl-C.

    It has a page, a token, and a small rule-based conversation, and makes trouble on demand. Two lines say where it is,
    and how to ask it. Faults count the prompts that carried a good token, from 1; 0 is never.
    """
    behaviour = Behaviour.of(options)
    with _place(site_file, behaviour) as place:
        serve(behaviour, host=host, port=port, on_ready=partial(_announce, behaviour, place))


def _announce(behaviour: Behaviour, place: Path | None, url: str) -> None:
    """Writes the site file, if one is wanted, and says where the site is and how to ask it."""
    if place is not None:
        _write(place, site_text(behaviour, url))
    site = _quoted(place) if place else f"practice --url {url}"
    command = (
        ASK.format(site=site)
        if behaviour.login == "none"
        else SIGNED_IN.format(site=site, user=USER, password=PASSWORD)
    )
    stdout().write(f"practice site: {url} (Ctrl-C ends it)\n{command}\n")


@contextmanager
def _place(site_file: Path | None, behaviour: Behaviour) -> Iterator[Path | None]:
    """Where the site file goes: as asked, or where `--site practice` would not do, into a folder that vanishes."""
    if site_file is not None or site_text(behaviour, "http://localhost") == site_text(Behaviour(), "http://localhost"):
        yield site_file
        return
    from tempfile import TemporaryDirectory  # slow to load

    with TemporaryDirectory(prefix="chatdoor-") as folder:
        yield Path(folder, "practice.toml")


def _write(place: Path, text: str) -> None:
    try:
        place.write_text(text, "utf-8")
    except OSError as error:
        raise ArgumentError(f"--site-file: {place} can not be written: {error.strerror}") from error


def _quoted(place: Path) -> str:
    """The path as one word of a command line."""
    return f'"{place}"' if os.name == "nt" else shlex.quote(str(place))
