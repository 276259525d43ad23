"""Whether a site file's secrets may be sent: asked once at the terminal, and remembered."""

import os
import sys
from pathlib import Path
from typing import Final

import click

from chatdoor.cli.output import complain
from chatdoor.drive.secrets import SecretUse

FILE: Final = "allowed-secrets"
"""In the state folder: a line for each yes. Deleting a line takes it back."""


class Consent:
    """What the user has said, or says now, of each use of a secret."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / FILE

    def __call__(self, use: SecretUse) -> bool:
        """True where the user has allowed it. Without a terminal to ask at, only what was allowed before is."""
        if self._remembers(use):
            return True
        if sys.stdin is None or not sys.stdin.isatty() or not _allows(use):
            return False
        self._remember(use)
        return True

    def _remembers(self, use: SecretUse) -> bool:
        try:
            lines = self._file.read_text("utf-8").splitlines()
        except (OSError, ValueError):  # nothing that can be read was allowed
            return False
        return any(line.partition(" ")[0] == use.key for line in lines)

    def _remember(self, use: SecretUse) -> None:
        line = f"{use.key} {use.site} {use.origin} {{{use.reference}}}\n"
        try:
            self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with os.fdopen(os.open(self._file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab") as stream:
                stream.write(line.encode())
        except OSError as error:
            complain(f"warning: the answer can not be kept in {self._file}: {error.strerror}")


def _allows(use: SecretUse) -> bool:
    question = (
        f"The site file of {use.site} sends the secret {{{use.reference}}} to {use.origin}. Allow it, also later?"
    )
    try:
        return click.confirm(question, err=True)
    except click.Abort:
        raise KeyboardInterrupt from None
