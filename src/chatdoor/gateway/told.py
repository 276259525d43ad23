"""The headers by which requests and answers say more than HTTP does: what each means, and what its value may be."""

from collections.abc import Mapping
from typing import Final

import msgspec

from chatdoor.gateway.conversation_id import HEADERS
from chatdoor.messages import FIDELITIES


class Told(msgspec.Struct, frozen=True):
    """A header: what it says, and the JSON schema of its value. `always`: every answer of its kind has it."""

    says: str
    schema: Mapping[str, object]
    always: bool = False


_TEXT: Final = {"type": "string"}
_COUNT: Final = {"type": "integer", "minimum": 0}

ID: Final[Mapping[str, Told]] = {
    "x-request-id": Told("The request's id: its own, where it has one that can be told, else a fresh one.", _TEXT, True)
}
"""Of every answer."""

QUOTA: Final[Mapping[str, Told]] = {
    "x-ratelimit-limit-requests": Told("How many requests the key has, where it is limited.", _COUNT),
    "x-ratelimit-remaining-requests": Told("How many of them are left.", _COUNT),
    "x-ratelimit-reset-requests": Told("How long until they begin anew.", {"type": "string", "pattern": r"^\d+s$"}),
}

PROMPTED: Final[Mapping[str, Told]] = {
    "x-chatdoor-ignored": Told("The fields of the request that a web chatbot can do nothing with.", _TEXT),
    **QUOTA,
}
"""Of answers to a request with a body."""

SAID: Final[Mapping[str, Told]] = {
    "x-conversation-id": Told("The site's conversation, to go on in; not there where the site keeps none.", _TEXT),
    "x-chatdoor-fidelity": Told(
        "How the message list reached the site.",
        {"type": "string", "enum": FIDELITIES},
        always=True,
    ),
    "x-chatdoor-usage": Told("The token counts are not the site's own.", {"type": "string", "const": "estimated"}),
    "x-chatdoor-state": Told(
        "What other gateways know of the conversation could not be asked.", {"type": "string", "const": "away"}
    ),
}
"""Of answers that a site gave."""

FAILED: Final[Mapping[str, Told]] = {
    "x-should-retry": Told(
        "Whether asking again is safe and may help. Without it, that goes by the status.",
        {"type": "string", "enum": ["true", "false"]},
    ),
    "retry-after": Told("Seconds to wait before it.", _COUNT),
}
"""Of answers that are an error."""

ASKED: Final[Mapping[str, Told]] = {
    "Idempotency-Key": Told(
        "A retry with the same key gets the answer of the first try.", {"type": "string", "pattern": "^[!-~]{1,255}$"}
    ),
    "X-Stainless-Retry-Count": Told("A number above 0: the client has asked the same before.", _TEXT),
}
"""Of requests with a body."""

NAMED: Final[Mapping[str, Told]] = {
    written: Told("The conversation that the request belongs to.", _TEXT) for written in HEADERS.values()
}
"""Of requests that a site answers."""

EXPOSED: Final = ", ".join({**ID, **PROMPTED, **SAID, **FAILED}).encode()
"""What a page of another origin may read of an answer, beside what it always may."""
