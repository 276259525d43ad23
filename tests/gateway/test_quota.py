"""How often a key may ask."""

from collections.abc import Sequence

import pytest

from chatdoor.gateway.header import Header
from chatdoor.gateway.problem import Problem
from chatdoor.gateway.quota import DAY, MINUTE, Quota

NOON = 12 * 3_600.0


def told(headers: Sequence[Header]) -> dict[bytes, bytes]:
    """The headers by their names, as who gets them reads them."""
    lines = b"".join(headers).removesuffix(b"\r\n").split(b"\r\n")
    return {name: value for name, _, value in (line.partition(b": ") for line in lines)}


def test_a_minute_has_its_limit() -> None:
    """What is too much is a 429 that says how long to wait; the next minute begins anew."""
    quota = Quota(2, None)
    left = [told(quota.take(NOON + 10))[b"x-ratelimit-remaining-requests"] for _ in range(2)]
    assert left == [b"1", b"0"]
    with pytest.raises(Problem) as refused:
        quota.take(NOON + 20)
    headers = told(refused.value.headers)
    assert (refused.value.status, headers[b"retry-after"], headers[b"x-should-retry"]) == (429, b"40", b"true")
    assert headers[b"x-ratelimit-limit-requests"] == b"2"
    assert quota.take(NOON + MINUTE)


def test_a_day_has_its_limit() -> None:
    """The day's limit holds over minutes, and a refused request counts in neither."""
    quota = Quota(2, 3)
    for at in (0, 0, MINUTE):
        headers = told(quota.take(NOON + at))
    assert (headers[b"x-ratelimit-limit-requests"], headers[b"x-ratelimit-remaining-requests"]) == (b"3", b"0")
    with pytest.raises(Problem, match="in a day"):
        quota.take(NOON + 2 * MINUTE)
    assert quota.take(NOON + DAY)


def test_no_limit_says_nothing() -> None:
    """A key without limits has no headers about them."""
    assert Quota(None, None).take(NOON) == ()
