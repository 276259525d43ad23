"""Presets and a site file, laid one over the other."""

from collections.abc import Mapping
from typing import Final

from chatdoor.site.file import BODIES, FORMATS, METHODS
from chatdoor.site.toml import Table

MERGED: Final = ("take", "headers", "conversation", "messages", "limits", "chat", "reply")
"""Top-level tables that a file adds to. What is below them, and every other key, it replaces whole."""

EXCLUSIVE: Final[Mapping[str, tuple[tuple[str, ...], ...]]] = {"chat": (METHODS, BODIES), "reply": (FORMATS,)}
"""Keys of which a table has one: a file's own takes the place of a preset's."""


def merge(below: Table, above: Table) -> Table:
    """`above` over `below`: key by key in the merged tables, else whole."""
    merged = {**below, **above}
    for key in MERGED:
        low, high = below.get(key), above.get(key)
        if isinstance(low, dict) and isinstance(high, dict):
            replaced = _replaced(key, high)
            merged[key] = {**{name: value for name, value in low.items() if _same(key, name) not in replaced}, **high}
    return merged


def _replaced(table: str, high: Table) -> set[str]:
    """The keys of a preset's table that these make void."""
    own = {_same(table, name) for name in high}
    return own.union(*(group for group in EXCLUSIVE.get(table, ()) if own.intersection(group)))


def _same(table: str, name: str) -> str:
    """Headers have one name in any case (RFC 9110, section 5.1)."""
    return name.lower() if table == "headers" else name
