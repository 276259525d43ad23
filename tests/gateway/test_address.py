"""Which addresses are this machine's own, and which values of Host mean a gateway."""

import pytest

from chatdoor.gateway.address import is_loopback, own_hosts, plain_host, url_of


@pytest.mark.parametrize(
    ("host", "own"),
    [("127.0.0.1", True), ("127.9.9.9", True), ("localhost", True), ("::1", True), ("0.0.0.0", False), ("::", False),
     ("192.0.2.1", False), ("localhost.example.org", False), ("", False)],
)  # fmt: skip
def test_what_only_this_machine_reaches(host: str, own: bool) -> None:
    """An address or name that leads anywhere else is not loopback."""
    assert is_loopback(host) is own


def test_the_hosts_that_mean_a_gateway() -> None:
    """On loopback all of its names do; on one address that one; on all addresses any Host will do."""
    assert set(own_hosts("127.0.0.1", 8400)) == {"127.0.0.1:8400", "localhost:8400", "[::1]:8400"}
    assert own_hosts("192.0.2.1", 8400) == ["192.0.2.1:8400"]
    assert own_hosts("192.0.2.1", 80) == ["192.0.2.1:80", "192.0.2.1"]
    assert own_hosts("0.0.0.0", 8400) == own_hosts("::", 8400) == []
    assert url_of("::1", 80) == "http://[::1]:80"


@pytest.mark.parametrize(
    ("given", "host"),
    [("127.0.0.1", "127.0.0.1"), ("::1", "::1"), ("[::1]", "::1"), ("0:0:0:0:0:0:0:1", "::1"),
     ("FD00:0::2", "fd00::2"), ("::ffff:127.0.0.1", "127.0.0.1"), ("[::ffff:0:0]", "0.0.0.0"),
     ("fe80::1%eth0", "fe80::1%eth0"), ("localhost", "localhost"), ("[name]", "[name]"), ("[", "["), ("", "")],
)  # fmt: skip
def test_a_host_has_one_form(given: str, host: str) -> None:
    """However an address is written, it is bound, checked and told as clients write it."""
    assert plain_host(given) == host
