"""Dates and waits, as headers write them. Nothing here reads a clock: time comes in as an argument."""

import math
import re

_SECONDS = re.compile(r"[0-9]{1,15}")


def read_date(text: str) -> float | None:
    """Seconds since 1970, from a date in any of the forms of RFC 9110, section 5.6.7. None where it is none."""
    from email.utils import mktime_tz, parsedate_tz  # a package of its own, and few answers have dates

    date = parsedate_tz(text)
    try:
        return float(mktime_tz(date)) if date else None
    except (ValueError, OverflowError):
        return None


def read_retry_after(value: str | None, now: float) -> float | None:
    """Seconds to wait, from a number or a date (RFC 9110, section 10.2.3). None where it is neither.

    `now` is in seconds since 1970.
    """
    text = (value or "").strip()
    if _SECONDS.fullmatch(text):
        return float(text)
    date = read_date(text)
    return None if date is None else max(0.0, math.ceil(date - now))
