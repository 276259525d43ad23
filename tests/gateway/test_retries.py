"""The official SDK with its retries on, against each fault of a site: no question is read twice."""

import contextlib
from typing import Any

import msgspec
import openai
import pytest

from chatdoor.practice import Practice
from tests.gateway.door import HELLO, Door, gateway
from tests.servers.ports import free_port

MESSAGES: Any = HELLO
SLOW = 1.2
TIMEOUT = 0.4

FAULTS: list[Any] = [
    pytest.param({"fail_every": 1}, 1, openai.APIStatusError, id="500"),
    pytest.param({"error_every": 1, "reply": "sse-delta"}, 1, openai.APIError, id="an error in a 200"),
    pytest.param({"cut_every": 1, "reply": "sse-delta"}, 1, openai.APIError, id="cut"),
    pytest.param({"slow": SLOW}, 1, None, id="slower than the client waits"),
    pytest.param({"slow": 30.0}, 1, openai.APIStatusError, id="much slower"),
    pytest.param({"limit_every": 1, "retry_after": 600}, 0, openai.RateLimitError, id="429"),
    pytest.param({"limit_every": 2, "retry_after": 1}, 1, None, id="429 at first"),
    pytest.param({"expire_every": 1}, 1, None, id="refused at first"),
]


def _ask(door: Door, *, streamed: bool, patient: bool = False) -> None:
    wait = 10.0 if patient else TIMEOUT
    with openai.OpenAI(base_url=door.url, api_key="any", max_retries=2, timeout=wait) as client:
        if streamed:
            list(client.chat.completions.create(model="practice", messages=MESSAGES, stream=True))
        else:
            client.chat.completions.create(model="practice", messages=MESSAGES)


def _read(practice: Practice) -> int:
    """How many prompts the site may have read: taken, failed, or both where they were cut short."""
    stats = practice.stats()
    return max(stats["accepted"], stats["failed"])


@pytest.mark.parametrize("streamed", [True, False], ids=["streamed", "whole"])
@pytest.mark.parametrize(("fault", "read", "error"), FAULTS)
def test_no_question_is_read_twice(
    fault: dict[str, Any], read: int, error: type[openai.APIError] | None, streamed: bool
) -> None:
    """Whatever goes wrong, and however often the SDK asks: the site reads the prompt once, or not at all."""
    practice = Practice(**fault)
    with practice as site, gateway(site) as door:
        before = 0
        if "expire_every" in fault or fault.get("limit_every") == 2:
            _ask(door, streamed=False, patient=True)  # the next one meets the fault
            before = _read(practice)
        with pytest.raises(error) if error else contextlib.nullcontext():
            _ask(door, streamed=streamed, patient="slow" not in fault)
        assert _read(practice) - before == read


@pytest.mark.parametrize("streamed", [True, False], ids=["streamed", "whole"])
def test_a_site_that_is_too_slow_for_its_file_is_asked_once(streamed: bool) -> None:
    """Our own timeout is a 424 that the SDK does not repeat."""
    practice = Practice(slow=30.0)
    with practice as site:
        limits = msgspec.structs.replace(site.limits, timeout=0.3)
        with gateway(msgspec.structs.replace(site, limits=limits)) as door:
            with pytest.raises(openai.APIStatusError) as failed:
                _ask(door, streamed=streamed, patient=True)
            assert failed.value.status_code == 424
        assert _read(practice) == 1


def test_a_site_that_comes_back_is_asked_then() -> None:
    """Nothing was sent to a site that was not there, so the SDK's next try asks it."""
    practice = Practice(port=free_port())
    with practice as site:
        practice.stop()
        with gateway(site) as door:
            with pytest.raises(openai.InternalServerError) as failed:
                _ask(door, streamed=False, patient=True)
            assert failed.value.status_code == 503
            practice.start()
            _ask(door, streamed=False, patient=True)
    assert _read(practice) == 1


def test_some_of_several_choices() -> None:
    """Where one of several prompts was not taken, no client asks for all of them again, and the SDK is told so."""
    practice = Practice(limit_every=2, retry_after=600)
    with practice as site, gateway(site) as door:
        client = openai.OpenAI(base_url=door.url, api_key="any", max_retries=2)
        with client, pytest.raises(openai.APIStatusError) as limited:
            client.chat.completions.create(model="practice", messages=MESSAGES, n=2)
        assert (limited.value.status_code, limited.value.code) == (424, "rate_limit_exceeded")
        assert limited.value.response.headers["x-should-retry"] == "false"
        assert _read(practice) == 1
