"""A site that remembers, without a network: in place of a client's connections, it writes down what it hears."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any, Unpack

from chatdoor import Asker, AsyncClient, Client, Messages, Reply
from chatdoor.drive.clock import moment
from chatdoor.drive.visitor import Options, Visitor
from chatdoor.errors import ChatdoorError, ConnectFailed, Place, ReadFailed
from chatdoor.flow.effects import Head, Request
from chatdoor.site import Site, loads_site

HEAD = 'schema = 1\nname = "stateful"\nurl = "https://bot.example"\n'
TAIL = '\n[reply]\nsse = "t"\n'
IN_SESSIONS = f"""{HEAD}
refused = {{ status = 403 }}
limits = {{ sessions = SESSIONS, per_minute = 1000000 }}
messages.system = "prepend"
[session]
get = "/"
take.csrf = {{ cookie = "sid" }}
[chat]
post = "/say"
json = {{ text = "{{prompt}}" }}
headers = {{ X-CSRF = "{{csrf}}" }}
{TAIL}"""
BY_ID = f"""{HEAD}
limits = {{ sessions = SESSIONS, per_minute = 1000000 }}
[[conversation.start]]
post = "/chats"
take.conversation = {{ json = "id" }}
[chat]
post = "/chats/{{conversation}}"
json = {{ text = "{{prompt}}" }}
{TAIL}
[conversation]
history = "id"
lost = {{ status = 404 }}
"""


class StatefulSite:
    """Keeps each talk in a session, or under an id. `talks` holds what each of them heard; `newest` spoke last.

    `fault` is what becomes of the next message: `connect`, `unanswered`, `broken` or `error`. While it is `shut`, no
    page comes.
    """

    def __init__(self, text: str = IN_SESSIONS, *, sessions: int = 4) -> None:
        self.site: Site = loads_site(text.replace("SESSIONS", str(sessions)))
        self.talks: dict[str, list[str]] = {}
        self.lost: set[str] = set()
        self.opened = 0
        self.newest = ""
        self.fault: str | None = None
        self.shut = False

    def lose(self) -> None:
        """From now on it knows none of the talks."""
        self.lost |= self.talks.keys()

    def join(self, visitor: Visitor) -> None:
        """Takes the place of the visitor's connections."""
        connections = visitor.connections
        connections.main = connections.threads = Blocking(self)  # type: ignore[assignment]
        connections.tasks = Tasks(self)  # type: ignore[assignment]

    def client(self, **options: Unpack[Options]) -> Client:
        """A blocking client of it."""
        client = Client(self.site, **options)
        self.join(client.visitor)
        return client

    def answer(self, request: Request, place: Place) -> "Said":
        """What it answers. Raises the errors of a network that fails."""
        path = request.url.removeprefix("https://bot.example")
        if request.method == "GET":
            if self.shut:
                raise ReadFailed("no page", site=place.site)
            self.opened += 1
            return Said(200, [b"<html></html>"], ("set-cookie", f"sid={self._opened()}; Path=/; Secure"))
        if path == "/chats":
            return Said(200, [json.dumps({"id": self._opened()}).encode()], ("content-type", "application/json"))
        headers = {name.lower(): text for name, text in request.headers}
        key = path.removeprefix("/chats/") if "/chats/" in path else headers["x-csrf"]
        fault, self.fault = self.fault, None
        if fault == "connect":
            raise ConnectFailed("no connection", site=place.site)
        if key not in self.talks or key in self.lost:
            return Said(404 if "/chats/" in path else 403, [b"CSRF token missing"])
        return self._hear(key, json.loads(request.body or b"")["text"], fault)

    def _opened(self) -> str:
        key = f"t{len(self.talks)}"
        self.talks[key] = []
        return key

    def _hear(self, key: str, text: str, fault: str | None) -> "Said":
        self.newest = key
        self.talks[key].append(text)
        if fault == "unanswered":
            raise ReadFailed("no answer", site="stateful")
        if fault == "error":
            return Said(500, [b"oops"])
        reply = f"You said {len(self.talks[key])}; now {text}"
        pieces = [reply[:4], reply[4:8], reply[8:]]
        events = [f"data: {json.dumps({'t': piece})}\n\n".encode() for piece in pieces]
        failure = ReadFailed("broke off", site="stateful", begun=True) if fault == "broken" else None
        return Said(200, events[:1] if failure else events, ("content-type", "text/event-stream"), failure=failure)


