"""What a batch is to do, and how far it is."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final, Literal, Protocol, TypeAlias

import msgspec

from chatdoor.batch.breaker import PATIENCE
from chatdoor.batch.source import Format
from chatdoor.batch.summary import Summary

SessionUse: TypeAlias = Literal["reuse", "fresh"]

LOCAL: Final = "local"
"""The executor on this machine."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What a batch is to do. `concurrency` of None: as many as the site bears, within its limits."""

    source: Path
    output: Path
    form: Format | None = None
    columns: Sequence[str] = ()
    concurrency: int | None = None
    on: str = LOCAL
    sessions: SessionUse = "reuse"
    retry_failed: bool = False
    limit: int | None = None
    model: str | None = None
    system: str | None = None
    patience: float = PATIENCE
    report: Path | None = None


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """How far a batch is. `done` counts rows with a result, `asked` those of this run; `seconds` since its start."""

    rows: int
    done: int
    failed: int
    asked: int
    at_a_time: int
    seconds: float


class Watcher(Protocol):
    """Who hears how a batch goes on."""

    def progressed(self, progress: Progress) -> None:
        """Hears how far it is, a few times a second."""

    def said(self, text: str) -> None:
        """Hears what happens, in a line."""


class Ended(msgspec.Struct, frozen=True):
    """How a run ended. `interrupted`: by Ctrl-C, after what was under way."""

    summary: Summary
    interrupted: bool
    course: Sequence[Progress] = ()
    """How it went on, at a bounded number of points in time."""


class Silent:
    """Hears and says nothing."""

    def progressed(self, progress: Progress) -> None:
        """Does nothing."""

    def said(self, text: str) -> None:
        """Does nothing."""
