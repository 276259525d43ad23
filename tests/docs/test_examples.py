"""Every code block of the README and of docs/ runs, or says why it can not."""

import contextlib
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatdoor import VoiGpt
from tests.docs.blocks import ROOT, Block, blocks_of
from tests.docs.stage import Stage

GENERATED = ROOT / "docs" / "reference"
PAGES = [ROOT / "README.md", *sorted(page for page in (ROOT / "docs").rglob("*.md") if GENERATED not in page.parents)]

NOT_RUN = {
    "README.md": 1,
    "docs/how-to/behind-a-load-balancer.md": 2,
    "docs/how-to/chat-front-ends.md": 1,
    "docs/how-to/check-a-site.md": 2,
    "docs/how-to/deploy.md": 4,
    "docs/how-to/discover-a-site.md": 3,
    "docs/how-to/record-a-chat.md": 4,
    "docs/how-to/run-on-a-ray-cluster.md": 1,
    "docs/how-to/serve.md": 1,
    "docs/how-to/share-a-recording.md": 1,
    "docs/how-to/use-with-garak.md": 1,
    "docs/how-to/use-with-inspect.md": 2,
    "docs/how-to/use-with-langchain.md": 1,
    "docs/how-to/use-with-llm.md": 1,
    "docs/how-to/use-with-open-webui.md": 2,
    "docs/how-to/use-with-promptfoo.md": 1,
    "docs/how-to/use-with-pyrit.md": 1,
    "docs/how-to/use-with-vercel-ai.md": 1,
}
"""How many blocks of a page can not run. Each says why."""

ANY = "..."
"""In the output of an example: whatever comes."""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty folder, which is the current one, and holds what a user's own folders would."""
    for name in os.environ:
        if re.match("(?i)chatdoor_|our_|.*_proxy$", name):
            monkeypatch.delenv(name)
    monkeypatch.setenv("CHATDOOR_CONFIG_DIR", str(tmp_path))
    monkeypatch.setenv("CHATDOOR_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    before = dict(os.environ)
    yield tmp_path
    os.environ.clear()
    os.environ.update(before)
    VoiGpt._access_token = None  # its sessions are of a site that is gone


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_the_examples_of_a_page_do_what_it_says(page: Path, folder: Path, request: pytest.FixtureRequest) -> None:
    """Blocks run from top to bottom, and what they show as output is what comes out."""
    text = page.read_text("utf-8")
    blocks = [block for block in blocks_of(text) if block.why_not_run is None]
    with contextlib.ExitStack() as stack:
        stage = Stage(text, folder, request, stack)
        printed: str | None = None
        for block in blocks:
            if block.language == "text" and not block.file:
                assert printed is not None, f"line {block.line}: no Python before it"
                _check_output(block, block.text, stage.to_written(printed))
                continue
            printed = stage.run(block)
            if block.language == "console":
                _check_console(block, printed or "")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_what_does_not_run_is_counted(page: Path) -> None:
    """No example is left out silently: a page has as many marked blocks as the table above says."""
    marked = [block for block in blocks_of(page.read_text("utf-8")) if block.why_not_run is not None]
    assert len(marked) == NOT_RUN.get(page.relative_to(ROOT).as_posix(), 0)


def _check_console(block: Block, printed: str) -> None:
    """Compares command by command. One that is shown without output may print anything."""
    for wanted, came in zip(_by_command(block.text), _by_command(printed), strict=True):
        if wanted.count("\n") > 1:
            _check_output(block, wanted, came)


def _by_command(text: str) -> list[str]:
    return [f"$ {part}" for part in re.split(r"^\$ ", text, flags=re.MULTILINE) if part]


def _check_output(block: Block, wanted: str, came: str) -> None:
    pattern = ".*".join(re.escape(part) for part in wanted.split(ANY))
    if not re.fullmatch(pattern, came, re.DOTALL):
        pytest.fail(f"line {block.line}: expected\n{wanted}\ngot\n{came}", pytrace=False)
