"""The HTTP seam: the library's traps, each with a test, and its errors translated."""

import asyncio
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from chatdoor.drive.access import Access, Timeout
from chatdoor.drive.http import AsyncHttp, BlockingHttp
from chatdoor.drive.library import translate
from chatdoor.errors import ArgumentError, ChatdoorError, ConnectFailed, Place, ReadFailed, TimedOut
from chatdoor.flow.effects import Request
from tests.servers.authority import Authority
from tests.servers.django_server import DjangoServer
from tests.servers.faulty import Faulty

PLACE = Place("bot", "GET /")

LIBRARY = Access(trust_env=True)
"""Without it, plain requests do not go through the library. (No proxy is named by the environment here.)"""


def _get(url: str, seconds: float = 5.0, access: Access | None = None) -> tuple[int, dict[str, list[str]], bytes]:
    """Status, headers by name, and body."""
    http = BlockingHttp(access or LIBRARY)
    answer = http.send(Request("GET", url, ()), PLACE, seconds)
    try:
        body = b""
        while (chunk := answer.read()) is not None:
            body += chunk
    finally:
        answer.close()
        http.close()
    headers: dict[str, list[str]] = {}
    for name, value in answer.head.headers:
        headers.setdefault(name, []).append(value)
    return answer.head.status, headers, body


def test_redirects_are_not_followed(faulty: Faulty) -> None:
    """Only the flow decides where to go."""
    server = faulty(page="redirect_same_host")
    status, headers, _ = _get(f"{server.url}/")
    assert status in {301, 302, 303, 307, 308}
    assert headers["location"]
    assert len(server.seen) == 1


def test_a_header_that_is_not_ascii_hides_none_of_its_neighbours(
    faulty: Faulty, caplog: pytest.LogCaptureFixture
) -> None:
    """It alone is dropped, and a warning says so."""
    _, headers, _ = _get(f"{faulty(page='non_ascii_cookie_beside_good').url}/")
    assert any(cookie.startswith("csrftoken=") for cookie in headers["set-cookie"])
    assert "not ASCII and was dropped" in caplog.text


def test_pieces_are_handed_on_as_they_come(faulty: Faulty) -> None:
    """The first bytes of a slow stream are here long before its end."""
    server = faulty(chat="sse_endless_slow")
    http = BlockingHttp(LIBRARY)
    answer = http.send(Request("POST", f"{server.url}/generate_response/", (), b"{}"), PLACE, 5.0)
    start = time.monotonic()
    assert answer.read()
    assert time.monotonic() - start < 2
    answer.close()
    http.close()


def test_an_answer_that_is_left_ends_its_connection(faulty: Faulty) -> None:
    """Closing an endless answer takes no time, and the client goes on to be of use."""
    server = faulty(chat=["endless_chunked", "good"])
    http = BlockingHttp(LIBRARY)
    request = Request("POST", f"{server.url}/generate_response/", (), b"{}")
    answer = http.send(request, PLACE, 5.0)
    answer.read()
    start = time.monotonic()
    answer.close()
    assert time.monotonic() - start < 2
    assert http.send(request, PLACE, 5.0).head.status == 200
    http.close()


def test_closing_ends_what_is_under_way_and_the_next_call_works(faulty: Faulty) -> None:
    """A client may be used again after it was closed."""
    server = faulty()
    http = BlockingHttp(LIBRARY)
    for _ in range(3):
        assert http.send(Request("GET", f"{server.url}/", ()), PLACE, 5.0).head.status == 200
        http.close()


def test_one_async_client_serves_several_event_loops(faulty: Faulty) -> None:
    """Connections belong to no loop."""
    server = faulty()
    http = AsyncHttp(LIBRARY)

    async def get() -> int:
        answer = await http.send(Request("GET", f"{server.url}/", ()), PLACE, 5.0)
        await answer.close()
        return answer.head.status

    assert [asyncio.run(get()) for _ in range(3)] == [200] * 3
    asyncio.run(http.close())