class Said:
    """An answer, for blocking callers."""

    close_code: int | None = None

    def __init__(
        self, status: int, chunks: list[bytes], *headers: tuple[str, str], failure: ChatdoorError | None = None
    ) -> None:
        self.head = Head(status, headers, "https://bot.example/", moment())
        self._chunks: Iterator[bytes] = iter(chunks)
        self._failure = failure

    def read(self) -> bytes | None:
        """The next bytes."""
        chunk = next(self._chunks, None)
        if chunk is None and self._failure:
            raise self._failure
        return chunk

    def close(self) -> None:
        """Nothing is open."""


class SaidLater:
    """The same for tasks."""

    close_code: int | None = None

    def __init__(self, said: Said) -> None:
        self.head = said.head
        self._said = said

    async def read(self) -> bytes | None:
        """The next bytes."""
        await asyncio.sleep(0)
        return self._said.read()

    async def close(self) -> None:
        """Nothing is open."""


class Blocking:
    """In place of connections of threads."""

    def __init__(self, site: StatefulSite) -> None:
        self._site = site

    def send(self, request: Request, place: Place, _seconds: float) -> Said:
        """The site's answer."""
        return self._site.answer(request, place)

    def close(self) -> None:
        """Nothing is open."""


class Tasks:
    """In place of connections of tasks."""

    def __init__(self, site: StatefulSite) -> None:
        self._site = site

    async def send(self, request: Request, place: Place, _seconds: float) -> SaidLater:
        """The site's answer."""
        await asyncio.sleep(0)
        return SaidLater(self._site.answer(request, place))

    async def close(self) -> None:
        """Nothing is open."""


class BlockingFace:
    """A blocking client, as both faces are used in tests."""

    def __init__(self, site: StatefulSite, **options: Unpack[Options]) -> None:
        self.client = site.client(**options)
        self.visitor = self.client.visitor

    def ask(
        self,
        messages: Messages,
        conversation: str | None = None,
        timeout: float | None = None,
        **asker: Any,
    ) -> Reply:
        """The whole reply."""
        return self.client.ask(messages, conversation=conversation, timeout=timeout, asker=Asker(**asker))

    def begin(self, messages: Messages, **asker: Any) -> tuple[str | None, str, Reply]:
        """The conversation and the fidelity that are known with the first piece, and the reply."""
        with self.client.stream(messages, asker=Asker(**asker)) as pieces:
            next(pieces)
            known = pieces.conversation, pieces.fidelity
            for _ in pieces:
                pass
            return *known, pieces.reply

    def stop(self, messages: Messages, after: int) -> str:
        """What came of the reply in so many pieces."""
        with self.client.stream(messages) as pieces:
            return "".join(next(pieces).text for _ in range(after))

    def warm_up(self, n: int) -> None:
        """Opens sessions."""
        self.client.warm_up(n)


class AsyncFace:
    """The async client; each call has an event loop of its own."""

    def __init__(self, site: StatefulSite, **options: Unpack[Options]) -> None:
        self.client = AsyncClient(site.site, **options)
        self.visitor = self.client.visitor
        site.join(self.visitor)

    def ask(
        self,
        messages: Messages,
        conversation: str | None = None,
        timeout: float | None = None,
        **asker: Any,
    ) -> Reply:
        """The whole reply."""
        return asyncio.run(self.client.ask(messages, conversation=conversation, timeout=timeout, asker=Asker(**asker)))

    def begin(self, messages: Messages, **asker: Any) -> tuple[str | None, str, Reply]:
        """The conversation and the fidelity that are known with the first piece, and the reply."""

        async def work() -> tuple[str | None, str, Reply]:
            async with self.client.stream(messages, asker=Asker(**asker)) as pieces:
                await anext(pieces)
                known = pieces.conversation, pieces.fidelity
                async for _ in pieces:
                    pass
                return *known, pieces.reply

        return asyncio.run(work())

    def stop(self, messages: Messages, after: int) -> str:
        """What came of the reply in so many pieces."""

        async def work() -> str:
            async with self.client.stream(messages) as pieces:
                return "".join([(await anext(pieces)).text for _ in range(after)])

        return asyncio.run(work())

    def warm_up(self, n: int) -> None:
        """Opens sessions."""
        asyncio.run(self.client.warm_up(n))


Face = BlockingFace | AsyncFace
FACES: dict[str, type[Face]] = {"blocking": BlockingFace, "async": AsyncFace}


def talk(*texts: str, system: str = "") -> Messages:
    """Messages of the user and the assistant in turn."""
    begin = [{"role": "system", "content": system}] if system else []
    return [*begin, *({"role": ("user", "assistant")[at % 2], "content": text} for at, text in enumerate(texts))]
