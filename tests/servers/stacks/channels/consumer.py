"""The chat behind the socket."""

from typing import Any

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncJsonWebsocketConsumer

from tests.servers.stacks.ledger import LEDGER

DEAD_SESSION = 4401
"""The close code. Codes from 4000 on are the application's own: RFC 6455, section 7.4.2."""


class Chat(AsyncJsonWebsocketConsumer):
    """``{"text": prompt}`` is acknowledged, then gets the reply in frames, then ``{"type": "done"}``."""

    async def connect(self) -> None:
        """Let in whom Django knows. Only a socket that was accepted can be closed with a code."""
        self.turns: list[str] = []
        await self.accept()
        if not self.scope["user"].is_authenticated:
            await self._refuse()

    async def receive_json(self, content: Any, **_options: Any) -> None:
        """One turn, if the session still lives."""
        session = self.scope["session"]
        if not await database_sync_to_async(session.exists)(session.session_key):
            await self._refuse()
            return
        self.turns.append(content["text"])
        await self.send_json({"type": "ack", "text": content["text"]})
        for number, word in enumerate(LEDGER.answer(self.turns).split(" ")):
            await self.send_json({"type": "token", "text": f" {word}" if number else word})
        await self.send_json({"type": "done"})

    async def _refuse(self) -> None:
        LEDGER.count("refused")
        await self.close(DEAD_SESSION, "no session")
