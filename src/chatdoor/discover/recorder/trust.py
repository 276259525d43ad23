"""Which key a browser may trust beside its own list: that of a server whose certificate a CA of ours has signed."""

import base64
import hashlib
import socket
import ssl
from collections.abc import Iterator
from urllib.parse import urlsplit

from chatdoor.drive.access import read_ca

SECONDS = 10.0
"""For one connection."""

_HTTPS = 443
_SEQUENCE = 0x30
_VERSION = 0xA0
_FIELDS_BEFORE_KEY = 5


def trusted_key(url: str, ca_file: str | None) -> str | None:
    """SHA-256 of the server's public key in base64, where the CAs in that file vouch for it; else None.

    The server is asked for its certificate, and all of it is checked: chain, name and dates. Raises ArgumentError for a
    file that holds no CA. Source: RFC 7469, section 2.4 (the fingerprint of a key).
    """
    parts = urlsplit(url)
    pem = read_ca(ca_file)
    if not pem or parts.scheme != "https" or not parts.hostname:
        return None
    context = ssl.create_default_context()
    try:
        context.load_verify_locations(cadata=pem.decode("ascii", "ignore"))
        with (
            socket.create_connection((parts.hostname, parts.port or _HTTPS), SECONDS) as plain,
            context.wrap_socket(plain, server_hostname=parts.hostname) as secure,
        ):
            certificate = secure.getpeercert(binary_form=True)
    except OSError:  # the browser will say it in its own words
        return None
    return base64.b64encode(hashlib.sha256(public_key(certificate or b"")).digest()).decode()


def public_key(certificate: bytes) -> bytes:
    """The SubjectPublicKeyInfo of a certificate in DER (RFC 5280, section 4.1): the seventh field, or the sixth.

    The version before the others may be left out. Raises ValueError where it is no certificate.
    """
    fields = [field for tag, field in _values(_inside(_inside(certificate))) if tag != _VERSION]
    if len(fields) <= _FIELDS_BEFORE_KEY:
        raise ValueError("not a certificate")
    return fields[_FIELDS_BEFORE_KEY]


def _inside(value: bytes) -> bytes:
    """What the first sequence holds."""
    start, end = _extent(value, 0)
    if value[:1] != bytes([_SEQUENCE]):
        raise ValueError("not a certificate")
    return value[start:end]


def _values(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Tag and whole encoding of each value."""
    at = 0
    while at < len(content):
        _, end = _extent(content, at)
        yield content[at], content[at:end]
        at = end


def _extent(data: bytes, at: int) -> tuple[int, int]:
    """Where the content of the value at that place begins and ends (X.690, section 8.1.3)."""
    if at + 2 > len(data):
        raise ValueError("not a certificate")
    first = data[at + 1]
    count = first & 0x7F if first & 0x80 else 0
    start = at + 2 + count
    length = int.from_bytes(data[at + 2 : start], "big") if count else first
    if start + length > len(data):
        raise ValueError("not a certificate")
    return start, start + length
