"""A polite pace: so many at a time, so many a minute, first come first served."""

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from chatdoor import AsyncClient, Client, Reply, load_site
from chatdoor.drive.holdoff import MAX_HOLDOFF, Holdoff
from chatdoor.drive.pace import Pace, pace_of
from chatdoor.errors import ArgumentError, RateLimited, TimedOut
from tests.drive.faces import HELLO
from tests.drive.stateful import BlockingFace, StatefulSite, talk
from tests.servers.faulty import Faulty
from tests.servers.waiting import wait_until


class Clock:
    """A clock that the test sets."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        """Now."""
        return self.now


def test_only_so_many_run_at_a_time() -> None:
    """The third of two waits until one leaves, and who came first goes first."""
    pace = Pace(2, None)
    turns = [pace.request() for _ in range(4)]
    assert [turn.delay.done() for turn in turns] == [True, True, False, False]
    pace.leave(turns[1])
    assert [turn.delay.done() for turn in turns] == [True, True, True, False]


def test_who_gives_up_waiting_leaves_no_gap() -> None:
    """A caller that leaves the queue takes nobody's place."""
    pace = Pace(1, None)
    first, second, third = (pace.request() for _ in range(3))
    pace.leave(second)
    pace.leave(first)
    assert third.delay.done()
    assert not second.delay.done()


def test_after_a_burst_messages_are_evenly_spaced() -> None:
    """At 60 a minute with 4 at a time, four go at once, then one each second."""
    clock = Clock()
    pace = Pace(4, 60.0, clock)
    delays = []
    for _ in range(7):
        turn = pace.request()
        delays.append(turn.delay.result())
        pace.leave(turn)
    assert delays == [0, 0, 0, 0, 1, 2, 3]
    clock.now += 60
    assert pace.request().delay.result() == 0


def test_who_does_not_come_keeps_nobody_waiting() -> None:
    """A call that has no time for the wait, or gives its turn back, does not push the next one further away."""
    clock = Clock()
    pace = Pace(1, 60.0, clock)
    pace.leave(pace.request(5.0))
    for _ in range(100):
        turn = pace.request(0.5)
        assert turn.delay.result() == 1
        pace.give_back(turn)
    booked = pace.request(5.0)
    assert booked.delay.result() == 1
    pace.give_back(booked)
    assert pace.request(5.0).delay.result() == 1


def test_calls_that_are_refused_by_the_pace_do_not_lock_a_program_out(faulty: Faulty) -> None:
    """After many attempts that were too early, one with enough time goes out as if they had not been."""
    server = faulty()
    with Client(load_site("voigpt", url=server.url), per_minute=60, concurrency=1) as client:
        client.ask(HELLO)
        for _ in range(50):
            with pytest.raises(TimedOut):
                client.ask(HELLO, timeout=0.3)
        assert client.ask(HELLO, timeout=3).text == "Good day to you."


def test_other_machines_get_the_documented_pace() -> None:
    """4 at a time and 60 a minute for a site elsewhere, no limit for one's own machine."""
    away = load_site("voigpt")
    assert (away.limits.concurrency, away.limits.per_minute) == (4, 60.0)
    assert pace_of(away) is pace_of(away)
    assert pace_of(load_site("voigpt", url="http://127.0.0.1:1")) is None
    assert pace_of(load_site("voigpt", url="http://[::1]:1")) is None
    assert pace_of(load_site("voigpt", url="http://localhost:1")) is None
    assert pace_of(load_site("voigpt", url="http://127.0.0.1.example.org")) is not None
    assert pace_of(load_site("voigpt", url="http://localhost.example.org")) is not None


