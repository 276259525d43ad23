"""The address of the server: what it may say, and that none of it is shown."""

from pathlib import Path

import pytest

from chatdoor.drive.shared.link import Link
from chatdoor.errors import ArgumentError
from tests.servers.authority import Authority

REFUSED = {
    "": "begins with redis://",
    "http://h": "begins with redis://",
    "rediss:h": "begins with redis://",
    "redis://h:port/0": "can not be read",
    "redis://:hunter2@h:99999999/0": "can not be read",
    "redis://:hunter2#3@h/0": "can not be read",
    "redis://:hunter2@h/production": "can not be read",
    "redis://:hunter2@h/-1": "can not be read",
    "unix://": "can not be read",
    "redis://h/0?db=hunter2": "db is not a number",
    "redis://h/0?hunter2": "can not be read",
    "redis://h/0?hunter2=1": "may stand: db",
    "redis://h/0?decode_responses=true": "may stand: db",
    "redis://h/0?ssl_ca_certs=/ca.pem": "may stand: db",
    "rediss://h/0?ssl_cert_reqs=none": "may stand: db, ssl_ca_certs",
    "rediss://h/0?ssl_check_hostname=false": "may stand: db, ssl_ca_certs",
    "rediss://h/0?ssl_ca_certs=/no/such.pem": "/no/such.pem can not be read as PEM",
    "rediss://h/0?ssl_keyfile=/no/such.key": "of no use without ssl_certfile",
}


@pytest.mark.parametrize("url", REFUSED)
def test_an_address_that_is_none(url: str) -> None:
    """It is refused at once, with what is wrong, and not shown: it may hold a password."""
    with pytest.raises(ArgumentError, match="state: ") as error:
        Link(url)
    assert REFUSED[url] in str(error.value)
    assert "hunter2" not in str(error.value)


def test_files_that_are_no_certificates(tmp_path: Path, authority: Authority) -> None:
    """What TLS goes by is read at the start, so that a wrong file is told then."""
    wrong = tmp_path / "wrong.pem"
    wrong.write_text("no certificate")
    for option in ("ssl_ca_certs", "ssl_certfile"):
        with pytest.raises(ArgumentError, match="can not be read as PEM"):
            Link(f"rediss://h/0?{option}={wrong}")
    Link(f"rediss://h/0?ssl_ca_certs={authority.ca_file}")


@pytest.mark.parametrize("url", ["redis://", "redis://h/", "redis://u:p%40w@h:1/12?db=3", "unix:///run/r.sock?db=3"])
def test_addresses(url: str) -> None:
    """A host, a socket, a database's number: all of these can be used."""
    Link(url)
