"""When a reply has come whole, moment by moment."""

import pytest

from chatdoor.discover.settling import PATIENCE, Settling, Sight

QUIET = 1.0
LONG = QUIET * PATIENCE
BEFORE = Sight(0.0, 5, 0, 0, "Welcome to the bot")
ECHO = "Welcome to the bot Hello there"
REPLY = f"{ECHO} Good morning"

Moment = tuple[float, int, int, int, str]

ROWS: dict[str, tuple[list[Moment], bool]] = {
    "nothing yet": ([(9.0, 5, 0, 0, ECHO)], False),
    "the reply, just now": ([(0.5, 6, 0, 0, REPLY), (1.0, 6, 0, 0, REPLY)], False),
    "the reply, and quiet": ([(0.5, 6, 0, 0, REPLY), (1.6, 6, 0, 0, REPLY)], True),
    "still streaming": ([(0.5, 6, 0, 1, REPLY), (1.6, 7, 0, 1, f"{REPLY} to"), (2.5, 8, 0, 1, f"{REPLY} to")], False),
    "waiting for an answer": ([(0.5, 6, 1, 0, REPLY), (LONG * 3, 6, 1, 0, REPLY)], False),
    "the echo alone": ([(0.5, 6, 0, 0, ECHO), (1.6, 6, 0, 0, ECHO)], False),
    "a page that shows nothing": ([(0.5, 6, 0, 0, ECHO), (0.6 + LONG, 6, 0, 0, ECHO)], True),
    "a stream that stays open": ([(0.5, 6, 0, 1, REPLY), (0.6 + LONG, 6, 0, 1, REPLY)], True),
    "a page that polls for ever": (
        [(0.5, 6, 0, 0, REPLY), *((at, 7 + at, 0, 0, REPLY) for at in range(1, 7))],
        True,
    ),
}


@pytest.mark.parametrize("what", ROWS)
def test_settled(what: str) -> None:
    """The last of the moments is the one that counts."""
    moments, wanted = ROWS[what]
    settling = Settling(BEFORE, "Hello there", QUIET)
    seen = [settling.settled(Sight(*moment)) for moment in moments]
    assert seen == [False] * (len(moments) - 1) + [wanted]


def test_has_answer() -> None:
    """New words that nobody typed, after something came."""
    settling = Settling(BEFORE, "Hello there", QUIET)
    settling.settled(Sight(1.0, 5, 0, 0, REPLY))
    assert not settling.has_answer
    settling.settled(Sight(2.0, 6, 0, 0, ECHO))
    assert not settling.has_answer
    settling.settled(Sight(3.0, 7, 0, 0, REPLY))
    assert settling.has_answer
