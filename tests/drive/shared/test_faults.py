"""What is wrong with the server is told in words that one can act on, and that hold no secret."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import closing, suppress
from pathlib import Path
from typing import TypeVar

import pytest

from chatdoor.drive.shared.link import Link, Script
from chatdoor.errors import StateDown
from tests.servers.authority import Authority, found_authority
from tests.servers.ports import free_port
from tests.servers.redis import RedisServer, redis_server

ECHO = Script("return ARGV[1]")
PASSWORD = "hunter2"
T = TypeVar("T")


async def asked(url: str) -> str:
    """What comes back of a script, or why none did."""
    link = Link(url)
    try:
        return bytes(await link.send(ECHO, [], "met")).decode()
    except StateDown as error:
        return str(error.problem)
    finally:
        await link.close()


async def left_in_peace(asks: Awaitable[T]) -> T:
    """What comes of it, once no socket is open in this loop: the two sides of TLS agree on an end, which takes time."""
    try:
        return await asks
    finally:
        open_ones = asyncio.get_running_loop()._selector.get_map()  # type: ignore[attr-defined]
        while len(open_ones) > 1:  # noqa: ASYNC110 - one is the loop's own, and the loop tells nobody
            await asyncio.sleep(0.01)


def of_user(*rights: str) -> Callable[[RedisServer], str]:
    """Gives the server a user with these rights, and an address for it."""

    def made(redis: RedisServer) -> str:
        assert redis.tell("ACL", "SETUSER", "bob", "on", f">{PASSWORD}", *rights) == b"+OK\r\n"
        return f"redis://bob:{PASSWORD}@127.0.0.1:{redis.port}/0"

    return made


def with_password(password: str) -> Callable[[RedisServer], str]:
    """Sets a password, and gives an address with this one."""

    def made(redis: RedisServer) -> str:
        redis.tell("CONFIG", "SET", "requirepass", PASSWORD)
        return f"redis://{password}127.0.0.1:{redis.port}/0"

    return made


CASES: Mapping[str, tuple[Callable[[RedisServer], str], str]] = {
    "the right password": (with_password(f":{PASSWORD}@"), "met"),
    "a wrong password": (with_password(f":{PASSWORD}3@"), "it refuses the user or the password"),
    "no password": (with_password(""), "it wants a password"),
    "all rights on our keys": (of_user("~{chatdoor}:*", "+@all"), "met"),
    "no scripts": (of_user("~*", "+@all", "-@scripting"), "its user may not do what is needed (ACL)"),
    "no such database": (lambda redis: redis.url.removesuffix("0") + "99", "it has no database of that number"),
    "another database": (lambda redis: redis.url.removesuffix("0") + "3", "met"),
    "no such host": (lambda _: "redis://no-such-host.invalid/0", "its host is not found"),
    "nobody listens": (lambda _: f"redis://127.0.0.1:{free_port()}/0", "connection refused"),
    "no such socket": (lambda _: "unix:///no/such.sock", "there is no such socket"),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_wrong(redis: RedisServer, case: str, caplog: pytest.LogCaptureFixture) -> None:
    """The error and the log say what is wrong, once, and hold no password."""
    make, told = CASES[case]
    url = make(redis)
    with caplog.at_level(logging.WARNING, "chatdoor"):
        answer = asyncio.run(asked(url))
    assert answer == (told if told == "met" else f"the shared state can not be used now ({told})")
    assert PASSWORD not in caplog.text


@pytest.mark.parametrize("rights", [("~other:*", "+@all"), ("~*", "+@all", "-zadd"), ("~*", "+@all", "-hset")])
def test_rights_that_do_not_suffice(redis: RedisServer, rights: tuple[str, ...]) -> None:
    """A user who may do a part of what is needed counts as away from the first beat on, and for as long as it is so."""

    async def main() -> set[str | None]:
        link = Link(of_user(*rights)(redis))
        link.begin()
        try:
            async with asyncio.timeout(10):
                while link.problem is None:  # noqa: ASYNC110 - the link tells nobody
                    await asyncio.sleep(0.01)
            seen = {link.problem for _ in range(6) if await asyncio.sleep(0.1, result=True)}
            assert link._clock is None  # no beat has told it
            return seen
        finally:
            await link.close()

    assert asyncio.run(main()) == {"its user may not do what is needed (ACL)"}


def test_tls(authority: Authority, tmp_path: Path) -> None:
    """`rediss://` checks the certificate and its name, and says what is wrong; a frozen server is away in time."""
    port = free_port()
    files = ("--tls-cert-file", authority.cert_file, "--tls-key-file", authority.key_file, "--tls-auth-clients", "no")
    options = ("--tls-port", port, *files, "--tls-ca-cert-file", authority.ca_file, "--bind", "127.0.0.1", "127.0.0.2")
    other = found_authority(tmp_path)

    def over_tls(url: str) -> str:
        return asyncio.run(left_in_peace(asked(url)))

    async def frozen(url: str, redis: RedisServer) -> float:
        link = Link(url)
        try:
            await link.send(ECHO, [], "met")
            redis.freeze()
            began = time.monotonic()
            with pytest.raises(StateDown):
                await link.send(ECHO, [], "met")
            return time.monotonic() - began
        finally:
            redis.thaw()
            await link.close()

    with redis_server(tmp_path, *map(str, options)) as redis:
        ours = f"rediss://127.0.0.1:{port}/0?ssl_ca_certs={authority.ca_file}"
        assert over_tls(ours) == "met"
        for url in (f"rediss://127.0.0.1:{port}/0", f"rediss://127.0.0.1:{port}/0?ssl_ca_certs={other.ca_file}"):
            assert "its certificate is not trusted: " in over_tls(url)
        assert "not valid for '127.0.0.2'" in over_tls(ours.replace("127.0.0.1", "127.0.0.2"))
        assert "it has ended the connection" in asyncio.run(asked(f"redis://127.0.0.1:{port}/0"))
        assert asyncio.run(left_in_peace(frozen(ours, redis))) < 2


@pytest.mark.parametrize("answered", [0, 1])
def test_two_trips_at_once(answered: int) -> None:
    """Of two trips, the first one that fails ends the connections of both, and the other one tells its reason."""

    async def main() -> str:
        asking: list[asyncio.StreamWriter] = []

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with closing(writer), suppress(ConnectionError):
                await reader.read(1)
                asking.append(writer)
                if len(asking) == 2:  # the beat and the script; a server in a hurry may answer either one first
                    asking[answered].write(b"-NOAUTH HELLO must be called with the client already authenticated\r\n")
                await reader.read()

        async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
            return await asked(f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}/0")

    assert asyncio.run(main()) == "the shared state can not be used now (it wants a password)"
