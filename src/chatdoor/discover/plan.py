"""From turns to steps: which requests a visitor has to send, and what of them is filled in.

The chat's values are followed back to the answers that gave them; those answers' requests become steps, whose own
values are followed back in turn. Nothing that no value needs becomes a step, but the page itself, which sets cookies.
"""

from collections.abc import Callable, Iterable
from urllib.parse import quote

import msgspec
from msgspec.structs import replace

from chatdoor.discover import words
from chatdoor.discover.draft import Finding, Sureness
from chatdoor.discover.fills import ABSENT, Fill, classify
from chatdoor.discover.logins import Login, find_login
from chatdoor.discover.naming import Names, env_prefix, wanted_name
from chatdoor.discover.opaque import shape_of
from chatdoor.discover.origins import Origin
from chatdoor.discover.prose import normal
from chatdoor.discover.recording import Exchange, Recording
from chatdoor.discover.replies import form_of
from chatdoor.discover.sends import Place, Sent, parse_json, path_shape, sent_by, value_at, values
from chatdoor.discover.stacks import hidden_stack, spelled
from chatdoor.discover.turns import Chat, landing, message_lists, sent_by_one


class Step(msgspec.Struct):
    """One step: the request that it was made from, its filled-in parts, what is taken from its answer."""

    sent: Sent
    path: str
    query: dict[str, object]
    headers: dict[str, str]
    body: object
    why: str
    take: dict[str, tuple[dict[str, object], str]] = {}
    make: dict[str, str] = {}
    expect: dict[str, object] | None = None
    until: dict[str, object] | None = None


class Shared(msgspec.Struct, frozen=True):
    """A value for many requests: its source, and how it is known."""

    source: dict[str, object]
    why: str


class Plan:
    """What a site file will hold, collected while values are followed."""

    def __init__(self, recording: Recording, chat: Chat, site: str) -> None:
        self.recording = recording
        self.chat = chat
        self.env = env_prefix(site)
        self.names = Names()
        self.findings: list[Finding] = []
        self.take: dict[str, Shared] = {}
        self.headers: dict[str, tuple[str, str]] = {}
        self.makes: dict[str, tuple[str, str]] = {}
        self.session: list[Step] = []
        self.start: list[Step] = []
        self.steps: list[Step] = []
        self.stack_why = ""
        self.has_id = False
        self.keeps_list = False
        self.item: object = None
        self.roles: dict[str, str] = {}
        self.sent = sent_by(recording)
        self.sents = [turn.asked.sent for turn in chat.turns]
        self.asked = [sent.exchange for sent in self.sents]
        self.login: Login | None = find_login(self.sent, self.sents[0].index)
        self.turn_exchanges = {id(each) for turn in chat.turns for each in self._exchanges_of(turn.asked.sent)}
        self.needed: dict[int, tuple[Exchange, bool]] = {}
        self.needed_takes: dict[int, dict[str, tuple[dict[str, object], str]]] = {}
        self.built: dict[int, Step] = {}
        self.chat_takes: dict[int, dict[str, tuple[dict[str, object], str]]] = {}

    def _exchanges_of(self, sent: Sent) -> list[Exchange]:
        return [sent.exchange, landing(sent.exchange, self.recording)]

    def note(self, sureness: Sureness, text: str) -> None:
        """One more line of the report, once."""
        finding = Finding(sureness, text)
        if finding not in self.findings:
            self.findings.append(finding)


def make_plan(recording: Recording, chat: Chat, site: str) -> Plan:
    """The steps of a site, with what is sure of them and what is not."""
    plan = Plan(recording, chat, site)
    sents = [turn.asked.sent for turn in chat.turns]
    step = build_step(
        plan,
        sents,
        _typed(plan, sents),
        f"{_entries(sents)}: what was typed is in {_said(plan.chat.turns[-1].asked.place)}",
    )
    plan.steps.append(step)
    _add_second(plan, step)
    _add_opening_frames(plan, sents[0])
    _add_login(plan)
    _add_page(plan, sents[0])
    _build_needed(plan)
    for at, takes in plan.chat_takes.items():
        plan.steps[at].take.update(takes)
    return plan


def _entries(sents: Iterable[Sent]) -> str:
    indexes = list(dict.fromkeys(str(sent.index) for sent in sents))
    if len(indexes) == 1:
        return f"entry {indexes[0]}"
    return f"entries {', '.join(indexes[:-1])} and {indexes[-1]}"


