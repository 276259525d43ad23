"""From turns to steps: which requests a visitor has to send, and what of them is filled in.

The chat's values are followed back to the answers that gave them; those answers' requests become steps, whose own
values are followed back in turn. Nothing that no value needs becomes a step, but the page itself, which sets cookies.
"""

from collections.abc import Sequence

from chatdoor.discover import words
from chatdoor.discover.answers import landing, sent_by_one
from chatdoor.discover.listing import typed_places
from chatdoor.discover.opaque import shape_of
from chatdoor.discover.plan import Plan, entries, said
from chatdoor.discover.polling import until
from chatdoor.discover.recording import Exchange, Recording
from chatdoor.discover.sends import Place, Sent, path_shape, values
from chatdoor.discover.steps import build_step
from chatdoor.discover.turns import Chat


def make_plan(recording: Recording, chat: Chat, site: str, elsewhere: Sequence[Sent]) -> Plan:
    """The steps of a site, with what is sure of them and what is not."""
    plan = Plan(recording, chat, site, elsewhere)
    if plan.offered is not None:
        plan.note("sure", f"chat: POST {plan.offered.path}, {plan.offered.why}; preset {plan.offered.preset}")
        _add_login(plan)
        _build_needed(plan)
        return plan
    sents = plan.sents
    step = build_step(
        plan,
        sents,
        typed_places(plan, sents),
        f"{entries(sents)}: what was typed is in {said(plan.chat.turns[-1].asked.place)}",
    )
    plan.steps.append(step)
    _add_second(plan)
    _add_opening_frames(plan, sents[0])
    _add_login(plan)
    _add_page(plan, sents[0])
    _build_needed(plan)
    _ask_for_a_password(plan)
    for at, takes in plan.chat_takes.items():
        plan.steps[at].take.update(takes)
    return plan


def _add_second(plan: Plan) -> None:
    """The request that reads the reply, where that is another one than the prompt went in."""
    turns = plan.chat.turns
    if all(turn.answered is landing(turn.asked.sent.exchange, plan.recording) for turn in turns):
        return
    sents = [sent_by_one(turn.answered)[0] for turn in turns]
    step = build_step(plan, sents, {}, f"{entries(sents)}: the reply is read here")
    step.until = until(plan.chat.turns)
    plan.steps.append(step)


def _add_opening_frames(plan: Plan, first: Sent) -> None:
    """What a websocket was told before the first prompt opens the conversation."""
    if not first.is_frame:
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
        step.refresh = index in plan.renewing
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


def _ask_for_a_password(plan: Plan) -> None:
    """Asks about steps that send texts as they were recorded: of a form by a script, nothing says what they are."""
    for step in plan.session if plan.login is None else ():
        texts = [words.key_of(place) for place, value in values(step.sent) if place[0] == "body" and _is_plain(value)]
        if step.sent.verb == "post" and len(texts) > 1:
            plan.note(
                "guessed",
                f"POST {path_shape(step.sent.path)} ({entries([step.sent])}) sends {', '.join(texts)} as recorded; "
                "is one a password? Then write {env:NAME} for it",
            )


def _is_plain(value: object) -> bool:
    return isinstance(value, str) and bool(value) and not shape_of(value)


def _credentials(plan: Plan, exchange: Exchange) -> dict[Place, str]:
    if plan.login is None or plan.login.sent.exchange is not exchange:
        return {}
    users = dict.fromkeys(plan.login.user, "{env:" + plan.env + "_USER}")
    return users | dict.fromkeys(plan.login.password, "{env:" + plan.env + "_PASSWORD}")
