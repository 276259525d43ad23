"""The site file that describes a practice site to a client."""

import json
from collections.abc import Iterator, Mapping

from chatdoor.practice.behaviour import Behaviour, Body, History, Login, Shape, Token
from chatdoor.practice.prompts import NAMED
from chatdoor.practice.tokens import CSRF_COOKIE, FORM_FIELD, sent_in_form
from chatdoor.practice.wire import (
    CHAT_PATH,
    CONVERSATION_HEADER,
    JOBS_PATH,
    LOGIN_PATH,
    SESSION_PATH,
    START_PATH,
)

_TAKE: Mapping[Token, str] = {
    "cookie": f'cookie = "{CSRF_COOKIE}"',
    "meta": 'meta = "csrf-token"',
    "input": f'css = "main input[name={FORM_FIELD}]"',
    "header": 'header = "X-CSRF-Token"',
    "json": 'json = "csrf"',
    "script": 'css = "script#state", regex = \'csrf: "([0-9a-f]+)"\'',
    "named": 'meta = "csrf-token"',
    "masked": 'meta = "csrf-token"',
}
"""Where a token is found. The kind that is missing has none."""

_HEADER: Mapping[Token, str] = {"cookie": "X-CSRFToken", "named": '"{csrf_header}"'}
"""What the token's header is called, where it has another name than most: Django's own, and one that a page tells."""

_REFUSED: Mapping[Login, str] = {"json": "[401, 403]"}

_LOGIN: Mapping[Login, str] = {
    "form": f'post = "{LOGIN_PATH}"\nform = {{ %s }}\nexpect = {{ url = "/" }}\n',
    "json": f'post = "{LOGIN_PATH}"\njson = {{ %s }}\ntake.bearer = {{ json = "token" }}\n',
}
_CREDENTIALS = 'user = "{env:PRACTICE_USER}", password = "{env:PRACTICE_PASSWORD}"'

_WITH_TOKEN: Mapping[Login, tuple[str, str]] = {
    "form": (f', {FORM_FIELD} = "{{csrf}}"', ""),
    "json": ("", 'headers = { X-CSRF-Token = "{csrf}" }\n'),
}
"""Where a token goes at the login that is in no common header: into the form, or into a header of this step."""

_BODY: Mapping[Body, str] = {
    "json": f'post = "{CHAT_PATH}"\njson = {{ %s }}\n',
    "form": f'post = "{CHAT_PATH}"\nform = {{ %s }}\n',
    "multipart": f'post = "{CHAT_PATH}"\nmultipart = {{ %s }}\n',
    "query": f'get = "{CHAT_PATH}"\nquery = {{ %s }}\n',
}
_TEXT = f'post = "{CHAT_PATH}"\n'

_REPLY: Mapping[Shape, str] = {
    "json": 'json = "response"\n',
    "sse-delta": 'sse = "delta"\ndone = "[DONE]"\n',
    "sse-cumulative": 'sse = "text"\ncumulative = true\ndone = { event = "done" }\n',
    "sse-snapshot": 'sse = "text"\ncumulative = { type = "final" }\ndone = { type = "final" }\n',
    "sse-mixed": 'sse = "text"\nwhere = { event = "message" }\ndone = { event = "end" }\n',
    "ndjson": 'ndjson = "text"\ndone = { kind = "end" }\n',
    "text": "text = true\n",
    "html": 'html = "#talk li.assistant"\n',
    "redirect": 'html = "#talk li.assistant"\n',
    "job-stream": 'sse = "delta"\ndone = { event = "done" }\n',
    "job-poll": 'json = "result.text"\n',
    "websocket": 'websocket = "text"\nwhere = { type = "token" }\ndone = { type = "done" }\n',
}
_ERROR_KEY = 'error = "error"\n'
_ERROR: Mapping[Shape, str] = {
    "text": "",
    "html": 'error = "#talk li.error"\n',
    "redirect": 'error = "#talk li.error"\n',
}
"""Where an error inside a 200 is, where it is not at that key."""

_SECOND: Mapping[Shape, str] = {
    "job-stream": f'get = "{JOBS_PATH}{{job}}"\n',
    "job-poll": f'get = "{JOBS_PATH}{{job}}"\nuntil = {{ json = {{ state = "ready" }} }}\nevery = "20ms"\n',
}
"""The second step of the shapes that have one."""

_IN_HEADER: tuple[Shape, ...] = ("text", "html", "redirect")
"""The shapes that have no place for a conversation's id beside the text."""


_KEPT: Mapping[History, str] = {
    "none": 'history = "none"\n',
    "session": "",
    "id": 'history = "id"\n',
    "start": 'history = "id"\n',
}
"""Who remembers, where the chat step does not say it."""