def _typed(plan: Plan, sents: list[Sent]) -> dict[Place, str]:
    """The places of what was typed, and of what was said before."""
    asked = plan.chat.turns[-1].asked
    prompts = [normal(turn.asked.prompt) for turn in plan.chat.turns]
    filled: dict[Place, str] = {}
    for place, value in values(asked.sent):
        if isinstance(value, str) and normal(value) == prompts[-1] and place[0] in {"query", "body"}:
            if all(normal(str(value_at(sent, place))) == own for sent, own in zip(sents, prompts, strict=True)):
                filled[place] = "{prompt}"
    for place, items in message_lists(asked.sent):
        texts = [normal(str(value)) for item in items for _, value in _walk(item)]
        whole = prompts[-1] in texts and (len(items) > 1 or place == asked.place)
        if whole or (len(prompts) > 1 and prompts[-2] in texts):
            filled = {at: each for at, each in filled.items() if at[: len(place)] != place}
            filled[place] = "{messages}" if whole else "{history}"
            plan.keeps_list = True
            _describe_item(plan, items, prompts)
    return filled


def _walk(value: object, place: Place = ()) -> Iterable[tuple[Place, object]]:
    if isinstance(value, dict):
        for key, below in value.items():
            yield from _walk(below, (*place, str(key)))
    elif isinstance(value, list):
        for at, below in enumerate(value):
            yield from _walk(below, (*place, at))
    else:
        yield place, value


def _describe_item(plan: Plan, items: list[dict[str, object]], prompts: list[str]) -> None:
    """The shape of one message, and the names of roles, where they are not the usual ones."""
    mine = next((item for item in items if any(normal(str(v)) in prompts for _, v in _walk(item))), items[-1])
    other = next((item for item in items if item is not mine and not _says(item, prompts)), None)
    keys = [
        at
        for at, value in _walk(mine)
        if isinstance(value, str | bool) and other and _at(other, at) not in (value, None)
    ]
    role = next((at for at in keys if not _is_text(_at(mine, at), prompts) and not shape_of(str(_at(mine, at)))), None)
    if role is None:
        role = next((at for at, _ in _walk(mine) if at and at[-1] in {"role", "author", "sender"}), None)
    shape = _mapped(mine, lambda at, value: _item_value(plan, at, value, role, prompts))
    if shape != {"role": "{role}", "content": "{text}"}:
        plan.item = shape
    if role is not None:
        own, its = str(_at(mine, role)), str(_at(other, role)) if other else "assistant"
        plan.roles = {name: say for name, say in (("user", own), ("assistant", its)) if name != say}


def _says(item: dict[str, object], prompts: list[str]) -> bool:
    return any(normal(str(value)) in prompts for _, value in _walk(item))


def _is_text(value: object, prompts: list[str]) -> bool:
    return normal(str(value)) in prompts


def _at(value: object, place: Place) -> object:
    for part in place:
        if isinstance(value, dict):
            value = value.get(str(part))
        elif isinstance(value, list) and isinstance(part, int) and part < len(value):
            value = value[part]
        else:
            return None
    return value


def _item_value(plan: Plan, at: Place, value: object, role: Place | None, prompts: list[str]) -> object:
    if at == role:
        return "{role}"
    if _is_text(value, prompts):
        return "{text}"
    if isinstance(value, str) and shape_of(value):
        from chatdoor.discover.fills import maker_of  # shown once the shape is known

        kind = maker_of(value) or "uuid4"
        plan.makes["messages.id"] = (kind, "each message has its own")
        return "{id}"
    return value


def _mapped(value: object, change: Callable[[Place, object], object], place: Place = ()) -> object:
    """The structure with each value changed; what becomes UNSET is left out."""
    if isinstance(value, dict):
        pairs = ((key, _mapped(below, change, (*place, str(key)))) for key, below in value.items())
        return {key: below for key, below in pairs if below is not msgspec.UNSET}
    if isinstance(value, list):
        return [_mapped(below, change, (*place, at)) for at, below in enumerate(value)]
    return change(place, value)


def build_step(plan: Plan, sents: list[Sent], filled: dict[Place, str], why: str) -> Step:
    """The step that these requests are, one for each turn; `filled` says what is known of some places."""
    last = sents[-1]
    step = Step(last, "", {}, {}, None, why, {}, {})
    places = dict.fromkeys(place for sent in reversed(sents) for place, _ in values(sent))
    texts: dict[Place, object] = dict(filled)
    for place in places:
        if not any(place[: len(at)] == at for at in filled):
            texts[place] = _text_of(plan, step, classify(place, sents, plan.recording), sents)
    step.path = _path(last.path, texts)
    step.query = {
        name: each for name in _keys(places, "query") if (each := texts[("query", name)]) is not msgspec.UNSET
    }
    step.body = _body(last, sents, texts)
    declared = last.exchange.request.body.type
    if last.kind == "json" and declared == "text/plain":
        if isinstance(step.body, str):
            step.sent = replace(last, kind="text")
        else:
            step.headers["Content-Type"] = declared
    _add_headers(plan, step, places, texts, sents)
    return step


