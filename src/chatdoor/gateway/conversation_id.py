"""Which conversation a request names: by an id of ours, or by the name that its client has for its own chat.

An id of ours goes on with new messages alone. A client's own name says whose the list is that it sends whole each time,
so that its replies need not have come back as they were. Where they come from:

- `X-Conversation-Id`, `metadata.conversation_id`: ours where it has the form of our ids, else the client's own.
  LibreChat's `headers: {X-Conversation-Id: "{{LIBRECHAT_BODY_CONVERSATIONID}}"}`, as in
  https://www.librechat.ai/docs/configuration/librechat_yaml/object_structure/shared_endpoint_settings
- `X-OpenWebUI-Chat-Id`: Open WebUI with ENABLE_FORWARD_USER_INFO_HEADERS (`FORWARD_SESSION_INFO_HEADER_CHAT_ID` in
  https://github.com/open-webui/open-webui/blob/main/backend/open_webui/env.py)
- `X-LiteLLM-Session-Id`, `litellm_session_id` in the body or the metadata, `metadata.session_id`: clients of LiteLLM
  (https://docs.litellm.ai/docs/proxy/ui_logs_sessions and https://docs.litellm.ai/docs/proxy/request_headers)
"""

import re
from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Final

import msgspec

from chatdoor.gateway.problem import Problem

HEADERS: Final[Mapping[bytes, str]] = {
    b"x-conversation-id": "X-Conversation-Id",
    b"x-openwebui-chat-id": "X-OpenWebUI-Chat-Id",
    b"x-litellm-session-id": "X-LiteLLM-Session-Id",
}
"""Header that names a conversation -> how it is written, the first one wins."""

METADATA: Final = ("conversation_id", "litellm_session_id", "session_id")

NAMING: Final = tuple(HEADERS)
"""The headers that say which conversation a request belongs to."""

EITHER: Final = frozenset({"X-Conversation-Id", "metadata.conversation_id"})
"""Places that may hold an id of ours."""

_SANE: Final = re.compile(r"[A-Za-z0-9._:-]{1,128}").fullmatch
_OURS: Final = re.compile(r"[0-9a-f]{32}").fullmatch


class Named(msgspec.Struct, frozen=True):
    """What a request names: an `id` of ours, the client's own `chat`, or neither."""

    id: str | None = None
    chat: str | None = None


NOTHING: Final = Named()


def named(headers: Mapping[bytes, bytes], metadata: Mapping[str, object] | None, session: object = None) -> Named:
    """What the request names: by header, then in its metadata, then by its `litellm_session_id`. Raises Problem.

    An empty name is none: front ends send it before a chat has one.
    """
    if not metadata and session is None and headers.keys().isdisjoint(NAMING):
        return NOTHING
    for place, given in _given(headers, metadata or {}, session):
        if place in EITHER and given is not None and given != "":
            return _either(place, given)
        if given and isinstance(given, str):
            return Named(chat=given if _SANE(given) else sha256(given.encode(errors="replace")).hexdigest())
    return NOTHING


def _either(place: str, given: object) -> Named:
    if not isinstance(given, str) or not _SANE(given):
        expected = "the id of an earlier answer, or your own of up to 128 letters, digits and . _ : -"
        raise Problem(400, f"{place}: expected {expected}.", param=place, code="invalid_value")
    return Named(id=given) if _OURS(given) else Named(chat=given)


def _given(
    headers: Mapping[bytes, bytes], metadata: Mapping[str, object], session: object
) -> Iterator[tuple[str, object]]:
    """Place and value of all that may name a conversation, the first one that does wins."""
    for header, written in HEADERS.items():
        if header in headers:
            yield written, headers[header].decode("latin-1")
    if metadata:
        for name in METADATA:
            yield f"metadata.{name}", metadata.get(name)
    yield "litellm_session_id", session
