"""Renewals: one after another, and none is lost."""

import asyncio
import threading

import msgspec

from chatdoor.drive.async_client import AsyncClient
from chatdoor.gateway.guard import Guard
from chatdoor.gateway.house import House
from chatdoor.gateway.keys import Keys
from chatdoor.gateway.renewal import Renewals, Renewed
from chatdoor.gateway.state import Conduct, State
from tests.gateway.test_house import a_site


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


def test_who_asks_aside_stays_and_goes_with_its_site() -> None:
    """The visitor of side requests keeps its session while its site stays as it is, and is closed with it."""
    site, other = a_site("a"), a_site("b")
    changed = msgspec.structs.replace(other, url="http://127.0.0.1:8")
    closed: list[AsyncClient] = []

    async def main() -> None:
        house = House([site, other], {})
        state = State(house, Guard(Keys()), Conduct())
        stays, goes = (house.aside(house.find(name, None)).client for name in ("a", "b"))
        for client in house.clients:
            _note_close(client, closed)
        renewals = Renewals(
            state, lambda now: Renewed(House([site, changed], {}, before=now.house), now.guard, now.conduct), set()
        )
        renewals.ask()
        await renewals.close()
        assert state.house.aside(state.house.find("a", None)).client is stays
        assert closed == [house.sites["b"], goes]

    asyncio.run(main())


def _note_close(client: AsyncClient, closed: list[AsyncClient]) -> None:
    close = client.close

    async def noted() -> None:
        closed.append(client)
        await close()

    client.close = noted  # type: ignore[method-assign]
