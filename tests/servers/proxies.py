"""The proxies as a test sees them."""

from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote

from .authority import Authority
from .child import Child, start

USER = "gate"
PASSWORD = "s3cret@word"
"""Not safe in a URL as it stands: a client has to undo the percent-encoding."""


@dataclass(frozen=True)
class Proxy:
    """A running proxy: `url` has the credentials in it, `bare_url` has none."""

    url: str
    bare_url: str
    child: Child
    seen_file: Path
    ca_file: Path | None = None
    password: str | None = None

    def seen(self) -> list[str]:
        """What passed since the last reset: ``GET http://...``, ``CONNECT host:port``, or ``host:port`` for SOCKS."""
        return self.seen_file.read_text().splitlines()

    def count(self) -> int:
        """How many requests (HTTP), CONNECTs or connections (SOCKS) passed since the last reset."""
        return len(self.seen())

    def reset(self) -> None:
        """Count from zero."""
        self.seen_file.write_text("")


def start_web_proxy(folder: Path, *, authority: Authority | None = None, credentials: bool = False) -> Proxy:
    """An HTTP proxy, or with an authority one that is itself spoken to over TLS."""
    options = ["--basic-auth", f"{USER}:{PASSWORD}"] if credentials else []
    if authority is None:
        return _start("web_proxy", options, folder, scheme="http", credentials=credentials)
    options += ["--cert-file", str(authority.cert_file), "--key-file", str(authority.key_file)]
    proxy = _start("web_proxy", options, folder, scheme="https", credentials=credentials)
    return replace(proxy, ca_file=authority.ca_file)


def start_socks_proxy(folder: Path, *, credentials: bool = False) -> Proxy:
    """A SOCKS5 proxy. It takes names as well as addresses, so socks5h may stand in its URL in place of socks5."""
    options = [f"{USER}:{PASSWORD}"] if credentials else []
    return _start("socks_proxy", options, folder, scheme="socks5", credentials=credentials)


def _start(module: str, options: list[str], folder: Path, *, scheme: str, credentials: bool) -> Proxy:
    seen_file = folder / "seen"
    seen_file.touch()
    child = start(f"tests.servers.{module}", str(seen_file), *options, log=folder / "log")
    place = f"127.0.0.1:{child.port}"
    user = f"{USER}:{quote(PASSWORD, safe='')}@" if credentials else ""
    password = PASSWORD if credentials else None
    return Proxy(f"{scheme}://{user}{place}", f"{scheme}://{place}", child, seen_file, password=password)
