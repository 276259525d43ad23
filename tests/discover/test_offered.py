"""A stack that offers its chat to programs is used that way, whatever its page does."""

import json
import tomllib
from typing import Any

import pytest

from chatdoor.discover.discovery import discover
from chatdoor.discover.har import read_har
from chatdoor.discover.offered import find_offered
from tests.discover.chats import ASKED, SAID, got, page, recorded

CHAT = {"api_name": "chat", "api_visibility": "public"}
INNER = {"api_name": "_submit_fn", "api_visibility": "undocumented"}
OLD = [{"api_name": False, "show_api": True}, {"api_name": "inner", "show_api": False}, {"api_name": "talk"}]


def gradio(functions: list[dict[str, Any]], mode: str = "chat_interface") -> dict[str, Any]:
    """A page with Gradio's configuration."""
    config = json.dumps({"mode": mode, "api_prefix": "/gradio_api", "dependencies": functions})
    return page(f"<html><script>window.gradio_config = {config};</script></html>")


def path(*entries: dict[str, Any]) -> str | None:
    """Where the chat is offered."""
    offered = find_offered(read_har(recorded(*entries), "a.har"))
    return offered.path if offered else None


@pytest.mark.parametrize(
    ("functions", "wanted"), [([INNER, CHAT], "chat"), (OLD, "talk"), ([{**CHAT, "api_name": "answer"}], "answer")]
)
def test_the_function_that_is_offered(functions: list[dict[str, Any]], wanted: str) -> None:
    """It is the one that Gradio shows to programs, in its old and its new words."""
    assert path(gradio(functions)) == f"/gradio_api/call/{wanted}"


def test_nothing_is_offered() -> None:
    """By other pages, by an app of blocks, by one that hides its chat, by a page that is cut short."""
    cut = page('<html><script>window.gradio_config = {"mode": "chat_')
    assert [path(each) for each in (page(), gradio([CHAT], "blocks"), gradio([INNER]), cut)] == [None] * 4


@pytest.mark.parametrize(("name", "posts"), [("chat", None), ("answer", "/gradio_api/call/answer")])
def test_the_site_file(name: str, posts: str | None) -> None:
    """It is the preset; where the function has a name of its own, the steps are written out."""
    turns = [
        got("POST", "/gradio_api/run/predict", {"data": [SAID[at]]}, body={"data": [ASKED[at]], "fn_index": 0})
        for at in range(2)
    ]
    made = discover(read_har(recorded(gradio([{**CHAT, "api_name": name}]), *turns), "a.har"), "a.har")
    site = tomllib.loads(made.text)
    assert (site["extends"], "reply" in site) == ("gradio", False)
    assert site.get("chat", [{"post": None}])[0]["post"] == posts
    assert [finding.sureness for finding in made.findings] == ["sure"]
