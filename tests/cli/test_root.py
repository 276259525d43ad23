"""The program's commands: help everywhere, and one loaded at a time."""

import subprocess
import sys
from collections.abc import Iterator

import click
import pytest

from chatdoor import __version__, errors
from chatdoor.cli.root import COMMANDS, root
from tests.cli.program import Program


def all_commands(
    command: click.Command = root, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command by the words that call it."""
    yield path, command
    if isinstance(command, click.Group):
        with click.Context(command) as context:
            for name in command.list_commands(context):
                below = command.get_command(context, name)
                assert below is not None
                yield from all_commands(below, (*path, name))


EVERY = [pytest.param(path, command, id=" ".join(path) or "chatdoor") for path, command in all_commands()]


@pytest.mark.parametrize(("path", "command"), EVERY)
def test_every_command_has_help_with_examples(program: Program, path: tuple[str, ...], command: click.Command) -> None:
    """--help says what the command does, explains each option, and shows examples that call it by its name."""
    ran = program(*path, "--help")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith(f"Usage: {' '.join(('chatdoor', *path))}")
    assert " ".join(("chatdoor", *path)) in ran.out.partition("Example")[2]
    assert [option.name for option in command.params if isinstance(option, click.Option) and not option.help] == []


def test_help_does_not_need_a_good_config_file(program: Program) -> None:
    """Whoever has broken the config file can still read how to mend it."""
    program.configure("broken")
    assert program("ask", "--help").code == 0


def test_the_version_is_told(program: Program) -> None:
    """--version prints name and version."""
    assert program("--version").out == f"chatdoor {__version__}\n"


def test_the_exit_codes_are_documented(program: Program) -> None:
    """The help of `ask` has a line for every exit code that an error can have."""
    kinds = [
        kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.ChatdoorError)
    ]
    codes = {kind.exit_code for kind in kinds} | {0, 1, 2, 130, 141}
    table = program("ask", "--help").out.partition("Exit codes:")[2].split("\n")
    assert {int(line.split()[0]) for line in table if line.strip()} == codes


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (("sak",), "there is no command 'sak'; did you mean 'ask'? (see chatdoor --help)"),
        (("ask",), "Missing argument 'PROMPT...' (see chatdoor ask --help)"),
        (
            ("ask", "--tmeout", "3", "a"),
            "(see chatdoor ask --help)",
        ),
        (("ask", "--timeout", "-1", "a"), "Invalid value for '--timeout'"),
        (("ask", "--timeout", "nan", "a"), "Invalid value for '--timeout'"),
        (("ask", "--per-minute", "0", "a"), "Invalid value for '--per-minute'"),
        (("sites", "show"), "Missing argument 'NAME|FILE' (see chatdoor sites show --help)"),
        (("ask", "--site", "vogpt", "a"), "site 'vogpt': neither a known site"),
        (("ask", "--url", "ftp://a.example", "a"), "--url: expected a URL with http:// or https://"),
        (("ask", "--url", "http://user:word@a.example", "a"), "--url: a user name or password in the URL"),
        (("ask", "--proxy", "ftp://a.example", "a"), "proxy: expected a URL such as"),
        (("ask", "--ca-file", "none.pem", "a"), "ca_file: none.pem can not be read"),
    ],
)
def test_a_wrong_command_line_is_one_line(program: Program, line: tuple[str, ...], said: str) -> None:
    """What is wrong is said in one line that names the help; the exit code is 2, and nothing is printed."""
    ran = program(*line)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("chatdoor: ")
    assert ran.err.count("\n") == 1
    assert said in ran.err


@pytest.mark.parametrize("line", [(), ("sites",)])
def test_no_command_shows_the_help(program: Program, line: tuple[str, ...]) -> None:
    """Without a command there is help, on standard error, and the exit code of a wrong command line."""
    ran = program(*line)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("Usage: chatdoor")


def test_ask_loads_what_it_needs() -> None:
    """Quick to start: `ask` waits for no other command and for no library of theirs."""
    look = (
        "import sys; from chatdoor.cli.run import run; run(['ask', '--help']); "
        "others = {'uvicorn', 'asyncio', 'rich', 'readline', *('chatdoor.cli.' + name for name in ('chat', 'sites'))}; "
        "print(sorted(others & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True, timeout=30)
    assert done.stdout.splitlines()[-1] == "[]"


def test_every_command_is_in_a_file_of_its_name() -> None:
    """The table of commands and the files agree."""
    with click.Context(root) as context:
        assert [root.get_command(context, name) is not None for name in COMMANDS] == [True] * len(COMMANDS)
