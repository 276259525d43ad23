"""`chatdoor completion`: what a shell needs in order to complete command lines."""

from typing import Final

import click

from chatdoor.cli.output import stdout
from chatdoor.cli.root import COMPLETE_VARIABLE, PROGRAM

SHELLS: Final = ("bash", "zsh", "fish")

EPILOG: Final = """\b
Examples, each a line for the shell's own file:
  ~/.bashrc                   eval "$(chatdoor completion bash)"
  ~/.zshrc                    eval "$(chatdoor completion zsh)"
  ~/.config/fish/config.fish  chatdoor completion fish | source
"""


@click.command("completion", epilog=EPILOG)
@click.argument("shell", type=click.Choice(SHELLS))
def completion(shell: str) -> None:
    """Print the script that completes command lines in SHELL: bash (4.4 or later), zsh or fish."""
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    context = click.get_current_context()
    if kind is None:
        raise click.UsageError(f"there is no completion for {shell}", context)
    script = kind(context.find_root().command, {}, PROGRAM, COMPLETE_VARIABLE)
    # Not `source()`: for bash it starts one to see its version, and this script may be meant for another machine.
    stdout().write(f"{script.source_template % script.source_vars()}\n")
