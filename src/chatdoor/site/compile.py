"""From a checked site file to a site: templates parsed, names resolved, units read."""

from collections.abc import Collection
from typing import Final, cast

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from chatdoor.messages import ROLES
from chatdoor.site import file, model
from chatdoor.site.answers import compile_matches, compile_reply, compile_sources
from chatdoor.site.clear_secrets import find_clear_secret
from chatdoor.site.headers import read_headers
from chatdoor.site.names import check_item, check_names, names_sent
from chatdoor.site.nearest import nearest
from chatdoor.site.outgoing import each_step
from chatdoor.site.parts import checked, given, read_duration, read_shape, read_size
from chatdoor.site.problem import Problem, quote
from chatdoor.site.sockets import check_replies
from chatdoor.site.steps import compile_steps, numbered
from chatdoor.site.template import NULLABLE, Fields, names_in
from chatdoor.site.urls import UrlError, is_local, origin_of, parse_url

DEFAULT_REFUSED: Final = file.MatchTable(status=[401, 403, 419, 440])
"""What a refusal is where the file does not say."""

DEFAULT_ITEM: Final = {"role": "{role}", "content": "{text}"}


def compile_site(table: file.SiteTable, text: str, fingerprint: str) -> model.Site:
    """The site that the file describes. Raises Problem at the first key that can not be used."""
    base, origin, local = _base(table.url)
    origins = _origins(table, origin)
    session = compile_steps(table.session, ("session",), origins)
    chat = compile_steps(table.chat, ("chat",), origins)
    take = compile_sources(table.take, ("take",))
    sources = model.sort_sources(take)
    headers = read_headers(table.headers, ("headers",))
    check_names(table)
    sent = {name for _, step in each_step(table.chat, ("chat",)) for name in names_sent(step)}
    if not sent & {"prompt", "messages"}:
        raise Problem(("chat",), "sends nothing of what is said: neither {prompt} nor {messages} is in it")
    rule = _conversation_of(table, sent, origins, sockets=any(step.is_socket for step in chat))
    session, start, chat = numbered(session, rule.start, chat)
    reply = compile_reply(table.reply, ("reply",))
    check_replies(table, chat, reply.format)
    site = model.Site(
        name=table.name,
        url=base,
        origin=origin,
        origins=origins,
        local=local,
        models=_models(table),
        chat=chat,
        reply=reply,
        reads_whole=model.reads_whole(chat[-1], reply, sources),
        session=session,
        doors=_doors(session, chat, base),
        take=take,
        sources=sources,
        headers=headers,
        header_names=names_in(Fields(headers)),
        references=model.references_in(names_in(Fields(headers))),
        refused=compile_matches(DEFAULT_REFUSED if table.refused is UNSET else table.refused, ("refused",)),
        blocked=compile_matches(table.blocked, ("blocked",)),
        messages=_messages(table.messages, sent),
        conversation=replace(rule, start=start),
        limits=_limits(table.limits, local=local),
        text=text,
        fingerprint=fingerprint,
    )
    if clear := find_clear_secret(table):
        raise Problem(clear, "looks like a secret in clear text; write a reference, such as {env:NAME}")
    return site


def _doors(session: tuple[model.Step, ...], chat: tuple[model.Step, ...], base: str) -> frozenset[str]:
    """The URLs where the session steps sign in, and the chat does not go itself."""
    paths = {step.path for step in session if step.body} - {step.path for step in chat}
    fixed = ("".join(str(part) for part in path.parts) for path in paths if path.constant)
    return frozenset(f"{base}{path}" if path.startswith("/") else path for path in fixed)


def _base(url: str) -> tuple[str, str, bool]:
    """The base of every path, its origin, and whether it is one's own machine."""
    parts = checked(parse_url, url, ("url",), UrlError)
    if parts.query or parts.fragment:
        raise Problem(("url",), "the base of every path has no query and no fragment")
    if not parts.path.isascii() or " " in parts.path:
        raise Problem(("url",), "a path is visible ASCII; write the rest as %20 and the like")
    origin = origin_of(parts)
    return f"{origin}{parts.path.rstrip('/')}", origin, is_local(parts.hostname or "")


