"""What is written where a value stood: the constant, a placeholder, a reference; and what that takes from answers."""

import msgspec

from chatdoor.discover import words
from chatdoor.discover.answers import landing
from chatdoor.discover.fills import ABSENT, Fill
from chatdoor.discover.naming import wanted_name
from chatdoor.discover.origins import Origin
from chatdoor.discover.plan import Plan, Shared, Step, entries, said
from chatdoor.discover.sends import Place, Sent, path_shape
from chatdoor.discover.stacks import hidden_stack, spelled


def text_for(plan: Plan, step: Step, fill: Fill, sents: list[Sent]) -> object:
    """What is written at a place: a constant, or placeholders. UNSET leaves the key out."""
    text = {
        "constant": _constant,
        "counted": _counted,
        "left out": _left_out,
        "given": _given,
        "conversation": _conversation,
        "turn": _of_turn,
        "made": _made,
        "secret": _secret,
    }[fill.what](plan, step, fill, sents)
    if isinstance(text, str) and isinstance(fill.value, str) and "{" in text:
        plan.samples.setdefault(text, fill.value)
    return text


def _constant(_plan: Plan, _step: Step, fill: Fill, _sents: list[Sent]) -> object:
    return msgspec.UNSET if fill.value is None else escaped(fill.value)


def _counted(plan: Plan, _step: Step, fill: Fill, _sents: list[Sent]) -> object:
    plan.note("guessed", f"{said(fill.place)} grows from turn to turn; here it stays {fill.value}: does the site mind?")
    return fill.value


def _left_out(plan: Plan, _step: Step, fill: Fill, sents: list[Sent]) -> object:
    if fill.value not in ABSENT:
        plan.note(
            "unknown", f"{said(fill.place)} changes, and nothing shows how; it is left out: does the site need it?"
        )
    elif fill.value is None and sents:
        plan.note(
            "unknown", f"{said(fill.place)} is null, which no site file can say; it is left out: does the site need it?"
        )
    return msgspec.UNSET


def _given(plan: Plan, step: Step, fill: Fill, sents: list[Sent]) -> object:
    if not fill.pieces:
        return _hidden(plan, fill)
    text = str(escaped(str(fill.value)))
    for value, origin in fill.pieces:
        name = _taken(plan, step, fill, origin, sents)
        text = text.replace(value, "{" + name + "}")
    return text


def _hidden(plan: Plan, fill: Fill) -> object:
    """A token whose cookie the recorder hides: what the stack does, guessed by its header."""
    header = str(fill.place[1])
    stack = hidden_stack(header, plan.recording)
    if stack is None:
        return msgspec.UNSET
    name = plan.names.name(str(stack.source), "csrf")
    source = " ".join(f"{key} {value}" for key, value in stack.source.items())
    plan.take[name] = Shared(
        stack.source, f"guessed from the header {spelled(header)}: {source}; cookies are hidden here"
    )
    plan.note("guessed", f"{spelled(header)} comes from the {source}, as the preset {stack.preset} has it; is that so?")
    return "{" + name + "}"


def _taken(plan: Plan, step: Step, fill: Fill, origin: Origin, sents: list[Sent]) -> str:
    """The name of a value that an answer gave; the answer's request becomes a step where it is none yet."""
    in_chat = id(origin.exchange) in plan.turn_exchanges
    is_start = not in_chat and _opens_talk(origin, fill.place, plan)
    wanted = "conversation" if is_start else wanted_name(fill.place)
    name = "conversation" if is_start else plan.names.name(str(origin.source), wanted)
    why = f"{origin.place}; sent in {entries(sents)}"
    if fill.sure:
        plan.note("sure", f"{name}: {why}")
    else:
        plan.note("guessed", f"{name}: {origin.place} has a value of its kind; is that where it comes from?")
        why = f"guessed: {origin.place} has one of its kind"
    if in_chat:
        _take_from_chat(plan, name, origin, why)
        return name
    _need(plan, origin, start=is_start)
    if is_start or origin.kind == "json" or (step.sent.exchange not in plan.asked and origin.kind == "page"):
        plan.needed_takes.setdefault(origin.exchange.index, {})[name] = (origin.source, why)
    else:
        plan.take[name] = Shared(origin.source, why)
    plan.has_id = plan.has_id or is_start
    return name


def _opens_talk(origin: Origin, place: Place, plan: Plan) -> bool:
    """Whether a request of its own gave the conversation's id: one that changes something, and is no login."""
    is_login = plan.login is not None and origin.exchange is plan.login.sent.exchange
    if origin.exchange.request.method in {"GET", "HEAD"} or is_login or place[0] == "header":
        return False
    return bool(words.CONVERSATION.search(words.key_of(place))) or place[0] in {"path", "query", "body"}


def _take_from_chat(plan: Plan, name: str, origin: Origin, why: str) -> None:
    asked = {id(turn.asked.sent.exchange) for turn in plan.chat.turns}
    landed = {id(landing(turn.asked.sent.exchange, plan.recording)) for turn in plan.chat.turns}
    step = 0 if id(origin.exchange) in asked | landed else -1
    plan.chat_takes.setdefault(step, {}).setdefault(name, (origin.source, why))


