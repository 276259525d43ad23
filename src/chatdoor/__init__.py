"""chatdoor puts a standard chat API in front of any web chatbot.

A site file describes the chatbot, and a client talks to it:

    with Client("our-bot.toml") as client:
        print(client.ask([{"role": "user", "content": "Hello"}]))
"""

import importlib
import logging
import typing

from chatdoor._version import __version__

if typing.TYPE_CHECKING:
    from chatdoor.batch.face import run_batch
    from chatdoor.batch.summary import Summary
    from chatdoor.discover.check import run_check
    from chatdoor.discover.check_finding import Finding, Proof
    from chatdoor.drive.access import Timeout
    from chatdoor.drive.asker import Asker
    from chatdoor.drive.async_client import AsyncClient
    from chatdoor.drive.client import Client
    from chatdoor.drive.conversation_file import ConversationFile
    from chatdoor.drive.store import FileStore
    from chatdoor.errors import ChatdoorError
    from chatdoor.messages import CreateResult, Message, Messages, Piece, Reply, Usage
    from chatdoor.practice import Practice
    from chatdoor.providers import AbstractProvider, SiteProvider, VoiGpt
    from chatdoor.site import Site, load_site

__all__ = [
    "AbstractProvider",
    "Asker",
    "AsyncClient",
    "ChatdoorError",
    "Client",
    "ConversationFile",
    "CreateResult",
    "FileStore",
    "Finding",
    "Message",
    "Messages",
    "Piece",
    "Practice",
    "Proof",
    "Reply",
    "Site",
    "SiteProvider",
    "Summary",
    "Timeout",
    "Usage",
    "VoiGpt",
    "__version__",
    "load_site",
    "run_batch",
    "run_check",
]

logging.getLogger("chatdoor").addHandler(logging.NullHandler())


_HOMES = {
    "chatdoor.batch.face": ["run_batch"],
    "chatdoor.batch.summary": ["Summary"],
    "chatdoor.discover.check": ["run_check"],
    "chatdoor.discover.check_finding": ["Finding", "Proof"],
    "chatdoor.drive.access": ["Timeout"],
    "chatdoor.drive.asker": ["Asker"],
    "chatdoor.drive.async_client": ["AsyncClient"],
    "chatdoor.drive.client": ["Client"],
    "chatdoor.drive.conversation_file": ["ConversationFile"],
    "chatdoor.drive.store": ["FileStore"],
    "chatdoor.errors": ["ChatdoorError"],
    "chatdoor.messages": ["CreateResult", "Message", "Messages", "Piece", "Reply", "Usage"],
    "chatdoor.practice": ["Practice"],
    "chatdoor.providers": ["AbstractProvider", "SiteProvider", "VoiGpt"],
    "chatdoor.site": ["Site", "load_site"],
}
"""Where the public names are from. Each is loaded when it is first used: nobody pays for the faces they do not use."""

_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> object:
    """A public name, which from then on is an attribute like any other."""
    if name not in _HOME_OF:
        raise AttributeError(f"module 'chatdoor' has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOME_OF[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """All names, those that are not loaded yet too."""
    return sorted({*globals(), *__all__})
