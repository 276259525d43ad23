"""What was typed, in what was sent: the prompt alone, or a list of messages and the shape of one."""

import re
from collections.abc import Callable, Iterable
from typing import Final

import msgspec

from chatdoor.discover.fills import maker_of
from chatdoor.discover.opaque import shape_of
from chatdoor.discover.plan import Plan
from chatdoor.discover.prose import normal
from chatdoor.discover.sends import Place, Sent, value_at, values
from chatdoor.discover.typed import Message, message_lists

_ASIDE: Final = re.compile(r"^(?:system|developer|tool|function)$", re.IGNORECASE)
"""Roles of messages that neither side says: OpenAI and what speaks like it, LangChain, Vercel."""


def typed_places(plan: Plan, sents: list[Sent]) -> dict[Place, str]:
    """The places of what was typed, and of what was said before."""
    asked = plan.chat.turns[-1].asked
    prompts = [normal(turn.asked.prompt) for turn in plan.chat.turns]
    filled: dict[Place, str] = {}
    for place, value in values(asked.sent):
        own = [normal(str(value_at(sent, place))) for sent in sents]
        if isinstance(value, str) and own == prompts and place[0] in {"query", "body"}:
            filled[place] = "{prompt}"
    for place, items in message_lists(asked.sent):
        if any(place[: len(at)] == at for at, text in filled.items() if text != "{prompt}"):
            continue
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


def _describe_item(plan: Plan, items: list[Message], prompts: list[str]) -> None:
    """The shape of one message, and the names of roles, where they are not the usual ones."""
    mine = next((item for item in items if any(normal(str(v)) in prompts for _, v in _walk(item))), items[-1])
    aside = [item for item in items if any(_ASIDE.match(str(value)) for _, value in _walk(item))]
    other = next((item for item in items if item not in (mine, *aside) and not _says(item, prompts)), None)
    if aside:
        plan.note("unknown", "the page itself adds a message to the list, as system or tool; does the site need it?")
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


def _says(item: Message, prompts: list[str]) -> bool:
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
