"""Listens to the network of all windows and frames of a browser, and writes it on a tape."""

import asyncio
import base64
from collections.abc import Coroutine
from contextlib import suppress
from functools import partial
from typing import Any, Final

from playwright.async_api import BrowserContext, CDPSession, Error, Frame, Page, Request

from chatdoor.discover.recording import ASSET_KINDS
from chatdoor.discover.tape import EVENTS, Tape, Told

SECONDS: Final = 5.0
"""How long bodies that are asked for at the end may take."""

KEPT: Final = {
    "maxTotalBufferSize": 200_000_000,
    "maxResourceBufferSize": 100_000_000,
    "maxPostDataSize": 10_000_000,
    "enableDurableMessages": True,  # bodies outlive the page that got them; older browsers pass over it
}
"""Bytes of bodies that the browser keeps until they are asked for."""


class Tap:
    """Writes on `tape` what the windows of `context` send and get, from `open` on."""

    def __init__(self, context: BrowserContext, tape: Tape) -> None:
        self._context = context
        self._tape = tape
        self._sessions = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._known: set[Page | Frame] = set()
        self._heard: set[Page | Frame] = set()
        self._early: list[Request] = []

    async def open(self) -> Page:
        """A window, listened to before it goes anywhere. So are those that it opens, as soon as they are there."""
        page = await self._context.new_page()
        await self._listen(page)
        self._context.on("request", self._hear_early)
        self._context.on("page", lambda other: self._do(self._listen(other)))
        return page

    async def finish(self) -> None:
        """Waits for the bodies that were asked for, and asks for what was sent before a frame was listened to."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=SECONDS)
        for request in self._early:
            if request.frame in self._heard:
                with suppress(Error):
                    await self._take(request)

    async def _listen(self, source: Page | Frame) -> None:
        """A frame of another site has a session of its own; one of the same site has none, which is an Error."""
        if source in self._known:
            return
        self._known.add(source)
        with suppress(Error):
            session = await self._context.new_cdp_session(source)
            self._sessions += 1
            for event in EVENTS:
                session.on(event, partial(self._hear, self._sessions, session, event))
            if isinstance(source, Page):
                source.on("framenavigated", self._hear_frame)
            await session.send("Network.enable", KEPT)
            self._heard.add(source)

    def _hear_frame(self, frame: Frame) -> None:
        if frame.parent_frame is not None:
            self._do(self._listen(frame))

    def _hear_early(self, request: Request) -> None:
        """A frame sends before we can listen to it. Its page was told by the window that it stands in."""
        with suppress(Error):
            frame = request.frame
            if frame.parent_frame and frame not in self._heard and not request.is_navigation_request():
                self._early.append(request)

    async def _take(self, request: Request) -> None:
        """Puts on the tape what Playwright itself has kept of a request."""
        response = await request.response()
        if response is None:
            return
        sent = {"method": request.method, "url": request.url, "headers": await request.all_headers()}
        sent |= {"postData": request.post_data} if request.post_data else {}
        came = {"status": response.status, "headers": await response.all_headers()}
        started = request.timing["startTime"] / 1000
        told = {"request": sent, "wallTime": started, "type": request.resource_type}
        self._tape.hear_whole(told, came, await response.body())

    def _hear(self, teller: int, session: CDPSession, event: str, told: Told) -> None:
        self._tape.hear(teller, event, told)
        if event in _FURTHER and str(told.get("type", "")).lower() not in ASSET_KINDS:
            self._do(_FURTHER[event](self, teller, session, told))

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _stream(self, teller: int, session: CDPSession, told: Told) -> None:
        """From here on pieces are told. It is an Error where the answer has ended already."""
        with suppress(Error):
            found = await session.send("Network.streamResourceContent", {"requestId": told["requestId"]})
            self._tape.hear_beginning(told["requestId"], teller, base64.b64decode(found["bufferedData"]))

    async def _body(self, _teller: int, session: CDPSession, told: Told) -> None:
        if self._tape.is_streamed(told["requestId"]):
            return
        with suppress(Error):
            found = await session.send("Network.getResponseBody", {"requestId": told["requestId"]})
            body = base64.b64decode(found["body"]) if found["base64Encoded"] else found["body"]
            self._tape.hear_body(told["requestId"], body)

    async def _sent(self, _teller: int, session: CDPSession, told: Told) -> None:
        request = told["request"]
        if not request.get("hasPostData") or "postData" in request:
            return
        with suppress(Error):
            found = await session.send("Network.getRequestPostData", {"requestId": told["requestId"]})
            self._tape.hear_sent(told["requestId"], found["postData"])


_FURTHER: Final = {
    "Network.requestWillBeSent": Tap._sent,
    "Network.responseReceived": Tap._stream,
    "Network.loadingFinished": Tap._body,
}
"""Event -> what is asked for besides."""
