"""What a site file does, in plain words."""

import re
import tomllib

import pytest

from chatdoor.practice import Behaviour, site_text
from chatdoor.site import known_sites, loads_site, presets
from chatdoor.site.explanation import MOST_NAMES, PARTS, explain_site
from chatdoor.site.load import read_table

HELP_DESK = """
schema = 1
name = "help-desk"
url = "https://help.example.org"
hosts = ["login.example.org"]
refused = { status = [401, 403] }
blocked = { status = 400, text = "policy" }
[take]
csrf = { meta = "csrf-token" }
[headers]
X-CSRF-Token = "{csrf}"
[[session]]
get = "/login"
[[session]]
post = "/login"
form = { user = "{env:BOT_USER}", password = "{env:BOT_PASSWORD}" }
expect = { url = "/chat" }
[[chat]]
post = "/api/chat"
json = { text = "{prompt}", conversation_id = "{conversation}" }
take.conversation = { json = "conversation_id" }
[[chat]]
get = "/api/answer"
until = { json = { state = "ready" } }
[reply]
json = "result.text"
error = "problem"
[conversation]
history = "id"
lost = { status = 404 }
[limits]
prompt_chars = 4000
session_age = "30m"
"""

TOLD = """\
help-desk, at https://help.example.org

Getting in
  1. GET /login.
  2. POST /login as a form, with env:BOT_PASSWORD, env:BOT_USER.
     Expected: a redirect to /chat.
  Every answer may hold csrf: the meta element 'csrf-token'.
  Every request has the header X-CSRF-Token: {csrf}.

Asking
  1. POST /api/chat as JSON, with conversation, prompt.
     It takes conversation: what 'conversation_id' finds in the body.
  2. GET /api/answer.
     Again every 1s, until there is JSON in which state is 'ready'.

The reply
  One JSON document; the text is at result.text.
  The site reports an error at problem.

Who remembers
  The site, under the conversation's id, which any session finds again.
  The site has lost a conversation where it answers with status 404: what the user said is sent again, turn by turn.

When it is refused
  The site did not act where it answers with status 401 or 403.
  Then a new session is opened, and the message goes out once more. A second refusal is an error.
  Its own content rules refuse a prompt where it answers with status 400 with the text 'policy'.

Limits
  4 at a time, at most 60 messages a minute, 60 seconds for a call.
  A prompt has at most 4000 characters.
  A session is replaced before it is 1800 seconds old.

Hosts and secrets
  It speaks to https://help.example.org, https://login.example.org, and to no other host.
  It wants these secrets: env:BOT_PASSWORD, env:BOT_USER.
"""


def explained(text: str) -> str:
    """The explanation of a site file."""
    return explain_site(loads_site(text), read_table(text))


def extending(preset: str) -> str:
    """The smallest file over a preset."""
    keys = tomllib.loads(presets()[preset].read_text("utf-8"))
    rest = {"chat": 'chat = { post = "/", json = { text = "{prompt}" } }', "reply": 'reply = { json = "text" }'}
    lines = [line for key, line in rest.items() if key not in keys]
    return "\n".join(['schema = 1\nname = "a"\nurl = "https://a.example"', f'extends = "{preset}"', *lines])


def test_each_part_is_told() -> None:
    """Steps and what they send and take, the reply, who remembers, what is refused, limits, hosts, secrets."""
    assert explained(HELP_DESK) == TOLD


@pytest.mark.parametrize("preset", presets())
def test_every_preset_can_be_told(preset: str) -> None:
    """Each part has something to say, and no type of the code shows."""
    text = explained(extending(preset))
    assert [title for title in PARTS if re.search(rf"^{title}\n  \S", text, re.MULTILINE)] == list(PARTS)
    assert not re.search(r"UNSET|Struct|Table\(|None|<", text)


@pytest.mark.parametrize(
    "text",
    [*(path.read_text("utf-8") for path in known_sites().values()), site_text(Behaviour(), "http://127.0.0.1:8000")],
)
def test_every_known_site_can_be_told(text: str) -> None:
    """The practice site's file too."""
    assert "It wants no secrets." in explained(text)


def test_what_a_preset_says_is_told_too() -> None:
    """The file that is explained is the whole one."""
    assert "Every answer may hold csrf: the cookie 'csrftoken'." in explained(extending("django"))


@pytest.mark.parametrize("hostile", ["a\\nFrom now on", "\\u001b[2J", "\\u202eabc", "x" * 5000, "\\u0000"])
def test_hostile_names_stay_on_their_line(hostile: str) -> None:
    """What a file from somebody else holds can not act on the terminal, make up a line, or fill the screen."""
    text = f"""
        schema = 1
        name = "a"
        url = "https://a.example"
        refused = {{ text = "{hostile}" }}
        take.t = {{ css = "[title='{hostile}']" }}
        [[session]]
        get = "/"
        expect = {{ text = "{hostile}" }}
        [chat]
        post = "/"
        json = {{ m = "{{messages}}" }}
        [reply]
        json = "text"
        error = {{ '"{hostile[:50]}"' = "{hostile}" }}
    """
    told = explained(text)
    assert all(line.isprintable() and len(line) < 500 for line in told.splitlines())
    assert len(told.splitlines()) == 27


def test_thousands_of_names_are_cut() -> None:
    """A line lists a dozen."""
    takes = "\n".join(f't{number} = {{ meta = "t{number}" }}' for number in range(1000))
    text = f"{extending('django')}\n[take]\n{takes}"
    assert explained(text).count("Every answer may hold") == MOST_NAMES


SOURCES = [
    ('css = "#chat input", attr = "name"', "the attribute 'name' of the element '#chat input'"),
    (
        'header = "X-State", decode = "base64", json = "t"',
        "what 't' finds in the decoded text of the answer's header 'X-State'",
    ),
    ("regex = 'STATE = (\\{.+\\});', json = \"t\"", "what 't' finds in what 'STATE = (\\{.+\\});' finds in the body"),
]


@pytest.mark.parametrize(("source", "words"), SOURCES)
def test_where_a_value_is_can_be_told(source: str, words: str) -> None:
    """With all that is picked from it, as the file writes it."""
    text = HELP_DESK.replace('csrf = { meta = "csrf-token" }', f"csrf = {{ {source} }}")
    assert f"Every answer may hold csrf: {words}.\n" in explained(text)


def test_frames_that_are_waited_for_are_not_asked_for() -> None:
    """A websocket is read until a frame fits; nothing is sent again."""
    socket = """schema = 1
name = "socket"
url = "https://chat.example.org"
chat = { websocket = "/ws", text = "{prompt}" }
reply.websocket = "@"
[conversation.start]
websocket = "/ws"
until = { json = { type = "ready" } }
"""
    assert "     Frames are read until there is JSON in which type is 'ready'.\n" in explained(socket)
