"""A step of a site file from the requests that it is, one for each turn."""

from collections.abc import Iterable

import msgspec
from msgspec.structs import replace

from chatdoor.discover.fills import classify
from chatdoor.discover.placing import text_for
from chatdoor.discover.plan import Plan, Step, entries
from chatdoor.discover.sends import Place, Sent, values
from chatdoor.discover.stacks import spelled


def build_step(plan: Plan, sents: list[Sent], filled: dict[Place, str], why: str) -> Step:
    """The step that these requests are, one for each turn; `filled` says what is known of some places."""
    last = sents[-1]
    step = Step(last, "", {}, {}, None, why, {}, {})
    places = dict.fromkeys(place for sent in reversed(sents) for place, _ in values(sent))
    texts: dict[Place, object] = dict(filled)
    elsewhere = plan.elsewhere if sents is plan.sents else ()
    for place in places:
        if not any(place[: len(at)] == at for at in filled):
            fill = classify(place, sents, plan.recording, elsewhere)
            texts[place] = text_for(plan, step, fill, sents)
    step.path = _path(last.path, texts)
    step.query = {
        name: each for name in _keys(places, "query") if (each := texts[("query", name)]) is not msgspec.UNSET
    }
    step.body = _body(last.body, texts)
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


def _body(value: object, texts: dict[Place, object], place: Place = ("body",)) -> object:
    """The body with what is known of its places; what is UNSET there is left out."""
    known = texts.get(place)
    if place in texts and not (known is None and isinstance(value, dict | list)):
        return known
    if isinstance(value, dict):
        pairs = ((key, _body(below, texts, (*place, str(key)))) for key, below in value.items())
        return {key: below for key, below in pairs if below is not msgspec.UNSET}
    if isinstance(value, list):
        found = (_body(below, texts, (*place, at)) for at, below in enumerate(value))
        return [below for below in found if below is not msgspec.UNSET]
    return value


def _add_headers(
    plan: Plan, step: Step, places: Iterable[Place], texts: dict[Place, object], sents: list[Sent]
) -> None:
    """Tokens go with every request, other headers with this one."""
    for place in places:
        text = texts[place] if place[0] == "header" else msgspec.UNSET
        if not isinstance(text, str):
            continue
        name = spelled(str(place[1]))
        if "{" in text and "{{" not in text and "{conversation" not in text and step.sent.exchange in plan.asked:
            plan.headers[name] = (text, f"sent in {entries(sents)}")
        elif name not in plan.headers:
            step.headers[name] = text
