"""What is concluded from what a site did, with no site."""

import pytest

from chatdoor.discover.check_verdict import (
    Heard,
    Traffic,
    judge_isolation,
    judge_memory,
    judge_refresh,
    judge_refusal,
    judge_streaming,
    judge_turn,
    judge_unspoiled,
    told_time,
)
from chatdoor.discover.check_words import ASK, SAY, words_for
from chatdoor.errors import RateLimited, SessionRefused, SiteFailed, UnexpectedReply
from chatdoor.messages import Reply, Timings, Usage
from chatdoor.site.load import loads_site

WORDS = words_for(SAY, ASK, "Zuvokira")
STREAM = loads_site("""
schema = 1
name = "bot"
url = "https://bot.example.org"
[take]
csrf = { meta = "csrf" }
[session]
get = "/"
[chat]
post = "/chat"
headers = { X-Token = "{csrf}" }
json = { text = "{prompt}" }
[reply]
sse = "text"
""")
SENT = Traffic(1, (403,))


def heard(text: str = "Hello", pieces: tuple[float, ...] = (0.1,), fidelity: str = "native") -> Heard:
    """A reply."""
    reply = Reply(text=text, site="bot", model="m", usage=Usage(1, 1), timings=Timings(0.1, 0.2), fidelity=fidelity)
    return Heard(reply, pieces, 0.5)


@pytest.mark.parametrize(
    ("pieces", "verdict"),
    [((), "not shown"), ((0.4,), "not shown"), ((0.4, 0.401, 0.402), "not shown"), ((0.1, 0.3), "works")],
)
def test_a_stream_has_pieces_apart(pieces: tuple[float, ...], verdict: str) -> None:
    """One piece, or all at once, shows nothing; it is never a failure."""
    assert judge_streaming(STREAM, heard(pieces=pieces)).verdict == verdict


def test_an_empty_reply_is_none() -> None:
    """Spaces are no text either; the exit code is that of a reply that is not as described."""
    finding = judge_turn(STREAM, heard(" \n"))
    assert (finding.verdict, finding.exit_code) == ("fails", 7)


@pytest.mark.parametrize(
    ("text", "fidelity", "verdict", "says"),
    [
        ("You are ZUVOKIRA!", "native", "works", "Zuvokira"),
        ("Zuvokira", "replayed", "works", "told again"),
        ("Zuvokira", "folded", "works", "one message"),
        ("I do not know", "native", "not shown", "does not have"),
    ],
)
def test_memory_is_the_word_coming_back(text: str, fidelity: str, verdict: str, says: str) -> None:
    """However it is said, and by which way the site got to know it."""
    finding = judge_memory(STREAM, WORDS, heard(text, fidelity=fidelity))
    assert finding.verdict == verdict
    assert says in finding.saw


def test_isolation_is_the_word_staying_away() -> None:
    """Where it comes up, conversations mix."""
    assert judge_isolation(STREAM, WORDS, heard("Who are you?")).verdict == "works"
    assert judge_isolation(STREAM, WORDS, heard("zuvokira")).verdict == "fails"


def test_a_refusal_is_told_from_a_failure() -> None:
    """Refused is what is to be; an answer that the file does not know, and trouble, have a way out each."""
    refused = judge_refusal(STREAM, SessionRefused("no"), SENT, "")
    unknown = judge_refusal(STREAM, UnexpectedReply("HTTP 400"), SENT, "")
    limited = judge_refusal(STREAM, RateLimited("429"), SENT, "")
    assert (refused.verdict, unknown.verdict, limited.verdict) == ("works", "fails", "fails")
    assert "`refused`" in unknown.advice
    assert "`refused`" not in limited.advice


def test_a_page_that_repeats_the_talk_may_be_a_refusal() -> None:
    """The same text as the reply to another question is not taken for a reply to this one."""
    stale = judge_refusal(STREAM, heard("You are Zuvokira"), SENT, "You are Zuvokira")
    taken = judge_refusal(STREAM, heard("Hello"), SENT, "You are Zuvokira")
    assert "repeat" in stale.advice
    assert "not need" in taken.advice
    assert {stale.verdict, taken.verdict} == {"not shown"}


def test_a_secret_is_never_spoiled() -> None:
    """Where a site knows us by a key of ours alone, the finding says why no wrong one was tried."""
    keyed = loads_site(STREAM.text.replace('"{csrf}"', '"{env:BOT_KEY}"'))
    assert "no wrong one is tried" in judge_unspoiled(keyed).saw
    assert "wrong" not in judge_unspoiled(STREAM).saw


def test_the_status_of_a_websocket_is_not_told() -> None:
    """101 says that it was opened, and nothing of the message."""
    assert "HTTP" not in judge_refusal(STREAM, SessionRefused("no"), Traffic(1, (101,)), "").saw
    assert "HTTP 403" in judge_refusal(STREAM, SessionRefused("no"), SENT, "").saw


def test_a_refresh_is_the_message_going_through() -> None:
    """Anything else is a failure with the error's exit code."""
    assert judge_refresh(STREAM, heard(), Traffic(3, (403, 200, 200))).verdict == "works"
    assert judge_refresh(STREAM, SiteFailed("500"), SENT).exit_code == SiteFailed.exit_code


@pytest.mark.parametrize(("seconds", "told"), [(0.0034, "3 ms"), (0.9, "900 ms"), (1.24, "1.2 s")])
def test_times_are_short(seconds: float, told: str) -> None:
    """Milliseconds below a second, tenths above."""
    assert told_time(seconds) == told