def _keys(places: Iterable[Place], kind: str) -> list[str]:
    return [str(place[1]) for place in places if place[0] == kind]


def _path(path: str, texts: dict[Place, object]) -> str:
    parts = path.split("/")
    changed = [texts.get(("path", at), part) for at, part in enumerate(parts)]
    return "/".join(str(new) if "{" in str(new) else old for old, new in zip(parts, changed, strict=True)) or "/"


def _body(last: Sent, sents: list[Sent], texts: dict[Place, object]) -> object:
    """The last turn's body, with what only earlier turns had in it too."""
    if last.body is None:
        return None

    def change(place: Place, value: object) -> object:
        return texts.get(("body", *place), value)

    def put(value: object, place: Place) -> object:
        known = texts.get(("body", *place))
        if isinstance(known, str) and isinstance(value, dict | list):
            return known
        if isinstance(value, dict):
            pairs = ((key, put(below, (*place, str(key)))) for key, below in value.items())
            return {key: below for key, below in pairs if below is not msgspec.UNSET}
        if isinstance(value, list):
            return [put(below, (*place, at)) for at, below in enumerate(value)]
        return change(place, value)

    return put(last.body, ())


def _escaped(value: object) -> object:
    return value.replace("{", "{{").replace("}", "}}") if isinstance(value, str) else value


def _text_of(plan: Plan, step: Step, fill: Fill, sents: list[Sent]) -> object:
    """What is written at a place: a constant, or placeholders. UNSET leaves the key out."""
    return {
        "constant": _constant,
        "left out": _left_out,
        "given": _given,
        "conversation": _conversation,
        "turn": _of_turn,
        "made": _made,
        "secret": _secret,
    }[fill.what](plan, step, fill, sents)


def _constant(_plan: Plan, _step: Step, fill: Fill, _sents: list[Sent]) -> object:
    return msgspec.UNSET if fill.value is None else _escaped(fill.value)


def _left_out(plan: Plan, _step: Step, fill: Fill, sents: list[Sent]) -> object:
    if fill.value not in ABSENT:
        plan.note(
            "unknown", f"{_said(fill.place)} changes, and nothing shows how; it is left out: does the site need it?"
        )
    elif fill.value is None and sents:
        return msgspec.UNSET
    return msgspec.UNSET


def _said(place: Place) -> str:
    return f"{place[0]} {'.'.join(str(part) for part in place[1:]) or 'text'}"


def _given(plan: Plan, step: Step, fill: Fill, sents: list[Sent]) -> object:
    if not fill.pieces:
        return _hidden(plan, fill, sents)
    text = str(_escaped(str(fill.value)))
    for value, origin in fill.pieces:
        name = _taken(plan, step, fill, origin, sents)
        text = text.replace(value, "{" + name + "}")
    return text


def _hidden(plan: Plan, fill: Fill, sents: list[Sent]) -> object:
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
    _ = sents
    return "{" + name + "}"


def _taken(plan: Plan, step: Step, fill: Fill, origin: Origin, sents: list[Sent]) -> str:
    """The name of a value that an answer gave; the answer's request becomes a step where it is none yet."""
    in_chat = id(origin.exchange) in plan.turn_exchanges
    is_start = not in_chat and _opens_talk(origin, fill.place, plan)
    wanted = "conversation" if is_start else wanted_name(fill.place)
    name = "conversation" if is_start else plan.names.name(str(origin.source), wanted)
    why = f"{origin.place}; sent in {_entries(sents)}"
    if fill.sure:
        plan.note("sure", f"{name}: {why}")
    else:
        plan.note("guessed", f"{name}: {origin.place} has a value of its kind; is that where it comes from?")
        why = f"guessed: {origin.place} has one of its kind"
    if in_chat:
        _take_from_chat(plan, name, origin, why)
        return name
    _need(plan, origin, start=is_start)
    if origin.kind == "json" or (step.sent.exchange not in plan.asked and origin.kind == "page"):
        plan.needed_takes.setdefault(origin.exchange.index, {})[name] = (origin.source, why)
    else:
        plan.take[name] = Shared(origin.source, why)
    plan.has_id = plan.has_id or is_start
    return name


