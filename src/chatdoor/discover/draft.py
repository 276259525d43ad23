"""A site file while it is written: tables with the evidence for each line, and what is not sure."""

from typing import Final, Literal, TypeAlias

import msgspec

Sureness: TypeAlias = Literal["sure", "proven", "guessed", "unknown"]

WIDTH: Final = 118


class Line(msgspec.Struct, frozen=True):
    """A key, its value, and how it is known."""

    key: str
    value: object
    why: str = ""


class Table(msgspec.Struct):
    """A table of the file: its heading with brackets, empty for the top, and its lines."""

    heading: str
    lines: list[Line]

    def add(self, key: str, value: object, why: str = "") -> None:
        """One more line."""
        self.lines.append(Line(key, value, why))


class Finding(msgspec.Struct, frozen=True):
    """One sentence of the report, and how sure it is: shown by the recording, proven by the live site, or neither.

    A guess and what is unknown end in a question.
    """

    sureness: Sureness
    text: str


def write(tables: list[Table]) -> str:
    """The tables as TOML; empty ones are left out."""
    return "\n".join(_table(table) for table in tables if table.lines)


def _table(table: Table) -> str:
    heading = [table.heading] if table.heading else []
    return "\n".join([*heading, *(_line(line) for line in table.lines), ""])


def _line(line: Line) -> str:
    text = f"{_key(line.key)} = {toml(line.value)}"
    if not line.why:
        return text
    short = f"{text}  # {line.why}"
    return short if len(short) <= WIDTH else f"# {line.why}\n{text}"


def toml(value: object) -> str:
    """A value as TOML, on one line."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return (
            "{ " + ", ".join(f"{_key(str(key))} = {toml(each)}" for key, each in value.items()) + " }"
            if value
            else "{}"
        )
    if isinstance(value, list):
        return f"[{', '.join(toml(each) for each in value)}]"
    if isinstance(value, str):
        return _text(value)
    return repr(value)


def _text(text: str) -> str:
    """A literal string where that saves escapes, else a basic one (TOML 1.0, "String")."""
    if ("\\" in text or '"' in text) and "'" not in text and text.isprintable():
        return f"'{text}'"
    return msgspec.json.encode(text).decode().replace("\x7f", "\\u007f")


def _key(key: str) -> str:
    """A key as it is, where TOML allows that; `take.NAME` is a key and a key below it."""
    parts = key.split(".") if key.startswith(("take.", "make.")) else [key]
    return ".".join(
        part if part.isascii() and part.replace("-", "").replace("_", "").isalnum() else _text(part) for part in parts
    )
