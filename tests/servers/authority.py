"""A private certificate authority, made anew for each test run."""

from dataclasses import dataclass
from pathlib import Path

import trustme


@dataclass(frozen=True)
class Authority:
    """PEM files: the authority's own certificate, and one server's chain and key for loopback names."""

    ca_file: Path
    cert_file: Path
    key_file: Path


def found_authority(folder: Path) -> Authority:
    """An authority whose files lie in `folder`; its server certificate holds for localhost and 127.0.0.1."""
    authority = Authority(folder / "ca.pem", folder / "server.pem", folder / "server.key")
    ca = trustme.CA()
    server = ca.issue_cert("localhost", "127.0.0.1")
    ca.cert_pem.write_to_path(str(authority.ca_file))
    server.private_key_pem.write_to_path(str(authority.key_file))
    for certificate in server.cert_chain_pems:
        certificate.write_to_path(str(authority.cert_file), append=True)
    return authority
