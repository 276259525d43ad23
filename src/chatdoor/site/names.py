"""Which value stands behind a placeholder, and whether it can be there when it is needed.

Steps run in a known order, so a value that is never taken, or only taken later, is found when the file is loaded.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Final

from chatdoor.site import file
from chatdoor.site.lines import KeyPath
from chatdoor.site.nearest import nearest
from chatdoor.site.outgoing import sent_parts, steps_in_order
from chatdoor.site.parts import given, read_template
from chatdoor.site.problem import Problem
from chatdoor.site.template import NULLABLE, Slot
from chatdoor.site.walk import texts

TURN_NAMES: Final = frozenset({"prompt", "messages", "history", "system", "model"})
"""Placeholders that a turn always fills."""

SAMPLING_NAMES: Final = frozenset({"temperature", "max_tokens", "top_p", "stop", "seed"})
"""Placeholders that a turn fills where the client asks for them."""

MESSAGE_NAMES: Final = frozenset({"role", "text"})
"""Placeholders of one message, in `[messages] item`."""

KNOWN_IN: Final[Mapping[str, Collection[str]]] = {
    "conversation": frozenset({"system", "model"}),
    "chat": TURN_NAMES | SAMPLING_NAMES,
}
"""What a call brings, by the table in which it is known. A conversation is opened before its first message."""

REFERENCES: Final = ("env", "file", "keyring", "ask")
"""What may stand before the colon of a secret by reference."""


def slots_in(value: object, path: KeyPath) -> Iterator[tuple[KeyPath, Slot]]:
    """Every slot of the value's texts and keys, and where it stands."""
    for place, text in texts(value, path):
        for part in read_template(text, place).parts:
            if isinstance(part, Slot):
                yield place, part


def names_sent(step: file.StepTable) -> set[str]:
    """The names of all placeholders in a step's request."""
    return {slot.name for path, value in sent_parts(step, ()) for _, slot in slots_in(value, path)}


def check_names(table: file.SiteTable) -> None:
    """Raises Problem at the first placeholder without a value, and the first value whose name is not free."""
    steps = steps_in_order(table)
    _check_free(table.take, ("take",))
    _check_free(given(table.conversation.make) or {}, ("conversation", "make"))
    _check_free(given(table.messages.make) or {}, ("messages", "make"))
    for path, step in steps:
        _check_free(given(step.take) or {}, (*path, "take"))
        _check_free(given(step.make) or {}, (*path, "make"))
    made = {name: "is made later than it is sent" for _, step in steps for name in _made(step)}
    elsewhere = made | {name: "is taken later than it is sent" for _, step in steps for name in given(step.take) or {}}
    taken, known = {*table.take}, set[str]()
    for path, step in steps:
        if path[0] != "session":
            taken |= {*(given(table.conversation.make) or {})}
        taken |= _made(step)
        known = taken | {*KNOWN_IN.get(str(path[0]), ())}
        for place, value in sent_parts(step, path):
            nullable = {NULLABLE} if path[0] == "chat" and place[-1] not in file.METHODS else set()  # no path is null
            _check_slots(value, place, known | nullable, elsewhere)
        taken |= {*(given(step.take) or {})}
    _check_slots(table.headers, ("headers",), known, elsewhere)


def check_item(item: object, path: KeyPath, made: Collection[str]) -> None:
    """Raises Problem where the shape of one message holds a name that no message has, or holds no text.

    `made` are the names of what is made for each message.
    """
    found = list(slots_in(item, path))
    for place, slot in found:
        if slot.name not in MESSAGE_NAMES and slot.name not in made:
            *others, last = (f"{{{name}}}" for name in ("role", "text", *made))
            raise Problem(place, f"{{{slot.name}}}: a message has {', '.join(others)} and {last}")
    if not any(slot.name == "text" for _, slot in found):
        raise Problem(path, "says nowhere where the {text} of a message goes")


def _made(step: file.StepTable) -> set[str]:
    return {*(given(step.make) or {})}


def _check_free(names: Mapping[str, object], path: KeyPath) -> None:
    for name in names:
        if name in TURN_NAMES | SAMPLING_NAMES | MESSAGE_NAMES:
            raise Problem((*path, name), f"{{{name}}} has a meaning of its own; take another name")


def _check_slots(value: object, path: KeyPath, known: Collection[str], elsewhere: Mapping[str, str]) -> None:
    for place, slot in slots_in(value, path):
        if ":" in slot.name:
            _check_reference(slot, place)
        elif slot.name not in known:
            raise Problem(place, f"{{{slot.name}}} {_why_unknown(slot.name, known, elsewhere)}")
        if slot.name in SAMPLING_NAMES and not slot.optional:
            raise Problem(place, f"write {{{slot.name}?}}: many clients do not say it")


def _check_reference(slot: Slot, place: KeyPath) -> None:
    kind, _, name = slot.name.partition(":")
    if kind not in REFERENCES:
        raise Problem(place, f"{{{kind}:...}}: a reference begins with env:, file:, keyring: or ask:")
    if slot.optional:
        raise Problem(place, f"{{{kind}:...}}: a secret that is not there is an error; write it without question mark")
    if not name.isprintable():
        raise Problem(place, f"{{{kind}:...}}: a reference holds no control characters")
    if kind == "keyring" and not all(name.rpartition("/")):
        raise Problem(place, "{keyring:...}: expected {keyring:SERVICE/USER}")


def _why_unknown(name: str, known: Collection[str], elsewhere: Mapping[str, str]) -> str:
    if name in TURN_NAMES | SAMPLING_NAMES:
        return "is known in chat only"
    if name in MESSAGE_NAMES:
        return "is known in `item` of [messages] only"
    if name in elsewhere:
        return elsewhere[name]
    if name == NULLABLE:
        return "may be null in chat; here it needs a value that is taken or made"
    return f"is never taken or made{nearest(name, known)}"
