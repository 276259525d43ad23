"""One refresh at a time, whoever calls: threads, tasks, event loops."""

import asyncio
import contextlib
import threading
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from chatdoor import AsyncClient, Client, Timeout, load_site
from chatdoor.drive.sessions import Lead, Sessions
from chatdoor.errors import ChatdoorError, TimedOut
from chatdoor.flow.session import Changes, Session
from tests.drive.faces import HELLO
from tests.servers.django_server import DjangoServer
from tests.servers.faulty import Faulty
from tests.servers.waiting import wait_until

CALLERS = 24


class TestManyCallers:
    """A missing or dead token is fetched once, and every caller gets an answer."""

    @pytest.mark.parametrize("dead", [False, True], ids=["missing token", "dead token"])
    def test_many_threads(self, django_http: DjangoServer, dead: bool) -> None:
        """Threads that start together cause one page fetch."""
        with Client(load_site("voigpt", url=django_http.url)) as client, ThreadPoolExecutor(CALLERS) as pool:
            if dead:
                client.ask(HELLO)
                django_http.expire()
            pages = django_http.stats().pages
            replies = list(pool.map(lambda _: client.ask(HELLO).text, range(CALLERS)))
        assert replies == ["You said: Hello (1 messages)"] * CALLERS
        assert django_http.stats().pages == pages + 1

    @pytest.mark.parametrize("dead", [False, True], ids=["missing token", "dead token"])
    def test_many_tasks(self, django_http: DjangoServer, dead: bool) -> None:
        """Tasks that start together cause one page fetch."""

        async def work() -> list[str]:
            async with AsyncClient(load_site("voigpt", url=django_http.url)) as client:
                if dead:
                    await client.ask(HELLO)
                    django_http.expire()
                replies = await asyncio.gather(*[client.ask(HELLO) for _ in range(CALLERS)])
                return [reply.text for reply in replies]

        assert asyncio.run(work()) == ["You said: Hello (1 messages)"] * CALLERS
        assert django_http.stats().pages == 1 + dead

    def test_threads_and_loops_share_one_session(self, django_http: DjangoServer) -> None:
        """A blocking and an async client of one visitor, in several event loops, need one page."""
        blocking = Client(load_site("voigpt", url=django_http.url))
        tasks = AsyncClient.of(blocking.visitor)

        async def gather() -> list[str]:
            return [reply.text for reply in await asyncio.gather(*[tasks.ask(HELLO) for _ in range(4)])]

        def either(number: int) -> list[str]:
            return asyncio.run(gather()) if number % 2 else [blocking.ask(HELLO).text]

        with ThreadPoolExecutor(8) as pool:
            replies = [text for texts in pool.map(either, range(8)) for text in texts]
        blocking.close()
        assert set(replies) == {"You said: Hello (1 messages)"}
        assert django_http.stats().pages == 1

    def test_a_failure_goes_to_all_of_them_once(self, faulty: Faulty) -> None:
        """A page that can not be had is asked for once; each caller gets an error of its own."""
        server = faulty(page=["never_answers", "good"])
        timeout = Timeout(gap=0.4, total=20)

        async def work() -> list[object]:
            async with AsyncClient(load_site("voigpt", url=server.url), timeout=timeout) as client:
                first = await asyncio.gather(*[client.ask(HELLO) for _ in range(CALLERS)], return_exceptions=True)
                await client.ask(HELLO)  # the next call tries again
                return list(first)

        errors = asyncio.run(work())
        assert {type(error).__name__ for error in errors} == {"TimedOut"}, errors
        assert len({id(error) for error in errors}) == CALLERS
        assert server.pages == 2

    def test_a_cancelled_leader_hands_over(self, faulty: Faulty) -> None:
        """When the task that fetches the page is cancelled, one of those who wait fetches it."""
        server = faulty(page=["slow", "good"])

        async def work() -> list[str]:
            async with AsyncClient(load_site("voigpt", url=server.url)) as client:
                leader = asyncio.create_task(client.ask(HELLO))
                await asyncio.sleep(0.1)
                others = [asyncio.create_task(client.ask(HELLO)) for _ in range(5)]
                await asyncio.sleep(0.1)
                leader.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await leader
                return [(await other).text for other in others]

        assert asyncio.run(work()) == ["Good day to you."] * 5
        assert server.pages == 2

    def test_a_cancelled_follower_disturbs_nobody(self, faulty: Faulty) -> None:
        """When one of those who wait is cancelled, the others get their answers from the same fetch."""
        server = faulty(page=["slow", "good"])

        async def work() -> str:
            async with AsyncClient(load_site("voigpt", url=server.url)) as client:
                leader = asyncio.create_task(client.ask(HELLO))
                await asyncio.sleep(0.1)
                follower = asyncio.create_task(client.ask(HELLO))
                await asyncio.sleep(0.1)
                follower.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await follower
                return (await leader).text

        assert asyncio.run(work()) == "Good day to you."
        assert server.pages == 1

    def test_a_leader_whose_time_is_up_hands_over(self, faulty: Faulty) -> None:
        """A short timeout of the one who leads is not the failure of those with more time."""
        server = faulty(page=["slow", "good"])

        async def work() -> str:
            async with AsyncClient(load_site("voigpt", url=server.url)) as client:
                leader = asyncio.create_task(client.ask(HELLO, timeout=0.25))
                await asyncio.sleep(0.1)
                follower = asyncio.create_task(client.ask(HELLO))
                with pytest.raises(TimedOut):
                    await leader
                return (await follower).text

        assert asyncio.run(work()) == "Good day to you."

    def test_a_blocking_call_on_the_loops_thread_does_not_wait_for_that_loop(self, faulty: Faulty) -> None:
        """While a task of this loop fetches the page, a blocking call on the same thread goes on by itself."""
        server = faulty(page=["slow", "good"])

        async def work() -> tuple[str, str]:
            client = Client(load_site("voigpt", url=server.url), timeout=5)
            tasks = AsyncClient.of(client.visitor)
            leader = asyncio.create_task(tasks.ask(HELLO))
            await asyncio.sleep(0.1)
            blocking = client.ask(HELLO).text
            replies = (await leader).text, blocking
            await tasks.close()
            client.close()
            return replies

        assert asyncio.run(work()) == ("Good day to you.", "Good day to you.")

    def test_a_follower_does_not_wait_beyond_its_timeout(self, faulty: Faulty) -> None:
        """Who waits for somebody else's page is bound by the own timeout."""
        server = faulty(page="never_answers")
        client = Client(load_site("voigpt", url=server.url), timeout=3)
        leader = threading.Thread(target=lambda: _swallow(client))
        leader.start()
        wait_until(lambda: server.pages)
        with pytest.raises(TimedOut, match="another call opens"):
            client.ask(HELLO, timeout=0.2)
        client.close()
        leader.join()


