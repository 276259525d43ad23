"""What of a site file goes out in requests: where names are resolved and secrets looked for."""

from collections.abc import Iterator
from typing import Final

from msgspec import UNSET, UnsetType

from chatdoor.site import file
from chatdoor.site.lines import KeyPath

SENT: Final = (*file.METHODS, "auth", "emit", "query", "headers", "cookies", *file.BODIES)
"""Keys of a step whose text goes into its request."""


def sent_parts(step: file.StepTable, path: KeyPath) -> Iterator[tuple[KeyPath, object]]:
    """Path and value of each part of a step's request."""
    for key in SENT:
        if (value := getattr(step, key)) is not UNSET:
            yield (*path, key), value


def each_step(steps: file.Steps | UnsetType, path: KeyPath) -> list[tuple[KeyPath, file.StepTable]]:
    """The steps and where they stand: one table, or a list of tables."""
    if isinstance(steps, UnsetType):
        return []
    if isinstance(steps, file.StepTable):
        return [(path, steps)]
    return [((*path, index), step) for index, step in enumerate(steps)]


def steps_in_order(table: file.SiteTable) -> tuple[tuple[KeyPath, file.StepTable], ...]:
    """All steps of a file and where they stand, as they run."""
    return (
        *each_step(table.session, ("session",)),
        *each_step(table.conversation.start, ("conversation", "start")),
        *each_step(table.chat, ("chat",)),
    )
