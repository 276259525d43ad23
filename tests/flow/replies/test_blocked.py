"""A refusal by the site's content rules that comes inside a reply."""

import pytest

from chatdoor.errors import ChatdoorError, ContentRefused, SiteFailed
from chatdoor.flow.answer import Declared
from chatdoor.flow.replies import make_decoder
from chatdoor.flow.replies.decoder import ReplyDecoder
from tests.flow.replies.splits import feed
from tests.flow.script import site_of

FRAME = '{"v": "no", "filtered": true}'
EVENT = 'event: moderation\ndata: {"v": "no"}\n\n'
BY_FIELD = "{ json = { filtered = true } }"
BY_NAME = '{ json = { event = "moderation" } }'
BY_TEXT = '{ text = "filtered" }'

ROWS = [
    pytest.param('sse = "v"', BY_FIELD, f"data: {FRAME}\n\n", id="sse"),
    pytest.param('sse = "v"\nerror = "filtered"', BY_FIELD, f"data: {FRAME}\n\n", id="it is no other error"),
    pytest.param('sse = "v"', BY_NAME, EVENT, id="the name of an event"),
    pytest.param('sse = "@"', BY_TEXT, "data: it was filtered\n\n", id="plain text"),
    pytest.param('sse = "@"', BY_FIELD, f"data: {FRAME}\n\n", id="JSON among plain text"),
    pytest.param('sse = "v"', BY_TEXT, f"data: {FRAME}", id="the last record"),
    pytest.param('ndjson = "v"', BY_FIELD, FRAME, id="ndjson"),
    pytest.param('json = "v"', BY_FIELD, FRAME, id="json"),
    pytest.param('json = "v"', BY_TEXT, FRAME, id="json by text"),
]


def _decoder(rule: str, blocked: str) -> ReplyDecoder:
    site = site_of(f"blocked = {blocked}", reply=rule)
    return make_decoder(site.reply, Declared(), {}, site.blocked)


def _failure(decoder: ReplyDecoder, body: str) -> ChatdoorError | None:
    try:
        feed(decoder, [body.encode()])
    except ChatdoorError as error:
        return error
    return None


@pytest.mark.parametrize(("rule", "blocked", "body"), ROWS)
def test_a_record_may_be_a_refusal(rule: str, blocked: str, body: str) -> None:
    """By its field, its text or the name of its event; the record is the evidence, and its text no piece."""
    decoder = _decoder(rule, blocked)
    assert isinstance(_failure(decoder, body), ContentRefused)
    assert decoder.text == ""
    assert b"event:" in decoder.evidence or decoder.evidence in body.encode()


def test_what_does_not_fit_is_none() -> None:
    """Other records are read as ever, another error is that error, and an element is nothing that a record has."""
    assert _failure(_decoder('sse = "v"', BY_FIELD), 'data: {"v": "a"}\n\n') is None
    assert _failure(_decoder('sse = "v"', '{ css = "p", text = "no" }'), f"data: {FRAME}\n\n") is None
    assert isinstance(_failure(_decoder('sse = "v"\nerror = "e"', BY_FIELD), 'data: {"e": 1}\n\n'), SiteFailed)
