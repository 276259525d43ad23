"""The fenced code blocks of a page."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]

_COMMENT = re.compile(r"<!-- (.+) -->")
_FENCE = re.compile(r"```(\w*) ?(\S*)")


@dataclass(frozen=True)
class Block:
    """One block. `file` is the file name beside its language, `comment` what the HTML comment right above it says."""

    language: str
    file: str
    comment: str
    text: str
    line: int

    @property
    def why_not_run(self) -> str | None:
        """Why it can not run, None where it can."""
        marked, _, why = self.comment.partition("not run: ")
        return why if not marked and why else None

    @property
    def exit_code(self) -> int:
        """What its last command ends with."""
        code = re.fullmatch(r"exits (\d+)", self.comment)
        return int(code[1]) if code else 0


def blocks_of(text: str) -> Iterator[Block]:
    """The blocks of a Markdown text, in order. Raises ValueError for a fence that is not closed."""
    lines = text.splitlines()
    opened: tuple[int, str, str] | None = None
    for number, line in enumerate(lines):
        if opened is None and (fence := _FENCE.fullmatch(line)):
            opened = number, fence[1], fence[2]
        elif opened is not None and line == "```":
            start, language, file = opened
            comment = _COMMENT.fullmatch(lines[start - 1]) if start else None
            body = "".join(f"{each}\n" for each in lines[start + 1 : number])
            yield Block(language, file, comment[1] if comment else "", body, start + 1)
            opened = None
    if opened is not None:
        raise ValueError(f"line {opened[0] + 1}: the block has no end")
