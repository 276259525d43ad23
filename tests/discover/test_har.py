"""Reading recordings: what each recorder writes, and what it does wrong."""

import json
import random
import time
import tracemalloc
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatdoor.discover import har_text as har_module
from chatdoor.discover.har import read_har
from chatdoor.discover.recording import Exchange
from chatdoor.errors import RecordingError
from tests.discover.har_file import RECORDINGS, content, entry, har, headers


def only(*entries: Any, **log: Any) -> Exchange:
    """The one exchange of a file."""
    (exchange,) = read_har(har(*entries, **log), "a.har").exchanges
    return exchange


@pytest.mark.parametrize("file", RECORDINGS, ids=lambda file: file.stem)
def test_each_real_recording_is_read_the_same(file: Path) -> None:
    """Whatever wrote it: the prompts are in what was sent, and an answer to each came as text."""
    expected = json.loads(file.with_name(f"{file.name.partition('.')[0]}.expected.json").read_text("utf-8"))
    recording = read_har(file.read_bytes(), file.name)
    assert recording.shows_cookies is not file.name.endswith((".devtools.har", ".chrome_devtools.har"))
    assert recording.recorder.split()[0] in {"Playwright", "WebInspector", "Firefox"}
    assert recording.skipped == 0
    started = [exchange.started or 0 for exchange in recording.exchanges]
    assert started == sorted(started)
    assert min(started) > 1_700_000_000
    for prompt in expected["prompts"]:
        asked = [each for each in recording.exchanges if prompt in each.request.body.text or prompt in _fields(each)]
        assert asked
        assert all(each.answer.body.text for each in asked)
    (page,) = [each for each in recording.exchanges if each.request.parts.path == "/"]
    assert page.answer.body.type == "text/html"
    assert page.request.header("user-agent").startswith("Mozilla/")


def _fields(exchange: Exchange) -> list[str]:
    return [value for _, value in exchange.request.fields]


def test_the_cookies_of_a_full_export_are_those_of_the_header() -> None:
    """Firefox decodes the values that it lists; what the site sent is in the header."""
    listed = [{"name": "s", "value": "a/b"}]
    sent = headers(cookie="s=a%2Fb; theme=dark")
    came = [*headers(set_cookie="s=c%2Fd; Path=/; HttpOnly"), *headers(set_cookie="t=1")]
    exchange = only(entry(request={"headers": sent, "cookies": listed}, response={"headers": came, "cookies": listed}))
    assert exchange.request.cookies == (("s", "a%2Fb"), ("theme", "dark"))
    assert exchange.answer.cookies == (("s", "c%2Fd"), ("t", "1"))
    assert only(entry(request={"cookies": listed})).request.cookies == (("s", "a/b"),)


@pytest.mark.parametrize(("recorder", "shows"), [("chatdoor", True), ("WebInspector", False)])
def test_a_recording_without_cookies_hides_them_or_had_none(recorder: str, shows: bool) -> None:
    """Our own recorder leaves none out."""
    data = har(entry("https://bot.example.org/"), creator={"name": recorder, "version": "1"})
    assert read_har(data, "a.har").shows_cookies is shows


def test_headers_are_in_lower_case_and_of_http_1() -> None:
    """Names in any case, pseudo-headers of HTTP/2, values that a recorder joined by line breaks."""
    raw = [{"name": ":authority", "value": "a"}, {"name": "X-CSRF-Token", "value": "t"}]
    joined = [{"name": "Set-Cookie", "value": "a=1; Path=/\nb=2"}]
    exchange = only(entry(request={"headers": raw}, response={"headers": joined}))
    assert exchange.request.headers == (("x-csrf-token", "t"),)
    assert exchange.answer.cookies == (("a", "1"), ("b", "2"))


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("data:text/plain,hello", False),
        ("blob:https://a.example.org/1", False),
        ("chrome-extension://abc/x.js", False),
        ("about:blank", False),
        ("http://[broken/", False),
        ("wss://a.example.org/ws", True),
    ],
)
def test_what_went_over_no_network_is_skipped(url: str, kept: bool) -> None:
    """It is counted, and the others keep their place in the file."""
    recording = read_har(har(entry(url), entry()), "a.har")
    assert recording.skipped == (0 if kept else 1)
    assert recording.exchanges[-1].index == 1


@pytest.mark.parametrize("status", [-1, 0, None, "0", ""])
def test_a_request_without_an_answer_has_status_0(status: object) -> None:
    """Chrome writes 0 and older ones -1 for what was blocked or cancelled; the body is absent for that reason."""
    exchange = only(entry(status=status, response=content("", "x-unknown")))
    assert exchange.answer.status == 0
    assert (exchange.answer.body.absent, exchange.answer.body.type) == ("failed", "")


def test_an_entry_without_a_response_is_a_failed_one() -> None:
    """Safari leaves the response out where none came."""
    raw = entry()
    del raw["response"]
    assert only(raw).answer.body.absent == "failed"


