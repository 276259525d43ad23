"""Which keys of the language this version does not run. A file that sets one is refused, not half obeyed."""

from collections.abc import Collection, Mapping
from typing import Final

from msgspec.structs import fields

from chatdoor.site import file
from chatdoor.site.lines import KeyPath
from chatdoor.site.problem import Problem

NOT_BUILT: Final[Mapping[type[file.Table], Collection[str]]] = {}


def check_built(table: file.Table, path: KeyPath) -> None:
    """Raises Problem where the table sets a key that this version does not run."""
    for field in fields(table):
        if field.name in NOT_BUILT.get(type(table), ()) and getattr(table, field.name) is not field.default:
            raise not_built((*path, field.name))


def is_built(table: type[file.Table], key: str) -> bool:
    """True where this version runs the key, at least somewhere."""
    return key not in NOT_BUILT.get(table, ())


def not_built(path: KeyPath, where: str = "") -> Problem:
    """The problem that a key is right, and does nothing yet."""
    return Problem(path, f"is part of the language, and not built yet{where}")
