"""What the libraries say of a failed handshake, in words that help."""

import pytest

from chatdoor.drive.handshake import meaning


@pytest.mark.parametrize(
    ("reason", "says"),
    [
        ("received corrupt message of type InvalidContentType", "try http://"),
        ("[SSL: WRONG_VERSION_NUMBER] wrong version number (_ssl.c:1006)", "try http://"),
        ("invalid peer certificate: UnknownIssuer", "--ca-file"),
        ("self-signed certificate in certificate chain", "--ca-file"),
        ("invalid peer certificate: Other(OtherError(CaUsedAsEndEntity))", "basicConstraints=CA:FALSE"),
        ("Connection refused", "Connection refused"),
    ],
)
def test_what_it_means(reason: str, says: str) -> None:
    """The way out is told; a reason that says enough stays as it is."""
    assert says in meaning(reason)
