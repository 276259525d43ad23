"""The reference of the site language, as rows: made from the grammar, so that it can not differ from it."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from msgspec import json
from msgspec.structs import FieldInfo, fields

from chatdoor.site import file
from chatdoor.site.grammar import describe, keys_of, note_on

TABLES: Final[Mapping[str, type[file.Table]]] = {
    "site": file.SiteTable,
    "step": file.StepTable,
    "source": file.SourceTable,
    "match": file.MatchTable,
    "reply": file.ReplyTable,
    "usage": file.UsageTable,
    "messages": file.MessagesTable,
    "conversation": file.ConversationTable,
    "limits": file.LimitsTable,
}
"""Every table of the language, by the name that the reference gives it."""


class ReferenceRow(NamedTuple):
    """One key. `default` is "required", the default in Markdown, or empty where the key may simply be left out."""

    table: str
    key: str
    type: str
    default: str
    meaning: str


def reference_rows(tables: Mapping[str, type[file.Table]] = TABLES) -> list[ReferenceRow]:
    """Every key of every table, in the order of the grammar. Meanings and defaults are Markdown."""
    return [_row(name, table, field) for name, table in tables.items() for field in fields(table)]


def _row(name: str, table: type[file.Table], field: FieldInfo) -> ReferenceRow:
    kind = keys_of(table)[field.name]
    note = note_on(kind)
    default = "required" if field.required else (note.extra or {}).get("default") or _constant(field.default)
    return ReferenceRow(name, field.name, describe(kind), default, note.description or "")


def _constant(default: object) -> str:
    """A default as TOML; empty where it only says that the key is not there."""
    return f"`{json.encode(default).decode()}`" if isinstance(default, str | int) else ""