@pytest.mark.parametrize(
    ("method", "status", "body", "absent"),
    [
        ("POST", 200, {"size": 0, "mimeType": "text/event-stream", "text": ""}, "not recorded"),
        ("POST", 200, {"size": 0, "mimeType": "text/event-stream"}, "not recorded"),
        ("GET", 200, {"size": 4096, "mimeType": "text/html"}, "not recorded"),
        ("GET", 200, {"size": -1, "mimeType": "text/html", "text": None}, "not recorded"),
        ("GET", 200, {"size": 9, "mimeType": "text/html", "_file": "1.html"}, "in another file"),
        ("HEAD", 200, {"size": 9, "mimeType": "text/html"}, "no body"),
        ("POST", 204, {"size": 0, "mimeType": "x-unknown"}, "no body"),
        ("GET", 304, {"size": 10, "mimeType": "text/html"}, "no body"),
        ("GET", 302, {"size": 0, "mimeType": ""}, "no body"),
        ("GET", 200, {"size": 9, "mimeType": "image/png", "text": "iVBOR", "encoding": "base64"}, "asset"),
    ],
)
def test_a_body_that_is_not_there_says_why(method: str, status: int, body: dict[str, Any], absent: str) -> None:
    """Streams and what was gone after a navigation were not recorded; 204 never had one."""
    answer = only(entry(method=method, status=status, response={"content": body})).answer
    assert (answer.body.content, answer.body.absent) == (None, absent)


def test_a_stream_that_was_not_kept_is_made_of_its_events() -> None:
    """Chrome keeps the events of a stream beside a body that it lost."""
    events = [{"eventName": "token", "eventId": "", "data": '{"v":"a"}'}, {"eventName": "", "data": "b\nc"}]
    body = only(entry(response=content(None, "text/event-stream"), _eventSourceMessages=events)).answer.body
    assert body.text == 'event: token\ndata: {"v":"a"}\n\ndata: b\ndata: c\n\n'
    assert body.mended == ("events",)


@pytest.mark.parametrize(
    ("seconds", "written"),
    [(1_795_348_800.25, 1_795_348_800.25), (1_795_348_800.25, 1_795_348_800_250), (12.5, 12.5), (None, None)],
)
def test_frames_have_one_unit_of_time(seconds: float | None, written: float | None) -> None:
    """Chrome and mitmproxy write seconds, Playwright milliseconds."""
    messages = [
        {"type": "send", "time": written, "opcode": 1, "data": '{"q":"hi"}'},
        {"type": "receive", "time": written, "opcode": 2, "data": "AAEC/w=="},
        {"type": "receive", "time": written, "opcode": 2, "data": "not base64"},
        {"type": "receive", "time": written, "opcode": 1, "data": "naÃ¯ve"},
    ]
    frames = only(entry("wss://a.example.org/ws", method="GET", status=101, _webSocketMessages=messages)).frames
    assert [frame.at for frame in frames] == [seconds] * 4
    assert [frame.sent for frame in frames] == [True, False, False, False]
    assert [frame.content for frame in frames] == ['{"q":"hi"}', b"\x00\x01\x02\xff", "not base64", "naïve"]


def test_form_fields_are_decoded_wherever_they_stand() -> None:
    """Chrome lists them encoded, Firefox and Playwright list none beside the text, Safari has no text."""
    kind = "application/x-www-form-urlencoded"
    text = "message=Hello+there%21&csrf=a%2Bb"
    encoded = [{"name": "message", "value": "Hello+there%21"}]
    for post in ({"text": text, "params": encoded}, {"text": text, "params": []}, {"text": text}):
        request = only(entry(request={"postData": {"mimeType": kind, **post}})).request
        assert request.fields == (("message", "Hello there!"), ("csrf", "a+b"))
    listed = [{"name": "message", "value": "Hello there!"}, {"name": "csrf", "value": "a+b"}]
    request = only(entry(request={"postData": {"mimeType": kind, "params": listed}})).request
    assert request.fields == (("message", "Hello there!"), ("csrf", "a+b"))
    assert (request.body.text, request.body.mended) == (text, ("params",))


def test_raw_multipart_is_taken_apart_by_the_headers_boundary() -> None:
    """Firefox gives the raw text, and the boundary in the header alone."""
    text = (
        '--XX\r\nContent-Disposition: form-data; name="prompt"\r\n\r\nHello\r\nyou\r\n'
        '--XX\r\nContent-Disposition: form-data; name="f"; filename="a.png"\r\n\r\nPNG\r\n--XX--\r\n'
    )
    sent = headers(content_type="multipart/form-data; boundary=XX")
    request = only(
        entry(request={"headers": sent, "postData": {"mimeType": "multipart/form-data", "text": text}})
    ).request
    assert request.fields == (("prompt", "Hello\nyou"),)


