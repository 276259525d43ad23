"""Why a request is not answered as it asks: what the client is told, in the terms of OpenAI's API."""

from collections.abc import Sequence

from chatdoor.gateway.header import Header

INVALID = "invalid_request_error"
"""The type of all that the client has to change."""


class Problem(Exception):
    """An answer that is an error. `param` is the field that is wrong, `code` a word for programs."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        type: str = INVALID,  # noqa: A002 - the API's own word
        param: str | None = None,
        code: str | None = None,
        headers: Sequence[Header] = (),
    ) -> None:
        self.status = status
        self.message = message
        self.type = type
        self.param = param
        self.code = code
        self.headers = headers
        super().__init__(message)
