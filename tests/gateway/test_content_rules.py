"""What a site's own content rules refuse: a 400 that no client repeats, and no fault of the site."""

import http.client
from collections.abc import Iterator

import msgspec
import pytest

from chatdoor.practice import Practice
from chatdoor.site import loads_site
from chatdoor.site.model import Match
from tests.gateway.door import CHAT, HELLO, Door, gateway

BLOCKED = (Match(statuses=frozenset({500})),)
BODIES = [
    pytest.param(CHAT, {"messages": HELLO}, "messages", id="chat"),
    pytest.param("/v1/completions", {"prompt": "Hello"}, "prompt", id="completions"),
    pytest.param("/v1/completions", {"prompt": ["Hello", "Hi"]}, "prompt", id="several completions"),
    pytest.param("/v1/responses", {"input": "Hello"}, "input", id="responses"),
]


@pytest.fixture
def refusing() -> Iterator[Door]:
    """A gateway in front of a site whose content rules refuse everything."""
    with Practice(fail_every=1) as site, gateway(msgspec.structs.replace(site, blocked=BLOCKED)) as door:
        yield door


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize(("path", "body", "field"), BODIES)
def test_it_is_a_400_that_names_the_rules(
    refusing: Door, path: str, body: dict[str, object], field: str, streamed: bool
) -> None:
    """It says `content_filter` and the field that holds the prompt, and that asking again can not help."""
    seen = refusing.send("POST", path, {"model": "practice", "stream": streamed} | body)
    assert (seen.status, seen.error["code"], seen.error["param"]) == (400, "content_filter", field)
    assert seen.headers["x-should-retry"] == "false"


def test_the_site_is_well(refusing: Door) -> None:
    """Neither the health nor the page calls a site failing that refuses a prompt."""
    refusing.chat()
    refusing.wait_until_idle()
    assert refusing.send("GET", "/health").json()["sites"]["practice"]["status"] == "ok"
    assert refusing.send("GET", "/v1/chatdoor/state").json()["sites"][0]["state"] == "ready"


def test_a_200_may_be_one_too() -> None:
    """A site that refuses in words, in an answer that is a success, is known by these words."""
    rules = (Match(texts=("How do you feel",)),)
    with Practice() as site, gateway(msgspec.structs.replace(site, blocked=rules)) as door:
        assert door.chat().error["code"] == "content_filter"


def test_what_an_openai_server_filters_is_filtered_here() -> None:
    """A gateway behind the preset `openai` hands the refusal on as what it is, streamed or not."""
    with Practice(fail_every=1) as site, gateway(msgspec.structs.replace(site, blocked=BLOCKED)) as inner:
        text = f'schema = 1\nname = "outer"\nurl = "{inner.url}"\nextends = "openai"\nmodels = ["practice"]\n'
        with gateway(loads_site(text)) as outer:
            assert outer.chat(model="outer").error["code"] == "content_filter"


WORDS = pytest.mark.parametrize("reply", ["sse-delta", "websocket"])


@WORDS
@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_the_first_record_may_say_so(reply: str, streamed: bool) -> None:
    """A refusal as the first event or frame of a stream is the same 400."""
    with Practice(reply=reply) as site, gateway(msgspec.structs.replace(site, blocked=_words("Hello."))) as door:
        seen = door.chat(stream=streamed)
    assert (seen.status, seen.error["code"]) == (400, "content_filter")
    assert seen.headers["x-should-retry"] == "false"


@WORDS
def test_a_later_record_may_say_so(reply: str) -> None:
    """After the first piece it is an event with the same error, and the stream has no clean end."""
    practice = Practice(reply=reply, pause=0.05)  # each piece comes by itself
    with practice as site, gateway(msgspec.structs.replace(site, blocked=_words("feel"))) as door:
        with pytest.raises(http.client.IncompleteRead) as cut:
            door.chat(stream=True)
        assert door.chat().error["code"] == "content_filter"
    assert b" How" in cut.value.partial
    assert b'"code":"content_filter"' in cut.value.partial
    assert b'"content":" feel"' not in cut.value.partial
    assert b"[DONE]" not in cut.value.partial


def _words(text: str) -> tuple[Match, ...]:
    return (Match(texts=(text,)),)
