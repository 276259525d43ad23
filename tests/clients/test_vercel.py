"""Vercel's AI SDK against a gateway, with both of its providers for such servers."""

import time
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest

from chatdoor.practice import Practice
from tests.clients.apart import node, run_node
from tests.clients.examples import example
from tests.gateway.door import CHAT, Door, gateway, key, practice_door
from tests.gateway.test_metrics import value

PROVIDERS = pytest.mark.parametrize("provider", ["compatible", "openai"])

ai = partial(node, "ai.mjs")


@pytest.fixture(scope="module")
def calm() -> Any:
    """A gateway in front of a site that streams."""
    with practice_door(reply="sse-delta", history="session") as (door, _):
        yield door


@PROVIDERS
def test_generate_text(calm: Door, provider: str, tmp_path: Path) -> None:
    """A whole answer with its usage, and nothing to warn of."""
    came = ai(provider, "whole", door=calm, folder=tmp_path)
    assert (came["text"], came["finishReason"], came["model"]) == ("one two three four", "stop", "practice")
    assert came["usage"]["totalTokens"] == came["usage"]["inputTokens"] + came["usage"]["outputTokens"] > 2
    assert came["warnings"] == []


@PROVIDERS
def test_stream_text(calm: Door, provider: str, tmp_path: Path) -> None:
    """Each piece comes by itself, the usage at the end."""
    came = ai(provider, "stream", door=calm, folder=tmp_path)
    assert came["pieces"] == ["one", " two", " three", " four"]
    assert came["finishReason"] == "stop"
    assert came["usage"]["outputTokens"] > 0


@PROVIDERS
def test_abort(provider: str, tmp_path: Path) -> None:
    """A stream that is aborted is over at the gateway too, long before the reply would be."""
    with practice_door(reply="sse-delta", pause=5.0) as (door, _):
        came = ai(provider, "abort", door=door, folder=tmp_path)
        left = time.monotonic()
        door.wait_until_idle()
        assert time.monotonic() - left < 2
    assert came["kinds"].count("text-delta") == 1
    assert came["kinds"][-1] == "abort"


@PROVIDERS
def test_errors(calm: Door, provider: str, tmp_path: Path) -> None:
    """A 401 is an APICallError that is not to be repeated, with our code and words."""
    site = calm.state.house.sites["practice"].site
    with gateway(site, keys=[key("right")]) as door:
        came = ai(provider, "whole", door=door, folder=tmp_path, key="wrong")
    assert (came["error"], came["status"], came["isRetryable"]) == ("AI_APICallError", 401, False)
    assert (came["code"], came["text"]) == ("invalid_api_key", "Incorrect API key provided.")


@PROVIDERS
def test_a_site_that_fails(provider: str, tmp_path: Path) -> None:
    """The SDK looks at the status alone, so what the site may have read has one that it does not repeat."""
    with practice_door(fail_every=1) as (door, practice):
        came = ai(provider, "retrying", door=door, folder=tmp_path)
        assert (came["error"], came["status"], came["code"]) == ("AI_APICallError", 424, "site_failed")
        assert not came["isRetryable"]
        assert practice.stats()["failed"] == 1


@PROVIDERS
def test_a_site_that_is_too_slow(provider: str, tmp_path: Path) -> None:
    """Nor is it asked again where our patience is at its end, and not the SDK's."""
    practice = Practice(slow=30.0)
    with practice as site:
        limits = msgspec.structs.replace(site.limits, timeout=0.3)
        with gateway(msgspec.structs.replace(site, limits=limits)) as door:
            came = ai(provider, "retrying", door=door, folder=tmp_path)
        assert (came["status"], came["code"], came["isRetryable"]) == (424, "timed_out", False)
        assert practice.stats()["accepted"] == 1


@PROVIDERS
def test_a_retry_with_a_key_joins(provider: str, tmp_path: Path) -> None:
    """An answer that is lost on its way comes again for the call's Idempotency-Key, and the site is not asked."""
    with practice_door() as (door, practice):
        came = ai(provider, "keyed", door=door, folder=tmp_path)
        assert came["text"] == "one two three four"
        assert practice.stats()["accepted"] == 1
        assert value(door, "chatdoor_requests_total", endpoint=CHAT) == 2


@PROVIDERS
def test_a_stream_that_breaks(provider: str, tmp_path: Path) -> None:
    """It is an error after what came, and is not asked for again, whatever the SDK would repeat."""
    with practice_door(reply="sse-delta", cut_every=1) as (door, practice):
        came = ai(provider, "broken", door=door, folder=tmp_path)
        assert came["error"] == "AI_APICallError"
        assert practice.stats()["accepted"] == 1


def test_the_example_of_the_how_to(calm: Door, tmp_path: Path) -> None:
    """It runs as it is written."""
    program = tmp_path / "example.mjs"
    program.write_text(example("use-with-vercel-ai.md", "js", calm))
    assert run_node(program, door=calm, folder=tmp_path) == "it works\nword| by| word|"
