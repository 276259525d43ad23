"""From a plan to a site file: its tables in the order of the language, as short as the presets make it."""

from collections.abc import Sequence
from typing import Final

from chatdoor.discover.counts import with_counts
from chatdoor.discover.draft import Table
from chatdoor.discover.endings import with_end
from chatdoor.discover.offered import PRESET_PATH, Offered
from chatdoor.discover.plan import Plan, Step
from chatdoor.discover.prose import counted
from chatdoor.discover.protocols import shortened
from chatdoor.discover.refusals import DEFAULT, Refusals, refusals
from chatdoor.discover.remarks import remark
from chatdoor.discover.stacks import Stack, spelled, stack_of
from chatdoor.site.load import presets
from chatdoor.site.toml import parse_toml

CLOSED: Final = (4401, 4403)
"""Codes with which a websocket is closed for want of a session: 401 and 403 (graphql-ws, Channels, Starlette sites)."""

_ONLY_PAGE: Final = ("get", "/")


def tables(plan: Plan, name: str, recorder: str) -> list[Table]:
    """The tables of the site file."""
    first = plan.sents[0]
    stack = _stack(plan)
    if stack is not None:
        _leave_to(plan, stack)
    top = Table("", [])
    top.add("schema", 1, f"written by chatdoor discover from a recording by {recorder or 'an unknown recorder'}")
    top.add("name", name)
    top.add("url", f"{_scheme(first.exchange.request.parts.scheme)}://{first.host}", f"entry {first.index}")
    if plan.offered is not None:
        top.add("extends", plan.offered.preset, plan.offered.why)
        return [top, *_shared(plan), *_steps("session", plan.session), *_offered(plan.offered)]
    if stack is not None:
        top.add("extends", stack.preset, f"csrf: {plan.stack_why}")
    seen = refusals(plan.chat.seen, _refused_by(stack))
    habit = _refused(plan) if stack is None and seen.refused is None else None
    if habit is not None:
        top.add("refused", *habit)
    for key, match in (("refused", seen.refused), ("blocked", seen.blocked)):
        if match is not None:
            top.add(key, match, seen.why[key])
    found = [top, *_shared(plan), *_steps("session", _session(plan, stack)), *_steps("chat", plan.steps)]
    return shortened([*found, _reply(plan, seen), *_messages(plan), *_conversation(plan, seen)])


def _offered(offered: Offered) -> list[Table]:
    """The preset's chat, where it is at another path."""
    if offered.path == PRESET_PATH:
        return []
    asked, read = Table("[[chat]]", []), Table("[[chat]]", [])
    asked.add("post", offered.path, offered.why)
    asked.add("json", {"data": ["{prompt}"], "session_hash": "{conversation}"})
    asked.add("take.event", {"json": "event_id"})
    read.add("get", f"{offered.path}/{{event}}")
    return [asked, read]


def _scheme(scheme: str) -> str:
    return {"ws": "http", "wss": "https"}.get(scheme, scheme)


def _refused(plan: Plan) -> tuple[object, str] | None:
    """Refusals that are beside the language's own, and how they are known; None where there are none."""
    if plan.sents[0].verb == "websocket":
        return [{"status": [*DEFAULT]}, {"close": [*CLOSED]}], "how sockets are refused by most sites"
    for step in (*plan.start, *plan.steps):
        if step.sent.kind in {"form", "multipart"} and isinstance(step.body, dict) and "csrf_token" in step.body:
            plan.note(
                "guessed", "refused: Flask-WTF and Pyramid, whose field csrf_token is, refuse with 400; is that so?"
            )
            return {"status": [400, *DEFAULT]}, "400: Flask-WTF and Pyramid, whose field csrf_token is"
    return None


def _stack(plan: Plan) -> Stack | None:
    """The one stack whose preset says what was found."""
    for header, (text, _) in plan.headers.items():
        shared = plan.take.get(text.strip("{}"))
        if shared and text == "{" + text.strip("{}") + "}":
            stack = stack_of(header.lower(), shared.source, plan.recording)
            if stack is not None and stack.preset != "express-double-submit":
                plan.stack_why = shared.why
                return stack
    return None


