"""What few pages do, and a site file must still say right: ids and tokens in headers, counters, keys, system texts."""

import json
import tomllib
from typing import Any

import pytest

from chatdoor.discover.discovery import Discovery, discover
from chatdoor.discover.har import read_har
from chatdoor.errors import RecordingError
from tests.discover.chats import ASKED, OTHER, SAID, TOKEN, got, page, pieces, recorded


def found(*entries: dict[str, Any]) -> Discovery:
    """What is discovered."""
    return discover(read_har(recorded(page(), *entries), "a.har"), "a.har")


def written(*entries: dict[str, Any]) -> dict[str, Any]:
    """The site file, as a table."""
    return tomllib.loads(found(*entries).text)


def turns(path: str = "/ask", **more: dict[str, Any]) -> list[dict[str, Any]]:
    """Two turns; `first` and `second` are what their bodies hold beside the prompt."""
    own = (more.get("first", {}), more.get("second", {}))
    return [got("POST", path, {"answer": SAID[at]}, body={"q": ASKED[at], **own[at]}) for at in range(2)]


def with_headers(*sent: dict[str, str]) -> list[dict[str, Any]]:
    """Two turns that send these headers, and are answered with an id."""
    return [
        got("POST", "/ask", {"answer": SAID[at], "id": OTHER}, body={"q": ASKED[at]}, sent=sent[at]) for at in range(2)
    ]


def test_a_conversation_id_in_a_header() -> None:
    """It goes with the messages alone: no other request has one."""
    site = written(*with_headers({}, {"X-Conversation-Id": OTHER}))
    assert site["chat"]["headers"] == {"X-Conversation-Id": "{conversation}"}
    assert site["chat"]["take"] == {"conversation": {"json": "id"}}
    assert "headers" not in site


def test_a_token_that_head_fetched() -> None:
    """HEAD is written as get, which gives the same headers; a preflight is no step."""
    answered = {"headers": [{"name": "X-CSRF-Token", "value": TOKEN}]}
    sent = {"X-CSRF-Token": TOKEN}
    site = written(got("OPTIONS", "/odata", **answered), got("HEAD", "/odata", **answered), *with_headers(sent, sent))
    assert site["session"] == {"get": "/odata"}
    assert site["take"] == {"csrf": {"header": "X-CSRF-Token"}}


def test_headers_that_no_site_file_can_set() -> None:
    """Those of a proxy, empty ones, and ones of characters that headers do not have are left out."""
    sent = {"Proxy-Connection": "keep-alive", "X-Empty": "", "X-Name": "José", "X: Y": "1", "X-Build": "red"}
    assert written(*with_headers(sent, sent))["chat"]["headers"] == {"X-Build": "red"}


@pytest.mark.parametrize(("first", "second"), [(1, 2), (100, 108), ("7", "8"), (1_764_000_000, 1_764_000_017)])
def test_a_number_that_grows_stays_as_it_was_first(first: int, second: int) -> None:
    """No value is made up for it, and nobody is asked for a secret; the question is told."""
    each = found(*turns(first={"id": first}, second={"id": second}))
    assert tomllib.loads(each.text)["chat"]["json"]["id"] == first
    assert f"body id grows from turn to turn; here it stays {first}: does the site mind?" in [
        finding.text for finding in each.findings if finding.sureness == "guessed"
    ]


def test_a_number_that_does_not_grow_is_not_made_as_letters() -> None:
    """Few digits alone are neither hex nor letters."""
    site = written(*turns(first={"n": 98_765_432}, second={"n": 12_345_678}))
    assert "make" not in site["chat"]


def test_a_null_that_is_left_out_is_told() -> None:
    """TOML has no null; the site may want one, so that the report asks."""
    thread = {"thread": None}
    report = str(found(*turns(first=thread, second=thread)).findings)
    assert "body thread is null, which no site file can say; it is left out" in report


def test_a_key_in_the_address_is_no_conversation() -> None:
    """What is named as a key, and came from no answer, is a secret and not made anew."""
    site = written(*turns(f"/ask?key={OTHER}"))
    assert site["chat"]["query"] == {"key": "{env:BOT_EXAMPLE_KEY}"}
    assert "conversation" not in site


def test_a_system_text_is_not_the_other_side() -> None:
    """Roles are those of the two who talk; that the page adds a message is told, and its text is not."""
    system = {"role": "system", "content": "You are the helpful bot of a shop."}
    said = [{"role": "user", "content": ASKED[0]}, {"role": "bot", "content": SAID[0]}]
    lists = ([system, said[0]], [system, *said, {"role": "user", "content": ASKED[1]}])
    each = found(*(got("POST", "/ask", {"answer": SAID[at]}, body={"messages": lists[at]}) for at in range(2)))
    assert tomllib.loads(each.text)["messages"] == {"roles": {"assistant": "bot"}}
    assert [finding.sureness for finding in each.findings if "adds a message to the list" in finding.text] == [
        "unknown"
    ]
    assert "shop" not in each.text


def test_streams_of_a_form_of_their_own_are_not_possible() -> None:
    """Lines that no reply shape reads end in the reason, not in a file that gives their marks as text."""
    lines = ["".join(f"0:{json.dumps(piece)}\n" for piece in pieces(said)) + 'd:{"a":1}\n' for said in SAID]
    for kind, because in (("text/plain", "Vercel's AI SDK"), ("text/x-component", "Next.js")):
        with pytest.raises(RecordingError, match=f"not possible, because this site \\({because}"):
            found(*(got("POST", "/ask", lines[at], kind, body={"q": ASKED[at]}) for at in range(2)))


