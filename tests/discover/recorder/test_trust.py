"""The key of a server that a CA of ours vouches for."""

import base64
import hashlib
import ssl

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import load_pem_x509_certificate

from chatdoor.discover.recorder.trust import public_key, trusted_key
from chatdoor.errors import ArgumentError
from tests.discover.recorder.sites import html, site
from tests.servers.authority import Authority, found_authority


def own_key(authority: Authority) -> bytes:
    """The server's public key as another library reads it."""
    certificate = load_pem_x509_certificate(authority.cert_file.read_bytes())
    return certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def test_the_key_in_a_certificate(authority: Authority) -> None:
    """It is the one that another library finds; what is cut short or none is a ValueError."""
    pem = authority.cert_file.read_text().partition("-----END CERTIFICATE-----")
    der = ssl.PEM_cert_to_DER_cert(pem[0] + pem[1])
    assert public_key(der) == own_key(authority)
    for length in range(len(der)):
        with pytest.raises(ValueError, match="not a certificate"):
            public_key(der[:length])


def test_a_key_is_trusted_only_where_the_authority_vouches(
    authority: Authority, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Another authority's word does not count, nor does a plain connection."""
    other = found_authority(tmp_path_factory.mktemp("other"))
    expected = base64.b64encode(hashlib.sha256(own_key(authority)).digest()).decode()
    with site({"/": html("")}, authority) as port:
        url = f"https://127.0.0.1:{port}/"
        assert trusted_key(url, str(authority.ca_file)) == expected
        assert trusted_key(url, str(other.ca_file)) is None
        assert trusted_key(url, None) is None
        assert trusted_key(url.replace("https", "http"), str(authority.ca_file)) is None
    assert trusted_key(url, str(authority.ca_file)) is None


def test_a_file_without_a_certificate(authority: Authority) -> None:
    """It is a wrong argument, as elsewhere."""
    with pytest.raises(ArgumentError, match="holds no certificate"):
        trusted_key("https://127.0.0.1:1/", str(authority.key_file))
