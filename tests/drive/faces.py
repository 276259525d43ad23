"""The three ways in which a program may call: all of them have to give the same."""

import asyncio
import threading
from collections.abc import Callable
from typing import Unpack

from chatdoor import AsyncClient, Client, Messages, Reply, Site
from chatdoor.drive.visitor import Options
from chatdoor.site import loads_site

HELLO: Messages = [{"role": "user", "content": "Hello"}]


def streaming_site(url: str, path: str = "/generate_response/") -> Site:
    """A Django site that answers with events: pieces under `delta`, `[DONE]` at the end."""
    return loads_site(f"""
        schema = 1
        name = "streaming"
        url = "{url}"
        extends = "django"
        [chat]
        post = "{path}"
        json = {{ messages = "{{messages}}" }}
        [reply]
        sse = "delta"
        done = "[DONE]"
    """)


Ask = Callable[..., list[Reply]]


def ask_on_main_thread(site: Site, *prompts: Messages, **options: Unpack[Options]) -> list[Reply]:
    """The blocking client where Ctrl-C is heard."""
    with Client(site, **options) as client:
        return [client.ask(prompt) for prompt in prompts or (HELLO,)]


def ask_on_thread(site: Site, *prompts: Messages, **options: Unpack[Options]) -> list[Reply]:
    """The blocking client on another thread."""
    outcome: list[list[Reply]] = []
    failure: list[Exception] = []

    def work() -> None:
        try:
            outcome.append(ask_on_main_thread(site, *prompts, **options))
        except Exception as error:  # noqa: BLE001 - raised again below
            failure.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    if failure:
        raise failure[0]
    return outcome[0]


def ask_async(site: Site, *prompts: Messages, **options: Unpack[Options]) -> list[Reply]:
    """The async client."""

    async def work() -> list[Reply]:
        async with AsyncClient(site, **options) as client:
            return [await client.ask(prompt) for prompt in prompts or (HELLO,)]

    return asyncio.run(work())


FACES: dict[str, Ask] = {"main thread": ask_on_main_thread, "thread": ask_on_thread, "async": ask_async}
