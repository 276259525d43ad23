"""`chatdoor serve`: from the command line to an answer, and to the end."""

import contextlib
import json
import logging
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from hashlib import sha256

import pytest

from chatdoor.cli.visit import showing_log
from tests.cli.program import Program


def has_ipv6() -> bool:
    """Whether this machine can listen on its IPv6 loopback."""
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


def first_line(process: "subprocess.Popen[bytes]") -> str:
    """The URL that it says."""
    assert process.stdout is not None
    return next(word for word in process.stdout.readline().decode().split() if word.startswith("http"))


def ask(url: str, key: str = "", model: str = "practice", text: str = "Hello", **more: str) -> int:
    """The status of an answer. `more` are headers."""
    body = json.dumps({"model": model, "messages": [{"role": "user", "content": text}]}).encode()
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {key}", **more}
    request = urllib.request.Request(f"{url}/chat/completions", body, headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def test_without_a_word_it_serves_the_practice_site(program: Program) -> None:
    """The first request works with nothing configured; one line says where."""
    with program.started("serve", "--port", "0") as process:
        url = first_line(process)
        assert url.endswith("/v1")
        assert ask(url) == 200


@pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6")
@pytest.mark.parametrize("host", ["::1", "[::1]", "0:0:0:0:0:0:0:1"])
def test_it_serves_on_ipv6(program: Program, host: str) -> None:
    """However the address is written, it is loopback, the URL is one, and its Host means the gateway."""
    with program.started("serve", "--host", host, "--port", "0") as process:
        url = first_line(process)
        assert url.startswith("http://[::1]:")
        assert ask(url) == 200
        assert ask(url, Host=f"localhost:{url.split(':')[-1].removesuffix('/v1')}") == 200
        assert ask(url, Host="[::2]:80") == 421


@pytest.mark.skipif(sys.platform == "win32", reason="signals as POSIX has them")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_cleanly(program: Program, number: signal.Signals) -> None:
    """Ctrl-C and SIGTERM end it with exit code 0, in silence, and soon."""
    with program.started("serve", "--port", "0") as process:
        url = first_line(process)
        assert ask(url) == 200
        began = time.monotonic()
        process.send_signal(number)
        out, err = process.communicate(timeout=10)
    assert (process.returncode, out, err) == (0, b"", b"")
    assert time.monotonic() - began < 3


def test_keys_come_from_everywhere(program: Program) -> None:
    """Keys of an option, a variable, a file and the config are all good, and no other."""
    key_file = program.write("key", "from-file\n")
    digest = sha256(b"from-digest").hexdigest()
    config = program.write("gateway.toml", f'port = 0\n[[keys]]\nkey = "sha256:{digest}"\n[[keys]]\nkey = "env:OURS"\n')
    options = ("--config", config, "--api-key", "from-option", "--api-key", f"file:{key_file}")
    variables = {"CHATDOOR_API_KEYS": "from-variable, second", "OURS": "from-reference"}
    with program.started("serve", *options, env=variables) as process:
        url = first_line(process)
        good = ["from-option", "from-file", "from-variable", "second", "from-digest", "from-reference"]
        assert [ask(url, key) for key in good] == [200] * 6
        assert [ask(url, key) for key in ["", "wrong", digest, f"sha256:{digest}", "OURS"]] == [401] * 5


def test_a_config_file_says_all(program: Program) -> None:
    """Sites, aliases and limits stand in the config; paths of site files are meant from its folder."""
    program.write("our-bot.toml", program_site("our-bot"))
    config = program.write(
        "gateway.toml",
        'port = 0\nsites = ["practice", "./our-bot.toml"]\naliases = { "gpt-4o" = "practice" }\nstrict = true\n'
        '[[keys]]\nkey = "env:ONE"\nper_minute = 2\nsites = ["practice"]\n',
    )
    with program.started("serve", "--config", config, env={"ONE": "one"}) as process:
        url = first_line(process)
        assert ask(url, "one", "our-bot") == 404
        assert ask(url, "one", "gpt-4o") == 200
        assert ask(url, "one", "gpt-4o") == 429


def test_a_file_that_holds_a_key_is_meant_from_the_configs_folder(program: Program) -> None:
    """As all paths in it are, wherever the gateway is started."""
    (program.folder / "etc").mkdir()
    program.write("etc/key", "from-file\n")
    config = program.write("etc/gateway.toml", 'port = 0\n[[keys]]\nkey = "file:key"\n')
    with program.started("serve", "--config", config) as process:
        assert ask(first_line(process), "from-file") == 200


@pytest.mark.parametrize("options", [(), ("--api-key", "env:ONE")], ids=["in the config", "by an option"])
def test_a_key_that_is_given_twice_is_refused(program: Program, options: tuple[str, ...]) -> None:
    """It could be without the limits that one of both has."""
    again = "" if options else '[[keys]]\nkey = "env:ONE"\n'
    config = program.write("gateway.toml", f'{again}[[keys]]\nkey = "env:ONE"\nper_day = 1\n')
    ran = program("serve", "--config", config, *options, env={"ONE": "very-secret"})
    assert (ran.code, "this key is given twice" in ran.err, "very-secret" in ran.err) == (2, True, False)


@pytest.mark.parametrize("by", ["option", "config"])
def test_what_front_ends_may_do_is_said(program: Program, by: str) -> None:
    """Side requests are refused, and a user is told apart, by option or by the config."""
    config = program.write("gateway.toml", 'side_requests = "refuse"\ntrust_user_header = ["X-User"]\n')
    options = ("--side-requests", "refuse", "--trust-user-header", "X-User")
    with program.started("serve", "--port", "0", *(options if by == "option" else ("--config", config))) as process:
        url = first_line(process)
        title = "Provide a concise, 5-word-or-less title for the conversation"
        assert [ask(url), ask(url, text=title)] == [200, 403]
        one, two = {"Idempotency-Key": "k", "X-User": "one"}, {"Idempotency-Key": "k", "X-User": "two"}
        assert [ask(url, **one), ask(url, text="Else", **one), ask(url, text="Else", **two)] == [200, 422, 200]


def program_site(name: str) -> str:
    """A site file."""
    return (
        f'schema = 1\nname = "{name}"\nurl = "http://127.0.0.1:9"\n[chat]\npost = "/"\n'
        'json = { p = "{prompt}" }\n[reply]\njson = "r"\n'
    )


WRONG = [
    (("--host", "0.0.0.0"), "--api-key"),
    (("--host", "192.0.2.1"), "--api-key"),
    (("--site", "voigtp"), "did you mean 'voigpt'"),
    (("--api-key", "env:NOT_THERE"), "NOT_THERE"),
    (("--api-key", "with space"), "visible ASCII"),
    (("--port", "70000"), "--port"),
    (("--config", "none.toml"), "none.toml"),
    (("--site", "voigpt", "--site", "voigpt"), "two sites"),
    (("--grace", "nan"), "nan is no number"),
    (("--cors", "https://chat.example.org/"), "expected an origin such as"),
    (("--allowed-host", "https://chat.example.org"), "expected a host such as"),
    (("--trust-user-header", "X User"), "expected the name of a header"),
    (("--access-log", "none/access.log"), "none/access.log can not be written"),
]


@pytest.mark.parametrize(("options", "word"), WRONG, ids=[" ".join(row[0]) for row in WRONG])
def test_what_can_not_be_is_refused(program: Program, options: tuple[str, ...], word: str) -> None:
    """A wrong command line ends with one line that says what to do, and shows no key."""
    ran = program("serve", *options)
    assert ran.code in {2, 3}
    assert (ran.out, ran.err.count("\n")) == ("", 1)
    assert word in ran.err
    assert "with space" not in ran.err


def test_a_wrong_config_names_its_line(program: Program) -> None:
    """A key that is none is an error with file, line and the nearest that is one."""
    config = program.write("gateway.toml", 'host = "127.0.0.1"\nprot = 8400\n')
    ran = program("serve", "--config", config)
    assert ran.code == 2
    assert "gateway.toml:2: prot: unknown key; did you mean 'port'?" in ran.err


def test_a_port_that_is_taken_is_an_error(program: Program) -> None:
    """The second gateway on a port says so, in one line."""
    with program.started("serve", "--port", "0") as process:
        port = first_line(process).removesuffix("/v1").rpartition(":")[2]
        ran = program("serve", "--port", port)
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert f"can not listen on 127.0.0.1 port {port}" in ran.err


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX limits the files of a process")
@pytest.mark.parametrize(("files", "serves"), [(20, False), (35, False), (36, True)])
def test_too_few_files_are_an_error(program: Program, files: int, serves: bool) -> None:
    """Where there is room for nobody it does not begin, and says why; with the least it says, somebody is answered."""
    limited = f"import resource; resource.setrlimit(resource.RLIMIT_NOFILE, ({files}, {files})); "
    with program.started("serve", "--port", "0", before=limited) as process:
        if serves:
            assert ask(first_line(process)) == 200
        else:
            out, err = process.communicate(timeout=10)
            assert (process.returncode, out, f"only {files} files may be open" in err.decode()) == (2, b"", True)


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX limits the files of a process")
def test_few_files_and_many_callers(program: Program) -> None:
    """Five hundred callers at a time and 64 open files: some are told to come again, and the gateway goes on."""
    limited = "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64)); "
    with program.started("serve", "--port", "0", before=limited) as process:
        url = first_line(process)
        host, _, port = url.removeprefix("http://").removesuffix("/v1").partition(":")
        callers = []
        for _ in range(500):
            caller = socket.socket()
            caller.settimeout(10)
            caller.connect((host, int(port)))
            callers.append(caller)
        answers = set()
        for caller in callers:
            with caller, contextlib.suppress(ConnectionError):
                caller.sendall(f"GET /v1/models HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n".encode())
                answers.add(caller.recv(65_536)[9:12])
        assert answers <= {b"200", b"503", b""}
        assert b"503" in answers
        assert ask(url) == 200


def test_bugs_are_told_and_other_things_only_when_asked(capsys: pytest.CaptureFixture[str]) -> None:
    """Standard error has a line for each error of the gateway's own; what is done comes with --verbose."""
    logger = logging.getLogger("chatdoor.gateway")
    with showing_log(logging.ERROR):
        logger.warning("not this")
        logger.error("KeyError at app.py, 1")
    assert capsys.readouterr().err == "chatdoor: KeyError at app.py, 1\n"


@pytest.mark.skipif(sys.platform == "win32", reason="signals as POSIX has them")
def test_it_tells_what_it_does(program: Program) -> None:
    """With --verbose standard error names the requests to the site, and nothing that was said."""
    with program.started("serve", "--port", "0", "--verbose") as process:
        assert ask(first_line(process)) == 200
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=10)
    assert b"chatdoor: practice: " in err
    assert b"Hello" not in err


@pytest.mark.parametrize("more", [[], ["--show-texts"]])
def test_texts_are_shown_where_it_is_said(program: Program, more: list[str]) -> None:
    """Prompts and replies are kept for the page with `--show-texts` alone."""
    with program.started("serve", "--port", "0", *more) as process:
        url = first_line(process)
        assert ask(url) == 200
        with urllib.request.urlopen(f"{url}/chatdoor/state", timeout=10) as answer:
            state = json.load(answer)
    assert state["texts"] == bool(more)
    assert state["requests"][0]["prompt"] == ("Hello" if more else "")
