"""A standard message list works on each real stack, whoever keeps its history there."""

from collections.abc import Iterator

import pytest

from chatdoor import Messages
from chatdoor.errors import SessionRefused
from tests.servers.stacks.accounts import PASSWORD, USER
from tests.servers.stacks.commands import COMMANDS
from tests.servers.stacks.fixtures import Stack
from tests.servers.stacks.server import StackServer
from tests.stacks.doors import DOORS, Ask, site_of

FIRST = 'The key is blue: "{csrf}" <b>&amp;\n50% + emoji 😀'


FIDELITY: dict[str, str | None] = {
    "flask_wtf": "replayed",
    "django_login": "replayed",
    "fastapi": "native",
    "php": "replayed",
    "express": "native",
    "gradio": "native",
    "openai": None,
    "rails": "replayed",
    "channels": "replayed",
    "tornado": "replayed",
    "pyramid": "native",
    "starlette": "native",
}
"""Stack -> how a list reaches its site after that has forgotten all sessions; None where no new one can be had."""


@pytest.fixture(params=FIDELITY)
def server(request: pytest.FixtureRequest, stack: Stack, monkeypatch: pytest.MonkeyPatch) -> StackServer:
    """The site of each stack in turn, and in the environment what its site file wants."""
    server = stack(request.param)
    monkeypatch.setenv("STACK_USER", USER)
    monkeypatch.setenv("STACK_PASSWORD", PASSWORD)
    if server.name == "openai":
        monkeypatch.setenv("STACK_KEY", server.control("key"))
    return server


@pytest.fixture(params=DOORS)
def ask(request: pytest.FixtureRequest, server: StackServer) -> Iterator[Ask]:
    """Asks the site, blocking and async."""
    with DOORS[request.param](site_of(server)) as ask:
        yield ask


def said(*turns: str) -> Messages:
    """A list of turns, the user's first, then one of each side in turn."""
    roles = ("user", "assistant")
    return [{"role": roles[at % 2], "content": turn} for at, turn in enumerate(turns)]


def test_every_stack_is_asked() -> None:
    """No stack is left out silently."""
    assert set(FIDELITY) == set(COMMANDS)


def test_the_second_turn_remembers_the_first(server: StackServer, ask: Ask) -> None:
    """The whole list is sent each time, and the site hears each turn once, as it was written."""
    first = ask(said(FIRST))
    second = ask(said(FIRST, first.text, "secret?"))
    assert (first.text, first.fidelity) == (f"You said 1 things; the last was: {FIRST}", "native")
    assert (second.text, second.fidelity) == (f"You said 2 things; the first was: {FIRST}", "native")
    stats = server.stats()
    assert (stats.accepted, stats.refused, stats.heard) == (2, 0, [[FIRST], [FIRST, "secret?"]])


def test_a_refusal_is_mended_by_one_renewal(server: StackServer, ask: Ask) -> None:
    """When the framework refuses an old token, once, the message goes out again and nothing of the talk is lost."""
    fidelity = FIDELITY[server.name]
    first = ask(said(FIRST))
    server.expire()
    if fidelity is None:
        with pytest.raises(SessionRefused):
            ask(said(FIRST, first.text, "secret?"))
        assert server.stats().heard == [[FIRST]]
        return
    second = ask(said(FIRST, first.text, "secret?"))
    stats = server.stats()
    assert (second.text, second.fidelity) == (f"You said 2 things; the first was: {FIRST}", fidelity)
    assert stats.refused == 1
    replayed = [[FIRST]] if fidelity == "replayed" else []
    assert stats.heard == [[FIRST], *replayed, [FIRST, "secret?"]]


def test_two_conversations_do_not_mix(server: StackServer, ask: Ask) -> None:
    """Taking turns through one client, each hears of its own secret alone."""
    secrets = ("The key is blue", "The key is red")
    replies = [ask(said(secret)).text for secret in secrets]
    asked = [ask(said(secret, reply, "secret?")) for secret, reply in zip(secrets, replies, strict=True)]
    assert [reply.text for reply in asked] == [
        "You said 2 things; the first was: The key is blue",
        "You said 2 things; the first was: The key is red",
    ]
    assert server.stats().refused == 0


def test_equal_openings_are_separate(server: StackServer, ask: Ask) -> None:
    """Two who begin with the same words have a conversation each."""
    assert [ask(said("Hello")).text for _ in range(2)] == ["You said 1 things; the last was: Hello"] * 2
    assert server.stats().heard == [["Hello"], ["Hello"]]
