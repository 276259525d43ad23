"""The command line: one file for each command, loaded when it is called for.

Read `run` for what becomes of errors, `settings` for where options come from.
"""

import gc
import sys
from typing import Final

from chatdoor.cli.failures import STOPPED

__all__ = ["main"]

YOUNG_MOST: Final = 20_000
"""How many objects are made before the collector looks for cycles among them. What is loaded stays, and a call makes a
few hundred and leaves none; Python's own 700 is a twentieth of a start, and a twelfth of the gateway's work."""


def main() -> None:
    """Runs the command line. Ctrl-C ends it without a word, also while it is still being loaded."""
    gc.set_threshold(YOUNG_MOST)
    try:
        if sys.argv[1:2] == ["serve"]:
            from chatdoor.gateway.early import begin

            begin()
        from chatdoor.cli.run import main as run
    except KeyboardInterrupt:
        sys.exit(STOPPED)
    run()
