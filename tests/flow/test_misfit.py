"""What was expected of a step, and what came instead."""

import pytest

from chatdoor.errors import UnexpectedReply
from chatdoor.site import loads_site
from tests.flow.script import Script, page, reply, said, to

BASE = """
    schema = 1
    name = "bot"
    url = "https://bot.example"
    [[chat]]
    post = "/send"
    json = { p = "{prompt}" }
    expect = [{ status = 202 }, { url = "/done" }]
    [[chat]]
    get = "/read"
    expect = { json = { ok = true } }
    [reply]
    json = "response"
    [conversation]
"""
START = 'start = { post = "/new", text = "x", expect = { text = "begun" } }'


SENT = "step 1 of 2, POST /send: expected status 202, or a redirect to /done"
READ = "step 2 of 2, GET /read: expected JSON in which ok is true"


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        ([said(200, "sorry")], "POST /new: expected the text 'begun', got HTTP 200: \"sorry\""),
        ([said(200, "begun"), said(200, "queued")], f'{SENT}, got HTTP 200: "queued", from /send'),
        (
            [said(200, "begun"), to("/elsewhere"), page(body="Elsewhere")],
            f'{SENT}, got HTTP 200, text/html: "Elsewhere", from /elsewhere',
        ),
        (
            [said(200, "begun"), said(202), reply("Hello")],
            f"""{READ}, got HTTP 200, application/json: "{{"response": "Hello"}}\"""",
        ),
    ],
)
def test_a_step_of_a_conversation_says_so_too(answers: list[object], told: str) -> None:
    """Its start, and each step of the chat."""
    with pytest.raises(UnexpectedReply) as failed:
        Script(answers).ask(loads_site(BASE + START))  # type: ignore[arg-type]
    assert str(failed.value) == f"bot: {told}"


def test_a_path_with_a_token_is_masked() -> None:
    """Where an answer came from may hold what a site gives out once."""
    token = "Zm9vYmFyMTIzNDU2Nzg5MGFiY2RlZg"
    with pytest.raises(UnexpectedReply) as failed:
        Script([said(200, "begun"), to(f"/in/{token}"), page()]).ask(loads_site(BASE + START))
    assert token not in str(failed.value)
    assert "from " in str(failed.value)


def test_the_reply_of_a_stream_is_expected_too() -> None:
    """What its head tells is known before a piece goes out; where that fits, the reply streams on."""
    site = loads_site("""
        schema = 1
        name = "bot"
        url = "https://bot.example"
        [chat]
        post = "/chat"
        json = { p = "{messages}" }
        expect = { type = "text/event-stream" }
        [reply]
        sse = "@"
    """)
    stream = said(200, "data: Hi\n\n", content_type="text/event-stream")
    assert Script([stream]).ask(site).text == "Hi"
    with pytest.raises(UnexpectedReply, match="POST /chat: expected the content type text/event-stream, got HTTP 200"):
        Script([said(200, "data: Hi\n\n", content_type="text/plain")]).ask(site)
