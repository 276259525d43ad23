"""Each curl command of the documentation, as it is written."""

import json
from pathlib import Path

import pytest

from tests.clients.apart import run
from tests.clients.examples import at, curls_of
from tests.docs.blocks import ROOT
from tests.gateway.door import Seen, practice_door
from tests.gateway.openai_shapes import SHAPES, check_frames, check_list, check_shape
from tests.servers.stacks.installed import need

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
CURLS = sorted({curl for page in PAGES for curl in curls_of(page)})


def test_they_are_found() -> None:
    """There is a first one, one that streams, the list of models, and that of the command line's own help."""
    assert len(CURLS) >= 4


@pytest.mark.parametrize("curl", CURLS)
def test_a_command_does_what_it_should(curl: str, tmp_path: Path) -> None:
    """It is answered, and the answer is as described."""
    need("the documentation", ("curl",))
    with practice_door(reply="sse-delta", history="session") as (door, _):
        printed = run(["sh", "-c", at(door, curl)], door, tmp_path)
    assert printed
    if printed.startswith("data:"):
        check_frames(Seen(200, {}, printed.encode()).frames())
        return
    body = json.loads(printed)
    assert "error" not in body
    if body.get("object") == "list":
        check_list(body)
    elif body.get("object") in SHAPES:
        check_shape(body)
