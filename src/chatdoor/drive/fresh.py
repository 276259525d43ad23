"""Fresh things: ids that a client makes itself, and the time in the forms that sites want."""

import re
import secrets
import string
import time
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Final


def make_fresh(kind: str) -> str:
    """Something fresh, of the kind that a site file names: `hexN` and `alnumN` have N characters."""
    name, size = _KIND.fullmatch(kind).groups()  # type: ignore[union-attr]  # checked when the file was loaded
    return _MAKERS[name](int(size or 0))


def _text_of(alphabet: str) -> Callable[[int], str]:
    return lambda size: "".join(secrets.choice(alphabet) for _ in range(size))


def _iso8601(_: int) -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


_KIND = re.compile(r"(uuid4|unix_ms|iso8601|hex|alnum)([0-9]*)")

_MAKERS: Final[Mapping[str, Callable[[int], str]]] = {
    "uuid4": lambda _: str(uuid.uuid4()),
    "unix_ms": lambda _: str(time.time_ns() // 1_000_000),
    "iso8601": _iso8601,
    "hex": _text_of("0123456789abcdef"),
    "alnum": _text_of(string.ascii_letters + string.digits),
}
