"""Scrubbed recordings: no secret is left, the same becomes the same, and discovery still finds its way."""

import base64
import html
import json
import re
import string
import time
import uuid
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import msgspec
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from chatdoor.discover.har import read_har
from chatdoor.discover.opaque import shape_of
from chatdoor.discover.scrub import prove, scrub
from chatdoor.discover.scrub.file import Scrubbed
from chatdoor.discover.scrub.secrets import find_secrets
from chatdoor.errors import RecordingError
from tests.discover.har_file import RECORDINGS, content, entry, har, headers

TOKEN = "mlibUvnl4XbRRpYv9h8yfccGjZovGL3K"
UUID = "68cd3370-c16b-4505-aa7e-41d72b74d5d4"
FORM = "application/x-www-form-urlencoded"


def scrubbed(*entries: Any) -> tuple[str, Scrubbed]:
    """The scrubbed file as text, proven."""
    done = scrub(har(*entries), "a.har")
    prove(done.data, "a.har", done.rewriter)
    return done.data.decode(), done


def form(text: str) -> dict[str, Any]:
    """A request with a form."""
    return {"postData": {"mimeType": FORM, "text": text}}


@pytest.mark.parametrize("file", RECORDINGS, ids=lambda file: file.stem)
def test_real_recordings_keep_their_shape_and_lose_their_secrets(file: Path) -> None:
    """Each exchange, name and text is there as before; each secret is another value of its length, and no secret."""
    data = file.read_bytes()
    before = read_har(data, file.name)
    done = scrub(data, file.name)
    prove(done.data, file.name, done.rewriter)
    after = read_har(done.data, file.name)
    secrets = find_secrets(before)
    assert secrets
    assert [secret.value for secret in secrets if secret.value in done.data.decode()] == []
    assert [each.request.method for each in after.exchanges] == [each.request.method for each in before.exchanges]
    for old, new in zip(before.exchanges, after.exchanges, strict=True):
        assert [name for name, _ in old.request.headers] == [name for name, _ in new.request.headers]
        assert [name for name, _ in old.answer.cookies] == [name for name, _ in new.answer.cookies]
        assert len(old.answer.body.text) == len(new.answer.body.text)
        assert len(old.request.url) == len(new.request.url)
    expected = json.loads(file.with_name(f"{file.name.partition('.')[0]}.expected.json").read_text("utf-8"))
    text = "\n".join(each.request.body.text + str(each.request.fields) for each in after.exchanges)
    assert all(prompt in text for prompt in expected["prompts"])


@pytest.mark.parametrize("file", RECORDINGS, ids=lambda file: file.stem)
def test_a_token_can_still_be_traced_in_a_scrubbed_recording(file: Path) -> None:
    """What was equal in two places is equal afterwards."""
    data = file.read_bytes()
    after = scrub(data, file.name).data.decode()
    for header in re.findall(r'"(?:X-CSRFToken|X-CSRF-Token)","value":"([^"]+)"', after, re.IGNORECASE):
        assert header not in data.decode()
        if "django" not in file.name or "full" in file.name:
            assert after.count(header) > 1


def test_scrubbing_again_finds_the_shapes_again() -> None:
    """A uuid stays one, with its version; hex stays hex; a prefix stays; lengths stay."""
    hexadecimal, prefixed = "1da67ea631bf07ce2b30809bec5017378ca5602a", "conv_43601e5cb1b4270f"
    answer = content(json.dumps({"a": UUID, "b": hexadecimal, "c": prefixed, "d": TOKEN}))
    text, _ = scrubbed(entry(response=answer))
    body = json.loads(json.loads(text)["log"]["entries"][0]["response"]["content"]["text"])
    assert [shape_of(body[key]) for key in "abcd"] == ["uuid", "hex", "token", "token"]
    assert body["a"][14] == "4"
    assert body["c"].startswith("conv_")
    assert [len(body[key]) for key in "abcd"] == [36, 40, 21, 32]


