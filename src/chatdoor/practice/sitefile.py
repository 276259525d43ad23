"""The site file that describes a practice site to a client."""

import json
from collections.abc import Mapping

from chatdoor.practice.behaviour import Behaviour, History, Shape, Token
from chatdoor.practice.tokens import CSRF_COOKIE, FORM_FIELD, sent_in_form
from chatdoor.practice.wire import CHAT_PATH, SESSION_PATH

_TAKE: Mapping[Token, str] = {
    "cookie": f'cookie = "{CSRF_COOKIE}"',
    "meta": 'meta = "csrf-token"',
    "input": f'input = "{FORM_FIELD}"',
    "header": 'header = "X-CSRF-Token"',
    "json": 'json = "csrf"',
}
"""Where a token is found. The kind that is missing has none."""

_SAID: Mapping[History, str] = {"client": 'messages = "{messages}"', "none": 'prompt = "{prompt}"'}

_REPLY: Mapping[Shape, str] = {
    "json": 'json = "response"\n',
    "sse-delta": 'sse = "delta"\ndone = "[DONE]"\n',
    "sse-cumulative": 'sse = "text"\ncumulative = true\ndone = { event = "done" }\n',
}


def site_text(behaviour: Behaviour, url: str) -> str:
    """The site file, as TOML, of a practice site with this behaviour at this URL."""
    refused = "" if behaviour.token == "none" else "refused = { status = 403 }\n"
    parts = (
        f'schema = 1\nname = "practice"\nurl = {json.dumps(url)}\nmodels = ["eliza"]\n{refused}',
        *_session(behaviour),
        f'[chat]\npost = "{CHAT_PATH}"\n{behaviour.body} = {{ {_body(behaviour)} }}\n',
        f"[reply]\n{_REPLY[behaviour.reply]}",
        *(['[conversation]\nhistory = "none"\n'] if behaviour.history == "none" else []),
    )
    return "\n".join(parts)


def _session(behaviour: Behaviour) -> list[str]:
    """How the token is had and given back. Nothing where there is none."""
    if behaviour.token == "none":
        return []
    page = SESSION_PATH if behaviour.token == "json" else "/"
    found = [f'[session]\nget = "{page}"\n', f"[take]\ncsrf = {{ {_TAKE[behaviour.token]} }}\n"]
    if sent_in_form(behaviour):
        return found
    header = "X-CSRFToken" if behaviour.token == "cookie" else "X-CSRF-Token"  # Django has a name of its own
    return [*found, f'[headers]\n{header} = "{{csrf}}"\n']


def _body(behaviour: Behaviour) -> str:
    said = _SAID[behaviour.history]
    return f'{said}, {FORM_FIELD} = "{{csrf}}"' if sent_in_form(behaviour) else said
