"""`chatdoor sites`: what there is, whether a file is right, and what is kept."""

import json
import re
import tomllib

import pytest

from chatdoor.cli.resolved import resolve_presets
from chatdoor.site import known_sites, loads_site, presets
from tests.cli.program import Program
from tests.servers.django_server import DjangoServer

GOOD = """
schema = 1
name = "our-bot"
url = "https://bot.example.org"
extends = "django"

[chat]
post = "/chat"
json = { messages = "{messages}" }

[reply]
json = "answer"
"""


def test_list_shows_what_there_is(program: Program) -> None:
    """Every known site and preset has a line that says what it is and whether it was verified."""
    out = program("sites", "list").out
    for name in ("practice", *known_sites(), *presets()):
        (line,) = [line for line in out.splitlines() if line.split()[:1] == [name]]
        assert re.search(r"\((verified |from documentation: ).+\)$", line)
    assert "verified against Django 5.2" in out
    assert "Kept sessions" not in out


def test_list_shows_kept_sessions(program: Program, django_http: DjangoServer) -> None:
    """A session that is kept is listed by site and address; its token is not."""
    program("ask", "--site", "voigpt", "--url", django_http.url, "Hello")
    out = program("sites", "list").out
    assert f"  voigpt  {django_http.url}, opened 20" in out
    (file,) = program.state.iterdir()
    tokens = [cookie["value"] for cookie in json.loads(file.read_text())["session"]["jar"]["cookies"]]
    assert tokens
    assert [token for token in tokens if token in out] == []


@pytest.mark.parametrize("name", ["practice", *known_sites()])
def test_show_prints_a_file_to_start_from(program: Program, name: str) -> None:
    """What `show` prints of a known site is a site file, and so is what it prints with the presets written out."""
    own, resolved = program("sites", "show", name), program("sites", "show", name, "--resolved")
    assert (own.code, own.err, resolved.code, resolved.err) == (0, "", 0, "")
    assert loads_site(own.out).name == loads_site(resolved.out).name == name
    assert "extends" not in resolved.out


def test_show_prints_a_file_of_ones_own(program: Program) -> None:
    """A file is shown as it is, once it is right; a wrong one is an error."""
    program.write("our-bot.toml", GOOD)
    assert program("sites", "show", "our-bot.toml").out == GOOD
    program.write("wrong.toml", GOOD.replace("json = {", "jsn = {"))
    ran = program("sites", "show", "wrong.toml")
    assert (ran.code, ran.out) == (3, "")


def test_lint_says_where_a_file_is_wrong(program: Program) -> None:
    """Each file has one line, with file, line, key and the nearest right key; the exit code is 3."""
    program.write("our-bot.toml", GOOD)
    program.write("wrong.toml", GOOD.replace("json = {", "jsn = {"))
    ran = program("sites", "lint", "our-bot.toml", "wrong.toml", "none.toml")
    good, wrong, none = ran.out.splitlines()
    assert ran.code == 3
    assert good == "our-bot.toml: ok"
    assert wrong.startswith("wrong.toml:9: chat.jsn: unknown key; did you mean 'json'")
    assert none.startswith("none.toml: can not be read: ")
    assert program("sites", "lint", "our-bot.toml").code == 0


def test_schema_prints_a_json_schema(program: Program) -> None:
    """The schema is an object that says which schema language it is written in."""
    schema = json.loads(program("sites", "schema").out)
    assert "json-schema.org" in schema["$schema"]


def test_forget_takes_a_file(program: Program, django_http: DjangoServer) -> None:
    """A site is named by its file, too; one that was never visited has nothing to forget."""
    program.write("our-bot.toml", GOOD)
    assert program("sites", "forget", "our-bot.toml").out == "0 sessions forgotten\n"
    assert program("sites", "forget", "none.toml").code == 3


def test_resolving_changes_nothing() -> None:
    """The file with its presets written out describes the same site."""
    resolved, own = loads_site(resolve_presets(GOOD)), loads_site(GOOD)
    for name in own.__struct_fields__:
        if name not in {"text", "fingerprint"}:
            assert shown(getattr(resolved, name)) == shown(getattr(own, name)), name


def test_a_resolved_file_begins_as_the_file_does() -> None:
    """Its own keys stand first, in its order; those of a preset come after them."""
    text = 'schema = 1\nextends = "django"\nname = "bot"\nurl = "https://bot.example"\n[chat]\npost = "/"\n'
    keys = list(tomllib.loads(resolve_presets(f'{text}json = {{ m = "{{messages}}" }}\n[reply]\njson = "a"\n')))
    assert keys[:3] == ["schema", "name", "url"]
    assert "session" in keys[3:]


def shown(value: object) -> str:
    """The value, without the addresses of functions."""
    return re.sub("0x[0-9a-f]+", "", repr(value))


def test_odd_text_survives_resolving() -> None:
    """Quotes, backslashes, control characters and keys of all kinds come out as they went in."""
    odd = GOOD.replace("[reply]", '[headers]\n"X-Odd \\u007f" = "a\\"b\\\\c \\u007f \\U0001f600"\n[reply]')
    assert tomllib.loads(resolve_presets(odd))["headers"]["X-Odd \x7f"] == 'a"b\\c \x7f \U0001f600'


def test_explain_says_what_a_file_does(program: Program) -> None:
    """A known name or a file: its steps, its hosts and its secrets in plain words; a wrong file is an error."""
    program.write("our-bot.toml", GOOD)
    ran = program("sites", "explain", "our-bot.toml")
    assert (ran.code, ran.err) == (0, "")
    assert "  1. POST /chat as JSON, with messages.\n" in ran.out
    assert "  It speaks to https://bot.example.org, and to no other host.\n" in ran.out
    assert program("sites", "explain", "practice").out.startswith("practice, at http://127.0.0.1:8000\n\nGetting in\n")
    program.write("wrong.toml", GOOD.replace("json = {", "jsn = {"))
    assert program("sites", "explain", "wrong.toml").code == 3
