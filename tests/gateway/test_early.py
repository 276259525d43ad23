"""SIGHUP before there is a server: noted, where the system has it, and left as it was after that."""

import signal

import pytest

from chatdoor.gateway import early

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="no SIGHUP there")


def test_it_is_noted_and_ends_nobody() -> None:
    """Who asks learns that it has come; outside, it means what it meant before."""
    before = signal.getsignal(signal.SIGHUP)
    with early.noting_early() as noted:
        assert not noted.came
        signal.raise_signal(signal.SIGHUP)
        assert noted.came
    assert signal.getsignal(signal.SIGHUP) == before


def test_a_system_without_it_starts_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """There nothing is touched, and none has come."""
    monkeypatch.setattr(early, "RENEWS", None)
    before = signal.getsignal(signal.SIGHUP)
    with early.noting_early() as noted:
        assert (signal.getsignal(signal.SIGHUP), noted.came) == (before, False)


def test_what_came_while_modules_were_loaded_counts() -> None:
    """Of a process that has noted it since its first moment, nothing is forgotten."""
    before = signal.getsignal(signal.SIGHUP)
    try:
        early.begin()
        signal.raise_signal(signal.SIGHUP)
        with early.noting_early() as noted:
            assert noted.came
    finally:
        signal.signal(signal.SIGHUP, before)