def test_a_secret_inside_another_stays_inside_it() -> None:
    """A signed cookie holds the page's token in base64, and still does."""
    inner = "c5d00fee222002e45266ae5ea9afac7df426a5b6"
    signed = base64.b64encode(f'"{inner}"'.encode()).decode().rstrip("=") + ".awLiDg.I-A3lpRCofnTGHI3t-gi5frOWfk"
    page = content(f'<meta name="csrf-token" content="{inner}">', "text/html")
    text, done = scrubbed(entry(method="GET", response={**page, "headers": headers(set_cookie=f"t={signed}; Path=/")}))
    new = {each.secret.value: each.instead for each in done.rewriter.entries}
    body = new[signed].partition(".")[0]
    decoded = base64.b64decode(body + "=" * (-len(body) % 4)).decode("latin-1")
    assert new[inner][2:-2] in decoded
    assert new[inner] in text


def test_login_is_removed_whatever_it_is() -> None:
    """User and password of a form; the user in later answers too; common words beside their names alone."""
    login = entry("https://a.example.org/login", request=form("user=alice.b&password=sunflower&next=%2Fchat"))
    page = content("<p>Hello alice.b, sunflower is your password: password</p>", "text/html")
    text, done = scrubbed(login, entry(response=page))
    assert "alice.b" not in text
    assert "sunflower" not in text
    assert {each.kind for each in done.counts} == {"password", "user"}
    common = entry("https://a.example.org/login", request=form("username=admin&password=password&next=%2Fadmin"))
    text, done = scrubbed(common)
    body = json.loads(text)["log"]["entries"][0]["request"]["postData"]["text"]
    assert re.fullmatch(r"username=visitor-\d+&password=password-\d+&next=%2Fadmin", body)


def test_common_words_in_cookies_go_too() -> None:
    """In headers and lists of cookies; not in texts."""
    request = {"headers": headers(cookie="theme=dark; n=1"), "cookies": [{"name": "theme", "value": "dark"}]}
    text, _ = scrubbed(entry(request=request, response=content('{"reply": "a dark night"}')))
    assert text.count("dark") == 1
    assert "a dark night" in text


@pytest.mark.parametrize(
    "sent",
    [
        {"headers": headers(authorization=f"Bearer {TOKEN}")},
        {"headers": headers(authorization="Basic " + base64.b64encode(b"alice:sunflower").decode())},
        {"headers": headers(x_api_key="a1b2c3d4")},
        {"headers": headers(referer=f"https://a.example.org/talk/{UUID}?token={TOKEN}")},
        {"headers": headers(x_anything=TOKEN)},
        {"postData": {"mimeType": "application/json", "text": json.dumps({"variables": {"apiKey": "a1b2c3d4"}})}},
        {"postData": {"mimeType": "application/json", "text": json.dumps({"a": json.dumps({"b": [TOKEN]})})}},
        form(f"a={quote(TOKEN + '/+=')}&q=write+to+alice%40mail.example.org"),
    ],
    ids=range(8),
)
def test_secrets_in_requests_go(sent: dict[str, Any]) -> None:
    """In headers, forms, JSON and JSON inside JSON."""
    text, done = scrubbed(entry(request=sent))
    for secret in (TOKEN, "alice", "sunflower", "a1b2c3d4", UUID, base64.b64encode(b"alice:sunflower").decode()):
        assert secret not in text
    assert done.counts


