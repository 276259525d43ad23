"""From a recording to a site file that has been proven to load, and to hold no secret."""

from collections.abc import Sequence
from typing import Final

import msgspec
from msgspec.structs import replace

from chatdoor.discover.clues import Clues, clues_of
from chatdoor.discover.draft import Finding, Table, write
from chatdoor.discover.emit import tables
from chatdoor.discover.following import make_plan
from chatdoor.discover.logins import credentials
from chatdoor.discover.naming import site_name
from chatdoor.discover.opaque import opaque_runs
from chatdoor.discover.plan import Plan
from chatdoor.discover.progress import Tell, between, nobody
from chatdoor.discover.prose import counted
from chatdoor.discover.recording import Exchange, Recording
from chatdoor.discover.scrub.secrets import find_secrets
from chatdoor.discover.sends import Sent, path_shape
from chatdoor.discover.socketio import with_events
from chatdoor.discover.turns import Chat, find_chat
from chatdoor.errors import RecordingError, SiteFileError
from chatdoor.site.load import loads_site
from chatdoor.site.model import Site

MIN_SECRET: Final = 6
"""Characters that a secret has at least to be looked for: shorter ones are parts of words."""


class Discovery(msgspec.Struct, frozen=True):
    """A site file as text, the site that it loads as, and what is sure, guessed and not known.

    `tables` are the file before it was written, `clues` what else the recording says: both are for `live.py`.
    """

    text: str
    site: Site
    findings: tuple[Finding, ...]
    tables: tuple[Table, ...]
    clues: Clues


def discover(
    recording: Recording,
    name: str,
    prompts: Sequence[str] = (),
    others: Sequence[Recording] = (),
    *,
    tell: Tell = nobody,
) -> Discovery:
    """The site in a recording. `name` is the file's, for messages; `prompts` is what was typed, as far as told.

    `others` are recordings of the same steps: what differs between them belongs to a session.

    Raises RecordingError where there is no chat in it or more than one, where no site file can describe it, and where
    the result would hold a secret.
    """
    recording = _talking(recording)
    chat = find_chat(recording, prompts, name, between(0, 0.5, tell))
    site = site_name(chat.turns[0].asked.sent.host)
    plan = make_plan(recording, chat, site, _elsewhere(chat, others, prompts, name))
    drafted = tables(plan, site, recording.recorder)
    text = write(drafted)
    _check_no_secret(text, plan, name, between(0.5, 1, tell))
    _note_chat(plan, chat)
    return Discovery(text, _loaded(text, name), tuple(plan.findings), tuple(drafted), clues_of(plan))


def _loaded(text: str, name: str) -> Site:
    """The site. Raises RecordingError for what the language has no words for, such as another method."""
    try:
        return loads_site(text, "the site file")
    except SiteFileError as error:
        raise RecordingError(f"{name}: not possible, because a site file can not say what it shows: {error}") from error


def _talking(recording: Recording) -> Recording:
    """The recording without what decorates pages and asks for leave (CORS), its Socket.IO packets as frames."""
    kept = tuple(each for each in recording.exchanges if not each.is_asset and each.request.method != "OPTIONS")
    return with_events(replace(recording, exchanges=kept))


def _elsewhere(chat: Chat, others: Sequence[Recording], prompts: Sequence[str], name: str) -> list[Sent]:
    """The prompts of other recordings, as they were sent. Raises RecordingError where those hold another chat."""
    sent = chat.turns[0].asked.sent
    found = []
    for number, other in enumerate(others, 2):
        its = find_chat(_talking(other), prompts, f"recording {number}").turns[-1].asked.sent
        if (its.verb, path_shape(its.path)) != (sent.verb, path_shape(sent.path)):
            raise RecordingError(f"recording {number}: its chat is another one than in {name}; compare the same steps")
        found.append(its)
    return found


def _note_chat(plan: Plan, chat: Chat) -> None:
    if plan.offered is not None:
        return
    sent = chat.turns[0].asked.sent
    plan.findings.insert(
        0, _chat_finding(chat, f"chat: {sent.verb.upper()} {path_shape(sent.path)}, {counted(len(chat.turns), 'turn')}")
    )
    if len(chat.turns) == 1:
        plan.note("unknown", "one turn was recorded: what changes from turn to turn is not known; can you record two?")


def _chat_finding(chat: Chat, text: str) -> Finding:
    sure = len(chat.turns) > 1 or chat.told
    return Finding("sure" if sure else "guessed", text if sure else f"{text}; is this the chat? --prompt TEXT says so")


def _check_no_secret(text: str, plan: Plan, name: str, tell: Tell) -> None:
    """Raises RecordingError where what looks random, is secret or was typed to sign in stands in the file."""
    leaked = [run for run in opaque_runs(text) if _holds(plan.recording, run)]
    secrets = (
        each
        for each in find_secrets(_without_programs(plan.recording), tell=tell)
        if each.everywhere and not each.is_word
    )
    leaked += [each.value for each in secrets if len(each.value) >= MIN_SECRET and each.value in text]
    typed = credentials(plan.recording, plan.login)
    leaked += [value for value in typed if len(value) >= MIN_SECRET and f'"{value}"' in text]
    if leaked:
        raise RecordingError(f"{name}: the site file would hold a secret; please report it, with a scrubbed recording")


def _holds(recording: Recording, run: str) -> bool:
    """Whether a request or an answer holds it as it is."""
    return any(
        run in text
        for each in recording.exchanges
        for text in (each.request.url, each.request.body.text, each.answer.body.text, *_values(each))
    )


def _values(exchange: Exchange) -> list[str]:
    frames = [frame.content for frame in exchange.frames if isinstance(frame.content, str)]
    return [value for _, value in (*exchange.request.headers, *exchange.answer.headers)] + frames


def _without_programs(recording: Recording) -> Recording:
    """The recording without the bodies of scripts, in which all that looks random is their maker's."""
    kept = tuple(each for each in recording.exchanges if "script" not in each.answer.body.type)
    return replace(recording, exchanges=kept)