def test_without_system_certificates_those_of_certifi_are_used(django_https: DjangoServer) -> None:
    """A slim container has none: the client is made all the same, and a private CA works beside them."""
    program = (
        "import sys; from chatdoor import Client, load_site\n"
        "client = Client(load_site('voigpt', url=sys.argv[1]), ca_file=sys.argv[2] or None)\n"
        "print(client.ask([{'role': 'user', 'content': 'Hello'}]))"
    )
    env = {**os.environ, "SSL_CERT_FILE": "/nonexistent", "SSL_CERT_DIR": "/nonexistent"}
    argv = [sys.executable, "-c", program, django_https.url, str(django_https.ca_file)]
    output = subprocess.run(argv, env=env, capture_output=True, text=True, timeout=30, check=False)
    assert output.stdout.strip() == "You said: Hello (1 messages)", output.stderr
    http_only = subprocess.run(
        [*argv[:3], "http://127.0.0.1:9", ""], env=env, capture_output=True, text=True, timeout=30, check=False
    )
    assert "ConnectFailed" in http_only.stderr


@pytest.mark.parametrize(
    "content", ["", "no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"]
)
def test_a_ca_file_that_holds_none_is_an_error(tmp_path: Path, content: str) -> None:
    """The error names the file."""
    path = tmp_path / "ca.pem"
    path.write_text(content)
    with pytest.raises(ArgumentError, match=r"ca_file: .*ca\.pem holds no"):
        _get("https://127.0.0.1:9/", access=Access(ca_file=str(path)))


def test_a_ca_file_with_several_certificates_is_read_whole(
    authority: Authority, django_https: DjangoServer, tmp_path: Path
) -> None:
    """A bundle may hold other CAs before the one that counts."""
    import certifi

    bundle = tmp_path / "bundle.pem"
    bundle.write_bytes(Path(certifi.where()).read_bytes() + Path(authority.ca_file).read_bytes())
    assert _get(f"{django_https.url}/", access=Access(ca_file=str(bundle)))[0] == 200


class TestErrors:
    """What went wrong is told by phase, and no URL of ours is in any text."""

    @pytest.mark.parametrize(
        ("page", "kind"),
        [
            ("connection_refused", ConnectFailed),
            ("reset_after_request", ReadFailed),
            ("garbage", ReadFailed),
            ("headers_100000", ReadFailed),
            ("never_answers", TimedOut),
            ("reset_mid_body", ReadFailed),
            ("gzip_wrong", ReadFailed),
        ],
    )
    def test_kinds(self, faulty: Faulty, page: str, kind: type[ChatdoorError]) -> None:
        """Each failure is of its kind, names the place, and keeps the secrets of its URL."""
        server = faulty(page=page)
        with pytest.raises(kind) as caught:
            _get(f"{server.url}/?token=verysecret", 0.5)
        assert str(caught.value).startswith("bot: GET /: ")
        seen = f"{caught.value.__cause__!r} {vars(caught.value.__cause__)} {caught.value}"
        assert "verysecret" not in seen
        assert "127.0.0.1" not in seen

    def test_a_name_that_does_not_exist(self) -> None:
        """No connection, and the reason is the name."""
        with pytest.raises(ConnectFailed, match="no connection"):
            _get("http://no-such-host.invalid/")

    @pytest.mark.parametrize("url", ["http://", "nonsense", "http://[::1", "http://host:99999/"])
    def test_a_url_that_is_none(self, url: str) -> None:
        """The library's plain ValueError is translated too."""
        with pytest.raises(ArgumentError, match="can not be made"):
            _get(url)

    def test_an_error_without_causes(self) -> None:
        """Whatever the library raises has a text."""
        assert "not valid" in str(translate(ValueError("x"), PLACE, sending=True))


@pytest.mark.parametrize(
    "timeout",
    [Timeout(connect=0), Timeout(gap=-1), Timeout(total=0), Timeout(total=float("nan")), Timeout(total=float("inf"))],
    ids=str,
)
def test_a_timeout_that_is_none_is_refused(timeout: Timeout) -> None:
    """Each time is above zero and finite."""
    with pytest.raises(ArgumentError, match="timeout"):
        Access(timeout=timeout).check()


@pytest.mark.parametrize("agent", ["two\r\nlines", "café", "\x00"])
def test_a_user_agent_that_no_header_may_hold_is_refused(agent: str) -> None:
    """Printable ASCII only."""
    with pytest.raises(ArgumentError, match="user_agent"):
        Access(user_agent=agent).check()
