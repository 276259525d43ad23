"""The program `chatdoor`: the table of its commands, each loaded when it is called for."""

from importlib import import_module
from typing import Final

import click

from chatdoor._version import __version__
from chatdoor.site.nearest import nearest

PROGRAM: Final = "chatdoor"

COMPLETE_VARIABLE: Final = "_CHATDOOR_COMPLETE"
"""Set by the shell's completion script, which asks this program what may follow."""

COMMANDS: Final = (
    *("ask", "chat", "serve", "batch", "discover", "record", "check", "practice", "sites", "scrub", "completion"),
)
"""The commands, in the order of the help. Each is an object of its name in a module of its name."""


class Commands(click.Group):
    """A group that loads a command when it is called for: `ask` does not wait for the others."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """The names of all commands."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name. Raises UsageError for a name that is none."""
        if cmd_name in COMMANDS:
            command: click.Command = getattr(import_module(f"chatdoor.cli.{cmd_name}"), cmd_name)
            return command
        if ctx.resilient_parsing or cmd_name.startswith("-"):
            return None
        raise click.UsageError(f"there is no command {cmd_name!r}{nearest(cmd_name, COMMANDS)}", ctx)


@click.group(
    cls=Commands,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="""\b
Examples:
  chatdoor ask "I feel lost in forms"
  chatdoor ask --site our-bot.toml "Where is my parcel?"
  chatdoor chat --site voigpt --url http://127.0.0.1:8000
  chatdoor serve --site our-bot.toml
  chatdoor batch --site our-bot.toml prompts.csv results.jsonl
  chatdoor check our-bot.toml
  chatdoor practice --reply sse-delta
""",
)
@click.version_option(__version__, message="%(prog)s %(version)s")
def root() -> None:
    """Talk to any web chatbot as a browser would.

    A site file says how one chatbot is talked to. Without one, the practice site answers, which is part of chatdoor and
    runs on this machine.
    """
