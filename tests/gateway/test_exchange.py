"""One request and its answer, as far as no endpoint shows it."""

import openai
import pytest

from chatdoor.gateway.exchange import Exchange
from chatdoor.gateway.header import header
from chatdoor.gateway.route import Route
from chatdoor.gateway.routes import PATHS
from tests.gateway.door import Door, practice_door


def test_a_bug_after_the_site_was_asked_is_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    """The site has read the prompt, so the status is none that clients repeat by themselves."""

    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("chatdoor.gateway.endpoints.chat.choice", broken)
    with practice_door() as (door, practice), openai.OpenAI(base_url=door.url, api_key="any", max_retries=2) as client:
        with pytest.raises(openai.APIStatusError) as failed:
            client.chat.completions.create(model="practice", messages=[{"role": "user", "content": "Hello"}])
        assert (failed.value.status_code, failed.value.code) == (424, "internal_error")
        assert practice.stats()["accepted"] == 1


def test_an_answer_that_can_not_be_sent_is_an_error(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of it went out, so the client gets a whole answer that says so, and no wait for one that never comes."""

    async def odd(_state: object, exchange: Exchange) -> None:
        """Answers with a header of two lines."""
        await exchange.answer(200, b"yes", (header(b"x-odd", b"1\r\nx-evil: 2"),))

    monkeypatch.setitem(PATHS, b"/odd", {"GET": Route(odd, open=True)})  # type: ignore[arg-type]  # it is a dict
    seen = door.send("GET", "/odd")
    assert (seen.status, seen.error["code"]) == (500, "internal_error")
    assert "x-evil" not in seen.headers


@pytest.mark.parametrize("stream", [False, True])
def test_a_request_is_found_by_its_completion(door: Door, *, stream: bool) -> None:
    """Both ids have the same number; where the client names its request itself, the completion has one of its own."""
    seen = door.chat(stream=stream)
    completion = seen.frames()[0] if stream else seen.json()
    assert completion["id"] == seen.headers["x-request-id"].replace("req_", "chatcmpl-")
    ids = {door.chat(headers={"X-Request-Id": "mine"}).json()["id"] for _ in range(2)}
    assert len(ids) == 2
