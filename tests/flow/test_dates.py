"""Dates and waits in headers."""

import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatdoor.flow.dates import read_date, read_retry_after

NOW = 784111777.0  # Sun, 06 Nov 1994 08:49:37 GMT, the example of RFC 9110, section 5.6.7

DATES = [
    ("Sun, 06 Nov 1994 08:49:37 GMT", NOW),
    ("Sunday, 06-Nov-94 08:49:37 GMT", NOW),
    ("Sun Nov  6 08:49:37 1994", NOW),
    ("Sun, 06-Nov-1994 08:49:37 GMT", NOW),
    ("Sun, 06 Nov 1994 09:49:37 +0100", NOW),
    ("Sun, 06 Nov 1994 08:49:37", NOW),  # without a zone it is GMT, wherever this machine stands
    ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0),
    ("", None),
    ("soon", None),
    ("Sun, 99 Foo 1994 08:49:37 GMT", None),
    ("Sun, 06 Nov 99999 08:49:37 GMT", None),
    ("06 Nov 99999999999999999999 08:49:37 GMT", None),
]


@pytest.fixture
def in_tokyo(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine whose clock on the wall is nine hours ahead, where the system can be told so."""
    set_zone = getattr(time, "tzset", lambda: None)
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "JST-9")
        set_zone()
        yield
    set_zone()


@pytest.mark.usefixtures("in_tokyo")
@pytest.mark.parametrize(("text", "seconds"), DATES)
def test_a_date_is_read(text: str, seconds: float | None) -> None:
    """Every form that servers send; what is none gives None. The machine's own zone plays no part."""
    assert read_date(text) == seconds


WAITS = [
    ("5", 5.0),
    ("0", 0.0),
    (" 120 ", 120.0),
    ("86400", 86400.0),
    ("Sun, 06 Nov 1994 08:49:47 GMT", 10.0),
    ("Sun, 06 Nov 1994 08:49:27 GMT", 0.0),
    ("Fri, 31 Dec 9999 23:59:59 GMT", 252618189022.0),
    (None, None),
    ("", None),
    ("-1", None),
    ("1.5", None),
    ("1e3", None),
    ("soon", None),
    ("٣", None),
    ("9" * 400, None),
]


@pytest.mark.parametrize(("value", "seconds"), WAITS)
def test_a_wait_is_read(value: str | None, seconds: float | None) -> None:
    """Seconds or a date; a date that is over is no wait; nonsense is None, and never raises."""
    assert read_retry_after(value, NOW) == seconds


@given(st.text())
def test_no_text_raises(text: str) -> None:
    """Whatever a server writes, the answer is a number of seconds or None."""
    wait = read_retry_after(text, NOW)
    assert wait is None or 0 <= wait < 1e15
    assert read_date(text) is None or isinstance(read_date(text), float)
