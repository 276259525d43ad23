"""Finding the examples in a page."""

import pytest

from tests.docs.blocks import Block, blocks_of


def test_a_block_has_its_language_file_comment_text_and_line() -> None:
    """What stands around a fence is found, and nothing of the prose."""
    text = "# Title\n\n<!-- exits 3 -->\n```console our.txt\n$ a\n\nb\n```\nprose\n```python\nx = 1\n```\n"
    console, python = blocks_of(text)
    assert console == Block("console", "our.txt", "exits 3", "$ a\n\nb\n", 4)
    assert (python.language, python.comment, python.text) == ("python", "", "x = 1\n")


def test_a_marker_gives_its_reason_and_an_exit_code_its_number() -> None:
    """Only `not run: WHY` keeps a block from running, only `exits N` lets it fail."""
    marked, failing, plain = blocks_of(
        "<!-- not run: too big -->\n```sh\n```\n<!-- exits 3 -->\n```console\n```\n<!-- x -->\n```sh\n```\n"
    )
    assert (marked.why_not_run, failing.why_not_run, plain.why_not_run) == ("too big", None, None)
    assert (marked.exit_code, failing.exit_code, plain.exit_code) == (0, 3, 0)


def test_a_block_without_an_end_is_an_error() -> None:
    """A fence that is not closed would swallow every later example."""
    with pytest.raises(ValueError, match="line 2"):
        list(blocks_of("text\n```python\nx = 1\n"))
