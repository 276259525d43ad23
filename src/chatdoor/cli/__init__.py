"""The command line: one file for each command, loaded when it is called for.

Read `run` for what becomes of errors, `settings` for where options come from.
"""

import sys

from chatdoor.cli.failures import STOPPED

__all__ = ["main"]


def main() -> None:
    """Runs the command line. Ctrl-C ends it without a word, also while it is still being loaded."""
    try:
        from chatdoor.cli.run import main as run
    except KeyboardInterrupt:
        sys.exit(STOPPED)
    run()
