"""The messages of a conversation at the terminal, and the file they are saved to."""

import os
import secrets
from contextlib import suppress
from pathlib import Path

import msgspec

from chatdoor.errors import ArgumentError


class Transcript:
    """The message list so far, oldest first, as chat clients write it."""

    def __init__(self, system: str | None) -> None:
        self._opening = [{"role": "system", "content": system}] if system else []
        self.messages = [*self._opening]

    def with_prompt(self, prompt: str) -> list[dict[str, str]]:
        """The messages and a new turn of the user's."""
        return [*self.messages, {"role": "user", "content": prompt}]

    def add(self, prompt: str, reply: str) -> None:
        """Adds a turn and its reply."""
        self.messages = [*self.with_prompt(prompt), {"role": "assistant", "content": reply}]

    def clear(self) -> None:
        """Begins anew; the system text stays."""
        self.messages = [*self._opening]

    def save(self, name: str, *, overwrite: bool) -> Path:
        """Writes the messages to a file as a JSON list: as a whole or not at all, readable by the user alone.

        Raises ArgumentError where the file can not be written, or is there already and may not be overwritten.
        """
        try:
            path = Path(name).expanduser()
            taken = not overwrite and path.exists()
            if not taken:
                _write(path, msgspec.json.format(msgspec.json.encode(self.messages)) + b"\n")
        except (OSError, ValueError, RuntimeError) as error:  # a path may hold a NUL, or a home that nobody has
            reason = getattr(error, "strerror", None) or "no usable path"
            raise ArgumentError(f"{name} can not be written: {reason}") from error
        if taken:
            raise ArgumentError(f"{path} is there already; /save! overwrites it")
        return path


def _write(path: Path, data: bytes) -> None:
    part = path.with_name(f"{path.name}.{secrets.token_hex(4)}.part")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
            stream.write(data)
        part.replace(path)
    except BaseException:
        with suppress(OSError):
            part.unlink()
        raise
