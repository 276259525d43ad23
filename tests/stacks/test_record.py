"""Each real stack, recorded in a real browser: what is discovered is proven against the live site, with no edit."""

import json
import re
import shutil
from functools import partialmethod
from pathlib import Path

import pytest
from playwright.async_api import Browser

from chatdoor import run_check
from chatdoor.discover.discovery import Discovery, discover
from chatdoor.discover.har import read_har
from chatdoor.discover.recorder.visit import Wish, record
from tests.servers.stacks.accounts import PASSWORD, USER
from tests.servers.stacks.commands import COMMANDS
from tests.servers.stacks.fixtures import Stack
from tests.servers.stacks.server import StackServer

NO_PAGE = {"openai"}
"""Stacks without a page to chat in."""

LOST = {"gradio", "starlette"}
"""Stacks whose reply comes by EventSource, of which Playwright's recorder keeps the body by chance alone."""

SAID = ("Hello, I am so tired of my work today", "My mother never listens to me")

HIDDEN = {"cookie", "set-cookie", "authorization"}
"""Headers that Chrome leaves out of an export, unless it is asked for sensitive data."""

Recordings = dict[str, bytes]
"""Recorder -> its file of one visit."""


@pytest.fixture(scope="module")
def kept() -> dict[str, Recordings]:
    """The recordings of each stack, made once."""
    return {}


@pytest.fixture(params=sorted(set(COMMANDS) - NO_PAGE))
def server(request: pytest.FixtureRequest, stack: Stack) -> StackServer:
    """The site of each stack with a page in turn."""
    if shutil.which("chromium") is None:
        pytest.skip("chromium is not installed; see scripts/debian-packages.txt")
    return stack(request.param)


@pytest.fixture
def recordings(
    server: StackServer, kept: dict[str, Recordings], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Recordings:
    """One visit, as three recorders write it: ours, Playwright's, Chrome's export without sensitive data."""
    if server.name not in kept:
        file = tmp_path / "playwright.har"
        monkeypatch.setattr(Browser, "new_context", partialmethod(Browser.new_context, record_har_path=file))
        own = recorded(server)
        kept[server.name] = {"own": own, "playwright": file.read_bytes(), "sanitised": sanitised(own)}
    return kept[server.name]


def recorded(server: StackServer) -> bytes:
    """What a visitor who signs in, where that is wanted, and says two sentences sends and gets."""
    signs_in = {"user": USER, "password": PASSWORD} if server.secrets() else {}
    wish = Wish(url=f"{server.url}/", say=SAID, headless=True, quiet=0.3, **signs_in)
    return record(wish, lambda _: None, None).har


def sanitised(data: bytes) -> bytes:
    """The recording as Chrome writes it, without what it takes out. Our own recorder takes out nothing."""
    har = json.loads(data)
    har["log"]["creator"] = {"name": "WebInspector", "version": "537.36"}
    for entry in har["log"]["entries"]:
        for half in (entry["request"], entry["response"]):
            half["headers"] = [each for each in half["headers"] if each["name"].lower() not in HIDDEN]
    return json.dumps(har).encode()


def discovered(data: bytes, server: StackServer, monkeypatch: pytest.MonkeyPatch) -> Discovery:
    """What is discovered; what it reads from the environment is there."""
    made = discover(read_har(data, server.name), server.name, SAID)
    for name in re.findall(r"\{env:(\w+)\}", made.text):
        monkeypatch.setenv(name, PASSWORD if "PASSWORD" in name else USER)
    return made


@pytest.mark.parametrize("recorder", ["own", "playwright", "sanitised"])
def test_a_recorded_stack_is_proven(
    recorder: str, recordings: Recordings, server: StackServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The site file talks, remembers, keeps two conversations apart, and mends a refusal."""
    if recorder == "playwright" and server.name in LOST:
        return
    made = discovered(recordings[recorder], server, monkeypatch)
    proof = run_check(made.site, ask="secret?", allow_secrets=True)
    found = {finding.check: finding.verdict for finding in proof.findings}
    assert proof.works, (made.text, proof.failures)
    assert (found["turn"], found["memory"], found["isolation"]) == ("works", "works", "works")
    assert found["refusal"] != "fails"


def test_every_stack_is_recorded() -> None:
    """None is left out silently."""
    assert {path.parent.name for path in Path(__file__).parents[1].glob("servers/stacks/*/ask.js")} <= set(COMMANDS)
