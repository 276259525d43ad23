"""Renewals: one after another, and none is lost."""

import asyncio
import threading

from chatdoor.gateway.guard import Guard
from chatdoor.gateway.house import House
from chatdoor.gateway.keys import Keys
from chatdoor.gateway.renewal import Renewals, Renewed
from chatdoor.gateway.state import Conduct, State


def test_who_asks_while_one_is_on_its_way_gets_another() -> None:
    """However often it is asked meanwhile, one more follows: what was read may be too old. The last one counts."""
    begun, may_go_on = threading.Semaphore(0), threading.Event()
    made: list[House] = []

    def renew(state: State) -> Renewed:
        begun.release()
        assert may_go_on.wait(10)
        made.append(House([], {}))
        return Renewed(made[-1], state.guard, state.conduct)

    async def main() -> State:
        state = State(House([], {}), Guard(Keys()), Conduct())
        renewals = Renewals(state, renew, set())
        renewals.ask()
        await asyncio.to_thread(begun.acquire)
        for _ in range(3):
            renewals.ask()
        may_go_on.set()
        await renewals.close()
        return state

    state = asyncio.run(main())
    assert len(made) == 2
    assert state.house is made[-1]
