"""`chatdoor check`: a table for a person, objects for machines, silence for cron, and an exit code for all of them."""

import json
from collections.abc import Iterator

import pytest

from chatdoor import Practice
from tests.cli.program import Program
from tests.servers.django_server import DjangoServer


@pytest.fixture
def practice() -> Iterator[Practice]:
    """A practice site that runs beside the program."""
    practice = Practice()
    with practice:
        yield practice


def test_without_a_word_the_practice_site_is_proven(program: Program) -> None:
    """What it may send is told before, each check has a line, and the last line says whether it works."""
    ran = program("check")
    lines = ran.out.splitlines()
    assert (ran.code, len(lines)) == (0, 10)
    assert ran.err.startswith("practice at http://127.0.0.1:")
    assert ran.err.endswith(": at most 5 messages, in at most 30 requests\n")
    assert lines[0].startswith("reachable  works      HTTP 200")
    assert lines[4] == "streaming  skipped    the file reads a whole answer (json)"
    assert lines[-1].startswith("practice: works (8 requests, ")
    assert not program.state.exists()


def test_django_is_proven(program: Program, django_http: DjangoServer) -> None:
    """A real Django site refuses the wrong token, and gets four messages; it remembers nothing that it could show."""
    ran = program("check", "voigpt", "--url", django_http.url)
    assert ran.code == 0
    assert "refusal    works      a message with a wrong token was refused (HTTP 403)\n" in ran.out
    assert "memory     not shown" in ran.out
    stats = django_http.stats()
    assert (stats.accepted, stats.csrf_failed) == (3, 2)


def test_cron_hears_nothing_where_all_works(program: Program) -> None:
    """--quiet prints nothing at all."""
    ran = program("check", "--quiet")
    assert (ran.code, ran.all) == (0, "")


def test_cron_hears_what_fails(program: Program, practice: Practice) -> None:
    """--quiet prints each failure and what to do; the exit code is that of the error."""
    practice.faults(fail_every=1)
    ran = program("check", "--quiet", "--site", "practice", "--url", practice.url)
    assert (ran.code, ran.err) == (7, "")
    failure, advice = ran.out.splitlines()
    assert failure.startswith("practice: turn       fails      POST /generate_response/: the answer is an error")
    assert advice.lstrip().startswith("-> The site itself fails")


def test_a_machine_gets_an_object_for_each_site(program: Program, practice: Practice) -> None:
    """One line for each, a site file that is wrong included; the exit code is that of the first failure."""
    good = program.write("good.toml", site_file(practice, "good"))
    wrong = program.write("wrong.toml", "schema = 1\n")
    broken = program.write("broken.toml", site_file(practice, "broken").replace('"response"', '"answer"'))
    ran = program("check", "--json", good, wrong, broken)
    first, second, third = map(json.loads, ran.out.splitlines())
    assert (first["site"], first["works"], first["exit_code"]) == ("good", True, 0)
    assert {finding["check"]: finding["verdict"] for finding in first["findings"]}["memory"] == "works"
    assert first["requests"] <= first["most_requests"]
    assert (second["works"], second["error"]["kind"], second["exit_code"]) == (False, "SiteFileError", 3)
    assert (third["works"], third["exit_code"]) == (False, 7)
    assert [finding["kind"] for finding in third["findings"] if finding["verdict"] == "fails"] == ["UnexpectedReply"]
    assert ran.code == 3


def test_one_chooses_checks_and_words(program: Program, practice: Practice) -> None:
    """--only, --skip, --say, --ask and --word are heeded, and the site hears what was to be said."""
    words = ("--say", "I feel {word}", "--ask", "Do you remember?", "--word", "blue")
    ran = program("check", "practice", "--url", practice.url, "--only", "memory,turn", "--skip", "turn", *words)
    assert ran.out.startswith("memory     works      asked for it, the site says 'blue'\n")
    assert practice.heard()[-1] == ["I feel blue", "Do you remember?"]
    assert "at most 2 messages" in ran.err


def test_credentials_are_named_where_they_may_not_be_sent(program: Program) -> None:
    """Without a yes nothing is sent; with it and the credentials the check goes through."""
    with Practice(login="form") as site:
        file = program.write("bot.toml", site.text)
        refused = program("check", file)
        env = {"PRACTICE_USER": "guest", "PRACTICE_PASSWORD": "guest"}
        allowed = program("check", "--quiet", "--allow-secrets", file, env=env)
    assert refused.code == 2
    assert "needs {env:PRACTICE_PASSWORD}, {env:PRACTICE_USER}" in refused.out
    assert (allowed.code, allowed.all) == (0, "")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--only", "turns"), "there are reachable, session"),
        (("a.toml", "b.toml", "--access-token", "x"), "--access-token: is for one site, and here are 2"),
        (("a.toml", "b.toml", "--url", "http://127.0.0.1"), "--url: is for one site"),
        (("--ask", "Is it Bo?", "--word", "Bo"), "echo"),
    ],
)
def test_wrong_arguments_are_told(arguments: tuple[str, ...], says: str, program: Program) -> None:
    """In one line, with exit code 2, and before anything is sent."""
    ran = program("check", "--quiet", *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert says in ran.err


def test_a_setting_is_for_the_sites_that_are_named(program: Program, practice: Practice) -> None:
    """A proxy of the environment is used for a site file, and not for the practice site of this process."""
    file = program.write("bot.toml", site_file(practice, "bot"))
    ran = program("check", "--quiet", "practice", file, env={"CHATDOOR_PROXY": "http://127.0.0.1:9"})
    assert ran.code == 9
    assert ran.out.startswith("bot: reachable  fails")


def site_file(practice: Practice, name: str) -> str:
    """The file of a plain practice site, under another name."""
    return f"""
schema = 1
name = "{name}"
url = "{practice.url}"
extends = "django"

[chat]
post = "/generate_response/"
json = {{ messages = "{{messages}}" }}

[reply]
json = "response"
"""
