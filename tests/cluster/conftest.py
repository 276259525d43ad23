"""What the tests of the cluster share with those of the command line."""

from pathlib import Path

import pytest

from tests.cli.program import Program


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """The program, with nothing configured and nothing kept."""
    return Program(tmp_path)
