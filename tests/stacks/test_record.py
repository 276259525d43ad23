"""Each real stack, recorded in a real browser: what is discovered is proven against the live site, with no edit."""

import re
import shutil

import pytest

from chatdoor import run_check
from chatdoor.discover.discovery import discover
from chatdoor.discover.har import read_har
from chatdoor.discover.recorder.visit import Wish, record
from tests.servers.stacks.accounts import PASSWORD, USER
from tests.servers.stacks.commands import COMMANDS
from tests.servers.stacks.fixtures import Stack
from tests.servers.stacks.server import StackServer

NO_PAGE = {"openai"}
"""Stacks without a page to chat in."""

SAID = ("Hello, I am so tired of my work today", "My mother never listens to me")


@pytest.fixture(params=sorted(set(COMMANDS) - NO_PAGE))
def server(request: pytest.FixtureRequest, stack: Stack) -> StackServer:
    """The site of each stack with a page in turn."""
    if shutil.which("chromium") is None:
        pytest.skip("chromium is not installed; see scripts/debian-packages.txt")
    return stack(request.param)


def recorded(server: StackServer) -> bytes:
    """What a visitor who signs in, where that is wanted, and says two sentences sends and gets."""
    signs_in = {"user": USER, "password": PASSWORD} if server.secrets() else {}
    wish = Wish(url=f"{server.url}/", say=SAID, headless=True, quiet=0.3, **signs_in)
    return record(wish, lambda _: None, None)


def let_in(site: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Puts into the environment what a site file asks for."""
    for name in re.findall(r"\{env:(\w+)\}", site):
        monkeypatch.setenv(name, PASSWORD if "PASSWORD" in name else USER)


def test_a_recorded_stack_is_proven(server: StackServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The site file talks, remembers, keeps two conversations apart, and mends a refusal."""
    made = discover(read_har(recorded(server), server.name), server.name, SAID)
    let_in(made.text, monkeypatch)
    proof = run_check(made.site, ask="secret?", allow_secrets=True)
    found = {finding.check: finding.verdict for finding in proof.findings}
    assert proof.works, (made.text, proof.failures)
    assert (found["turn"], found["memory"], found["isolation"]) == ("works", "works", "works")
