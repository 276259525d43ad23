"""Placeholders that are right: each name in the places where it has a value."""

import pytest

from chatdoor.site import loads_site
from tests.site.bot import changed


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"{temperature?}"', '["{prompt}", "{history}", "{system}", "{stop?}", "{seed?}", "{top_p?}"]'),
        ('"{temperature?}"', '{ "{csrf}" = "{conversation}", "{room?}" = "{csrf?}" }'),
        ('"{temperature?}" }', '"{turn}" }\nmake.turn = "hex16"'),
        ('lang = "en"', 'lang = "{model}", "{csrf}" = "x"'),
        ('seen = "yes"', 'seen = "{csrf}{room}"'),
        ('X-Room = "{room}"', '"X-{csrf}" = "{room}"'),
        ('X-CSRFToken = "{csrf}"', 'X-CSRFToken = "{csrf}"\nX-Model = "{model}"\nX-Heat = "{temperature?}"'),
        ('X-CSRFToken = "{csrf}"', 'X-CSRFToken = "{csrf}"\nX-Room = "{room}"'),
        ('X-CSRFToken = "{csrf}"', 'X-CSRFToken = "{csrf}"\nX-Turn = "{turn}"\n[chat.make]\nturn = "uuid4"'),
        ('csrf = { cookie = "csrftoken" }', 'csrf = { cookie = "csrftoken" }\nconversation = { header = "X-Id" }'),
        ('id = "{visitor}"', 'id = "{csrf}"'),
        ('"/api/{room}"', '"/api/{room}/{csrf}?id={model}"'),
        ('"/api/{room}"', '"https://api.example.org/{room}"'),
    ],
)  # fmt: skip
def test_a_name_may_stand_where_it_has_a_value(old: str, new: str) -> None:
    """In keys and values, of the turn in chat and in headers, of a step after it was taken."""
    assert loads_site(changed(old, new)).name == "bot"


def test_a_value_may_be_called_as_a_kind_of_reference_is() -> None:
    """Only the colon makes a reference."""
    text = changed('csrf = { cookie = "csrftoken" }', 'file = { cookie = "csrftoken" }').replace("{csrf}", "{file}")
    assert list(loads_site(text).take) == ["file"]


def test_a_conversation_may_stand_in_a_path_once_it_is_taken() -> None:
    """Elsewhere in chat it may be null; in a path it is needed."""
    text = changed("room = { css", "conversation = { css").replace("{room}", "{conversation}")
    assert loads_site(text).chat[0].label == "POST /api/{conversation}"
