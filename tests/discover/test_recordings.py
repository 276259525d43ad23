"""The real recordings, of four stacks by several recorders: each gives the site file that its `expected.json` wants."""

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from msgspec import UNSET, UnsetType

from chatdoor.discover.discovery import Discovery, discover
from chatdoor.discover.har import read_har
from chatdoor.discover.recording import Recording
from chatdoor.discover.scrub import scrub
from chatdoor.discover.scrub.secrets import find_secrets
from chatdoor.site import file
from chatdoor.site.load import read_table
from tests.discover.har_file import RECORDINGS

DEFAULT = {401, 403, 419, 440}
PRESETS = {"django_json": "django", "fastapi_sse": None, "flask_wtf": "flask-wtf", "rails_chat": "rails"}
HISTORY = {"django_json": "client", "fastapi_sse": "id", "flask_wtf": "session", "rails_chat": "session"}
COUNTED = {"input": "input_tokens", "output": "output_tokens"}

every_recording = pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: path.name)


def expected(path: Path) -> dict[str, Any]:
    """What the recording's site is known to be."""
    found: dict[str, Any] = json.loads(path.with_name(f"{stack(path)}.expected.json").read_text("utf-8"))
    return found


def stack(path: Path) -> str:
    """The name of the recording's site."""
    return path.name.partition(".")[0]


def read(path: Path) -> Recording:
    """The recording."""
    return read_har(path.read_bytes(), path.name)


def found(path: Path) -> Discovery:
    """What is discovered, with no prompt told."""
    return discover(read(path), path.name)


@every_recording
def test_the_chat_is_the_expected_one(path: Path) -> None:
    """The method, the path, the place of the prompt, and the stack's preset."""
    wanted, site = expected(path), tomllib.loads(found(path).text)
    endpoint = wanted["endpoint"]
    verb, place = endpoint.split() if isinstance(endpoint, str) else (endpoint["method"], endpoint["path"])
    assert site["chat"][verb.lower()] == place
    assert site.get("extends") == PRESETS[stack(path)]
    assert _filled(site["chat"]) == _wanted_place(wanted["request"])


def _filled(chat: dict[str, Any]) -> dict[str, str]:
    """Dotted places of placeholders in the body."""
    waiting, places = [("", chat.get("json") or chat["form"])], {}
    while waiting:
        name, value = waiting.pop()
        if isinstance(value, dict):
            waiting += [(f"{name}.{key}".strip("."), below) for key, below in value.items()]
        elif isinstance(value, str) and value.startswith("{"):
            places[value] = name
    return places


def _wanted_place(request: dict[str, Any]) -> dict[str, str]:
    if "messages" in request:
        return {"{messages}": request["messages"]}
    prompt = {"{prompt}": request.get("prompt_at", request.get("prompt"))}
    return prompt | ({"{conversation}": request["conversation_id"]} if "conversation_id" in request else {})


@every_recording
def test_token_and_refusal_are_the_expected_ones(path: Path) -> None:
    """Whether a preset says it or the file itself: where the token is, which header takes it, what refuses."""
    wanted = expected(path)
    table = read_table(found(path).text)
    token = wanted["token"]
    sink = token["sink_name"] if "sink_name" in token else token["sink"]["name"]
    source = token["source"] if isinstance(token["source"], str) else token["source"]["kind"]
    name = token.get("name") or token["source"]["name"]
    assert table.headers == {sink: "{csrf}"}
    assert getattr(table.take["csrf"], source.partition(" ")[0]) == name
    assert wanted["expired"]["status"] in _statuses(table.refused)


def _statuses(refused: file.Matches | UnsetType) -> set[object]:
    """The statuses that refuse; those of the language where the file and its preset say nothing."""
    if refused is UNSET:
        return {*DEFAULT}
    matches = refused if isinstance(refused, list) else [refused]
    statuses = [each.status for each in matches]
    return {one for each in statuses for one in (each if isinstance(each, list) else [each])}


@every_recording
def test_reply_and_history_are_the_expected_ones(path: Path) -> None:
    """The format, the path, which records hold text, the end, and who remembers."""
    wanted, made = expected(path)["reply"], found(path)
    site = tomllib.loads(made.text)
    path_there = wanted.get("path") or wanted.get("at") or wanted.get("delta")
    reply = {wanted["format"]: path_there}
    reply |= {"where": wanted["where"], "done": wanted["end"]} if "where" in wanted else {}
    counted = site["reply"].pop("usage", None)
    assert site["reply"] == reply
    assert counted == (COUNTED if stack(path) == "fastapi_sse" else None)
    assert made.site.conversation.history == HISTORY[stack(path)]


@every_recording
def test_nothing_secret_is_in_the_file(path: Path) -> None:
    """No cookie, token or id of the recording stands in it, and neither does what was typed."""
    text = found(path).text
    secrets = [each.value for each in find_secrets(read(path)) if len(each.value) >= 6 and each.everywhere]
    assert secrets
    assert [value for value in (*secrets, *expected(path)["prompts"]) if value in text] == []


@every_recording
def test_a_scrubbed_recording_gives_the_same(path: Path) -> None:
    """A recording that was made to be shared is as good as the one that it was made from."""
    shared = scrub(path.read_bytes(), path.name).data
    assert discover(read_har(shared, path.name), path.name).text == found(path).text


@every_recording
def test_told_prompts_change_nothing(path: Path) -> None:
    """Where what was typed is told, the same is found."""
    assert discover(read(path), path.name, expected(path)["prompts"]).text == found(path).text


def test_what_a_sanitised_export_hides_is_guessed_and_said() -> None:
    """Django's cookie is inferred from the header alone, and the report asks whether that is right."""
    path = next(each for each in RECORDINGS if each.name == "django_json.devtools.har")
    made = found(path)
    assert "guessed from the header X-CSRFToken" in made.text
    guesses = [each.text for each in made.findings if each.sureness == "guessed"]
    assert any("cookie csrftoken" in text and text.endswith("?") for text in guesses)
