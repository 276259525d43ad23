"""Writes the pages under docs/reference, which say nothing that the code does not say.

`python -m docs.generate` writes them. With `--check` it writes nothing, and fails where one differs.
"""

import argparse
import inspect
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

import click
from click.testing import CliRunner

from chatdoor import errors
from chatdoor.cli.failures import exit_codes
from chatdoor.cli.root import root
from chatdoor.gateway.config import ConfigTable, KeyTable
from chatdoor.site.file import Table
from chatdoor.site.load import presets
from chatdoor.site.reference import TABLES, ReferenceRow, reference_rows
from docs.python_face import python_face

FOLDER = Path(__file__).parent / "reference"

COLUMNS = 78
"""The width that click gives a text on a terminal of 80 columns."""

ABOUT_COMMANDS = """\
# Command line

What `--help` prints. [Errors](errors.md) has the exit codes.
"""

ABOUT_ERRORS = """\
# Errors

All are in `chatdoor.errors`. `status` is the HTTP status that a gateway should answer; `retryable` says that asking
again is safe and may help; the exit code is that of the command line.
"""

ABOUT_LANGUAGE = """\
# Site language

A site file is TOML. An unknown key is an error that names the file, the line and the nearest right key.
Durations are text such as `"30s"` or `"2m"`, sizes such as `"8MB"`, paths into JSON are [JMESPath](https://jmespath.org).
[Write a site file](../how-to/write-a-site-file.md) goes by the questions that you have, and explains placeholders.
"""


ABOUT_CONFIG = """\
# Gateway config

The file that `chatdoor serve --config FILE` reads is TOML. An unknown key is an error that names the file, the line and
the nearest right key. Durations are text such as `"30s"` or `"2m"`, sizes such as `"8MB"`. Paths are meant from the
file's folder. An option of the command line comes before a key; lists are joined.

SIGHUP reads the file, the site files and the keys again. `host`, `port`, `grace`, `read_timeout`, `conversations`,
`access_log` and `log_texts` stay as they are until the next start.
[Serve a site](../how-to/serve.md) has examples.
"""

CONFIG_TABLES: Mapping[str, type[Table]] = {"config": ConfigTable, "keys": KeyTable}


def command_line() -> Iterator[str]:
    """The help of every command."""
    yield ABOUT_COMMANDS
    for path in _commands((), root):
        told = CliRunner().invoke(root, [*path, "--help"], prog_name="chatdoor", terminal_width=COLUMNS)
        yield f"{'#' * min(2 + len(path), 3)} {' '.join(('chatdoor', *path))}\n"
        yield f"```text\n{told.output.rstrip()}\n```\n"


def _commands(path: tuple[str, ...], command: click.Command) -> Iterator[tuple[str, ...]]:
    yield path
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            yield from _commands((*path, name), below)


def error_tree() -> Iterator[str]:
    """Every error with its status and exit code, then the exit codes."""
    yield ABOUT_ERRORS
    yield "| error | what it says | status | retryable | exit code |\n|---|---|---:|---|---:|"
    for depth, kind in _tree(errors.ChatdoorError):
        name, says = f"{'&nbsp;&nbsp;' * depth}`{kind.__name__}`", _first_line(kind)
        yield f"| {_cells(name, says, str(kind.status), 'yes' if kind.retryable else '', str(kind.exit_code))} |"
    yield "\n## Exit codes\n\n| code | |\n|---:|---|"
    yield from (f"| {code} | {meaning} |" for code, meaning in exit_codes().items())
    yield ""


def _tree(kind: type[errors.ChatdoorError], depth: int = 0) -> Iterator[tuple[int, type[errors.ChatdoorError]]]:
    yield depth, kind
    for below in kind.__subclasses__():
        if below.__module__ == errors.__name__:
            yield from _tree(below, depth + 1)


def site_language() -> Iterator[str]:
    """Every key of a site file, table by table, then the presets."""
    yield ABOUT_LANGUAGE
    rows = reference_rows()
    for name, table in TABLES.items():
        yield from _table(name, table, rows)
    yield "## Presets\n\n`extends` names them. What a file says itself wins.\n"
    for name, preset in presets().items():
        yield f"### {name}\n\n```toml\n{preset.read_text('utf-8').rstrip()}\n```\n"


def gateway_config() -> Iterator[str]:
    """Every key of a gateway's config file, table by table."""
    yield ABOUT_CONFIG
    rows = reference_rows(CONFIG_TABLES)
    for name, table in CONFIG_TABLES.items():
        yield from _table(name, table, rows)


def _table(name: str, table: type[Table], rows: Iterable[ReferenceRow]) -> Iterator[str]:
    yield f"## {name}\n\n{inspect.getdoc(table)}\n\n| key | type | default | meaning |\n|---|---|---|---|"
    for row in (row for row in rows if row.table == name):
        yield f"| {_cells(f'`{row.key}`', row.type, row.default, row.meaning)} |"
    yield ""


def _cells(*texts: str) -> str:
    return " | ".join(text.replace("|", "\\|") for text in texts)


def _first_line(thing: object) -> str:
    return (inspect.getdoc(thing) or "").partition("\n")[0]


PAGES: Mapping[str, Callable[[], Iterator[str]]] = {
    "cli.md": command_line,
    "site-language.md": site_language,
    "gateway-config.md": gateway_config,
    "errors.md": error_tree,
    "python.md": python_face,
}
"""Each page, and what gives its parts."""


def outdated(folder: Path) -> dict[Path, str]:
    """The pages that are missing or differ, and what should be in them."""
    pages = {folder / name: "\n".join(parts()) for name, parts in PAGES.items()}
    return {page: text for page, text in pages.items() if not page.exists() or page.read_text("utf-8") != text}


def main() -> None:
    """Writes the pages, or compares them."""
    parser = argparse.ArgumentParser(prog="scripts/docs", description=__doc__.partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="write nothing; fail where a page differs")
    check = parser.parse_args().check
    pages = outdated(FOLDER)
    for page, text in pages.items():
        if check:
            print(f"{page.name} is not what the code says; run scripts/docs", file=sys.stderr)
        else:
            page.write_text(text, "utf-8")
            print(f"wrote {page.name}")
    sys.exit(1 if check and pages else 0)


if __name__ == "__main__":
    main()