def test_what_the_language_can_not_say_is_not_possible() -> None:
    """A method that no step has is the recording's error, with its reason, not one of a file that nobody wrote."""
    with pytest.raises(RecordingError, match=r"a\.har: not possible, because .* chat\.search: unknown key"):
        found(*(got("SEARCH", "/ask", {"answer": SAID[at]}, body={"q": ASKED[at]}) for at in range(2)))


def test_one_turn_is_counted_in_the_singular() -> None:
    """Texts are for people."""
    texts = [finding.text for finding in found(turns()[0]).findings]
    assert texts[0].startswith("chat: POST /ask, 1 turn; ")


def test_a_bearer_token_that_ran_out_is_the_sessions() -> None:
    """The same request gave it twice: it signs in, and what stands before the token stays."""
    typed = {"email": "ada@example.org", "password": "lovelace-1815"}
    entries = []
    for token, turn in zip((TOKEN, OTHER), turns(), strict=True):
        turn["request"]["headers"].append({"name": "Authorization", "value": f"Bearer {token}"})
        entries += [got("POST", "/login", {"token": token}, body=typed), turn]
    site = written(*entries)
    assert site["headers"] == {"Authorization": "Bearer {bearer}"}
    assert site["session"]["post"] == "/login"
    assert site["session"]["take"] == {"bearer": {"json": "token"}}


def said_again(first: dict[str, Any]) -> list[dict[str, Any]]:
    """Two turns over sockets of their own, and between them the second one's text in an exchange without an answer."""
    sockets = []
    for asked, said in zip(ASKED, SAID, strict=True):
        frames = [("send", {"q": asked}), ("receive", {"type": "token", "text": said}), ("receive", {"type": "done"})]
        sockets.append(socket(*frames))
    return [sockets[0], first, sockets[1]]


def socket(*frames: tuple[str, object]) -> dict[str, Any]:
    """A websocket and what went over it."""
    messages = [{"type": kind, "time": 1.0, "opcode": 1, "data": json.dumps(data)} for kind, data in frames]
    return {**got("GET", "wss://bot.example.org/ws", status=101), "_webSocketMessages": messages}


def talked(*answers: list[object]) -> Discovery:
    """A talk over one socket, each prompt with the frames that answer it."""
    frames: list[tuple[str, object]] = []
    for asked, answered in zip(ASKED, answers, strict=True):
        frames += [("send", {"q": asked}), *(("receive", each) for each in answered)]
    return found(socket(*frames))


def test_frames_that_are_lists() -> None:
    """Their kind stands at a position, for the text as for the end."""
    made = talked(*([["ack", {}], *(["chunk", {"s": each}] for each in pieces(said)), ["fin", {}]] for said in SAID))
    wanted = {"websocket": "[1].s", "where": {"[0]": "chunk"}, "done": {"[0]": "fin"}}
    assert tomllib.loads(made.text)["reply"] == wanted


def test_a_reply_of_one_frame_ends_with_it() -> None:
    """The text itself is the mark, since the socket stays open."""
    made = talked(*([{"answer": said}] for said in SAID))
    assert tomllib.loads(made.text)["reply"] == {"websocket": "answer", "done": {"type(answer)": "string"}}


def test_a_reply_of_one_frame_beside_one_that_grows() -> None:
    """What one frame leaves open, the frames of the other turn decide."""
    words = pieces(SAID[0])
    growing: list[object] = [{"answer": "".join(words[: at + 1])} for at in range(len(words))]
    for answers in ((growing, [{"answer": SAID[1]}]), ([{"answer": SAID[1]}], growing)):
        ended: list[list[object]] = [[*each, {"fin": True}] for each in answers]
        assert tomllib.loads(talked(*ended).text)["reply"]["cumulative"] is True


def test_a_socket_whose_replies_have_no_end_is_told() -> None:
    """Each turn would wait until its time is over, so that the report asks for the last frame."""
    made = talked(*([{"s": each} for each in pieces(said)] for said in SAID))
    assert "nothing marks its end" in str(made.findings)
    assert "done" not in tomllib.loads(made.text)["reply"]


def test_what_was_sent_again_needs_no_answer() -> None:
    """A socket that was closed, and a request that was lost, are no turns where the same text was sent again."""
    site = written(*said_again(socket(("send", {"q": ASKED[1]}))))
    assert (site["chat"]["websocket"], site["reply"]["websocket"]) == ("/ws", "text")
    first, second = turns()
    lost = {**got("POST", "/ask", "", body={"q": ASKED[1]})}
    lost["response"]["status"] = 0
    assert written(first, lost, second)["reply"] == {"json": "answer"}


@pytest.mark.parametrize(
    ("answers", "remark"),
    [
        ([{"html": f"<div><p>{said}</p></div>"} for said in SAID], "reply: it holds HTML"),
        ([[{"text": said}, {"text": "Anything else, my friend?"}] for said in SAID], "reply: a list had several texts"),
        ([[{"text": said}] for said in SAID], ""),
    ],
)
def test_what_is_read_of_a_reply_is_remarked(answers: list[object], remark: str) -> None:
    """Markup in it, and texts beside it, are told where they are; nothing is told of a plain one."""
    each = found(*(got("POST", "/ask", answers[at], body={"q": ASKED[at]}) for at in range(2)))
    texts = [finding.text for finding in each.findings if finding.text.startswith("reply:")]
    assert [text.startswith(remark) for text in texts] == ([True] if remark else [])
