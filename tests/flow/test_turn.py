"""A turn: the messages of a call in the shape that the site wants."""

from typing import Any, Final

import msgspec
import pytest

from chatdoor.errors import ArgumentError, PromptTooLong
from chatdoor.flow.turn import Turn, fidelity, make_for_messages, turn_values
from chatdoor.messages import Message
from chatdoor.site import Site
from tests.flow.script import Script, reply, site_of

SYSTEM, DEVELOPER = Message("system", "Be brief."), Message("developer", "Be kind.")
HELLO, GOOD_DAY, BYE = Message("user", "Hello"), Message("assistant", "Good day."), Message("user", "Bye")
NONE = "[conversation]\nhistory = 'none'\n"
PROMPT = 'json = { p = "{prompt}" }'
BOTH = 'json = { m = "{messages}", h = "{history}" }'


def _turn(*messages: Message, model: str = "m", **sampling: object) -> Turn:
    return Turn(messages, model, sampling)


def _sent(site: Site, turn: Turn) -> dict[str, Any]:
    """The placeholders as they go out in JSON."""
    sent: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(turn_values(site, turn)))
    return sent


def _said(*messages: tuple[str, str]) -> list[dict[str, str]]:
    return [{"role": role, "content": text} for role, text in messages]


def test_the_placeholders() -> None:
    """All turns, the new one, all but that, the system text, the model and the options."""
    values = _sent(site_of(chat=BOTH), _turn(SYSTEM, HELLO, GOOD_DAY, BYE, temperature=0.5))
    assert values["messages"] == _said(
        ("system", "Be brief."), ("user", "Hello"), ("assistant", "Good day."), ("user", "Bye")
    )
    assert values["history"] == values["messages"][:-1]
    assert (values["prompt"], values["system"]) == ("Bye", "Be brief.")
    assert (values["model"], values["temperature"]) == ("m", 0.5)


def test_the_new_turn_need_not_be_the_last() -> None:
    """The prompt is the newest turn of the user; the history is everything else."""
    values = _sent(site_of(chat=BOTH), _turn(HELLO, BYE, GOOD_DAY))
    assert values["prompt"] == "Bye"
    assert values["history"] == _said(("user", "Hello"), ("assistant", "Good day."))


def test_the_shape_of_a_message() -> None:
    """Other names, parts, and roles, as the site file has them."""
    site = site_of('[messages]\nitem = { who = "{role}", parts = [{ text = "{text}" }] }\nroles = { assistant = "ai" }')
    assert turn_values(site, _turn(HELLO, GOOD_DAY, BYE))["messages"] == [
        {"who": "user", "parts": [{"text": "Hello"}]},
        {"who": "ai", "parts": [{"text": "Good day."}]},
        {"who": "user", "parts": [{"text": "Bye"}]},
    ]


RULES = [
    ("message", "", [("system", "Be brief."), ("developer", "Be kind."), ("user", "Hello")]),
    ("prepend", '[messages]\nsystem = "prepend"', [("user", "Be brief.\n\nBe kind.\n\nHello")]),
    ("drop", '[messages]\nsystem = "drop"', [("user", "Hello")]),
]


@pytest.mark.parametrize(("text", "sent"), [row[1:] for row in RULES], ids=[row[0] for row in RULES])
def test_system_texts(text: str, sent: list[tuple[str, str]]) -> None:
    """They go as messages, before the first one of the user, or not at all, as the site file says."""
    assert _sent(site_of(text), _turn(SYSTEM, DEVELOPER, HELLO))["messages"] == _said(*sent)


EMPTY: Final = Message("system", "")
SESSION: Final = "[conversation]\nhistory = 'session'\n"


@pytest.mark.parametrize("rule", ["prepend", "drop", "refuse"])
def test_an_empty_system_text_is_none(rule: str) -> None:
    """Clients send one where nobody has written a system text. It is no message, and nothing stands before the turn."""
    messages = f'[messages]\nsystem = "{rule}"\n'
    assert _sent(site_of(messages), _turn(EMPTY, HELLO))["messages"] == _said(("user", "Hello"))
    assert turn_values(site_of(messages + SESSION, chat=PROMPT), _turn(EMPTY, HELLO))["prompt"] == "Hello"


def test_an_empty_system_text_among_others() -> None:
    """The others stand before the turn as if it were not there."""
    site, turn = site_of('[messages]\nsystem = "prepend"'), _turn(EMPTY, SYSTEM, EMPTY, DEVELOPER, HELLO)
    assert _sent(site, turn)["messages"] == _said(("user", "Be brief.\n\nBe kind.\n\nHello"))


def test_a_system_text_has_a_field_of_its_own() -> None:
    """Where the request names `{system}`, it is in no message."""
    site = site_of(chat='json = { m = "{messages}", s = "{system}" }')
    values = _sent(site, _turn(SYSTEM, HELLO))
    assert (values["system"], values["messages"]) == ("Be brief.", _said(("user", "Hello")))
    assert turn_values(site, _turn(HELLO))["system"] == ""


