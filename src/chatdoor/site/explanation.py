"""What a site file does, in plain words."""

from collections.abc import Callable, Iterator, Mapping
from typing import Final, TypeVar

from msgspec import UNSET, UnsetType

from chatdoor.site import file
from chatdoor.site.compile import DEFAULT_REFUSED
from chatdoor.site.model import History, Recover, Site
from chatdoor.site.names import REFERENCES, names_sent, slots_in
from chatdoor.site.outgoing import each_step, steps_in_order
from chatdoor.site.parts import given
from chatdoor.site.problem import one_line
from chatdoor.site.sockets import SOCKETS
from chatdoor.site.words import match_words, record_words

MOST_NAMES: Final = 12
"""Names that one line lists. A file may hold thousands."""

MOST_CHARS: Final = 80
"""The longest name or path that is shown."""

T = TypeVar("T")

PLACES: Final[Mapping[str, str]] = {
    "cookie": "the cookie {}",
    "header": "the answer's header {}",
    "meta": "the meta element {}",
    "input": "the form field {}",
    "css": "the element {}",
    "url": "the address, by {}",
}
"""Place of a source -> how it is said."""

BODIES: Final[Mapping[str, str]] = {
    "json": "as JSON",
    "form": "as a form",
    "multipart": "as a form in parts",
    "text": "as plain text",
}
"""Kind of a body -> how it is said."""

FORMATS: Final[Mapping[str, str]] = {
    "json": "One JSON document; the text is at {}.",
    "sse": "Server-sent events; the text is at {} of each.",
    "ndjson": "JSON lines; the text is at {} of each.",
    "websocket": "Frames of a websocket; the text is at {} of each.",
    "socketio": "Socket.IO events; the text is at {} of each.",
    "html": "A page; the text is the last element that {} finds.",
    "text": "The text is the body as it comes.",
}
"""Format of a reply -> how it is said."""

REMEMBERS: Final[Mapping[History | str, str]] = {
    "client": "Whoever asks: each request carries the whole conversation.",
    "session": "The site, with the visitor: each conversation has a session of its own.",
    "connection": "The site, with the websocket: each conversation has a connection of its own.",
    "id": "The site, under the conversation's id, which any session finds again.",
    "none": "Nobody: each message stands alone.",
}
"""Kind of history -> who remembers."""

RECOVERS: Final[Mapping[Recover, str]] = {
    "replay": "what the user said is sent again, turn by turn",
    "fold": "what the user said is sent again, in one message",
    "refuse": "that is an error",
}
"""What becomes of a lost conversation -> how it is said."""


def explain_site(site: Site, table: file.SiteTable) -> str:
    """What the site does, part by part. `table` is its checked file, with the presets that it extends."""
    lines = [f"{site.name}, at {site.url}"]
    for title, told in PARTS.items():
        lines += ["", title, *(f"  {line}" for line in told(site, table))]
    return "\n".join(lines) + "\n"


def _getting_in(_site: Site, table: file.SiteTable) -> Iterator[str]:
    if table.session is UNSET:
        yield "No request is made: the first message opens the session."
    yield from _steps(table.session, "session")
    for name, source in _some(table.take):
        yield f"Every answer may hold {name}: {_source(source)}."
    for name, text in _some(table.headers):
        yield f"Every request has the header {one_line(name)}: {_brief(text)}."


def _asking(_site: Site, table: file.SiteTable) -> Iterator[str]:
    conversation = table.conversation
    for name, kind in _some(given(conversation.make) or {}):
        yield f"Each conversation has {name}, which we make up ({kind})."
    if conversation.start is not UNSET:
        yield "A conversation is opened before its first message:"
        yield from _steps(conversation.start, "start")
        yield "Then, for each message:"
    yield from _steps(table.chat, "chat")


def _reply(_site: Site, table: file.SiteTable) -> Iterator[str]:
    reply = table.reply
    form = next(form for form in file.FORMATS if getattr(reply, form) is not UNSET)
    yield FORMATS[form].format(_brief(getattr(reply, form)))
    if isinstance(reply.where, dict):
        yield f"Only those count in which {record_words(reply.where)}."
    if reply.cumulative is not False:
        which = f"Those in which {record_words(reply.cumulative)}" if isinstance(reply.cumulative, dict) else "They"
        yield f"{which} hold the whole text so far."
    if reply.done is not UNSET:
        sign = f"where {record_words(reply.done)}" if isinstance(reply.done, dict) else f"at {_brief(reply.done)}"
        yield f"It ends {sign}; one that stops before is cut short."
    if reply.error is not UNSET:
        sign = f"where {record_words(reply.error)}" if isinstance(reply.error, dict) else f"at {_brief(reply.error)}"
        yield f"The site reports an error {sign}."


def _remembering(site: Site, table: file.SiteTable) -> Iterator[str]:
    yield REMEMBERS[site.conversation.history]
    if lost := match_words(table.conversation.lost):
        yield f"The site has lost a conversation where it answers with {lost}: {RECOVERS[site.conversation.recover]}."


