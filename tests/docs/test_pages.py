"""The pages as a whole: nothing leads nowhere, nothing is hidden, the numbers are those of the code."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatdoor import Timeout
from chatdoor.flow.cookies import MAX_BYTES, MAX_COOKIES
from chatdoor.flow.redirect import MAX_REDIRECTS
from chatdoor.site.model import Limits
from chatdoor.site.toml import MAX_CHARS
from tests.docs.blocks import ROOT

DOCS = ROOT / "docs"
PAGES = [*sorted(ROOT.glob("*.md")), *sorted(DOCS.rglob("*.md")), ROOT / "bench" / "README.md"]

README_LINES = 150

_LINK = re.compile(r"\]\(([^)\s]+)\)|^\[[^\]]+\]: (\S+)$", re.MULTILINE)
_BLOCK = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


def links_of(page: Path) -> Iterator[str]:
    """Where the page's links lead, web addresses and what stands in code left out."""
    for inline, named in _LINK.findall(_BLOCK.sub("", page.read_text("utf-8"))):
        if not (inline or named).startswith(("http://", "https://")):
            yield inline or named


def anchors_of(page: Path) -> set[str]:
    """The anchors that a page's headings have."""
    headings = re.findall(r"^#+ (.+)$", _BLOCK.sub("", page.read_text("utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).strip().lower().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_leads_somewhere(page: Path) -> None:
    """A link to a file finds it, one to a heading finds that too."""
    for link in links_of(page):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.is_file(), link
        assert not anchor or anchor in anchors_of(target), link


def test_every_page_is_in_the_index() -> None:
    """docs/README.md links to each page, so that none is forgotten."""
    listed = {(DOCS / link).resolve() for link in links_of(DOCS / "README.md")}
    assert {page for page in DOCS.rglob("*.md") if page.name != "README.md"} <= listed


def test_the_readme_is_short() -> None:
    """A stranger reads it to the end."""
    assert len((ROOT / "README.md").read_text("utf-8").splitlines()) <= README_LINES


def test_the_documented_limits_are_those_of_the_code() -> None:
    """The page on pace and limits holds each default, as the code has it."""
    limits, timeout = Limits(), Timeout()
    text = (DOCS / "explanation" / "pace-and-limits.md").read_text("utf-8")
    for row in (
        f"| messages at a time | {limits.concurrency} |",
        f"| messages in a minute | {limits.per_minute:.0f}, ",
        f"| connect | {timeout.connect:.0f} s |",
        f"| total | {limits.timeout:.0f} s |",
        f"| reply | {limits.reply_bytes // 10**6} MB ",
        f"| redirects | {MAX_REDIRECTS} |",
        f"| cookies | {MAX_COOKIES}, the oldest make room; {MAX_BYTES // 1024} kB each |",
        f"| a site file | {MAX_CHARS:,} characters |",
    ):
        assert row in text
    assert timeout.total == limits.timeout
