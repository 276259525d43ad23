"""Why a TLS handshake failed, with the way out, where the words of the libraries leave one in the dark."""

import re
from typing import Final

_MEANING: Final = (
    (r"InvalidContentType|WRONG_VERSION_NUMBER", "it does not speak TLS; try http://"),
    (
        r"UnknownIssuer|self-signed certificate|unable to get local issuer",
        "its certificate is not trusted; name its CA with ca_file (--ca-file)",
    ),
    (
        r"CaUsedAsEndEntity",
        "its certificate is that of a CA, which no server may show; make one with basicConstraints=CA:FALSE",
    ),
)
"""What rustls or OpenSSL says -> what it means."""

PERHAPS_TLS: Final = "; if it speaks TLS, try https://"
"""What is added where a server ended a plain connection without a word, as one that waits for TLS does."""

ALERT: Final = b"\x15"
"""The first byte of a TLS alert (RFC 8446, section 5.1). No HTTP begins with it."""


def meaning(reason: str) -> str:
    """What is to be told in place of a library's reason; the reason itself where it is plain enough."""
    return next((words for pattern, words in _MEANING if re.search(pattern, reason)), reason)