def site_text(behaviour: Behaviour, url: str) -> str:
    """The site file, as TOML, of a practice site with this behaviour at this URL."""
    refused = f"refused = {_refused(behaviour)}\n" if _refuses(behaviour) else ""
    parts = (
        f'schema = 1\nname = "practice"\nurl = {json.dumps(url)}\nmodels = ["eliza"]\n{refused}',
        *_steps("session", list(_session(behaviour))),
        *_values(behaviour),
        *_steps("chat", _chat(behaviour)),
        f"[reply]\n{_REPLY[behaviour.reply]}{_ERROR.get(behaviour.reply, _ERROR_KEY)}",
        *_conversation(behaviour),
    )
    return "\n".join(parts)


def _refuses(behaviour: Behaviour) -> bool:
    return (behaviour.token, behaviour.login) != ("none", "none") or behaviour.history == "session"


def _refused(behaviour: Behaviour) -> str:
    status = f"{{ status = {_REFUSED.get(behaviour.login, '403')} }}"
    return f"[{status}, {{ close = [4401, 4403] }}]" if behaviour.reply == "websocket" else status


def _steps(name: str, steps: list[str]) -> list[str]:
    """One step is a table, several are a list."""
    heading = f"[{name}]" if len(steps) == 1 else f"[[{name}]]"
    return [f"{heading}\n{step}" for step in steps]


def _session(behaviour: Behaviour) -> Iterator[str]:
    """How a visitor gets in, with a token. Opening a page again renews the token and leaves the talk alone."""
    page = f'get = "{SESSION_PATH if behaviour.token == "json" else "/"}"\n'
    renewed = f"{page}refresh = true\n" if behaviour.history == "session" and behaviour.token != "none" else page
    if behaviour.login == "none":
        if _refuses(behaviour):
            yield renewed
        return
    if behaviour.token != "none":
        yield page if behaviour.login == "json" or behaviour.token == "json" else f'get = "{LOGIN_PATH}"\n'
    field, header = _WITH_TOKEN[behaviour.login] if sent_in_form(behaviour) else ("", "")
    yield _LOGIN[behaviour.login] % (_CREDENTIALS + field) + header
    if behaviour.token != "none":
        yield renewed


def _values(behaviour: Behaviour) -> Iterator[str]:
    """Where the token is found, and what goes out in headers."""
    if behaviour.token != "none":
        named = 'csrf_header = { meta = "csrf-header" }\n' if behaviour.token == "named" else ""
        yield f"[take]\ncsrf = {{ {_TAKE[behaviour.token]} }}\n{named}"
    headers = 'Authorization = "Bearer {bearer}"\n' if behaviour.login == "json" else ""
    if behaviour.token != "none" and not sent_in_form(behaviour):
        headers += f'{_HEADER.get(behaviour.token, "X-CSRF-Token")} = "{{csrf}}"\n'
    if headers:
        yield f"[headers]\n{headers}"


def _chat(behaviour: Behaviour) -> list[str]:
    """What one turn sends, and what is fetched then."""
    taken = ""
    if behaviour.history == "id":
        source = f'header = "{CONVERSATION_HEADER}"' if behaviour.reply in _IN_HEADER else 'json = "conversation"'
        taken = f"take.conversation = {{ {source} }}\n"
    second = _SECOND.get(behaviour.reply)
    job = 'take.job = { json = "job" }\n' if second else ""
    return [_prompt(behaviour) + taken + job, *([second] if second else [])]


def _prompt(behaviour: Behaviour) -> str:
    said = "messages" if behaviour.history == "client" else "prompt"
    named = 'conversation = "{conversation}"' if behaviour.history in NAMED else ""
    if behaviour.body == "text":
        return f'{_TEXT}text = "{{{said}}}"\n' + (f"query = {{ {named} }}\n" if named else "")
    fields = [f'{said} = "{{{said}}}"', *([named] if named else [])]
    if behaviour.reply == "websocket":
        return f'websocket = "{CHAT_PATH}"\njson = {{ {", ".join([*fields, *_tokens(behaviour)])} }}\n'
    if sent_in_form(behaviour):
        fields.append(f'{FORM_FIELD} = "{{csrf}}"')
    return _BODY[behaviour.body] % ", ".join(fields)


def _tokens(behaviour: Behaviour) -> Iterator[str]:
    """The tokens of a frame: a page's script can give a websocket no header."""
    if behaviour.token != "none":
        yield 'csrf = "{csrf}"'
    if behaviour.login == "json":
        yield 'bearer = "{bearer}"'


def _conversation(behaviour: Behaviour) -> Iterator[str]:
    history = behaviour.history
    if history == "client":
        return
    in_frames = behaviour.reply == "websocket"
    kept = 'history = "session"\n' if in_frames and history == "session" else _KEPT[history]
    lost = "" if history == "none" else f"lost = {{ {'close = 4404' if in_frames else 'status = 404'} }}\n"
    yield f"[conversation]\n{kept}{lost}"
    if history == "start":
        field = f'form = {{ {FORM_FIELD} = "{{csrf}}" }}\n' if sent_in_form(behaviour) else ""
        yield f'[conversation.start]\npost = "{START_PATH}"\n{field}take.conversation = {{ json = "conversation" }}\n'