def _conversation(plan: Plan, _step: Step, fill: Fill, sents: list[Sent]) -> object:
    (_, origin), *_ = fill.pieces
    why = f"{origin.place}; sent in {entries(sents[1:] or sents)}"
    plan.has_id = True
    plan.note("sure", f"conversation: {why}")
    if id(origin.exchange) in plan.turn_exchanges:
        _take_from_chat(plan, "conversation", origin, why)
    else:
        _need(plan, origin, start=True)
        plan.needed_takes.setdefault(origin.exchange.index, {})["conversation"] = (origin.source, why)
    return (
        "{conversation}"
        if fill.null_first or sents[-1].kind != "json" or fill.place[0] != "body"
        else "{conversation?}"
    )


def _of_turn(plan: Plan, step: Step, fill: Fill, sents: list[Sent]) -> object:
    """Another in each turn, and given: by this turn's own answer, or the newest that has one."""
    origin = fill.pieces[-1][1]
    if _opens_each(plan, fill):
        return "{" + _taken(plan, step, fill, fill.pieces[0][1], sents) + "}"
    name = plan.names.name(str(origin.source), wanted_name(fill.place))
    why = f"{origin.place}, new in each turn; sent in {entries(sents)}"
    plan.note("sure", f"{name}: {why}")
    if step.sent.exchange not in plan.asked:
        _take_from_chat(plan, name, origin, why)
        return "{" + name + "}"
    plan.take[name] = Shared(origin.source, why)
    if len({str(each.source) for _, each in fill.pieces}) > 1:
        plan.note("guessed", f"{name}: the first one came from {fill.pieces[0][1].place}; does the first turn need it?")
    if id(fill.pieces[0][1].exchange) not in plan.turn_exchanges:
        _need(plan, fill.pieces[0][1], start=False)
        if _renews(plan, fill):
            plan.renewing.add(fill.pieces[0][1].exchange.index)
        return "{" + name + "}"
    return "{" + name + "?}"


def _opens_each(plan: Plan, fill: Fill) -> bool:
    """Whether each came from its own request of one kind that opens a talk: the page began again in between."""
    origins = [origin for _, origin in fill.pieces]
    kinds = {(each.exchange.request.method, path_shape(each.exchange.request.parts.path)) for each in origins}
    outside = all(id(each.exchange) not in plan.turn_exchanges for each in origins)
    return outside and len(kinds) == 1 and all(_opens_talk(each, fill.place, plan) for each in origins)


def _renews(plan: Plan, fill: Fill) -> bool:
    """Whether the page fetched the token anew in the middle of the talk, from where the first one came."""
    first, *later = (origin.exchange for _, origin in fill.pieces)
    target = (first.request.method, first.request.url)
    again = [each for each in later if each is not first and id(each) not in plan.turn_exchanges]
    return first.request.method == "GET" and any((each.request.method, each.request.url) == target for each in again)


def _made(plan: Plan, step: Step, fill: Fill, sents: list[Sent]) -> object:
    """Made by the client: once for a conversation where it stays, else for each turn."""
    if fill.sure:
        name = plan.names.name(f"{fill.place}", wanted_name(fill.place))
        step.make[name] = fill.maker
        plan.note("sure", f"{name}: made by the page in each turn ({fill.maker})")
        return "{" + name + "}"
    is_id = words.CONVERSATION.search(words.key_of(fill.place)) or fill.place[0] in {"path", "query"} or not plan.makes
    name = "conversation" if is_id else plan.names.name(f"made {fill.value}", wanted_name(fill.place))
    plan.has_id = plan.has_id or name == "conversation"
    plan.makes[name] = (fill.maker, f"no answer gave it: made by the page; the same in {entries(sents)}")
    plan.note("guessed", f"{name}: {said(fill.place)} is made by the page, once for a conversation; is that so?")
    return "{" + name + "}"


def _secret(plan: Plan, _step: Step, fill: Fill, sents: list[Sent]) -> object:
    """What may not be written down: a reference takes its place."""
    variable = f"{plan.env}_{wanted_name(fill.place).upper()}"
    script = _script_with(str(fill.value).rpartition(" ")[2], plan)
    where = f"stands in the script {script}: is it the same for everybody?" if script else "came from no answer."
    question = "Else no site file can find it" if script else "Where is it from?"
    plan.note("unknown", f"{said(fill.place)} ({entries(sents)}) {where} Put it into {variable}. {question}")
    return "{env:" + variable + "}"


def _script_with(value: str, plan: Plan) -> str:
    """The script that holds a value, in words; empty where none does. Keys of the page's maker stand in programs."""
    for each in plan.recording.exchanges:
        if "javascript" in each.answer.body.type and value in each.answer.body.text:
            return f"{each.request.parts.path} (entry {each.index})"
    return ""


def _need(plan: Plan, origin: Origin, *, start: bool) -> None:
    plan.needed.setdefault(origin.exchange.index, (origin.exchange, start))


def escaped(value: object) -> object:
    """The text with braces doubled, which are no placeholders; other values as they are."""
    return value.replace("{", "{{").replace("}", "}}") if isinstance(value, str) else value
