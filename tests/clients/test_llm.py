"""Simon Willison's command `llm` before a gateway."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.clients.apart import python, run
from tests.clients.examples import example
from tests.gateway.door import Door, gateway, key, practice_door

Llm = Callable[..., str]


@pytest.fixture
def guarded() -> Iterator[Door]:
    """A gateway that wants a key, in front of a site that streams and remembers."""
    with practice_door(reply="sse-delta", history="session") as (inner, _):
        site = inner.state.house.sites["practice"].site
        with gateway(site, keys=[key("right")]) as door:
            yield door


@pytest.fixture
def llm(guarded: Door, tmp_path: Path) -> Llm:
    """The command, which knows the site by the file of our how-to."""
    (tmp_path / "extra-openai-models.yaml").write_text(example("use-with-llm.md", "yaml", guarded))
    command = [python("llm"), "-m", "llm"]

    def call(*arguments: str) -> str:
        return run([*command, *arguments], guarded, tmp_path, {"LLM_USER_PATH": str(tmp_path)})

    call("keys", "set", "gateway", "--value", "right")
    return call


def test_a_prompt_and_what_follows(llm: Llm) -> None:
    """A streamed answer, one that is whole, and a conversation that goes on."""
    assert llm("--model", "bot", "say exactly: it works") == "it works\n"
    assert llm("--model", "bot", "--no-stream", "say exactly: whole") == "whole\n"
    assert llm("--continue", "say exactly: and on") == "and on\n"
    (logged,) = json.loads(llm("logs", "--json", "--count", "1"))
    assert logged["input_tokens"] > 0


def test_an_error(llm: Llm) -> None:
    """With a wrong key it says what the gateway says."""
    with pytest.raises(AssertionError, match=r"Incorrect API key provided\."):
        llm("--model", "bot", "--key", "wrong", "Hello")
