"""What a request asks for besides an answer: given to the site, applied by us, or named as left undone."""

from typing import Any, Final

import msgspec

from chatdoor.gateway.exchange import Exchange
from chatdoor.gateway.header import header
from chatdoor.gateway.house import Served
from chatdoor.gateway.openai.ignored import sampling
from chatdoor.gateway.openai.request import Limits
from chatdoor.gateway.problem import Problem
from chatdoor.gateway.state import Conduct


class Terms(msgspec.Struct, frozen=True):
    """`sampling` goes to the site; `stops` and `most_tokens` are applied by us; `left` names what is not done."""

    sampling: dict[str, Any]
    stops: tuple[str, ...]
    most_tokens: int | None
    left: list[str]


NO_WISH: Final[tuple[object, ...]] = (None, [])
"""What asks for no limit. A limit of 0 is one."""

NO_TERMS: Final = Terms(sampling={}, stops=(), most_tokens=None, left=[])
"""Those of a request that asks for nothing of the kind. Nobody changes them."""


def make_terms(request: object, limits: Limits, served: Served, conduct: Conduct) -> Terms:
    """The terms of a request with these limits."""
    options, left = sampling(request, served.takes)
    wishes = {"stop": ("stop", list(limits.stops)), "max_tokens": (limits.tokens_field, limits.most_tokens)}
    for name, (field, wish) in wishes.items():
        if wish in NO_WISH:
            continue
        if name in served.takes:
            options[name] = wish
        elif not conduct.apply_stop:
            left.append(field)
    return Terms(
        sampling=options,
        stops=limits.stops if conduct.apply_stop and "stop" not in options else (),
        most_tokens=limits.most_tokens if conduct.apply_stop and "max_tokens" not in options else None,
        left=left,
    )


def tell_left(exchange: Exchange, left: list[str], conduct: Conduct) -> None:
    """Has the answer name what is not done. Raises Problem where that is not wanted."""
    if left and conduct.strict:
        raise Problem(400, f"A web chatbot can not do this, and --strict refuses it: {', '.join(left)}.",
                      param=left[0], code="unsupported_parameter")  # fmt: skip
    if left:
        exchange.common.append(header(b"x-chatdoor-ignored", ", ".join(left).encode()))