def _origins(table: file.SiteTable, origin: str) -> frozenset[str]:
    """Every origin that is named. A host without a scheme has that of the site."""
    origins, scheme = {origin}, origin.partition("://")[0]
    for index, host in enumerate(table.hosts):
        parts = checked(parse_url, host if "://" in host else f"{scheme}://{host}", ("hosts", index), UrlError)
        if parts.path not in {"", "/"} or parts.query or parts.fragment:
            raise Problem(("hosts", index), "expected a host without a path")
        origins.add(origin_of(parts))
    return frozenset(origins)


def _models(table: file.SiteTable) -> tuple[str, ...]:
    models: dict[str, int] = {}
    for index, name in enumerate(given(table.models) or [table.name]):
        if name in models:
            raise Problem(("models", index), f"{quote(name)} is there already")
        models[name] = index
    return tuple(models)


def _messages(table: file.MessagesTable, sent: Collection[str]) -> model.MessagesRule:
    path = ("messages",)
    for role in table.roles:
        if role not in ROLES:
            raise Problem((*path, "roles", role), f"unknown role{nearest(role, ROLES)}")
    item = DEFAULT_ITEM if table.item is UNSET else table.item
    shape = read_shape(item, (*path, "item"))
    made = given(table.make) or {}
    check_item(item, (*path, "item"), made)
    listed = not {"messages", "history"}.isdisjoint(sent)
    if table.system == "message" and not listed:
        raise Problem((*path, "system"), "message needs {messages} or {history} in chat, which carry it")
    system = "field" if "system" in sent else given(table.system) or ("message" if listed else "prepend")
    return model.MessagesRule(shape, table.roles, cast(model.System, system), made)


def _conversation_of(
    table: file.SiteTable, sent: Collection[str], origins: frozenset[str], *, sockets: bool
) -> model.ConversationRule:
    """The rule. Where the site finds a conversation by its id alone, many share a session, and none may have its id."""
    rule = _conversation(table.conversation, sent, origins, sockets=sockets)
    steps = each_step(table.session, ("session",)) if rule.history == "id" else []
    for path, step in steps:
        for key in ("take", "make"):
            if NULLABLE in (given(getattr(step, key)) or {}):
                raise Problem((*path, key, NULLABLE), "conversations share a session here; `start` gives each its own")
    return rule


def _conversation(
    table: file.ConversationTable, sent: Collection[str], origins: frozenset[str], *, sockets: bool
) -> model.ConversationRule:
    path = ("conversation",)
    return model.ConversationRule(
        history=_history(table, sent, sockets=sockets),
        start=compile_steps(table.start, (*path, "start"), origins),
        make=given(table.make) or {},
        lost=compile_matches(table.lost, (*path, "lost")),
        recover=given(table.recover) or "replay",
    )


def _history(table: file.ConversationTable, sent: Collection[str], *, sockets: bool) -> model.History:
    listed = not {"messages", "history"}.isdisjoint(sent)
    history = given(table.history) or ("client" if listed else "connection" if sockets else "session")
    path = ("conversation", "history")
    if history == "client" and not listed:
        raise Problem(path, "client: each request carries all turns; put {messages} or {history} into chat")
    if history == "id" and NULLABLE not in sent:
        raise Problem(path, "id: the conversation is found by its id; put {conversation} into chat")
    if history == "connection" and not sockets:
        raise Problem(path, "connection: the site remembers with a websocket, and no chat step has one")
    return cast(model.History, history)


def _limits(table: file.LimitsTable, *, local: bool) -> model.Limits:
    default = model.Limits()
    return model.Limits(
        concurrency=given(table.concurrency) or (None if local else default.concurrency),
        per_minute=given(table.per_minute) or (None if local else default.per_minute),
        timeout=read_duration(table.timeout, ("limits", "timeout")),
        reply_bytes=read_size(table.reply_bytes, ("limits", "reply_bytes")),
        prompt_chars=given(table.prompt_chars),
        sessions=given(table.sessions) or default.sessions,
        session_age=None
        if isinstance(table.session_age, UnsetType)
        else read_duration(table.session_age, ("limits", "session_age")),
    )
