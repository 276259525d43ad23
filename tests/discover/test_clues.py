"""Clues hold what a live site can be asked for, and names alone of what must not be written."""

from chatdoor.discover.clues import Clues, Given
from chatdoor.discover.discovery import discover
from chatdoor.discover.har import read_har
from tests.discover.chats import ASKED, OTHER, SAID, TOKEN, got, page, recorded
from tests.discover.sanitised import sanitised

LOGIN = got(
    "POST", "/api/login", {"user": {"name": "Ada"}, "access_token": OTHER}, body={"user": "a", "password": "bcd"}
)
TURNS = [got("POST", "/ask", {"answer": SAID[at]}, body={"q": ASKED[at]}, sent={"X-T": TOKEN}) for at in range(2)]
OPENED = (
    page(path="/"),
    page(path="/users/sign_out"),
    page(path=f"/c/{OTHER}"),
    page(path="/login?next=%2Fchat"),
    LOGIN,
    page(path="/chat"),
    got("GET", "/chat.js", "1", "text/javascript"),
)


def clues(data: bytes) -> Clues:
    """The clues of a recording."""
    return discover(read_har(data, "chat.har"), "chat.har").clues


def test_what_a_default_export_hides() -> None:
    """The pages, the last one first and without their queries; the login's token; what goes out, and its name."""
    found = clues(sanitised(recorded(*OPENED, *TURNS)))
    assert found.pages == ("/chat", "/login", "/")  # none that signs out, none of one visitor's own
    assert found.given == (Given("post", "/api/login", {"json": "access_token"}),)
    assert (found.headers, found.samples) == (("x-t",), {"{env:BOT_EXAMPLE_T}": TOKEN})
    assert found.variables == ("BOT_EXAMPLE_USER", "BOT_EXAMPLE_PASSWORD")


def test_what_a_full_export_shows() -> None:
    """Where cookies are shown, so is `Authorization`: no token has to be looked for."""
    assert clues(recorded(page(sid=OTHER), *OPENED[1:], *TURNS)).given == ()
