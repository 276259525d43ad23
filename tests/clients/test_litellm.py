"""LiteLLM as a client of a gateway. Its environment is that of its proxy, which is one of our stacks."""

import json
from pathlib import Path
from typing import Any

from tests.clients.apart import CLIENTS, run
from tests.gateway.door import Door, gateway, key, practice_door
from tests.servers.stacks.commands import HERE, NO_NETWORK
from tests.servers.stacks.installed import python_with


def calls(what: str, door: Door, folder: Path) -> Any:
    """What the program prints."""
    python = str(python_with(HERE / "openai" / "requirements.txt"))
    program = str(CLIENTS / "litellm_calls.py")
    return json.loads(run([python, program, what], door, folder, {**NO_NETWORK, "GATEWAY_KEY": "right"}))


def test_answers(tmp_path: Path) -> None:
    """Whole and piece by piece, blocking and async; and a wrong key is known for what it is."""
    with practice_door(reply="sse-delta", history="session") as (inner, _):
        site = inner.state.house.sites["practice"].site
        with gateway(site, keys=[key("right")]) as door:
            told = calls("answers", door, tmp_path)
    assert (told["whole"], told["async"]) == ("one two three", "one two three")
    assert told["pieces"] == ["one", " two", " three"]
    assert told["total"] > 2
    assert told["wrong key"] == ["AuthenticationError", 401]


def test_a_site_that_fails_is_not_asked_twice(tmp_path: Path) -> None:
    """What the site may have read has a status that LiteLLM does not repeat."""
    with practice_door(fail_every=1) as (door, practice):
        assert calls("error", door, tmp_path) == ["APIError", 424]
        assert practice.stats()["failed"] == 1