def _refusing(site: Site, table: file.SiteTable) -> Iterator[str]:
    refused = match_words(DEFAULT_REFUSED if table.refused is UNSET else table.refused)
    yield f"The site did not act where it answers with {refused}."
    renewed = "the steps that renew the token run again" if site.refreshes else "a new session is opened"
    yield f"Then {renewed}, and the message goes out once more. A second refusal is an error."
    if blocked := match_words(table.blocked):
        yield f"Its own content rules refuse a prompt where it answers with {blocked}."
    if site.in_sessions:
        yield f"With a new session the conversation is lost: {RECOVERS[site.conversation.recover]}."


def _limits(site: Site, _table: file.SiteTable) -> Iterator[str]:
    limits = site.limits
    pace = f"at most {limits.per_minute:g} messages a minute" if limits.per_minute else "no pace is kept"
    at_once = f"{limits.concurrency} at a time" if limits.concurrency else "as many at a time as asked for"
    yield f"{at_once[0].upper()}{at_once[1:]}, {pace}, {limits.timeout:g} seconds for a call."
    if limits.prompt_chars:
        yield f"A prompt has at most {limits.prompt_chars} characters."
    if limits.session_age:
        yield f"A session is replaced before it is {limits.session_age:g} seconds old."


def _reaching(site: Site, table: file.SiteTable) -> Iterator[str]:
    yield f"It speaks to {', '.join(sorted(site.origins))}, and to no other host."
    sent = {name for _, step in steps_in_order(table) for name in names_sent(step)}
    sent |= {slot.name for _, slot in slots_in(table.headers, ("headers",))}
    secrets = sorted(name for name in sent if name.partition(":")[0] in REFERENCES and ":" in name)
    yield f"It wants these secrets: {_listed(secrets)}." if secrets else "It wants no secrets."


def _steps(steps: file.Steps | UnsetType, part: str) -> Iterator[str]:
    found = each_step(steps, (part,))
    for number, (_, step) in enumerate(found, start=1):
        yield f"{number}. {_request(step)}"
        for name, kind in _some(given(step.make) or {}):
            yield f"   It makes up {name} ({kind})."
        if step.expect is not UNSET:
            yield f"   Expected: {match_words(step.expect)}."
        for name, source in _some(given(step.take) or {}):
            yield f"   It takes {name}: {_source(source)}."
        if step.until is not UNSET:
            yield f"   {_again(step)} until there is {match_words(step.until)}."
        if step.refresh:
            yield "   It renews the token and leaves the conversation alone."


def _again(step: file.StepTable) -> str:
    is_socket = any(getattr(step, socket) is not UNSET for socket in SOCKETS)
    return "Frames are read" if is_socket else f"Again every {given(step.every) or '1s'},"


def _request(step: file.StepTable) -> str:
    """Where a request goes and what it carries: `POST /chat as JSON, with csrf, prompt.`."""
    method = next(method for method in file.METHODS if getattr(step, method) is not UNSET)
    body = "".join(f" {words}" for kind, words in BODIES.items() if getattr(step, kind) is not UNSET)
    names = _listed(sorted(names_sent(step)))
    return f"{method.upper()} {_brief(getattr(step, method))}{body}{f', with {names}' if names else ''}."


def _source(source: file.SourceTable) -> str:
    """Where a value is: `the meta element 'csrf-token'`, and what is picked from it."""
    place = next(
        (words.format(_quoted(name)) for place, words in PLACES.items() if (name := getattr(source, place))), ""
    )
    picks = [f"what {_quoted(pick)} finds in" for key in ("json", "regex") if (pick := getattr(source, key))]
    if source.attr is not UNSET:
        place = f"the attribute {_quoted(source.attr)} of {place}"
    if source.decode == "base64":
        place = f"the decoded text of {place}"
    return f"{''.join(f'{pick} ' for pick in picks)}{place or 'the body'}"


def _some(entries: Mapping[str, T]) -> list[tuple[str, T]]:
    """The first entries: a file may hold thousands."""
    return list(entries.items())[:MOST_NAMES]


def _listed(names: list[str]) -> str:
    """The names in a row, cut where there are many."""
    more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
    return ", ".join(_brief(name) for name in names[:MOST_NAMES]) + more


def _quoted(text: object) -> str:
    """The same in quotes, with each backslash as it stands in the file."""
    return f"'{_brief(text)}'"


def _brief(text: object) -> str:
    """A path or name of the file, as it can be shown on one line."""
    shown = one_line(str(text))
    return shown if len(shown) <= MOST_CHARS else f"{shown[: MOST_CHARS - 1]}…"


PARTS: Final[Mapping[str, Callable[[Site, file.SiteTable], Iterator[str]]]] = {
    "Getting in": _getting_in,
    "Asking": _asking,
    "The reply": _reply,
    "Who remembers": _remembering,
    "When it is refused": _refusing,
    "Limits": _limits,
    "Hosts and secrets": _reaching,
}
"""The parts of an explanation, in order, and what tells each."""