def test_a_redirect_is_told_by_its_field_or_its_header() -> None:
    """Chrome leaves `redirectURL` empty in some versions."""
    there = {"headers": headers(location="/chat/1"), "redirectURL": ""}
    assert only(entry(status=302, response=there)).answer.redirect == "/chat/1"
    assert only(entry(status=201, response=there)).answer.redirect == ""
    assert only(entry(status=302, response={"redirectURL": "https://a.example.org/"})).answer.redirect.startswith(
        "https"
    )


def test_exchanges_are_in_the_order_in_which_they_started() -> None:
    """A proxy writes them as they ended; where a time is missing, the file's order stays."""
    late, early = (entry(startedDateTime=f"2026-11-22T12:00:0{second}.5+00:00") for second in (2, 1))
    assert [each.index for each in read_har(har(late, early), "a.har").exchanges] == [1, 0]
    assert [each.index for each in read_har(har(late, entry(startedDateTime="?")), "a.har").exchanges] == [0, 1]
    assert only(early).ended == pytest.approx((only(early).started or 0) + 0.2505)


def test_numbers_and_texts_stand_for_each_other() -> None:
    """Some recorders write a status as text, a value as a number, null for what is empty."""
    raw = entry(status="201", request={"headers": [{"name": "X-Id", "value": 7}], "cookies": None}, time="12")
    exchange = only(raw, pages=None)
    assert (exchange.answer.status, exchange.request.headers) == (201, (("x-id", "7"),))


BAD = [
    (b"", "is empty"),
    (b"  \n", "is empty"),
    (b"<html>", "not a HAR file"),
    (b'[{"log": 1}]', "not a HAR file"),
    (b"{}", "`log`"),
    (b'{"log": {"entries": "x"}}', "$.log.entries"),
    (b'{"log": {"entries": []}}', "no exchange"),
    (har(entry("data:,x")), "no exchange"),
    (har(entry())[:-20], "cut short"),
    (har(entry()) + b"x", "not JSON at byte"),
    (b'{"log": {"entries": [nan]}}', "not JSON at byte"),
    (b'{"log": {"entries": ' + b"[" * 100_000, "nested too deeply"),
    (har(entry(), {"request": {"method": "GET"}}), "entry 1: not HAR"),
    (har(entry(request={"headers": [7]})), "entry 0: not HAR"),
    (b'{"log": {"entries": [{"request": {"method": "\xff", "url": ""}}]}}', "not JSON"),
]


@pytest.mark.parametrize(("data", "says"), BAD, ids=range(len(BAD)))
def test_what_is_no_recording_is_an_error_that_names_the_place(data: bytes, says: str) -> None:
    """One line, with the file and the way out; nothing of what is in the file."""
    with pytest.raises(RecordingError) as caught:
        read_har(data, "a.har")
    message = str(caught.value)
    assert message.startswith("a.har: ")
    assert says in message
    assert "export" in message
    assert "\n" not in message


def test_a_file_that_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before it is parsed."""
    monkeypatch.setattr(har_module, "MAX_BYTES", 10)
    with pytest.raises(RecordingError, match="larger than"):
        read_har(har(entry()), "a.har")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_byte_order_mark_is_no_matter(encoding: str) -> None:
    """Shells of Windows put one before what they redirect, in UTF-16 too."""
    assert read_har(har(entry()).decode().encode(encoding), "a.har").exchanges


def test_half_a_character_is_mended() -> None:
    """JavaScript writes what was cut between two surrogates as an escape that is no character."""
    raw = har(entry(response=content("HERE"))).replace(b"HERE", rb"a\ud83d b\ud83d\ude42 c\\ud83d")
    (exchange,) = read_har(raw, "a.har").exchanges
    assert exchange.answer.body.text == "a\ufffd b🙂 c\\ud83d"


@given(cut=st.integers(0, 2000), noise=st.binary(max_size=6))
def test_a_damaged_file_is_read_or_refused(cut: int, noise: bytes) -> None:
    """Whatever is wrong with it, there is no other error."""
    whole = har(entry(response=content('{"reply": "Hello 🙂"}')), entry(_webSocketMessages=[{"data": "x"}]))
    with suppress(RecordingError):
        assert read_har(whole[:cut] + noise + whole[cut + len(noise) :], "a.har").exchanges


def test_a_large_recording_is_read_in_seconds() -> None:
    """50 MB take at most 10 s and 500 MB beside the file, here a fifth of each for a fifth of the size."""
    letters = random.Random(1).choices('abcdefghij {}()"\\;\n', k=100_000)
    script = entry(method="GET", response=content("".join(letters), "text/javascript"))
    data = har(*[script] * 90)
    assert len(data) > 10_000_000
    tracemalloc.start()
    began = time.process_time()
    recording = read_har(data, "a.har")
    seconds = time.process_time() - began
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(recording.exchanges) == 90
    assert seconds < 2
    assert peak < 100_000_000
