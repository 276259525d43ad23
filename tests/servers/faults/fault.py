"""What a fault is, and the few ways to write one."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum, auto

from tests.servers.wire import Answer, Wire

Act = Callable[[Wire], Awaitable[None]]
HTML = "Content-Type: text/html; charset=utf-8"
JSON = "Content-Type: application/json"


class Stage(Enum):
    """How far a connection comes before the fault takes over."""

    LISTEN = auto()
    """Nobody listens."""
    ACCEPT = auto()
    """Accepted, nothing read."""
    HEAD = auto()
    """The request's head is read, its body is not."""
    REQUEST = auto()
    """The whole request is read."""


@dataclass(frozen=True)
class Fault:
    """What the server does in place of a good answer. The connection goes on only after a well-formed answer."""

    act: Act
    stage: Stage = Stage.REQUEST
    goes_on: bool = False


def answer(status: int, body: bytes = b"", *headers: str) -> Fault:
    """A well-formed answer, whose content is the fault."""
    fixed = Answer(status, headers, body)
    return Fault(lambda wire: wire.answer(fixed), goes_on=True)


def html(status: int, body: bytes, *headers: str) -> Fault:
    """A well-formed HTML page."""
    return answer(status, body, HTML, *headers)


def json(body: bytes, status: int = 200) -> Fault:
    """A well-formed answer that says it is JSON."""
    return answer(status, body, JSON)


def raw(data: bytes) -> Fault:
    """Exactly these bytes, then the end of the connection."""
    return Fault(lambda wire: wire.send(data))


def page(text: str) -> bytes:
    """A small HTML page around `text`."""
    head = f'<!doctype html>\n<html lang="en">\n<head><title>{text}</title></head>'
    return f"{head}\n<body><p>{text}</p></body>\n</html>\n".encode()


async def good(wire: Wire) -> None:
    """What a good server answers."""
    await wire.answer(wire.good)


GOOD = Fault(good, goes_on=True)