def test_clients_of_one_site_share_the_pace(faulty: Faulty) -> None:
    """Two clients of the same site with the same limits wait for each other, blocking and async."""
    site = load_site("voigpt", url=faulty(chat="slow").url)
    running: list[float] = []

    def ask() -> None:
        with Client(site, concurrency=1) as client:
            client.ask(HELLO)
            running.append(time.monotonic())

    async def ask_async() -> None:
        async with AsyncClient(site, concurrency=1) as client:
            await client.ask(HELLO)
            running.append(time.monotonic())

    threads = [threading.Thread(target=ask), threading.Thread(target=lambda: asyncio.run(ask_async()))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert abs(running[1] - running[0]) > 0.2  # the slow answer takes 0.5 s


def test_a_wait_that_does_not_fit_is_an_error_at_once(faulty: Faulty) -> None:
    """Where the pace asks for more than the timeout leaves, nothing is sent and nothing is waited for."""
    server = faulty()
    with Client(load_site("voigpt", url=server.url), per_minute=1, concurrency=1, timeout=5) as client:
        client.ask(HELLO)
        start = time.monotonic()
        with pytest.raises(TimedOut, match="pace"):
            client.ask(HELLO)
        assert time.monotonic() - start < 3
    assert server.prompts == 1


def test_a_cancelled_wait_frees_its_place(faulty: Faulty) -> None:
    """A task that is cancelled while it waits for its turn does not hold up the next."""
    site = load_site("voigpt", url=faulty(chat="slow").url)

    async def work() -> None:
        async with AsyncClient(site, concurrency=1) as client:
            first = asyncio.create_task(client.ask(HELLO))
            await asyncio.sleep(0.05)
            second = asyncio.create_task(client.ask(HELLO))
            third = asyncio.create_task(client.ask(HELLO))
            await asyncio.sleep(0.05)
            second.cancel()
            assert (await first).text == (await third).text == "Good day to you."

    asyncio.run(work())


@pytest.mark.parametrize("options", [{"per_minute": 0}, {"per_minute": -1}, {"concurrency": 0}, {"concurrency": 1.5}])
def test_a_pace_that_is_none_is_refused(options: dict[str, float]) -> None:
    """Limits have to be above zero, and so many at a time is a whole number."""
    with pytest.raises(ArgumentError, match=r"per_minute|concurrency"):
        Client(load_site("voigpt"), **options)  # type: ignore[arg-type]


def test_all_callers_heed_a_wait_that_the_site_asks_for(faulty: Faulty) -> None:
    """While one waits after a 429, nobody else sends anything, on either face; then all get their replies."""
    server = faulty(chat=["rate_limited_1s", "good"])
    with Client(load_site("voigpt", url=server.url)) as client, ThreadPoolExecutor(4) as pool:
        first = pool.submit(client.ask, HELLO)
        wait_until(lambda: client.visitor.holdoff.left)
        others = [pool.submit(client.ask, HELLO), pool.submit(_ask_async, client)]
        with pytest.raises(RateLimited, match="asks all to wait") as limited:
            client.ask(HELLO, timeout=0.2)
        time.sleep(0.2)
        assert server.prompts == 1
        assert {one.result().text for one in (first, *others)} == {"Good day to you."}
    assert 0.2 < limited.value.retry_after <= 1
    assert server.prompts == 4


def test_a_wait_that_fits_nobody_is_heeded_too(faulty: Faulty) -> None:
    """The call that heard of it fails, and so does the next, which does not ask."""
    server = faulty(chat="rate_limited_endless")
    with Client(load_site("voigpt", url=server.url)) as client:
        for _ in range(3):
            with pytest.raises(RateLimited):
                client.ask(HELLO)
    assert server.prompts == 1


def test_a_call_that_is_held_off_has_told_nothing() -> None:
    """Its conversation is still there afterwards."""
    site = StatefulSite()
    face = BlockingFace(site)
    first = face.ask(talk("a"))
    face.visitor.holdoff.begin(1.0)
    with pytest.raises(RateLimited):
        face.ask(talk("a", first.text, "b"), timeout=0.1)
    assert face.ask(talk("a", first.text, "b")).conversation == first.conversation


def test_clients_of_a_site_elsewhere_share_the_wait() -> None:
    """Whatever their own limits are. A long one is bounded; on one's own machine each client has its own."""
    away, home = load_site("voigpt"), load_site("voigpt", url="http://127.0.0.1:1")
    assert Client(away).visitor.holdoff is AsyncClient(away, per_minute=7).visitor.holdoff
    assert Client(home).visitor.holdoff is not Client(home).visitor.holdoff
    now = [0.0]
    holdoff = Holdoff(clock=lambda: now[0])
    assert holdoff.left == 0
    holdoff.begin(5)
    holdoff.begin(3)
    assert holdoff.left == 5
    holdoff.begin(1e9)
    assert holdoff.left == MAX_HOLDOFF
    now[0] = MAX_HOLDOFF
    assert holdoff.left == 0


def _ask_async(client: Client) -> Reply:
    return asyncio.run(AsyncClient.of(client.visitor).ask(HELLO))
