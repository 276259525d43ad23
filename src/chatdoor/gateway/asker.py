"""Whose request it is: the API key's, and the user's where the operator believes a header that says so."""

from hashlib import sha256

from chatdoor.drive.asker import Asker
from chatdoor.drive.gate import Ahead
from chatdoor.gateway.exchange import Exchange


def key_of(scope: str) -> str:
    """The part of a scope that is the key's."""
    return scope.partition("/")[0]


def scope_of(exchange: Exchange, user_headers: tuple[bytes, ...]) -> str:
    """The scope of a request. Nothing is shared by two of them, and no user of one key gets at another key's."""
    scope = exchange.key.scope if exchange.key else ""
    for name in user_headers:
        if user := exchange.headers.get(name):
            return f"{scope}/user:{sha256(user).hexdigest()[:32]}"
    return scope


def asker_of(
    exchange: Exchange, user_headers: tuple[bytes, ...], chat: str | None = None, ahead: Ahead | None = None
) -> Asker:
    """Who asks a site: the scope of the request, its client's own name for the chat, what was asked for it already."""
    scope = scope_of(exchange, user_headers)
    return Asker(scope=scope, chat=chat, gate=exchange.gate, ahead=ahead, waits=exchange.ending)
