"""What a browser tells of its network becomes a recording."""

import base64
from typing import Any

from chatdoor.discover.har import read_har
from chatdoor.discover.recording import Exchange
from chatdoor.discover.tape import Tape

URL = "https://bot.example.org/chat"
WALL, CLOCK = 1_795_000_000.0, 50.0


def heard(*events: tuple[str, dict[str, Any]], tape: Tape | None = None, teller: int = 1) -> Tape:
    """A tape that has heard these."""
    tape = tape or Tape()
    for event, told in events:
        tape.hear(teller, f"Network.{event}", {"requestId": "1", **told})
    return tape


def sent(url: str = URL, method: str = "POST", kind: str = "Fetch", **more: Any) -> tuple[str, dict[str, Any]]:
    """A request that goes out."""
    request = {"url": url, "method": method, "headers": {"Accept": "*/*"}, **more.pop("request", {})}
    return "requestWillBeSent", {"request": request, "wallTime": WALL, "timestamp": CLOCK, "type": kind, **more}


def came(status: int = 200, kind: str = "application/json", **more: Any) -> tuple[str, dict[str, Any]]:
    """The head of an answer."""
    response = {"status": status, "headers": {"content-type": kind}, "mimeType": kind}
    return "responseReceived", {"response": response, "type": "Fetch", **more}


def piece(data: bytes) -> tuple[str, dict[str, Any]]:
    """Some of a body."""
    return "dataReceived", {"data": base64.b64encode(data).decode(), "dataLength": len(data)}


END = ("loadingFinished", {"timestamp": CLOCK + 2})
RAW = ("requestWillBeSentExtraInfo", {"headers": {"Accept": "*/*", "Cookie": "a=1; b=2"}})
RAW_CAME = (
    "responseReceivedExtraInfo",
    {"headers": {"content-type": "application/json", "set-cookie": "a=1; HttpOnly\nb=2"}, "statusCode": 200},
)


def exchanges(tape: Tape) -> tuple[Exchange, ...]:
    """What is read from the tape's file."""
    return read_har(tape.har("chatdoor", "1"), "the tape").exchanges


def test_a_request_and_its_answer() -> None:
    """Headers are those that went over the wire, with cookies; times are of the wall."""
    tape = heard(sent(request={"postData": '{"text": "hi"}'}), RAW, RAW_CAME, came(), END)
    tape.hear_body("1", '{"answer": "Hello"}')
    (only,) = exchanges(tape)
    assert only.request.cookies == (("a", "1"), ("b", "2"))
    assert only.request.body.text == '{"text": "hi"}'
    assert only.answer.cookies == (("a", "1"), ("b", "2"))
    assert only.answer.body.text == '{"answer": "Hello"}'
    assert (only.kind, only.started, only.ended) == ("fetch", WALL, WALL + 2)
    assert (tape.sent, tape.came) == (1, 1)


def test_raw_headers_that_are_told_first() -> None:
    """They wait for the request that they belong to."""
    (only,) = exchanges(heard(RAW, sent(), came(), RAW_CAME, END))
    assert only.request.cookies[0] == ("a", "1")


def test_redirects_are_exchanges_of_their_own() -> None:
    """Each hop has its own headers, cookies and answer."""
    redirect = {"status": 303, "headers": {"location": "/c/1"}}
    tape = heard(
        sent(),
        RAW,
        ("responseReceivedExtraInfo", {"headers": {"location": "/c/1", "set-cookie": "c=3"}}),
        sent("https://bot.example.org/c/1", "GET", redirectResponse=redirect),
        ("requestWillBeSentExtraInfo", {"headers": {"Cookie": "c=3"}}),
        came(kind="text/html"),
        END,
    )
    first, second = exchanges(tape)
    assert (first.answer.status, first.answer.redirect, first.answer.cookies) == (303, "/c/1", (("c", "3"),))
    assert (second.request.method, second.request.cookies, second.answer.status) == ("GET", (("c", "3"),), 200)


def test_a_body_in_pieces() -> None:
    """What had come before is put before; UTF-8 that is cut in two is whole again; a stream that is left is kept."""
    tape = heard(sent(), came(kind="text/event-stream"))
    text = "data: Grüße\n\n".encode()
    heard(piece(text[9:]), tape=tape)
    tape.hear_beginning("1", 1, text[:9])
    heard(("loadingFailed", {"timestamp": CLOCK + 1, "canceled": True}), tape=tape)
    assert tape.is_streamed("1")
    assert exchanges(tape)[0].answer.body.text == "data: Grüße\n\n"


