"""Whoever wants to hears of each request of a visitor, and can keep it from going out."""

import asyncio

import pytest

from chatdoor import AsyncClient, Client, Practice
from chatdoor.errors import ArgumentError, ChatdoorError
from chatdoor.flow.effects import Head, Send

HELLO = [{"role": "user", "content": "Hello"}]


class Notes:
    """A witness that writes down what it hears, and lets so many requests go."""

    def __init__(self, most: int = 10) -> None:
        self.heard: list[str] = []
        self._most = most

    def sends(self, effect: Send) -> None:
        """Notes the step."""
        if len(self.heard) >= self._most:
            raise ArgumentError("that is enough")
        self.heard.append(effect.label)

    def answered(self, head: Head) -> None:
        """Notes the status."""
        self.heard.append(str(head.status))


STEPS = ["GET /", "200", "POST /generate_response/", "200"]


def test_each_request_is_heard_of() -> None:
    """Those that open the session too."""
    with Practice() as site, Client(site) as client:
        client.visitor.witness = notes = Notes()
        client.ask(HELLO)
    assert notes.heard == STEPS


def test_each_request_is_heard_of_on_a_loop() -> None:
    """The async client tells the same."""

    async def heard() -> list[str]:
        async with AsyncClient(site) as client:
            client.visitor.witness = notes = Notes()
            await client.ask(HELLO)
            return notes.heard

    with Practice() as site:
        assert asyncio.run(heard()) == STEPS


def test_a_request_can_be_kept_from_going_out() -> None:
    """What the witness raises is the call's error, and the site hears nothing."""
    practice = Practice()
    with practice as site, Client(site) as client:
        client.visitor.witness = Notes(most=2)
        with pytest.raises(ChatdoorError, match="enough"):
            client.ask(HELLO)
    assert (practice.stats()["pages"], practice.stats()["accepted"]) == (1, 0)


def test_the_session_of_a_conversation_is_found() -> None:
    """Each has its own where the site keeps the turns there; else all share one, and an unknown one has none."""
    with Practice(history="session") as site, Client(site) as client:
        one, other = client.ask(HELLO), client.ask(HELLO)
        sessions = [client.visitor.session_of(reply.conversation) for reply in (one, other)]
        assert None not in sessions
        assert sessions[0] != sessions[1]
        assert client.visitor.session_of("nobody") is None
    with Practice() as site, Client(site) as client:
        assert client.visitor.session_of(client.ask(HELLO).conversation) == client.visitor.sessions.current is not None
