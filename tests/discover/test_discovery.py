"""What discovery says where a recording is not enough, and what it proves of its own result."""

import json
import time
import tomllib
from contextlib import suppress
from typing import Any

import pytest

from chatdoor.discover import discovery
from chatdoor.discover.discovery import discover
from chatdoor.discover.har import read_har
from chatdoor.discover.plan import Plan
from chatdoor.discover.report import report
from chatdoor.errors import RecordingError
from tests.discover.chats import ASKED, OTHER, SAID, TOKEN, got, page, recorded


def refused(*entries: dict[str, Any], prompts: tuple[str, ...] = ()) -> str:
    """The message of the error."""
    with pytest.raises(RecordingError) as error:
        discover(read_har(recorded(*entries), "a.har"), "a.har", prompts)
    return str(error.value)


def turns(path: str = "/ask", texts: tuple[str, ...] = ASKED, said: tuple[str, ...] = SAID) -> list[dict[str, Any]]:
    """A chat at that path."""
    return [got("POST", path, {"answer": b}, body={"q": a}) for a, b in zip(texts, said, strict=True)]


def test_nothing_typed() -> None:
    """A page alone is no chat, and the message says what to record."""
    assert "nothing that was typed is in it" in refused(page())


def test_a_prompt_that_is_not_there() -> None:
    """What was told and is not there is not guessed."""
    assert "no request holds the text of --prompt" in refused(page(), *turns(), prompts=("Good morning",))


def test_an_answer_that_was_not_kept() -> None:
    """The message names the request and the recorders that keep it."""
    lost = got("POST", "/ask", "", "text/event-stream", body={"q": ASKED[0]})
    message = refused(page(), lost)
    assert "POST /ask (entry 1)" in message
    assert "export from Firefox" in message


def test_a_bot_check() -> None:
    """A site that asks for a browser is not possible, because of that."""
    check = got("POST", "/ask", "<html>challenge-platform</html>", "text/html", body={"q": ASKED[0]}, status=403)
    check["response"]["headers"].append({"name": "cf-mitigated", "value": "challenge"})
    assert "not possible, because the site asks for proof of a browser" in refused(page(), check)


def test_binary_frames() -> None:
    """Frames that are no text can not be described, and the message says so."""
    frames = [{"type": "send", "time": 1, "opcode": 2, "data": "/wAIAQ=="}]
    socket = {**got("GET", "wss://bot.example.org/live", status=101), "_webSocketMessages": frames}
    assert "not possible, because this site talks in binary frames" in refused(page(), socket)


def test_a_reply_on_a_stream_that_was_open_before() -> None:
    """It can not be described, and the message names the stream."""
    stream = got("GET", "/events", "data: hello there\n\n", "text/event-stream")
    sent = [got("POST", "/ask", {"ok": True}, body={"q": text}) for text in ASKED]
    message = refused(page(), stream, *sent)
    assert "not possible, because the reply to POST /ask (entry 2) comes over GET /events (entry 1)" in message


def test_a_key_in_a_program_is_asked_for() -> None:
    """A key that stands in a script alone is no value of a visitor: the question names the script."""
    script = got("GET", "/app.js", f'const k={{apiKey:"{TOKEN}"}}', "application/javascript")
    sent = {"X-Api-Key": TOKEN}
    asked = [got("POST", "/ask", {"answer": b}, body={"q": a}, sent=sent) for a, b in zip(ASKED, SAID, strict=True)]
    made = discover(read_har(recorded(page(), script, *asked), "a.har"), "a.har")
    assert TOKEN not in made.text
    assert "{env:BOT_EXAMPLE_API_KEY}" in made.text
    questions = [each.text for each in made.findings if each.sureness == "unknown"]
    assert any("stands in the script /app.js (entry 1): is it the same for everybody?" in text for text in questions)


@pytest.mark.parametrize(
    ("url", "kind", "stack"),
    [
        ("/livewire/update", "application/json", "Livewire"),
        ("/_blazor/negotiate", "application/json", "Blazor"),
        ("/?v-r=uidl&v-uiId=0", "application/json", "Vaadin"),
        ("/bot.Chat/Say", "application/grpc-web+proto", "protobuf"),
    ],
)
def test_stacks_that_no_site_file_describes(url: str, kind: str, stack: str) -> None:
    """They are told by their protocol, also where text can be seen in it."""
    asked = [got("POST", url, {"answer": b}, kind, body={"q": a}) for a, b in zip(ASKED, SAID, strict=True)]
    message = refused(page(), *asked)
    assert "not possible, because this site" in message
    assert stack in message


def test_two_chats() -> None:
    """Of two chats the person says which one; then it is that one."""
    other = ("Which colour do you like best?", "And which one after that, my friend?")
    both = [
        page(),
        *turns(),
        *turns("/sales", other, ("Blue is what I like best of all.", "Green comes after it, surely.")),
    ]
    message = refused(*both)
    assert "two chats: " in message
    assert "POST /ask" in message
    assert "POST /sales" in message
    made = discover(read_har(recorded(*both), "a.har"), "a.har", [other[1]])
    assert tomllib.loads(made.text)["chat"]["post"] == "/sales"


def test_one_turn_is_said_to_be_one() -> None:
    """What a second turn would show is asked for."""
    made = discover(read_har(recorded(page(), turns()[0]), "a.har"), "a.har")
    assert [each for each in made.findings if each.sureness == "unknown" and "one turn was recorded" in each.text]
    assert "is this the chat?" in report(made.findings)


