"""`chatdoor sites`: known sites, site files, and the sessions that are kept."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

import click
import msgspec

from chatdoor.cli.about import About, about
from chatdoor.cli.output import stdout
from chatdoor.cli.sessions import conversation_file, session_files
from chatdoor.cli.settings import PRACTICE
from chatdoor.cli.visit import find_site, practice_text
from chatdoor.errors import ArgumentError, SiteFileError
from chatdoor.site.load import known_sites, presets, read_table

EPILOG: Final = """\b
Examples:
  chatdoor sites list
  chatdoor sites show voigpt > our-bot.toml
  chatdoor sites explain our-bot.toml
  chatdoor sites lint our-bot.toml
  chatdoor sites schema > chatdoor-site.json
  chatdoor sites forget voigpt
"""


@click.group("sites", epilog=EPILOG)
def sites() -> None:
    """Look at site files, and forget kept sessions."""


@sites.command("list", epilog="\b\nExample:\n  chatdoor sites list")
def list_sites() -> None:
    """List the known sites, the presets that site files may extend, and the sessions that are kept."""
    practice = About("A web chatbot on this machine, started when it is asked.", "verified by chatdoor's own tests")
    known = {name: about(file.read_text("utf-8")) for name, file in known_sites().items()}
    extended = {name: about(file.read_text("utf-8")) for name, file in presets().items()}
    output = stdout()
    output.write(_table("Known sites", {PRACTICE: practice} | known))
    output.write(_table("Presets", extended))
    output.write("".join(_kept_rows()))


@sites.command(
    "show", epilog="\b\nExamples:\n  chatdoor sites show voigpt\n  chatdoor sites show --resolved our-bot.toml"
)
@click.argument("site", metavar="NAME|FILE")
@click.option("--resolved", is_flag=True, help="Write out what the file takes from presets.")
def show(site: str, *, resolved: bool) -> None:
    """Print a site file, once it is found to be right."""
    text = practice_text() if site == PRACTICE else find_site(site).text
    if resolved:
        from chatdoor.cli.resolved import resolve_presets

        text = resolve_presets(text)
    output = stdout()
    output.write(text)
    output.end_line()


@sites.command(
    "explain", epilog="\b\nExamples:\n  chatdoor sites explain voigpt\n  chatdoor sites explain our-bot.toml"
)
@click.argument("site", metavar="NAME|FILE")
def explain(site: str) -> None:
    """Say in plain words what a site file does: how it gets in, what it sends and takes, to which hosts."""
    from chatdoor.site.explanation import explain_site

    found = find_site(site)
    stdout().write(explain_site(found, read_table(found.text, site)))


@sites.command("lint", epilog="\b\nExample:\n  chatdoor sites lint our-bot.toml their-bot.toml")
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
def lint(files: tuple[str, ...]) -> None:
    """Check site files.

    Each gets one line: FILE: ok, or FILE:LINE: KEY: what is wrong. The exit code is 3 where one is wrong.
    """
    output = stdout()
    wrong = False
    for file in files:
        try:
            find_site(file)
            output.write(f"{file}: ok\n")
        except ArgumentError as error:
            output.write(f"{error}\n")
            wrong = True
    click.get_current_context().exit(SiteFileError.exit_code if wrong else 0)


@sites.command("schema", epilog="\b\nExample:\n  chatdoor sites schema > chatdoor-site.json")
def schema() -> None:
    """Print the JSON Schema of a site file, for editors."""
    from chatdoor.site.schema import json_schema

    stdout().write(f"{msgspec.json.format(msgspec.json.encode(json_schema())).decode()}\n")


@sites.command("forget", epilog="\b\nExamples:\n  chatdoor sites forget\n  chatdoor sites forget our-bot.toml")
@click.argument("site", metavar="[NAME|FILE]", required=False)
def forget(site: str | None) -> None:
    """Delete the sessions and conversations that are kept: of one site, or all."""
    name = site and _name(site)
    conversations = conversation_file().forget(name)
    sessions = session_files().forget(name)
    told = [_counted(sessions, "session"), *([_counted(conversations, "conversation")] if conversations else [])]
    stdout().write(f"{' and '.join(told)} forgotten\n")


def _counted(count: int, thing: str) -> str:
    return f"{count} {thing}{'' if count == 1 else 's'}"


def _name(site: str) -> str:
    """The name under which a site's sessions are kept. One that is not known may have been, or be another file's."""
    return find_site(site).name if "/" in site or site.endswith(".toml") else site


def _table(title: str, rows: dict[str, About]) -> str:
    width = max(map(len, rows))
    lines = (f"  {name:{width}}  {each.summary} ({each.evidence or 'not verified'})\n" for name, each in rows.items())
    return f"{title}:\n{''.join(lines)}"


def _kept_rows() -> Iterator[str]:
    kept = sorted(session_files().kept())
    if kept:
        yield "Kept sessions:\n"
    for name, origin, opened in kept:
        when = datetime.fromtimestamp(opened).astimezone().strftime("%Y-%m-%d %H:%M")
        yield f"  {name}  {origin}, opened {when}\n"
