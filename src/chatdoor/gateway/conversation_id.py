"""Which conversation a request names. Whatever else names one (a chat front end's own header) is looked up here."""

import re
from collections.abc import Mapping
from typing import Final

from chatdoor.gateway.problem import Problem

HEADER: Final = b"x-conversation-id"
METADATA: Final = "conversation_id"

_SANE: Final = re.compile(r"[A-Za-z0-9._:-]{1,128}").fullmatch


def conversation_id(headers: Mapping[bytes, bytes], metadata: Mapping[str, object] | None) -> str | None:
    """The id that we gave, by header or in the metadata; None where the request names none. Raises Problem."""
    given: object = None
    place = METADATA
    if HEADER in headers:
        given, place = headers[HEADER].decode("latin-1"), "X-Conversation-Id"
    elif metadata:
        given, place = metadata.get(METADATA), f"metadata.{METADATA}"
    if given is None:
        return None
    if not isinstance(given, str) or not _SANE(given):
        raise Problem(400, f"{place}: expected the id of an earlier answer.", param=place, code="invalid_value")
    return given
