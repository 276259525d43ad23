"""The query of a request, by name."""

from typing import TypeVar
from urllib.parse import parse_qsl

import msgspec

from chatdoor.gateway.body import wrong_value
from chatdoor.gateway.exchange import Exchange

T = TypeVar("T", bound=msgspec.Struct)


def read_query(exchange: Exchange, kind: type[T]) -> T:
    """The query, as far as the struct has names for it. Raises Problem (400) that names the parameter."""
    pairs = parse_qsl(exchange.request.query.decode("ascii", "replace"), keep_blank_values=True)
    try:
        return msgspec.convert(dict(pairs), kind, strict=False)
    except msgspec.ValidationError as error:
        raise wrong_value(str(error)) from None
