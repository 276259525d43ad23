"""Runs an ASGI site of a Python stack, with what only tests use around it."""

import asyncio
import json
import socket
from collections.abc import Awaitable, Callable, Container, MutableMapping
from typing import Any, Literal

import uvicorn

from tests.servers.child import announce

from .ledger import LEDGER

CONTROL = "/_control/"

Event = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Event]]
Send = Callable[[Event], Awaitable[None]]
Application = Callable[[Event, Receive, Send], Awaitable[None]]
Control = Callable[[], Any]


def serve(
    application: Application,
    *,
    refused: Container[int] = (),
    expire: Control,
    more: dict[str, Control] | None = None,
    ws: Literal["none", "websockets-sansio"] = "none",
    lifespan: Literal["on", "off"] = "off",
) -> None:
    """Serve until stopped. An answer with a status in `refused` counts as a refusal.

    `expire` makes the site forget every session and token; `more` are further calls under ``/_control/``.
    """
    controls = {"stats": LEDGER.stats, "reset": LEDGER.reset, "expire": expire} | (more or {})
    listener = socket.create_server(("127.0.0.1", 0))
    announce(listener.getsockname()[1])
    config = uvicorn.Config(
        _watched(application, refused, controls),
        lifespan=lifespan,
        ws=ws,
        log_level="warning",
        timeout_graceful_shutdown=1,
    )
    uvicorn.Server(config).run(sockets=[listener])


def _watched(application: Application, refused: Container[int], controls: dict[str, Control]) -> Application:
    async def watched(scope: Event, receive: Receive, send: Send) -> None:
        async def counting(event: Event) -> None:
            if event["type"] == "http.response.start" and event["status"] in refused:
                LEDGER.count("refused")
            await send(event)

        path = scope.get("path", "")
        if path.startswith(CONTROL):
            await _control(controls[path.removeprefix(CONTROL)], send)
        else:
            await application(scope, receive, counting)

    return watched


async def _control(control: Control, send: Send) -> None:
    body = json.dumps(await asyncio.to_thread(control)).encode()
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