def _swallow(client: Client) -> None:
    with contextlib.suppress(ChatdoorError):
        client.ask(HELLO)


class TestSessions:
    """The rules of sharing, without a network."""

    def session(self, generation: int) -> Session:
        """A session of this generation."""
        return Session(generation=generation, opened=0.0, values={"csrf": f"token{generation}"})

    def test_the_first_leads_and_the_others_wait(self) -> None:
        """One claim leads; the next ones get its future."""
        sessions = Sessions()
        lead = sessions.claim(0, 0.0, thread=1, blocking=True)
        assert isinstance(lead, Lead)
        other = sessions.claim(0, 0.0, thread=2, blocking=True)
        assert isinstance(other, Future)
        assert not other.done()
        lead.publish(self.session(lead.generation))
        assert other.result() == sessions.current == sessions.claim(0, 0.0, thread=3, blocking=False)

    def test_a_refusal_of_an_old_session_takes_the_new_one(self) -> None:
        """Who was refused with generation 1 while 2 is there already gets 2 without another refresh."""
        sessions = Sessions(self.session(2))
        assert sessions.claim(1, 0.0, thread=1, blocking=True) == self.session(2)
        assert isinstance(sessions.claim(2, 0.0, thread=1, blocking=True), Lead)

    def test_changes_of_an_older_session_do_not_reach_the_newer(self) -> None:
        """A late answer to an old session changes only what its own call holds."""
        sessions = Sessions(self.session(2))
        merged = sessions.learn(self.session(1), Changes(values={"csrf": "late"}))
        assert merged.values["csrf"] == "late"
        assert sessions.current == self.session(2)

    def test_an_old_session_is_replaced_by_age(self) -> None:
        """A session as old as the limit is not given any more."""
        sessions = Sessions(self.session(1), max_age=60.0)
        assert sessions.claim(0, 59.0, thread=1, blocking=True) == self.session(1)
        assert isinstance(sessions.claim(0, 60.0, thread=1, blocking=True), Lead)

    def test_each_new_session_is_kept(self) -> None:
        """The keeper sees a session when it is published and whenever it changes."""
        kept: list[object] = []
        sessions = Sessions(keep=lambda session: kept.append(session.values["csrf"]))
        lead = sessions.claim(0, 0.0, thread=1, blocking=True)
        assert isinstance(lead, Lead)
        session = lead.publish(self.session(lead.generation))
        sessions.learn(session, Changes(values={"csrf": "rotated"}))
        assert kept == ["token1", "rotated"]
