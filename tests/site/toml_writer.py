"""Writes tables as TOML, in one of the many ways there are, and notes the line of each value."""

import json
import re
from datetime import date
from random import Random

KeyPath = tuple[str | int, ...]


class Writer:
    def __init__(self, random: Random) -> None:
        self.random = random
        self.text = ""
        self.lines: dict[KeyPath, int] = {}

    def table(self, table: dict[str, object], path: KeyPath) -> None:
        """Plain keys first: what stands after a header belongs to that header."""
        apart = {key: value for key, value in table.items() if self._stands_apart(value)}
        for key, value in table.items():
            if key not in apart:
                self._noise()
                self._assignment(key, value, path)
        for key, value in apart.items():
            self._noise()
            place = (*path, key)
            header = ".".join(self._key(str(part)) for part in place if isinstance(part, str))
            if isinstance(value, dict):
                self._write(f"[{header}]\n")
                self.table(value, place)
            elif isinstance(value, list):
                for index, item in enumerate(value):
                    self._write(f"[[ {header} ]] # {header}\n")
                    self.table(item, (*place, index))

    def _stands_apart(self, value: object) -> bool:
        """A table, or a list of tables, may have headers of its own."""
        tables = isinstance(value, list) and value and all(isinstance(item, dict) for item in value)
        return bool(isinstance(value, dict) or tables) and self.random.random() < 0.5

    def _assignment(self, key: str, value: object, path: KeyPath) -> None:
        keys, place = self._key(key), (*path, key)
        while isinstance(value, dict) and len(value) == 1 and self.random.random() < 0.5:
            (key, value), *_ = value.items()
            keys, place = f"{keys} . {self._key(key)}", (*place, key)
        self._write(f"{keys} = ")
        self._value(value, place)
        self._write(self.random.choice(["\n", "  # [x] = '''\n"]))

    def _value(self, value: object, path: KeyPath) -> None:
        self.lines[path] = self.text.count("\n") + 1
        if isinstance(value, dict):
            self._write("{ ")
            for index, (key, item) in enumerate(value.items()):
                self._write(", " if index else "")
                self._write(f"{self._key(key)} = ")
                self._value(item, (*path, key))
            self._write(" }")
        elif isinstance(value, list):
            self._write("[")
            for index, item in enumerate(value):
                self._write(self.random.choice(["", "\n  ", " # ]\n"]) if self._may_break() else "")
                self._value(item, (*path, index))
                self._write(",")
            self._write("]")
        else:
            self._write(self._scalar(value))

    def _may_break(self) -> bool:
        """An inline table stays on its line, what is in it too."""
        line = self.text.rpartition("\n")[2]
        return "{" not in line

    def _scalar(self, value: object) -> str:
        if isinstance(value, float):
            return repr(value)
        if isinstance(value, date):
            return value.isoformat()
        if not isinstance(value, str):
            return json.dumps(value)
        ways = [_quoted(value)]
        if not re.search(r"['\x00-\x08\x0a-\x1f\x7f]", value):
            ways.append(f"'{value}'")
        if "'''" not in value and not value.endswith("'") and not re.search(r"[\x00-\x08\x0b-\x1f\x7f]", value):
            ways.append(f"'''\n{value}'''" if self._may_break() else _quoted(value))
        return self.random.choice(ways)

    def _key(self, key: str) -> str:
        ways = [_quoted(key)]
        if re.fullmatch(r"[A-Za-z0-9_-]+", key):
            ways.append(key)
        if not re.search(r"['\x00-\x1f\x7f]", key):
            ways.append(f"'{key}'")
        return self.random.choice(ways)

    def _noise(self) -> None:
        self._write(self.random.choice(["", "\n", "# [a] = \"\"\" '''\n", "  "]))

    def _write(self, text: str) -> None:
        self.text += text


def _quoted(text: str) -> str:
    """A basic string. JSON writes the same one, but for DEL and for surrogate pairs, which TOML does not have."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def write_toml(table: dict[str, object], random: Random) -> tuple[str, dict[KeyPath, int]]:
    """The text, and the line of each value."""
    writer = Writer(random)
    writer.table(table, ())
    return writer.text, writer.lines
