"""Slots for conversations: own ones, fair order, room made by the quiet, nothing left behind."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Lock

import pytest

from chatdoor.drive.pool import Pool, Slot, Ticket
from chatdoor.drive.sessions import Sessions
from chatdoor.flow.session import Session


def session(generation: int) -> Session:
    """A session of this generation."""
    return Session(generation=generation, opened=0.0)


class Desk:
    """A pool, and what it let go. `claimed` are conversations with a turn on its way."""

    def __init__(self, limit: int = 2, *, clean: bool = False) -> None:
        self.gone: list[str] = []
        self.claimed: set[str] = set()
        self.pool = Pool(limit, Sessions, self.let_go, clean=clean)

    def let_go(self, conversation: str) -> bool:
        """Notes who makes room."""
        self.gone.append(conversation)
        self.pool.forget(conversation)  # as a ledger does
        return conversation not in self.claimed

    def talk(self, conversation: str, restored: Session | None = None) -> Slot:
        """A turn whose slot is free, from request to keep, in a session that it opens where there is none."""
        slot = granted(self.pool.request(conversation, restored))
        if slot.sessions.current is None:
            slot.sessions.put(session(0))
        self.pool.keep(slot, conversation)
        return slot


def granted(ticket: Ticket) -> Slot:
    """The slot, which is there."""
    assert ticket.slot.done()
    return ticket.slot.result()


def test_a_conversation_has_its_own_slot() -> None:
    """It comes back to the session that it had, whoever talked meanwhile."""
    desk = Desk()
    first, second = desk.talk("a"), desk.talk("b")
    assert first is not second
    assert [desk.talk(name) for name in "abba"] == [first, second, second, first]
    assert desk.gone == []


def test_the_quietest_makes_room() -> None:
    """Who was quiet for longest is let go, and nothing of the session is left."""
    desk = Desk()
    first = desk.talk("a")
    old = first.sessions
    desk.talk("b")
    slot = granted(desk.pool.request("c"))
    assert (slot, desk.gone) == (first, ["a"])
    assert slot.sessions is not old
    assert slot.sessions.current is None


def test_a_clean_session_goes_on_to_the_next() -> None:
    """Where the site opens each conversation by steps of its own, the session stays, whoever has it."""
    desk = Desk(1, clean=True)
    old = desk.talk("a").sessions.current
    assert granted(desk.pool.request("b")).sessions.current is old


def test_a_session_is_not_shared_with_one_whose_turn_is_on_its_way() -> None:
    """Its conversation takes it along, so that the next one gets another, also where sessions are clean."""
    desk = Desk(1, clean=True)
    desk.talk("a")
    desk.claimed.add("a")
    assert granted(desk.pool.request("b")).sessions.current is None


def test_those_who_wait_come_in_order() -> None:
    """First come, first served; the ends of turns serve them."""
    desk = Desk(1)
    slot = granted(desk.pool.request("a"))
    waiting = [desk.pool.request(name) for name in "bcd"]
    order = []
    for _ in waiting:
        assert sum(ticket.slot.done() for ticket in waiting) == len(order)
        desk.pool.free(slot)
        (now,) = [one.conversation for one in waiting if one.slot.done() and one.conversation not in order]
        order.append(now)
    assert order == ["b", "c", "d"]


def test_giving_up_before_the_grant_leaves_the_queue() -> None:
    """The next one gets the slot."""
    desk = Desk(1)
    slot = granted(desk.pool.request("a"))
    second, third = desk.pool.request("b"), desk.pool.request("c")
    desk.pool.give_up(second)
    desk.pool.free(slot)
    assert not second.slot.done()
    assert granted(third) is slot


def test_giving_up_after_the_grant_frees_the_slot() -> None:
    """Who gave up at the moment of the grant takes nothing along."""
    desk = Desk(1)
    ticket, waiting = desk.pool.request("a"), desk.pool.request("b")
    desk.pool.give_up(ticket)
    assert granted(waiting).owner == "b"
    assert desk.gone == []


def test_a_kept_session_is_restored() -> None:
    """A conversation from an earlier program goes on in its session, in whichever slot."""
    desk = Desk(1)
    desk.talk("a")
    slot = granted(desk.pool.request("b", session(7)))
    assert slot.sessions.current == session(7)


def test_the_kept_session_counts_more_than_that_of_the_slot() -> None:
    """Another process has gone on with the conversation: its own slot here holds an older session."""
    desk = Desk()
    desk.talk("a", session(1))
    newer = Session(generation=1, opened=0.0, values={"token": "next"})
    assert granted(desk.pool.request("a", newer)).sessions.current == newer


def test_a_forgotten_conversation_leaves_its_slot() -> None:
    """At once where it is quiet, after its turn where it talks."""
    desk = Desk(1)
    slot = desk.talk("a")
    desk.pool.forget("a")
    assert (slot.owner, slot.sessions.current) == (None, None)
    assert granted(desk.pool.request("b")) is slot
    slot.sessions.put(session(1))
    desk.pool.forget("b")
    assert slot.busy
    desk.pool.keep(slot, "b")
    assert (slot.owner, slot.busy, slot.sessions.current) == (None, False, None)


def test_warming_gives_empty_slots_only() -> None:
    """Up to the limit; those that talk or belong to a conversation are left alone."""
    desk = Desk(3)
    taken = desk.talk("a").sessions
    warm = desk.pool.warm(9)
    assert len(warm) == 2
    assert taken not in warm
    assert desk.pool.warm(1) == warm[:1]
    assert granted(desk.pool.request("b")).sessions in warm


@pytest.mark.parametrize("clean", [False, True])
def test_threads_never_have_a_slot_together(clean: bool) -> None:
    """Many conversations and few slots: each is alone while it talks, and all get their turn."""
    desk, lock, inside = Desk(3, clean=clean), Lock(), set()
    barrier = Barrier(8)

    def talk(name: str) -> int:
        barrier.wait(10)
        for _ in range(50):
            slot = desk.pool.request(name).slot.result(10)
            with lock:
                assert slot not in inside
                inside.add(slot)
            with lock:
                inside.remove(slot)
            desk.pool.keep(slot, name)
        return 50

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(talk, "abcdefgh")) == [50] * 8
