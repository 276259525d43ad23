"""What the tests of `deploy/` share."""

from pathlib import Path

import pytest

from tests.cli.program import Program


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """The program, with nothing configured and nothing kept."""
    return Program(tmp_path)
