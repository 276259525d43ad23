"""The site files of the page on stacks are those that are tested."""

import tomllib

from tests.docs.blocks import ROOT, blocks_of
from tests.servers.stacks.server import STACKS

PAGE = ROOT / "docs" / "how-to" / "your-stack.md"


def test_what_is_called_tested_is_what_the_tests_run() -> None:
    """Each stack's file is on the page, line by line, at another URL."""
    shown = {
        block.file.removesuffix(".toml"): block.text
        for block in blocks_of(PAGE.read_text("utf-8"))
        if block.language == "toml"
    }
    tested = {path.parent.name: path.read_text("utf-8") for path in STACKS.glob("*/site.toml")}
    assert set(tested) <= set(shown)
    for stack, text in tested.items():
        assert _without_url(shown[stack]) == _without_url(text)


def test_a_section_says_tested_where_it_is() -> None:
    """And nowhere else."""
    for section in PAGE.read_text("utf-8").split("\n## ")[1:]:
        (block,) = [block for block in blocks_of(section) if block.language == "toml"]
        assert ("Tested" in section) == (STACKS / block.file.removesuffix(".toml") / "site.toml").exists()


def _without_url(text: str) -> dict[str, object]:
    table = tomllib.loads(text)
    del table["url"]
    return table
