"""Which box, button and form are chosen, by what elements say of themselves."""

import pytest

from chatdoor.discover.boxes import Element, SignIn, choose_box, choose_button, choose_opener, choose_sign_in

AREA = Element("textarea")
SEARCH = Element("input", "search", named="q Search the site")
PASSWORD = Element("input", "password", named="password")

BOXES: dict[str, tuple[list[Element], int | None]] = {
    "a textarea": ([SEARCH, AREA], 1),
    "an input beside a button that sends": ([Element("input", "text", named="msg", sendable=True)], 0),
    "an input that says so": ([Element("input", named="Type a message")], 0),
    "a rich text": ([SEARCH, Element("div", named="Ask anything")], 1),
    "the last of equals": ([AREA, AREA], 1),
    "the one that says so": ([Element("textarea", named="Your question"), AREA], 0),
    "in Chinese": ([Element("input", named="输入消息")], 0),
    "the only field, without a name": ([Element("input", "checkbox"), Element("input", named="i1")], 1),
    "no nameless one of two": ([Element("input"), Element("input")], None),
    "no nameless one in a menu": ([Element("input", aside=True)], None),
    "no mere input": ([Element("input", "text", named="colour")], None),
    "no search": ([SEARCH, Element("textarea", aside=True)], None),
    "no address": ([Element("input", "email", named="Your message to"), Element("input", named="e-mail")], None),
    "nothing hidden": ([Element("textarea", visible=False), Element("textarea", usable=False)], None),
    "no user's name": ([Element("input", "text", named="user", sendable=True), PASSWORD], None),
    "a chat beside a password": ([AREA, PASSWORD], 0),
    "nothing": ([], None),
}


@pytest.mark.parametrize("what", BOXES)
def test_the_box(what: str) -> None:
    """Boxes of chats are found, others are left alone."""
    fields, place = BOXES[what]
    assert choose_box(fields) == place


BUTTONS: dict[str, tuple[list[Element], int | None]] = {
    "by its text": ([Element("button", "button", shown="Attach"), Element("button", "button", shown="Send")], 1),
    "by its kind": ([Element("button", "button", shown="Emoji"), Element("input", "submit")], 1),
    "by its class": ([Element("button", "button", classes="chat-submit icon")], 0),
    "by its sign": ([Element("button", "button", shown="➤")], 0),
    "no clearing": ([Element("button", shown="Clear"), Element("button", "button", shown="New chat")], None),
    "none that waits": ([Element("button", "submit", shown="Send", usable=False)], None),
}


@pytest.mark.parametrize("what", BUTTONS)
def test_the_button(what: str) -> None:
    """What sends is pressed, what clears or attaches is not."""
    buttons, place = BUTTONS[what]
    assert choose_button(buttons) == place


def test_the_opener() -> None:
    """What says that it opens a chat; a button before a link."""
    link, button = Element("a", shown="Our chat rules"), Element("button", shown="Chat with us")
    assert choose_opener([Element("button", shown="Accept all"), button, link]) == 1
    assert choose_opener([Element("button", shown="Accept all")]) is None


def test_the_sign_in() -> None:
    """The password's field and the one before it; a form without a user has its password alone."""
    user = Element("input", "email", named="mail")
    assert choose_sign_in([SEARCH, user, PASSWORD]) == SignIn(1, 2)
    assert choose_sign_in([PASSWORD]) == SignIn(None, 0)
    assert choose_sign_in([user]) is None
    assert choose_sign_in([user, Element("input", "password", visible=False)]) is None