def test_a_system_text_goes_with_the_first_turn() -> None:
    """Before the first message of the user, not the newest; where that is the prompt, it is in it."""
    values = _sent(site_of('[messages]\nsystem = "prepend"'), _turn(SYSTEM, HELLO, GOOD_DAY, BYE))
    assert values["messages"] == _said(("user", "Be brief.\n\nHello"), ("assistant", "Good day."), ("user", "Bye"))
    assert turn_values(site_of(NONE, chat=PROMPT), _turn(SYSTEM, HELLO))["prompt"] == "Be brief.\n\nHello"


REFUSED: list[tuple[str, Site, Turn, str]] = [
    ("a system text", site_of('[messages]\nsystem = "refuse"'), _turn(SYSTEM, HELLO), "takes no system text"),
    ("nothing to put it before", site_of('[messages]\nsystem = "prepend"'), _turn(SYSTEM, GOOD_DAY), "no message from"),
    ("no prompt", site_of(NONE, chat=PROMPT), _turn(GOOD_DAY), "no message is from the user"),
    ("an option that is no JSON", site_of(), _turn(HELLO, stop={1j}), "can not be sent as JSON"),
    ("an option that is no text", site_of(), _turn(HELLO, stop="\ud800"), "can not be sent as JSON"),
    ("a model that is no text", site_of(), _turn(HELLO, model="\ud800"), "can not be sent as JSON"),
]


@pytest.mark.parametrize(("site", "turn", "told"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_what_a_site_can_not_take(site: Site, turn: Turn, told: str) -> None:
    """The caller's error, before anything is sent."""
    with pytest.raises(ArgumentError, match=told):
        turn_values(site, turn)


def test_a_prompt_may_be_too_long() -> None:
    """Counted in characters, with the system text that goes before it."""
    site = site_of(f"{NONE}[limits]\nprompt_chars = 16", chat=PROMPT)
    assert turn_values(site, _turn(SYSTEM, HELLO))["prompt"] == "Be brief.\n\nHello"
    with pytest.raises(PromptTooLong, match="17 characters, the site takes 16"):
        turn_values(site, _turn(SYSTEM, Message("user", "Hello!")))


FIDELITY = [
    (site_of(), _turn(SYSTEM, HELLO, GOOD_DAY, BYE), "native"),
    (site_of(NONE, chat=PROMPT), _turn(HELLO), "native"),
    (site_of(NONE, chat=PROMPT), _turn(SYSTEM, HELLO), "native"),
    (site_of(NONE, chat=PROMPT), _turn(HELLO, GOOD_DAY, BYE), "dropped"),
    (site_of('[messages]\nsystem = "drop"'), _turn(SYSTEM, HELLO), "dropped"),
    (site_of('[messages]\nsystem = "drop"'), _turn(HELLO), "native"),
]


@pytest.mark.parametrize(("site", "turn", "how"), FIDELITY)
def test_how_the_list_reaches_the_site(site: Site, turn: Turn, how: str) -> None:
    """`dropped` where a part of it stays behind."""
    assert fidelity(site, turn) == how


def test_values_for_each_message() -> None:
    """Each message has its own, made anew with each call; a site that wants none makes none."""
    site = site_of(
        '[messages]\nitem = { id = "{id}", at = "{at}", t = "{text}" }\nmake = { id = "hex8", at = "unix_ms" }'
    )
    script, turn = Script([]), _turn(SYSTEM, HELLO)
    made = script.run(site, make_for_messages(site, turn))
    assert turn_values(site, turn, made)["messages"] == [
        {"id": "hex8-1", "at": "unix_ms-2", "t": SYSTEM.text},
        {"id": "hex8-3", "at": "unix_ms-4", "t": HELLO.text},
    ]
    assert Script([]).run(site_of(), make_for_messages(site_of(), turn)) == []


def test_the_ids_of_messages_are_sent() -> None:
    """What is made goes out with the request."""
    site = site_of('[messages]\nitem = { id = "{id}", t = "{text}" }\nmake = { id = "hex8" }')
    script = Script([reply()])
    script.ask(site)
    assert script.requests[0].body == b'{"m":[{"id":"hex8-1","t":"Hello"}]}'


@pytest.mark.parametrize(
    ("text", "alone"),
    [
        ("", True),
        ("[messages]\nsystem = 'drop'\n", False),
        ("[messages]\nroles = { assistant = 'bot' }\n", True),
        ("[limits]\nprompt_chars = 9\n", False),
        (NONE, False),
    ],
)
def test_a_site_that_gets_the_list_alone(text: str, *, alone: bool) -> None:
    """What nobody sends is not worked out, and what is sent is the same."""
    site, turn = site_of(text, chat='json = { m = "{messages}" }'), _turn(HELLO, GOOD_DAY, BYE)
    values = _sent(site, turn)
    assert ("prompt" not in values, site.gets_list_alone) == (alone, alone)
    role = "bot" if "bot" in text else "assistant"
    assert values["messages"] == _said(("user", "Hello"), (role, "Good day."), ("user", "Bye"))
    assert not site_of(text, chat=BOTH).gets_list_alone
