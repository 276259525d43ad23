"""chatdoor in front of a stack's site, blocking and async, behind one face."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from urllib.parse import urlsplit

from chatdoor import AsyncClient, Client, Messages, Reply, Site, load_site
from tests.servers.stacks.server import StackServer

Ask = Callable[[Messages], Reply]
Door = Callable[[Site], AbstractContextManager[Ask]]


def site_of(server: StackServer) -> Site:
    """The site that the stack's file describes, where it runs now."""
    path = urlsplit(load_site(server.site_file).url).path
    return load_site(server.site_file, url=f"{server.url}{path}")


@contextmanager
def blocking(site: Site) -> Iterator[Ask]:
    """The blocking client."""
    with Client(site, allow_secrets=True) as client:
        yield client.ask


@contextmanager
def on_a_loop(site: Site) -> Iterator[Ask]:
    """The async client, on one loop."""
    with asyncio.Runner() as runner:
        client = AsyncClient(site, allow_secrets=True)
        runner.run(client.__aenter__())
        try:
            yield lambda messages: runner.run(client.ask(messages))
        finally:
            runner.run(client.close())


DOORS: dict[str, Door] = {"blocking": blocking, "async": on_a_loop}
"""The ways in which a program may call: both have to give the same."""