@pytest.mark.parametrize(
    "came",
    [
        content(f'<input type="hidden" name="t" value="{TOKEN}">', "text/html"),
        content(f"<!-- {TOKEN} --><p>alice@mail.example.org", "text/html"),
        content(f'<script>window.x = {{csrfToken: "{TOKEN}"}}</script>', "text/html"),
        content(base64.b64encode(f'data: {{"id": "{TOKEN}"}}\n\n'.encode()).decode(), "text/event-stream",
                encoding="base64"),
        content(f'data: {{"id": "{TOKEN}"}}', "text/event-stream", encoding="base64"),
        content(f'var csrf_token = "{TOKEN}"', "text/javascript"),
        content(f"your key is sk-abcdefghijklmnopqrst, or {TOKEN}", "text/plain"),
        content(f'{{"broken": "{TOKEN}', "application/json"),
        {"redirectURL": f"/talk/{UUID}"},
        {"headers": headers(location=f"/talk/{UUID}")},
    ],
    ids=range(10),
)  # fmt: skip
def test_secrets_in_answers_go(came: dict[str, Any]) -> None:
    """In pages, comments, scripts, streams, also where the body is marked as base64, rightly or falsely."""
    text, done = scrubbed(entry(method="GET", response=came))
    for secret in (TOKEN, UUID, "alice", "sk-abcdefghijklmnopqrst"):
        assert secret not in text
        assert base64.b64encode(secret.encode()).decode()[:-3] not in text
    assert done.counts


def test_frames_are_scrubbed_and_binary_ones_left_out() -> None:
    """A text frame keeps its form; nobody knows what is in a binary one."""
    messages = [
        {"type": "send", "time": 1, "opcode": 1, "data": f'42["auth", {{"token": "{TOKEN}"}}]'},
        {"type": "receive", "time": 2, "opcode": 2, "data": base64.b64encode(TOKEN.encode()).decode()},
    ]
    text, done = scrubbed(entry("wss://a.example.org/ws", _webSocketMessages=messages))
    assert TOKEN not in text
    assert re.search(r'42\[\\"auth\\", \{\\"token\\": \\"\w{32}\\"\}\]', text)
    assert done.dropped == 1


def test_images_are_left_out() -> None:
    """They may show anything."""
    text, done = scrubbed(entry(), entry("https://a.example.org/me.png", response=content("iVBORw0KGgo=", "image/png")))
    assert "iVBOR" not in text
    assert done.dropped == 1


def test_nothing_is_found_in_what_holds_nothing() -> None:
    """Words, versions, dates, models and paths are left alone, and the file says the same."""
    chat = {"model": "gpt-3.5-turbo-0125", "messages": [{"role": "user", "content": "Hello there, how are you?"}]}
    answer = content(json.dumps({"reply": "I am fine.", "created": 1795348800, "at": "2026-11-22T12:00:00.000Z"}))
    data = har(entry(request={"postData": {"mimeType": "application/json", "text": json.dumps(chat)}}, response=answer))
    done = scrub(data, "a.har")
    assert done.counts == ()
    assert json.loads(done.data) == json.loads(data)


def test_texts_are_removed_where_that_is_wanted() -> None:
    """What was typed goes everywhere, what was answered piece by piece; ids and names of fields stay."""
    prompt, reply = "Where is my naïve parcel 42?", "It is at the harbour."
    stream = "".join(f'event: token\ndata: {{"v": "{word} ", "id": "{UUID}"}}\n\n' for word in reply.split())
    ask = entry(
        request={"postData": {"mimeType": "application/json", "text": json.dumps({"prompt": prompt})}},
        response=content(stream, "text/event-stream"),
    )
    later = entry(method="GET", response=content(f"<h1>{html.escape(prompt)}</h1>", "text/html"))
    data = har(ask, later)
    kept = scrub(data, "a.har").data.decode()
    done = scrub(data, "a.har", "remove")
    prove(done.data, "a.har", done.rewriter)
    text = done.data.decode()
    assert "harbour" in kept
    assert [word for word in ("harbour", "parcel", "42", "Where", "na") if re.search(rf"\b{word}\b", text)] == []
    assert "xxxxx xx xx xxxxx xxxxxx 00?" in text
    assert "event: token" in text
    (new,) = (each.instead for each in done.rewriter.entries if each.secret.value == UUID)
    assert text.count(new) == 5