def _opens_talk(origin: Origin, place: Place, plan: Plan) -> bool:
    """Whether a request of its own gave the conversation's id: one that changes something, and is no login."""
    is_login = plan.login is not None and origin.exchange is plan.login.sent.exchange
    if origin.exchange.request.method == "GET" or is_login or place[0] == "header":
        return False
    return bool(words.CONVERSATION.search(words.key_of(place))) or place[0] in {"path", "query", "body"}


def _take_from_chat(plan: Plan, name: str, origin: Origin, why: str) -> None:
    asked = {id(turn.asked.sent.exchange) for turn in plan.chat.turns}
    landed = {id(landing(turn.asked.sent.exchange, plan.recording)) for turn in plan.chat.turns}
    step = 0 if id(origin.exchange) in asked | landed else -1
    plan.chat_takes.setdefault(step, {}).setdefault(name, (origin.source, why))


def _conversation(plan: Plan, _step: Step, fill: Fill, sents: list[Sent]) -> object:
    (_, origin), *_ = fill.pieces
    why = f"{origin.place}; sent in {_entries(sents[1:] or sents)}"
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
    """Another in each turn, and given: by the answer to this turn's own prompt, or by the newest answer that has one."""
    origin = fill.pieces[-1][1]
    name = plan.names.name(str(origin.source), wanted_name(fill.place))
    why = f"{origin.place}, new in each turn; sent in {_entries(sents)}"
    plan.note("sure", f"{name}: {why}")
    if step.sent.exchange not in plan.asked:
        _take_from_chat(plan, name, origin, why)
        return "{" + name + "}"
    plan.take[name] = Shared(origin.source, why)
    if len({str(each.source) for _, each in fill.pieces}) > 1:
        plan.note("guessed", f"{name}: the first one came from {fill.pieces[0][1].place}; does the first turn need it?")
    if id(fill.pieces[0][1].exchange) not in plan.turn_exchanges:
        _need(plan, fill.pieces[0][1], start=False)
        return "{" + name + "}"
    return "{" + name + "?}"


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
    plan.makes[name] = (fill.maker, f"no answer gave it: made by the page; the same in {_entries(sents)}")
    plan.note("guessed", f"{name}: {_said(fill.place)} is made by the page, once for a conversation; is that so?")
    return "{" + name + "}"


def _secret(plan: Plan, _step: Step, fill: Fill, sents: list[Sent]) -> object:
    """What may not be written down: a reference takes its place."""
    variable = f"{plan.env}_{wanted_name(fill.place).upper()}"
    plan.note(
        "unknown",
        f"{_said(fill.place)} ({_entries(sents)}) came from no answer; put it into {variable}: where is it from?",
    )
    return "{env:" + variable + "}"


def _need(plan: Plan, origin: Origin, *, start: bool) -> None:
    plan.needed.setdefault(origin.exchange.index, (origin.exchange, start))


def _add_headers(
    plan: Plan, step: Step, places: Iterable[Place], texts: dict[Place, object], sents: list[Sent]
) -> None:
    """Tokens go with every request, other headers with this one."""
    for place in places:
        text = texts[place] if place[0] == "header" else msgspec.UNSET
        if not isinstance(text, str):
            continue
        name = spelled(str(place[1]))
        if "{" in text and "{{" not in text and step.sent.exchange in plan.asked:
            plan.headers[name] = (text, f"sent in {_entries(sents)}")
        elif name not in plan.headers and step.sent.verb != "get":
            step.headers[name] = text


def _add_second(plan: Plan, first: Step) -> None:
    """The request that reads the reply, where that is another one than the prompt went in."""
    turns = plan.chat.turns
    _ = first
    if all(turn.answered is landing(turn.asked.sent.exchange, plan.recording) for turn in turns):
        return
    sents = [sent_by_one(turn.answered)[0] for turn in turns]
    step = build_step(plan, sents, {}, f"{_entries(sents)}: the reply is read here")
    step.until = _until(plan)
    plan.steps.append(step)


def _until(plan: Plan) -> dict[str, object] | None:
    """What the last answer of a polled request has and those before it have not."""
    turns = [turn for turn in plan.chat.turns if turn.polled]
    done = [_states(turn.answered) for turn in plan.chat.turns]
    if form_of(plan.chat.turns[-1].answered) != "json":
        return None
    common = set(done[0]).intersection(*done[1:]) - {
        pair for turn in turns for each in turn.polled for pair in _states(each)
    }
    named = [pair for pair in sorted(common) if turns or pair[1].lower() in _READY]
    return {"json": {named[0][0]: named[0][1]}} if named else None


