"""No secret is shown: not in replies' errors, not in the log, at any verbosity."""

import json
from pathlib import Path

import pytest

from tests.cli.program import Program, Ran
from tests.servers.django_server import DjangoServer
from tests.servers.faulty import TOKEN_START, Faulty
from tests.servers.proxies import PASSWORD, Proxy

TOKEN = "tokenofours4tokenofours4tokenofours4"
FAULTS = """
    good csrf_403 csrf_403_json csrf_403_new_token forbidden_unknown unauthorized html_200 json_list other_key half_json
    server_error redirect_foreign redirect_loop redirect_login reset_mid_body rate_limited_endless rotated_token
    bot_check_cloudflare garbage
"""


def shows(ran: Ran, *secrets: str) -> list[str]:
    """The secrets that are in the output."""
    return [secret for secret in secrets if secret in ran.all]


@pytest.mark.parametrize("fault", FAULTS.split())
def test_no_token_is_shown(program: Program, faulty: Faulty, fault: str) -> None:
    """Neither the page's token nor the caller's is in any output, however the call ends."""
    site = ("--site", "voigpt", "--url", faulty(chat=fault).url, "--timeout", "5", "--verbose", "--json")
    assert shows(program("ask", *site, "Hello"), TOKEN_START) == []
    given = faulty(page=None, chat=fault)
    token = ("--access-token", "env:OUR_TOKEN")
    ran = program("ask", *site[:3], given.url, *site[4:], *token, "Hello", env={"OUR_TOKEN": TOKEN})
    assert shows(ran, TOKEN, TOKEN_START) == []


def test_verbose_tells_what_is_done(program: Program, django_http: DjangoServer) -> None:
    """--verbose names steps, headers and statuses on standard error; the reply alone is on standard output."""
    ran = program("ask", "--site", "voigpt", "--url", django_http.url, "--verbose", "Hello")
    assert ran.out == "You said: Hello (1 messages)\n"
    assert all(line.startswith("chatdoor: ") for line in ran.err.splitlines())
    assert "x-csrftoken" in ran.err.lower()
    assert ran.err.count("is answered with HTTP 200") == 2
    (file,) = program.state.iterdir()
    cookies = json.loads(file.read_text())["session"]["jar"]["cookies"]
    assert len(cookies) == 2
    assert shows(ran, *(cookie["value"] for cookie in cookies)) == []


def test_without_verbose_nothing_is_told(program: Program, django_http: DjangoServer) -> None:
    """A run that goes well leaves standard error empty."""
    assert program("ask", "--site", "voigpt", "--url", django_http.url, "Hello").err == ""


PROXIES = ["http_proxy_auth", "https_proxy_auth", "socks_proxy_auth"]


@pytest.mark.parametrize("kind", PROXIES)
def test_a_proxys_password_is_used_and_never_shown(
    program: Program, django_http: DjangoServer, request: pytest.FixtureRequest, kind: str
) -> None:
    """A proxy by reference is used for every request; right or wrong, its password is in no output and in no file."""
    proxy: Proxy = request.getfixturevalue(kind)
    ca = ("--ca-file", proxy.ca_file) if proxy.ca_file else ()
    site = ("--site", "voigpt", "--url", django_http.url, "--verbose", *ca)
    program.write("proxy", proxy.url + "\n")
    ran = program("ask", *site, "--proxy", "file:proxy", "Hello")
    assert (ran.code, ran.out) == (0, "You said: Hello (1 messages)\n")
    assert proxy.count() >= 1
    wrong = proxy.url.replace("s3cret", "wrongword")
    failed = program("ask", *site, "--fresh", "--proxy", "env:OUR_PROXY", "--json", "Hello", env={"OUR_PROXY": wrong})
    assert failed.code != 0
    secrets = (PASSWORD, "s3cret", "wrongword")
    assert shows(ran, *secrets) + shows(failed, *secrets) == []
    assert [file for file in program.state.iterdir() if any(secret in file.read_text() for secret in secrets)] == []


@pytest.mark.parametrize("way", ["option", "environment", "config", "standard input"])
def test_a_proxy_comes_from_anywhere(program: Program, django_http: DjangoServer, http_proxy: Proxy, way: str) -> None:
    """Option, environment, config file and standard input all name a proxy, each as a reference too."""
    arguments: tuple[str | Path, ...] = ("ask", "--site", "voigpt", "--url", django_http.url, "Hello")
    env, stdin = {"OUR_PROXY": http_proxy.url}, b""
    if way == "option":
        arguments += ("--proxy", "env:OUR_PROXY")
    elif way == "environment":
        env["CHATDOOR_PROXY"] = "env:OUR_PROXY"
    elif way == "config":
        program.configure('proxy = "env:OUR_PROXY"')
    else:
        arguments, stdin = (*arguments, "--proxy", "-"), f"{http_proxy.url}\n".encode()
    assert program(*arguments, env=env, stdin=stdin).code == 0
    assert http_proxy.count() == 2


def test_the_environments_proxies_are_used_when_asked_for(
    program: Program, django_http: DjangoServer, http_proxy: Proxy
) -> None:
    """HTTP_PROXY is nothing to us without --trust-env."""
    ask = ("ask", "--site", "voigpt", "--url", django_http.url, "Hello")
    env = {"HTTP_PROXY": http_proxy.url, "http_proxy": http_proxy.url}
    assert program(*ask, env=env).code == 0
    assert http_proxy.count() == 0
    assert program(*ask, "--trust-env", env=env).code == 0
    assert http_proxy.count() >= 1


def test_a_wrong_proxy_is_not_repeated(program: Program) -> None:
    """The error for a proxy that is none does not show what was given."""
    ran = program(
        "ask", "--proxy", "env:OUR_PROXY", "--json", "Hello", env={"OUR_PROXY": "ftp://gate:s3cret@a.example"}
    )
    assert ran.code == 2
    assert shows(ran, "s3cret", "a.example") == []


def test_standard_input_can_not_be_two_things(program: Program) -> None:
    """The prompt and a token can not both come from it; the error names both."""
    ran = program("ask", "--access-token", "-", "-", stdin=b"token")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == "chatdoor: --access-token and PROMPT: only one can be read from standard input\n"


def test_a_missing_reference_is_an_error(program: Program) -> None:
    """What is not there is named, by its place, and nothing is sent."""
    ran = program("ask", "--access-token", "env:OUR_TOKEN", "Hello")
    assert (ran.code, ran.err) == (2, "chatdoor: --access-token: there is no environment variable 'OUR_TOKEN'\n")