def test_two_recordings_are_compared() -> None:
    """What is the same in one recording and other in another is no constant: it is traced, or made, or asked for."""

    def recording(seat: str) -> bytes:
        seated = [
            got("POST", "/ask", {"answer": b}, body={"q": a, "seat": seat, "model": "small"})
            for a, b in zip(ASKED, SAID, strict=True)
        ]
        return recorded(page(f'<html><body data-seat="{seat}"></body></html>'), *seated)

    one, two = (read_har(recording(seat), "a.har") for seat in ("left", "right"))
    alone, compared = discover(one, "a.har"), discover(one, "a.har", (), [two])
    assert tomllib.loads(alone.text)["chat"]["json"]["seat"] == "left"
    site = tomllib.loads(compared.text)
    assert site["chat"]["json"] == {"q": "{prompt}", "seat": "{seat}", "model": "small"}
    assert site["take"] == {"seat": {"css": "body", "attr": "data-seat"}}


def test_two_recordings_of_other_chats() -> None:
    """They can not be compared, and the message says which one is another."""
    one, two = (read_har(recorded(page(), *turns(path)), "a.har") for path in ("/ask", "/sales"))
    with pytest.raises(RecordingError, match="recording 2: its chat is another one"):
        discover(one, "a.har", (), [two])


def test_a_secret_in_the_result_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a rule lets a token through, nothing is written."""
    sent = {"X-Token": TOKEN}
    entries = [got("POST", "/ask", {"answer": b}, body={"q": a}, sent=sent) for a, b in zip(ASKED, SAID, strict=True)]
    tables = discovery.tables

    def leak(plan: Plan, name: str, recorder: str) -> Any:
        found = tables(plan, name, recorder)
        found[0].add("models", [TOKEN])
        return found

    monkeypatch.setattr(discovery, "tables", leak)
    with pytest.raises(RecordingError, match="would hold a secret"):
        discover(read_har(recorded(page(), *entries), "a.har"), "a.har")


def test_a_password_is_never_written() -> None:
    """It stands in clear in the recording, and as a reference in the file; the user's name too."""
    login = got("POST", "/login", "", body=(("user", "alice"), ("password", "sunflower"), ("stay", "1")), status=303)
    login["response"]["redirectURL"] = "/chat"
    login["response"]["headers"].append({"name": "Set-Cookie", "value": f"sid={OTHER}"})
    asked = [
        got("POST", "/ask", {"answer": b}, body={"q": a}, sent={"Cookie": f"sid={OTHER}"})
        for a, b in zip(ASKED, SAID, strict=True)
    ]
    made = discover(read_har(recorded(page(path="/login"), login, page(path="/chat"), *asked), "a.har"), "a.har")
    assert "sunflower" not in made.text
    assert "alice" not in made.text
    assert OTHER not in made.text + report(made.findings)
    session = tomllib.loads(made.text)["session"]
    assert session == {
        "post": "/login",
        "form": {"user": "{env:BOT_EXAMPLE_USER}", "password": "{env:BOT_EXAMPLE_PASSWORD}", "stay": "1"},
        "expect": {"url": "/chat"},
    }


@pytest.mark.parametrize(
    "text",
    [
        "<a " * 50_000,
        "<div>" * 50_000,
        '{"a":' * 5_000 + "1" + "}" * 5_000,
        "csrf" * 50_000,
        "&amp;amp;amp;" * 50_000,
        "&" * 500_000,
        "%25" * 100_000,
        "<script>" + '"' * 100_000 + "\\" * 100_000,
    ],
)
def test_hostile_pages_cost_little(text: str) -> None:
    """Pages that never close, nest without end, repeat one name or are full of escapes are read in a bounded time."""
    begin = time.process_time()
    made = discover(read_har(recorded(page(f"<html>{text}"), *turns()), "a.har"), "a.har")
    assert json.loads(json.dumps(tomllib.loads(made.text)["reply"])) == {"json": "answer"}
    assert time.process_time() - begin < 5


@pytest.mark.parametrize(
    "answer",
    [
        {f"k{number}": f"word number {number}" for number in range(5_000)},
        {"answer": [{"text": "a b " * 50_000}]},
        {"answer": [[f"some text {number}"] for number in range(5_000)]},
    ],
    ids=["wide", "long", "many"],
)
def test_hostile_answers_cost_little(answer: object) -> None:
    """An answer of many texts, or of one that is huge, is read in a bounded time, whatever comes of it."""
    begin = time.process_time()
    with suppress(RecordingError):
        entries = [got("POST", "/ask", answer, body={"q": text}) for text in ASKED]
        discover(read_har(recorded(*entries), "a.har"), "a.har")
    assert time.process_time() - begin < 5


def test_a_prompt_in_a_deep_body_is_refused_by_name() -> None:
    """A body that is nested more deeply than a site file may be gives that message, not a failure of ours."""
    deep = json.loads('{"m":' * 200 + json.dumps(ASKED[0]) + "}" * 200)
    entries = [page(), got("POST", "/ask", {"answer": SAID[0]}, body=deep)]
    with pytest.raises(RecordingError, match=r"not possible, because .* nested too deeply"):
        discover(read_har(recorded(*entries), "a.har"), "a.har")