def test_two_tellers_of_one_event() -> None:
    """What several sessions tell is on the tape once, each piece too."""
    events = (sent(), RAW, came(), piece(b'{"answer":'), piece(b' "a"}'), END)
    tape = heard(*events)
    heard(*events, tape=tape, teller=2)
    (only,) = exchanges(tape)
    assert only.answer.body.text == '{"answer": "a"}'


def test_a_websocket() -> None:
    """Its frames have their direction and time, its handshake the cookies."""
    frame = {"opcode": 1, "payloadData": '{"text": "hi"}'}
    tape = heard(
        ("webSocketCreated", {"url": "wss://bot.example.org/live"}),
        (
            "webSocketWillSendHandshakeRequest",
            {"request": {"headers": {"Cookie": "a=1"}}, "wallTime": WALL, "timestamp": CLOCK},
        ),
        ("webSocketHandshakeResponseReceived", {"response": {"status": 101, "headers": {}}}),
        ("webSocketFrameSent", {"timestamp": CLOCK + 1, "response": frame}),
        ("webSocketFrameReceived", {"timestamp": CLOCK + 2, "response": {**frame, "payloadData": "Hello"}}),
        ("webSocketClosed", {"timestamp": CLOCK + 3}),
    )
    (only,) = exchanges(tape)
    assert only.request.cookies == (("a", "1"),)
    assert [(each.sent, each.content, each.at) for each in only.frames] == [
        (True, '{"text": "hi"}', WALL + 1),
        (False, "Hello", WALL + 2),
    ]
    assert (tape.sent, tape.came) == (2, 1)


def test_what_is_waited_for() -> None:
    """A request has no answer, then an answer that has not ended, then nothing; scripts are not waited for."""
    tape = heard(sent(kind="Script"))
    assert (tape.unanswered(0), tape.unended(0)) == (0, 0)
    tape = heard(sent())
    assert (tape.unanswered(0), tape.unended(0), tape.unanswered(tape.length)) == (1, 0, 0)
    heard(came(), tape=tape)
    assert (tape.unanswered(0), tape.unended(0)) == (0, 1)
    heard(END, tape=tape)
    assert (tape.unanswered(0), tape.unended(0)) == (0, 0)


def test_bodies_that_are_sent_in_parts() -> None:
    """Parts are joined; a body that its event did not hold is taken when it is told."""
    parts = [{"bytes": base64.b64encode(text).decode()} for text in (b"a=1", b"&b=2")]
    assert exchanges(heard(sent(request={"postDataEntries": parts})))[0].request.body.text == "a=1&b=2"
    tape = heard(sent(request={"hasPostData": True}))
    tape.hear_sent("1", "later")
    assert exchanges(tape)[0].request.body.text == "later"


def test_what_no_event_told() -> None:
    """A request that somebody else kept stands where it was sent."""
    tape = heard(sent(), came(), END)
    request = {"method": "POST", "url": f"{URL}/session", "headers": {"content-type": "application/json"}}
    response = {"status": 200, "headers": {"content-type": "application/json", "set-cookie": "a=1\nb=2"}}
    tape.hear_whole({"request": request, "wallTime": WALL - 1, "type": "fetch"}, response, b'{"id": 1}')
    first, second = exchanges(tape)
    assert (first.request.url, first.answer.body.text) == (f"{URL}/session", '{"id": 1}')
    assert first.answer.cookies == (("a", "1"), ("b", "2"))
    assert second.request.url == URL


def test_the_last_page() -> None:
    """What a window was led to last, as an answer."""
    assert Tape().last_page is None
    tape = heard(sent(method="GET", kind="Document"), came(403, "text/html", type="Document"))
    tape.hear_body("1", "<p>No</p>")
    page = tape.last_page
    assert page is not None
    assert (page.head.status, page.text) == (403, "<p>No</p>")


def test_pictures_are_left_out() -> None:
    """They would only make the file large."""
    tape = heard(sent(kind="Image"), came(type="Image"), END)
    heard(sent(), came(), END, tape=tape, teller=1)
    assert [each.kind for each in exchanges(tape)] == ["fetch"]