def test_the_summary_counts_values_and_places() -> None:
    """One token at three places is one value."""
    page = content(f'<meta name="csrf-token" content="{TOKEN}">', "text/html")
    _, done = scrubbed(entry(response=page), entry(request={"headers": headers(x_csrf_token=TOKEN)}))
    assert [(each.kind, each.values, each.places) for each in done.counts] == [("token", 1, 2)]


def test_a_leak_is_an_error() -> None:
    """The proof finds a secret in the file again, raw, escaped, or in base64, and does not show it."""
    done = scrub(har(entry(request={"headers": headers(x_token=TOKEN)})), "a.har")
    hidden = (TOKEN, quote(TOKEN[:3]) + "%58" + TOKEN[4:], base64.b64encode(f"a:{TOKEN}".encode()).decode())
    for form_of in (TOKEN, f"&#{ord(TOKEN[0])};{TOKEN[1:]}", f"\\u{ord(TOKEN[0]):04x}{TOKEN[1:]}", hidden[2]):
        with pytest.raises(RecordingError, match="a secret would still be in it") as caught:
            prove(har(entry(response=content(f"see {form_of}", "text/plain"))), "a.har", done.rewriter)
        assert TOKEN not in str(caught.value)


def test_many_secrets_cost_little() -> None:
    """Time grows with the recording and not with its secrets times its length: lists of ids are common."""
    ids = [str(uuid.UUID(int=number * 7**40 % 2**128, version=4)) for number in range(1, 1500)]
    rows = [{"id": each, "owner": f"p{at}@mail-provider.example.org"} for at, each in enumerate(ids)]
    begin = time.process_time()
    text, done = scrubbed(entry(response=content(json.dumps(rows))))
    assert time.process_time() - begin < 6
    assert len(done.rewriter.entries) == 2 * len(ids)
    assert not [each for each in ids if each in text]
    assert "@mail-provider" not in text


def test_a_deep_entry_is_refused() -> None:
    """Nothing that a recorder writes is nested so."""
    deep: Any = TOKEN
    for _ in range(150):
        deep = [deep]
    with pytest.raises(RecordingError, match="nested too deeply"):
        scrub(har(entry(request={"headers": headers(x_token=TOKEN)}, _deep=deep)), "a.har")


