"""`run_check` on each real stack: the site file beside it is proven, and the site counts what that took."""

import pytest

from chatdoor import Proof, run_check
from tests.servers.stacks.commands import COMMANDS
from tests.servers.stacks.fixtures import Stack
from tests.servers.stacks.server import StackServer
from tests.stacks.doors import site_of

NO_TOKEN = {"openai"}
"""Stacks that know a visitor by nothing but a secret of ours, of which no wrong one is tried."""


@pytest.fixture(params=COMMANDS)
def server(request: pytest.FixtureRequest, stack: Stack, monkeypatch: pytest.MonkeyPatch) -> StackServer:
    """The site of each stack in turn, and in the environment what its site file wants."""
    server = stack(request.param)
    for name, secret in server.secrets().items():
        monkeypatch.setenv(name, secret)
    return server


def proof_of(server: StackServer) -> Proof:
    """The proof. These sites tell the first turn where they are asked for it by this word."""
    return run_check(site_of(server), ask="secret?", allow_secrets=True)


def test_every_stack_is_proven(server: StackServer) -> None:
    """The stock protection of each framework refuses a wrong token, and one refresh mends it; nothing leaks."""
    proof = proof_of(server)
    found = {finding.check: finding.verdict for finding in proof.findings}
    assert proof.works, proof.failures
    assert (found["turn"], found["memory"], found["isolation"]) == ("works", "works", "works")
    wanted = "skipped" if server.name in NO_TOKEN else "works"
    assert (found["refusal"], found["refresh"]) == (wanted, wanted), proof.findings
    assert proof.requests <= proof.most_requests


def test_the_site_hears_what_was_said(server: StackServer) -> None:
    """No turn is sent twice: two conversations, and one after the refresh; two refusals where a token is spoiled."""
    proof_of(server)
    stats = server.stats()
    assert (stats.accepted, stats.refused) == ((3, 0) if server.name in NO_TOKEN else (4, 2))
    first, second, apart, *_ = stats.heard
    assert second == [*first, "secret?"]
    assert apart == ["secret?"]
