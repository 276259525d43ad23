"""How requests end that fail at a bad moment: their clients hear of it, and no site is asked twice for it."""

from http.client import IncompleteRead

import pytest

from chatdoor.gateway.state import Conduct
from tests.gateway.shared.conftest import Doors
from tests.gateway.test_joins import KEYED


def test_a_stream_that_fails_unheard_may_be_tried_again(doors: Doors) -> None:
    """Where a stream has only begun with a comment and its site has refused it, a retry is a first try anywhere."""
    with doors(2, slow=0.4, limit_every=1, retry_after=3_600) as (two, _):
        two[0].state.conduct = Conduct(heartbeat=0.1)
        with pytest.raises(IncompleteRead):  # it has no clean end
            two[0].chat(KEYED, stream=True)
        assert [door.chat(KEYED, stream=True).status for door in two] == [429, 429]
