"""What a row's result says of the way in which it was asked."""

import pytest

from chatdoor.batch.asking import Trial, result_of
from chatdoor.batch.row import Row
from chatdoor.messages import CheckedMessages, Message, Reply, Timings, Usage

ROW = Row(line=1, mark=1, custom_id="x", messages=CheckedMessages((Message("user", "Hello"),)), more=("And?",))


@pytest.mark.parametrize(
    ("fidelities", "told"),
    [(["native"], "native"), (["native", "dropped"], "dropped"), (["folded", "replayed", "native"], "folded")],
)
def test_the_fidelity_is_that_of_the_worst_turn(fidelities: list[str], told: str) -> None:
    """A script is as faithful as the turn that lost most."""
    replies = [
        Reply(text="a", site="s", model="m", usage=Usage(1, 2), timings=Timings(0.1, 0.5), fidelity=fidelity)
        for fidelity in fidelities
    ]
    result = result_of("s", ROW, Trial(replies, None, len(replies)), attempts=0, again=False)
    assert result.chatdoor.fidelity == told
    assert result.chatdoor.latency == pytest.approx(0.5 * len(replies))
    assert result.response is not None
    assert result.response.body.usage.total_tokens == 3 * len(replies)