_READY = frozenset({"ready", "done", "complete", "completed", "finished", "succeeded", "success"})


def _states(exchange: Exchange) -> list[tuple[str, str]]:
    body = parse_json(exchange.answer.body.text)
    return (
        [(str(key), value) for key, value in body.items() if isinstance(value, str) and len(value) < 20]
        if isinstance(body, dict)
        else []
    )


def _add_opening_frames(plan: Plan, first: Sent) -> None:
    """What a websocket was told before the first prompt opens the conversation."""
    if first.verb != "websocket":
        return
    for sent in plan.sent:
        if sent.exchange is first.exchange and sent.frame < first.frame:
            plan.start.append(build_step(plan, [sent], {}, f"entry {sent.index}: sent before the first prompt"))


def _add_login(plan: Plan) -> None:
    if plan.login is not None:
        exchange = plan.login.sent.exchange
        plan.needed[exchange.index] = (exchange, False)
        plan.note(
            "sure",
            f"login: {exchange.request.method} {path_shape(plan.login.sent.path)} (entry {exchange.index}); put the "
            f"credentials into {plan.env}_USER and {plan.env}_PASSWORD",
        )


_OF_ADVERTISERS = (
    "_ga",
    "_gid",
    "_gat",
    "_gcl",
    "_fbp",
    "_hj",
    "_pk_",
    "ajs_",
    "amplitude",
    "mp_",
    "ph_",
    "_clck",
    "_clsk",
)
"""Cookies of analytics (Google, Facebook, Hotjar, Matomo, Segment, Amplitude, Mixpanel, PostHog, Clarity)."""


def _add_page(plan: Plan, first: Sent) -> None:
    """The answers that set the cookies which the chat sends. Where cookies are hidden, the page that was open."""
    at = plan.recording.exchanges.index(first.exchange)
    earlier = plan.recording.exchanges[:at]
    names = {name for name, _ in first.exchange.request.cookies if not name.startswith(_OF_ADVERTISERS)}
    setters = [_setter(name, earlier) for name in sorted(names)]
    for exchange in setters:
        if exchange is not None and exchange.request.method == "GET":
            plan.needed.setdefault(exchange.index, (exchange, False))
    unset = sorted(name for name, exchange in zip(sorted(names), setters, strict=True) if exchange is None)
    if unset:
        plan.note(
            "unknown",
            f"no answer set the cookies {', '.join(unset)}; were you signed in before? Record in a private window",
        )
    hidden = not plan.recording.shows_cookies
    if not plan.needed and (hidden or unset):
        page = next(
            (
                each
                for each in reversed(earlier)
                if "html" in each.answer.body.type and each.request.parts.netloc == first.host
            ),
            None,
        )
        if page is not None:
            plan.needed[page.index] = (page, False)
            plan.note(
                "guessed",
                f"GET {path_shape(page.request.parts.path)} sets cookies, which this recording hides; is that so?",
            )


def _setter(name: str, earlier: tuple[Exchange, ...]) -> Exchange | None:
    return next((each for each in earlier if any(name == own for own, _ in each.answer.cookies)), None)


def _build_needed(plan: Plan) -> None:
    """Steps for all that is needed. To build one may show that another is needed."""
    while waiting := [index for index in sorted(plan.needed, reverse=True) if index not in plan.built]:
        exchange, _ = plan.needed[waiting[0]]
        sent = sent_by_one(exchange)[0]
        plan.built[waiting[0]] = build_step(plan, [sent], _credentials(plan, exchange), f"entry {exchange.index}")
    for index in sorted(plan.built):
        exchange, is_start = plan.needed[index]
        step = plan.built[index]
        if plan.login is not None and exchange is plan.login.sent.exchange:
            step.expect = {"url": plan.login.lands} if plan.login.lands else None
            step.why = f"entry {index}: signs in"
        target = plan.start if is_start else plan.session
        led = next(
            (
                each
                for each in target
                if landing(each.sent.exchange, plan.recording) is exchange and each.sent.exchange is not exchange
            ),
            None,
        )
        if led is None:
            target.append(step)
        takes = plan.needed_takes.get(index, {})
        own = {
            name: each
            for name, each in takes.items()
            if plan.take.get(name) is None or plan.take[name].source != each[0]
        }
        (led or step).take.update(own)


def _credentials(plan: Plan, exchange: Exchange) -> dict[Place, str]:
    if plan.login is None or plan.login.sent.exchange is not exchange:
        return {}
    users = {place: "{env:" + plan.env + "_USER}" for place in plan.login.user}
    return users | {place: "{env:" + plan.env + "_PASSWORD}" for place in plan.login.password}
