"""One turn: the messages of a call, in the shape that the site wants them."""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from chatdoor.errors import ArgumentError, PromptTooLong
from chatdoor.flow.effects import Flow, Make
from chatdoor.messages import Message
from chatdoor.site.model import MessagesRule, Site
from chatdoor.site.template import build

SYSTEM_ROLES: Final = frozenset({"system", "developer"})


class Turn(msgspec.Struct, frozen=True, gc=False):
    """What a call asks: the messages, the model, and whatever else the site has a field for.

    `known` is how many of the messages a site that keeps the turns has heard already. `rest` says that the
    messages are the end of a conversation, whose start nobody has but the site.
    """

    messages: tuple[Message, ...]
    model: str
    sampling: Mapping[str, object] = {}
    known: int = 0
    rest: bool = False


def make_for_messages(site: Site, turn: Turn) -> Flow[list[dict[str, str]]]:
    """What the site wants made for each message of the turn, by name; empty where it wants nothing."""
    made: list[dict[str, str]] = []
    if site.messages.make:
        for _ in turn.messages:
            values: dict[str, str] = {}
            for name, kind in site.messages.make.items():
                values[name] = yield Make(kind)
            made.append(values)
    return made


def turn_values(site: Site, turn: Turn, made: Sequence[Mapping[str, str]] = ()) -> dict[str, object]:
    """The placeholders of a turn: `prompt`, `messages`, `history`, `system`, `model` and the sampling ones.

    `made` is what `make_for_messages` gave. A site takes as many messages as the turn has, or fewer.
    Raises ArgumentError where the site can not take the messages, or an option can not be sent.
    """
    if site.gets_list_alone:
        _check_options(site, turn)
        shaped = _shaped_all(site.messages, turn.messages, made)
        return {**turn.sampling, "model": turn.model, "messages": shaped}
    texts: list[str] = []
    for message in turn.messages:  # a comprehension is a call
        if message.role in SYSTEM_ROLES:
            texts.append(message.text)  # noqa: PERF401
    system = "\n\n".join(filter(None, texts)) if texts else ""
    messages = _with_system(site, turn.messages, system) if texts else turn.messages
    at = _newest(messages)
    newest = None if at is None else messages[at].text
    prompt = _news(site, turn) if site.remembers else newest
    if prompt is None and site.conversation.history != "client":
        raise ArgumentError("messages: the site takes a prompt, and no message is from the user", site=site.name)
    limit = site.limits.prompt_chars
    if limit is not None and len(prompt or "") > limit:
        raise PromptTooLong(f"the prompt has {len(prompt or '')} characters, the site takes {limit}", site=site.name)
    _check_options(site, turn)
    values = {**turn.sampling, "prompt": prompt, "system": system, "model": turn.model}
    if "messages" in site.names:
        values["messages"] = _shaped_all(site.messages, messages, made)
    if "history" in site.names:
        shaped = _shaped_all(site.messages, messages, made)
        values["history"] = [item for index, item in enumerate(shaped) if index != at]
    return values


def fidelity(site: Site, turn: Turn) -> str:
    """How the list reaches the site: `native`, or `dropped` where a part of it stays behind."""
    if site.messages.system != "drop" and site.conversation.history != "none":
        return "native"
    talk = [message for message in turn.messages if message.role not in SYSTEM_ROLES]
    if site.messages.system == "drop" and len(talk) < len(turn.messages):
        return "dropped"
    return "dropped" if site.conversation.history == "none" and len(talk) > 1 else "native"


def _news(site: Site, turn: Turn) -> str | None:
    """All that the user said and the site has not heard. System texts that are as new go before the first of it."""
    news = turn.messages[turn.known :]
    texts = [message.text for message in news if message.role == "user"]
    if texts and site.messages.system == "prepend":
        texts = [*(message.text for message in news if message.role in SYSTEM_ROLES and message.text), *texts]
    return "\n\n".join(texts) if texts else None


def _shaped_all(rule: MessagesRule, messages: Sequence[Message], made: Sequence[Mapping[str, str]]) -> Sequence[object]:
    """The messages as the site wants them."""
    if rule.is_common:
        return messages
    roles = rule.roles
    if rule.keys:
        role, text = rule.keys
        return [{role: roles.get(message.role, message.role), text: message.text} for message in messages]
    values = [{"role": roles.get(message.role, message.role), "text": message.text} for message in messages]
    return [build(rule.item, {**made[index], **own} if made else own) for index, own in enumerate(values)]


def _newest(messages: tuple[Message, ...]) -> int | None:
    """The index of the newest message from the user."""
    for at in range(len(messages) - 1, -1, -1):
        if messages[at].role == "user":
            return at
    return None


def _check_options(site: Site, turn: Turn) -> None:
    """Raises ArgumentError for an option of the caller's that is not text, a number, or a list of such."""
    if not turn.sampling and turn.model.isascii():
        return
    try:
        msgspec.json.encode((turn.model, turn.sampling))
    except (TypeError, ValueError, RecursionError) as error:
        raise ArgumentError("the model or an option can not be sent as JSON", site=site.name) from error


def _with_system(site: Site, messages: tuple[Message, ...], system: str) -> tuple[Message, ...]:
    """The messages after the site's rule for system texts."""
    rule = site.messages.system
    if rule == "message":
        return messages
    if rule == "refuse" and system:
        raise ArgumentError("messages: this site takes no system text", site=site.name)
    talk = tuple(message for message in messages if message.role not in SYSTEM_ROLES)
    if rule != "prepend" or not system:
        return talk
    at = next((index for index, message in enumerate(talk) if message.role == "user"), None)
    if at is None:
        raise ArgumentError("messages: a system text, and no message from the user to put it before", site=site.name)
    first = Message("user", f"{system}\n\n{talk[at].text}")
    return (*talk[:at], first, *talk[at + 1 :])
