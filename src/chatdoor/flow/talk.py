"""A conversation at the site, as one call finds it and leaves it.

Sites that keep the turns get only what is new. Where they do not have what came before, because the
conversation is new to them or was lost, they are told again: turn by turn, or folded into one message.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

from msgspec.structs import replace

from chatdoor.errors import ArgumentError, ConversationLost
from chatdoor.flow.turn import SYSTEM_ROLES, Turn
from chatdoor.messages import Message
from chatdoor.site.model import Site

FOLDED_TALK: Final = "Our conversation until now:"
FOLDED_PROMPT: Final = "Please go on from there, and answer this:"
"""What stands before the two parts of one message that stands for a whole conversation."""

SPEAKERS: Final = {"user": "User", "assistant": "Assistant"}


class Talk:
    """What is known of the conversation. The flow changes it, and whoever keeps conversations reads it afterwards."""

    fidelity = "native"
    """How the message list has reached the site."""
    heard = 0
    """How many turns it was told since it was begun, of those that are told before the one to be answered."""

    def __init__(
        self, name: str | None = None, values: dict[str, object] | None = None, root: int | None = None
    ) -> None:
        self.name = name
        """What callers know it by; None where the site keeps no conversations."""
        self.values = values or {}
        """The values that live as long as the conversation: its id, for one."""
        self.root = root
        """The root of the session that it was begun in; None where it was not begun."""

    @property
    def begun(self) -> bool:
        """True where the site has the conversation."""
        return self.root is not None

    def forget(self) -> None:
        """The site no longer has it."""
        self.values, self.root, self.heard = {}, None, 0


class Way(NamedTuple):
    """The turns to send, of which the last one is answered, and what that makes of the message list."""

    turns: tuple[Turn, ...]
    fidelity: str


def way_to_tell(site: Site, turn: Turn, *, begun: bool) -> Way:
    """How the site gets to know the messages. Raises ConversationLost where the site file says not to tell again."""
    if begun or not site.remembers:
        return Way((turn,), "native")
    runs = list(_runs_of_user(turn.messages))
    if not runs:
        raise ArgumentError("messages: the site takes a prompt, and no message is from the user", site=site.name)
    if len(runs) == 1 and not turn.rest:
        return Way((replace(turn, known=0),), "native")
    if turn.rest:
        raise ConversationLost("the site has lost it, and the messages do not hold what was said", site=site.name)
    return WAYS[site.conversation.recover](site, turn, runs)


def _replayed(_site: Site, turn: Turn, runs: list[tuple[int, int]]) -> Way:
    ends = [end for _, end in runs]
    heard = [0, *ends[:-1]]
    turns = [replace(turn, messages=turn.messages[:end], known=known) for known, end in zip(heard, ends, strict=True)]
    return Way(tuple(turns), "replayed")


def _folded(_site: Site, turn: Turn, runs: list[tuple[int, int]]) -> Way:
    start = runs[-1][0]
    system = tuple(message for message in turn.messages if message.role in SYSTEM_ROLES)
    lines = [
        f"{SPEAKERS[message.role]}: {message.text}" for message in turn.messages[:start] if message.role in SPEAKERS
    ]
    prompt = "\n\n".join(message.text for message in turn.messages[start:] if message.role == "user")
    text = "\n\n".join((FOLDED_TALK, *lines, FOLDED_PROMPT, prompt))
    return Way((replace(turn, messages=(*system, Message("user", text)), known=0),), "folded")


def _refused(site: Site, _turn: Turn, _runs: list[tuple[int, int]]) -> Way:
    raise ConversationLost("the site does not have what was said before, and is not told again", site=site.name)


WAYS: Final = {"replay": _replayed, "fold": _folded, "refuse": _refused}
"""What the site file asks for -> what is sent."""


def _runs_of_user(messages: tuple[Message, ...]) -> Iterator[tuple[int, int]]:
    """Start and end of each stretch of messages from the user, with nothing of the assistant's between them."""
    start = None
    for at, message in enumerate(messages):
        if message.role == "user" and start is None:
            start = at
        elif message.role == "assistant" and start is not None:
            yield start, at
            start = None
    if start is not None:
        yield start, len(messages)
