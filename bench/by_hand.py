"""The peer: what a programmer writes for one site, on the HTTP library that chatdoor uses, and nothing more."""

import json
from collections.abc import AsyncIterator, Iterator, Sequence
from types import TracebackType
from typing import Self

from pyreqwest.client import Client, ClientBuilder, SyncClient, SyncClientBuilder

TURN = [{"role": "user", "content": "I feel lost in forms"}]


def headers_of(client: SyncClient, url: str) -> dict[str, str]:
    """What a request carries: the cookie of the page, and its token."""
    page = client.get(f"{url}/").build().send()
    cookie = page.headers["set-cookie"].partition(";")[0]
    return {"content-type": "application/json", "cookie": cookie, "x-csrftoken": cookie.partition("=")[2]}


def session_headers(url: str) -> dict[str, str]:
    """The same, by a client that is thrown away."""
    with SyncClientBuilder().no_proxy().build() as client:
        return headers_of(client, url)


def pieces_in(events: Sequence[bytes]) -> Iterator[str]:
    """The text of each event, up to the last, which is a marker."""
    for event in events:
        data = event.removeprefix(b"data: ")
        if data != b"[DONE]":
            yield json.loads(data)["delta"]


class AsyncByHand:
    """Asks a site and waits on the event loop."""

    def __init__(self, url: str) -> None:
        self._client: Client = ClientBuilder().no_proxy().build()
        self._url = url
        self._headers = session_headers(url)

    async def ask(self, messages: Sequence[object]) -> str:
        """The reply."""
        body = json.dumps({"messages": messages}).encode()
        request = self._client.post(f"{self._url}/generate_response/").headers(self._headers).body_bytes(body).build()
        response = await request.send()
        text: str = (await response.json())["response"]
        return text

    async def stream(self, messages: Sequence[object]) -> AsyncIterator[str]:
        """The pieces of the streamed reply."""
        body = json.dumps({"messages": messages}).encode()
        request = self._client.post(f"{self._url}/long/").headers(self._headers).body_bytes(body)
        received = b""
        async with request.streamed_read_buffer_limit(0).build_streamed() as response:
            while (chunk := await response.body_reader.read_chunk()) is not None:
                *events, received = (received + bytes(chunk)).split(b"\n\n")
                for piece in pieces_in(events):
                    yield piece

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.close()


class ByHand:
    """Asks a site and waits."""

    def __init__(self, url: str) -> None:
        self._client: SyncClient = SyncClientBuilder().no_proxy().build()
        self._url = url
        self._headers = headers_of(self._client, url)

    def ask(self, messages: Sequence[object]) -> str:
        """The reply."""
        body = json.dumps({"messages": messages}).encode()
        request = self._client.post(f"{self._url}/generate_response/").headers(self._headers).body_bytes(body).build()
        text: str = request.send().json()["response"]
        return text

    def stream(self, messages: Sequence[object]) -> Iterator[str]:
        """The pieces of the streamed reply."""
        body = json.dumps({"messages": messages}).encode()
        request = self._client.post(f"{self._url}/long/").headers(self._headers).body_bytes(body)
        received = b""
        with request.streamed_read_buffer_limit(0).build_streamed() as response:
            while (chunk := response.body_reader.read_chunk()) is not None:
                *events, received = (received + bytes(chunk)).split(b"\n\n")
                yield from pieces_in(events)

    def close(self) -> None:
        """Closes the connections."""
        self._client.close()
