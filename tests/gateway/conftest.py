"""What the tests of the gateway share."""

from collections.abc import Iterator

import pytest

from tests.gateway.door import Door, practice_door


@pytest.fixture(scope="session")
def door() -> Iterator[Door]:
    """A gateway in front of a practice site, for tests that leave it as it is."""
    with practice_door() as (running, _):
        yield running
