"""Ray: the workers of a batch as actors, on a cluster or on one that is started for the run.

Each worker is a process with a client of its own, whose session stays warm. When a row may be asked is decided where
the batch runs (`crew`), so the workers know of no pace.
"""

import asyncio
import logging
import os
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final
from urllib.parse import urlsplit

from chatdoor.batch.asking import Asking, Trial
from chatdoor.batch.plan import Plan
from chatdoor.batch.row import Row
from chatdoor.batch.team import Block, News, Team, WorkerLost
from chatdoor.drive.async_client import AsyncClient
from chatdoor.drive.futures import unheard
from chatdoor.drive.holdoff import Holdoff
from chatdoor.drive.visitor import Options
from chatdoor.errors import ArgumentError, BatchStopped
from chatdoor.site.load import loads_site
from chatdoor.site.model import Site

SCHEME: Final = "ray://"
ADDRESS_VARIABLE: Final = "RAY_ADDRESS"
"""Where a cluster is that this machine belongs to, as Ray itself reads it."""

CLIENT_PORT: Final = 10001
CONNECT_SECONDS: Final = 5.0
CONNECT_TRIES: Final = 3

MOST_WORKERS: Final = 64

GATHER_SECONDS: Final = 0.005
"""How long a worker waits for more to tell: a call to another process costs more than a reply."""


class _TellingHoldoff(Holdoff):
    """A wait that is told as soon as the site asks for it."""

    def __init__(self, told: asyncio.Event) -> None:
        super().__init__()
        self.asked = 0.0
        self._told = told

    def begin(self, seconds: float) -> None:
        """Begins it."""
        super().begin(seconds)
        self.asked = max(self.asked, seconds)
        self._told.set()


class Asker:
    """What an actor is: one client, and the rows that it asks."""

    def __init__(self, text: str, name: str, url: str, options: Options, plan: Plan) -> None:
        self._site, self._options, self._plan = loads_site(text, name, url=url), options, plan
        self._trials: list[tuple[int, Trial]] = []
        self._told = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    async def ready(self) -> None:
        """Makes the client, on the event loop on which it will be used."""
        self._client = AsyncClient(self._site, **self._options)
        plan = self._plan
        self._holdoff = self._client.visitor.holdoff = _TellingHoldoff(self._told)
        self._asking = Asking(self._client, fresh=plan.sessions == "fresh", model=plan.model, system=plan.system)

    async def warm_up(self, count: int) -> None:
        """Opens sessions ahead."""
        await self._asking.warm_up(count)

    async def deliver(self, rows: Sequence[tuple[int, Row]]) -> None:
        """Begins to ask the rows of a block."""
        for ticket, row in rows:
            task = asyncio.create_task(self._ask(ticket, row))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def news(self) -> tuple[list[tuple[int, Trial]], float]:
        """What there is to tell, as soon as there is something."""
        await self._told.wait()
        await asyncio.sleep(GATHER_SECONDS)
        self._told.clear()
        trials, self._trials = self._trials, []
        wait, self._holdoff.asked = self._holdoff.asked, 0.0
        return trials, wait

    async def hold_off(self, seconds: float) -> None:
        """Sends nothing for as long, and tells nobody: the wait is known."""
        Holdoff.begin(self._holdoff, seconds)

    async def _ask(self, ticket: int, row: Row) -> None:
        trial = await self._asking.ask(row)  # first: the list is another one afterwards
        self._trials.append((ticket, trial))
        self._told.set()


class RayWorker:
    """An actor as the team sees it."""

    def __init__(self, actor: Any) -> None:  # noqa: ANN401 - Ray makes its handles' methods at run time
        self._actor = actor

    async def ready(self) -> None:
        """Returns when it can ask."""
        await _answer(self._actor.ready.remote())

    async def warm_up(self, count: int) -> None:
        """Opens sessions ahead."""
        await _answer(self._actor.warm_up.remote(count))

    async def deliver(self, block: Block) -> None:
        """Gives it rows."""
        await _answer(self._actor.deliver.remote(block.rows))

    async def news(self) -> News:
        """Returns when there is something to tell."""
        trials, wait = await _answer(self._actor.news.remote())
        return News(trials, wait)

    async def hold_off(self, seconds: float) -> None:
        """Lets it send nothing for as long."""
        await _answer(self._actor.hold_off.remote(seconds))


async def _answer(reference: Any) -> Any:  # noqa: ANN401 - a reference of Ray's, to whatever the actor answers
    """What an actor answers. Raises WorkerLost."""
    from ray.exceptions import RayError

    try:
        answer = asyncio.wrap_future(reference.future())
        answer.add_done_callback(unheard)  # a worker that ends with the run leaves an answer for which nobody waits
        return await asyncio.shield(answer)  # Ray's threads know of no cancelling
    except (RayError, ConnectionError) as error:
        raise WorkerLost(f"{type(error).__name__}: {error}") from error


@asynccontextmanager
async def ray_team(plan: Plan, site: Site, options: Options, most: int) -> AsyncIterator[Team]:
    """Workers on the cluster that the plan names. Raises BatchStopped where it can not be reached."""
    ray = _connected(plan.on)
    try:
        cores = int(ray.cluster_resources().get("CPU", 1))
        count = max(1, min(cores, most, MOST_WORKERS))
        actor = ray.remote(Asker)

        def hire() -> RayWorker:
            spread = actor.options(num_cpus=1, max_restarts=0, max_concurrency=10_000, scheduling_strategy="SPREAD")
            return RayWorker(spread.remote(site.text, site.name, site.url, options, plan))

        async with Team(hire, count) as team:
            yield team
    finally:
        ray.shutdown()


def _connected(on: str) -> Any:  # noqa: ANN401 - a module without types
    """Ray, connected to a cluster; where none is named, to that of this machine, or to one started for the run."""
    try:
        import ray
        from ray.exceptions import RayError
    except ModuleNotFoundError as error:
        raise ArgumentError("on: Ray is not installed; `pip install 'chatdoor[ray]'` installs it") from error
    address = on if on.startswith(SCHEME) else os.environ.get(ADDRESS_VARIABLE) or "local"
    try:
        if on.startswith(SCHEME):
            _check_answers(on)
        _connect(ray, address)
    except (RayError, OSError, ValueError, RuntimeError, ImportError) as error:
        problem = str(error).strip().rpartition("\n")[2]  # what a client server says ends a traceback of its own
        raise BatchStopped(f"the Ray cluster {address} can not be used: {problem}") from error
    return ray


def _connect(ray: Any, address: str) -> None:  # noqa: ANN401 - a module without types
    """Connects. A client server starts a process for each driver, which may die in gRPC's fork handlers before it runs.

    Seen with Ray 2.60 and gRPC 1.85: "Starting Ray client server failed". Another one is not affected.
    """
    for tries_left in reversed(range(CONNECT_TRIES)):
        try:
            ray.init(address, log_to_driver=False, logging_level=logging.ERROR, configure_logging=False)
        except ConnectionAbortedError:
            ray.shutdown()
            if not tries_left:
                raise
        else:
            return


def _check_answers(address: str) -> None:
    """Raises OSError where nobody listens, ValueError for what is no address. Ray itself tries for half a minute."""
    parts = urlsplit(address)
    if parts.hostname:
        socket.create_connection((parts.hostname, parts.port or CLIENT_PORT), CONNECT_SECONDS).close()
