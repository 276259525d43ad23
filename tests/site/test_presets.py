"""Presets: what each ships with, and that it is whole."""

import re
import tomllib
from pathlib import Path

import pytest

from chatdoor.site import loads_site, presets
from chatdoor.site.merge import merge

PROTECTION = {"take", "headers", "session", "refused"}
PROTOCOL = {"blocked", "chat", "messages", "reply", "conversation"}
SMALLEST = {"schema": 1, "name": "a", "url": "https://a.example"}
ASKING = {"chat": {"post": "/", "json": {"text": "{prompt}"}}, "reply": {"json": "text"}}

NAMES = {
    *("aspnet", "django", "express-double-submit", "flask-wtf", "gorilla", "gradio", "laravel", "openai"),
    *("php-session", "rails", "spring", "symfony", "vercel-ai", "xsrf-cookie"),
}


def table_of(path: Path) -> dict[str, object]:
    """What the preset holds."""
    return tomllib.loads(path.read_text("utf-8"))


def test_the_common_stacks_are_there() -> None:
    """The list in this test is what users may count on."""
    assert set(presets()) == NAMES


@pytest.mark.parametrize("path", presets().values(), ids=presets())
def test_a_preset_cites_its_sources_and_says_how_it_is_known(path: Path) -> None:
    """Its comment has a URL, and says against which version it was verified, or which documentation it is from."""
    lines = path.read_text("utf-8").split("\n\n")[0].splitlines()
    assert all(line.startswith("# ") for line in lines)
    assert any(re.search(r"https://\S+", line) for line in lines)
    assert re.fullmatch(r"# (Verified (by hand )?against|From documentation:) .*\d.*\.", lines[-1])


@pytest.mark.parametrize("path", presets().values(), ids=presets())
def test_a_preset_protects_or_talks(path: Path) -> None:
    """It declares how a stack protects requests or how a protocol talks, never both: two of a kind can be combined."""
    keys = set(table_of(path))
    assert keys <= PROTECTION or keys <= PROTOCOL


@pytest.mark.parametrize("path", presets().values(), ids=presets())
def test_a_preset_makes_a_site_with_the_smallest_file_over_it(path: Path) -> None:
    """What a preset leaves open is the chat and its reply at most; its own value is sent where it protects."""
    table = table_of(path)
    smallest = SMALLEST | {"extends": path.stem} | {key: value for key, value in ASKING.items() if key not in table}
    site = loads_site(_toml(smallest))
    assert set(table) & PROTOCOL or (len(site.session) == 1 and site.take and site.refused)


@pytest.mark.parametrize("protocol", ["openai", "vercel-ai", "gradio"])
@pytest.mark.parametrize("protection", ["django", "laravel", "xsrf-cookie"])
def test_a_protection_and_a_protocol_go_together(protection: str, protocol: str) -> None:
    """A chat route of a known protocol behind a framework's check is two names."""
    site = loads_site(_toml(SMALLEST | {"extends": [protection, protocol]}))
    whole = merge(table_of(presets()[protection]), table_of(presets()[protocol]))
    assert set(site.take) == set(whole["take"])  # type: ignore[call-overload]
    assert site.reply.format == "sse"


def _toml(table: dict[str, object]) -> str:
    return "\n".join(f"{key} = {_value(value)}" for key, value in table.items())


def _value(value: object) -> str:
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{key} = {_value(each)}' for key, each in value.items())} }}"
    return f"[{', '.join(map(_value, value))}]" if isinstance(value, list) else repr(value).replace("'", '"')
