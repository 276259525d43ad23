"""Every error has something to do about it."""

import pytest

from chatdoor import errors
from chatdoor.discover.check_advice import ADVICE, advice_for
from chatdoor.errors import ArgumentError, ChatdoorError, SessionError
from chatdoor.site.load import load_site, loads_site


def tree(kind: type[ChatdoorError]) -> list[type[ChatdoorError]]:
    """The error and all below it."""
    return [kind, *(below for child in kind.__subclasses__() for below in tree(child))]


LEAVES = [kind for kind in tree(ChatdoorError) if kind.__module__ == errors.__name__ and not kind.__subclasses__()]

CAN_NOT_BE_MET = {
    "BatchStopped", "ConversationBusy", "NotRecorded", "RecordingError", "SiteFileError", "StateDown", "StateError",
}  # fmt: skip
"""A check has a right site file, asks one turn at a time, reads no recording, and keeps nothing."""


@pytest.mark.parametrize("kind", LEAVES)
def test_every_error_has_its_own_advice(kind: type[ChatdoorError]) -> None:
    """Each leaf of the tree that a check can meet has advice, its own or that of its kind."""
    nearest = next(above for above in kind.__mro__ if above in ADVICE)
    general = {ChatdoorError, ArgumentError, SessionError}
    assert nearest not in general or kind.__name__ in CAN_NOT_BE_MET


def test_a_credential_is_named_where_an_argument_is_wrong() -> None:
    """All that the site needs is listed, and only there."""
    asking = loads_site("""
schema = 1
name = "bot"
url = "https://bot.example.org"
[chat]
post = "/chat"
headers = { X = "{env:BOT_KEY}" }
json = { text = "{prompt}" }
[reply]
json = "text"
""")
    assert "{env:BOT_KEY}" in advice_for(asking, ArgumentError("not allowed"))
    assert "{env:BOT_KEY}" not in advice_for(asking, errors.SiteFailed("500"))
    assert "needs" not in advice_for(load_site("voigpt"), ArgumentError("not allowed"))


@pytest.mark.parametrize(("reply", "says"), [("", "`done`"), ('done = "end"', "--timeout")])
def test_a_socket_without_an_end_is_told_of(reply: str, says: str) -> None:
    """A reply that takes too long misses its end there, and is slow where it has one."""
    site = loads_site(f"""
schema = 1
name = "bot"
url = "https://bot.example.org"
[chat]
websocket = "/chat"
json = {{ text = "{{prompt}}" }}
[reply]
websocket = "text"
{reply}
""")
    assert says in advice_for(site, errors.TimedOut("timed out", phase="read"))


def test_a_page_on_the_way_in_is_no_reply() -> None:
    """Where a step of the session is answered with an error, the way in is to be mended, and not the chat."""
    site = load_site("voigpt")
    assert "[session]" in advice_for(site, errors.UnexpectedReply("404", step=site.session[0].label))
    assert "[chat]" in advice_for(site, errors.UnexpectedReply("404", step=site.chat[0].label))