def _refused_by(stack: Stack | None) -> Sequence[int]:
    """The statuses that refuse already: by the preset, else by the language."""
    if stack is None:
        return DEFAULT
    table = parse_toml(presets()[stack.preset].read_text("utf-8"), stack.preset)
    refused = table.get("refused")
    matches = refused if isinstance(refused, list) else [refused]
    statuses = [match.get("status") for match in matches if isinstance(match, dict)]
    return [one for each in statuses for one in (each if isinstance(each, list) else [each]) if isinstance(one, int)]


def _leave_to(plan: Plan, stack: Stack) -> None:
    """Takes out what the preset says; the value's name is the preset's."""
    plan.headers.pop(spelled(stack.header))
    name = next(name for name, shared in plan.take.items() if shared.source == stack.source)
    plan.take.pop(name)


def _shared(plan: Plan) -> list[Table]:
    take, headers = Table("[take]", []), Table("[headers]", [])
    for name, shared in plan.take.items():
        take.add(name, shared.source, shared.why)
    for header, (text, why) in plan.headers.items():
        headers.add(header, text, why)
    return [take, headers]


def _session(plan: Plan, stack: Stack | None) -> list[Step]:
    """The steps, but not the one that the preset has."""
    places = [(step.sent.verb, step.path) for step in plan.session]
    plain = all(not (step.take or step.query or step.body or step.refresh) for step in plan.session)
    return [] if stack is not None and places == [_ONLY_PAGE] and plain else plan.session


def _steps(name: str, steps: list[Step]) -> list[Table]:
    heading = f"[{name}]" if len(steps) == 1 else f"[[{name}]]"
    return [_step(heading, step) for step in steps]


def _step(heading: str, step: Step) -> Table:
    table = Table(heading, [])
    table.add(step.sent.verb, step.path, step.why)
    if step.query:
        table.add("query", step.query)
    if step.headers:
        table.add("headers", step.headers)
    for key, value in _body(step).items():
        table.add(key, value)
    for name, (source, why) in step.take.items():
        table.add(f"take.{name}", source, why)
    for name, kind in step.make.items():
        table.add(f"make.{name}", kind, "made by the page in each turn")
    if step.refresh:
        table.add("refresh", value=True, why="fetched again between the turns, and the talk went on")
    for key, value in (("expect", step.expect), ("until", step.until)):
        if value is not None:
            table.add(key, value)
    return table


def _body(step: Step) -> dict[str, object]:
    """The body under its key; an event of Socket.IO has keys of its own."""
    if step.sent.kind == "socketio" and isinstance(step.body, dict):
        return step.body
    return {} if step.body is None or step.body == {} else {step.sent.kind: step.body}


def _reply(plan: Plan, seen: Refusals) -> Table:
    table = Table("[reply]", [])
    turn = plan.chat.turns[-1]
    why = f"entry {turn.answered.index}: {counted(len(turn.reply.text.split()), 'word')} of new text"
    ended = with_end(plan.chat.turns)
    for key, value in with_counts(ended, plan.chat.turns).items():
        if value is not False:
            table.add(key, value, why)
            why = ""
    remark(plan, ended)
    if seen.error is not None:
        table.add("error", seen.error, seen.why["error"])
    return table


def _messages(plan: Plan) -> list[Table]:
    table = Table("[messages]", [])
    if not plan.keeps_list:
        return []
    if plan.item is not None:
        table.add("item", plan.item)
    if plan.roles:
        table.add("roles", plan.roles)
    kind = plan.makes.pop("messages.id", None)
    if kind:
        table.add("make.id", kind[0], kind[1])
    return [table]


def _conversation(plan: Plan, seen: Refusals) -> list[Table]:
    table = Table("[conversation]", [])
    if seen.lost is not None:
        table.add("lost", seen.lost, seen.why["lost"])
    sockets = [sent for sent in plan.sents if sent.is_frame]
    if plan.has_id and not plan.keeps_list:
        table.add("history", "id", "guessed: the id alone finds the conversation")
        plan.note("guessed", "history: the site keeps it under the id alone; does another visitor find it with the id?")
    elif plan.keeps_list:
        plan.note("sure", "history: the client sends the whole list")
    elif sockets:
        if len({sent.index for sent in sockets}) > 1:
            table.add("history", "session", "each turn had a websocket of its own")
        plan.note("guessed", "history: kept by the site; does it remember the turn before?")
    else:
        plan.note(
            "guessed", "history: kept by the site with the session, or not at all; does it remember the turn before?"
        )
    for name, (kind, why) in plan.makes.items():
        table.add(f"make.{name}", kind, why)
    return [table, *_steps("conversation.start", plan.start)]
