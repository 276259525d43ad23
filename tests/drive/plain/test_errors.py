"""What the system says of a connection that failed, in its own words."""

import errno
import socket
import ssl

import pytest

from chatdoor.drive.plain.errors import reason_of

_FAILED = f"[Errno {errno.ECONNREFUSED}] Connect call failed ('127.0.0.1', 1)"


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (ConnectionRefusedError(errno.ECONNREFUSED, "Connect call failed ('127.0.0.1', 1)"), "Connection refused"),
        (OSError(f"Multiple exceptions: {_FAILED}, {_FAILED}"), "Connection refused"),
        (ConnectionResetError(errno.ECONNRESET, "Connection reset by peer"), "Connection reset by peer"),
        (socket.gaierror(-2, "Name or service not known"), "Name or service not known"),
        (ssl.SSLError(1, "[SSL] handshake failure"), "[SSL] handshake failure"),
        (ConnectionError(), "ConnectionError"),
    ],
)
def test_a_reason_is_the_systems(error: Exception, says: str) -> None:
    """Not asyncio's, which names an address or counts its tries; the error's name where nothing is said."""
    assert reason_of(error) == says