ENCODINGS = {
    "plain": lambda text: text,
    "percent": lambda text: quote(text, safe=""),
    "lower percent": lambda text: re.sub("%..", lambda found: found[0].lower(), quote(text, safe="")),
    "all percent": lambda text: "".join(f"%{byte:02X}" for byte in text.encode()),
    "twice percent": lambda text: quote(quote(text, safe=""), safe=""),
    "form": quote_plus,
    "json": lambda text: json.dumps(text)[1:-1],
    "json in json": lambda text: json.dumps(json.dumps(text))[3:-3],
    "all json": lambda text: "".join(f"\\u{ord(each):04x}" for each in text),
    "html": html.escape,
    "all html": lambda text: "".join(f"&#{ord(each)};" for each in text),
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base64 after 1": lambda text: base64.b64encode(b":" + text.encode()).decode(),
    "base64 after 2": lambda text: base64.b64encode(b"a:" + text.encode() + b"?").decode(),
    "url base64": lambda text: base64.urlsafe_b64encode(text.encode()).decode().rstrip("="),
    "hex": lambda text: text.encode().hex(),
}
PLACES = {
    "json": lambda text: entry(response=content(json.dumps({"x": text, "y": [text]}))),
    "page": lambda text: entry(response=content(f'<p id="{text}">now {text} and</p>', "text/html")),
    "script": lambda text: entry(response=content(f"let a = '{text}';", "text/javascript")),
    "stream": lambda text: entry(response=content(f"data: {text}\n\n", "text/event-stream")),
    "in base64": lambda text: entry(
        response=content(base64.b64encode(text.encode()).decode(), "text/plain", encoding="base64")
    ),
    "header": lambda text: entry(request={"headers": headers(x_trace=text)}),
    "url": lambda text: entry(f"https://a.example.org/t/{quote(text, safe='%')}?q={quote(text, safe='%')}"),
    "form": lambda text: entry(request=form(f"a={quote_plus(text)}")),
    "frame": lambda text: entry(_webSocketMessages=[{"type": "receive", "data": text}]),
    "own key": lambda text: entry(_more={"a": [{"b": text}], text: 1}, comment=text),
}
LETTERS = string.ascii_letters + string.digits
SECRETS = st.one_of(
    st.uuids().map(str),
    st.binary(min_size=16, max_size=40).map(lambda data: f"a1{data.hex()}"),
    st.binary(min_size=18, max_size=40).map(lambda data: f"Q7x9{base64.urlsafe_b64encode(data).decode()}"),
    st.text(LETTERS + "!$/+=&\"'<>é漢", min_size=8, max_size=30).map(lambda text: f"Zq9{text}X4z"),
)
PLANTS = {
    "cookie": lambda secret: entry(request={"headers": headers(cookie=f"sid={quote(secret, safe='')}")}),
    "set-cookie": lambda secret: entry(response={"headers": headers(set_cookie=f"s={quote(secret, safe='')}; Path=/")}),
    "password": lambda secret: entry(request=form(f"user=u&password={quote_plus(secret)}")),
    "token": lambda secret: entry(response=content(json.dumps({"csrf_token": secret}))),
    "bearer": lambda secret: entry(request={"headers": headers(authorization=f"Bearer {secret}")}),
    "input": lambda secret: entry(
        response=content(f'<input name="authenticity_token" value="{html.escape(secret)}">', "text/html")
    ),
}


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    secret=SECRETS,
    plant=st.sampled_from(sorted(PLANTS)),
    spots=st.lists(st.tuples(st.sampled_from(sorted(PLACES)), st.sampled_from(sorted(ENCODINGS))), max_size=4),
)
@example(secret="Zq90000000éX4z", plant="bearer", spots=[("url", "url base64")])
def test_a_planted_secret_never_survives(secret: str, plant: str, spots: list[tuple[str, str]]) -> None:
    """However it is spelled and wherever else it stands: no spelling of it is left, and the file is a recording."""
    entries = [PLANTS[plant](secret), *(PLACES[place](ENCODINGS[encoding](secret)) for place, encoding in spots)]
    done = scrub(har(*entries), "a.har")
    prove(done.data, "a.har", done.rewriter)
    text = "\n".join(_texts(json.loads(done.data)))
    left = [name for name, encode in ENCODINGS.items() if not name.startswith("base64 ") and encode(secret) in text]
    assert left == []
    assert len(read_har(done.data, "a.har").exchanges) == len(entries)


def _texts(tree: Any) -> list[str]:
    """All texts of a parsed file."""
    if isinstance(tree, dict):
        return [text for pair in tree.items() for each in pair for text in _texts(each)]
    if isinstance(tree, list):
        return [text for each in tree for text in _texts(each)]
    return [tree] if isinstance(tree, str) else []


def test_the_same_file_gives_the_same_file() -> None:
    """What stands for a secret comes from its place in order, not from chance and not from the secret."""
    data = RECORDINGS[0].read_bytes()
    assert scrub(data, "a.har").data == scrub(data, "a.har").data
    other = entry(request={"headers": headers(x_token=TOKEN[::-1])})
    assert (
        scrub(har(other), "a.har").data == scrub(har(entry(request={"headers": headers(x_token=TOKEN)})), "a.har").data
    )


def test_a_large_recording_is_scrubbed_in_time() -> None:
    """Five megabytes of scripts and a hundred secrets take less than 10 seconds."""
    script = entry(method="GET", response=content('function a(b){return b.c("d")};\n' * 15_000, "text/javascript"))
    ids = [f"{number:08x}-c16b-4505-aa7e-41d72b74d5d4" for number in range(100)]
    began = time.process_time()
    scrubbed(*[script] * 10, entry(response=content(msgspec.json.encode(ids).decode())))
    assert time.process_time() - began < 10
