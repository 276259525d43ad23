"""The command line: one file for each command, loaded when it is called for.

Read `run` for what becomes of errors, `settings` for where options come from.
"""

from chatdoor.cli.run import main

__all__ = ["main"]
