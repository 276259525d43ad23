"""The examples of the documentation that need a client, as they stand there."""

import re
from pathlib import Path

from tests.docs.blocks import ROOT, blocks_of
from tests.docs.stage import GATEWAY_PLACE
from tests.gateway.door import Door

HOW_TO = ROOT / "docs" / "how-to"

_CURL = re.compile(r"^ *(?:\$ )?(curl (?:.*\\\n)*.*)$", re.MULTILINE)


def example(page: str, language: str, door: Door) -> str:
    """The one block of a how-to in that language, for this gateway."""
    (block,) = [block for block in blocks_of((HOW_TO / page).read_text("utf-8")) if block.language == language]
    return at(door, block.text)


def curls_of(page: Path) -> list[str]:
    """The curl commands of a page."""
    return _CURL.findall(page.read_text("utf-8"))


def at(door: Door, text: str) -> str:
    """The text, with this gateway's address for the one that is written. Fails where there is none."""
    assert GATEWAY_PLACE in text
    return text.replace(GATEWAY_PLACE, door.url.removesuffix("/v1"))
