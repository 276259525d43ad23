"""What a request is, and what becomes of its conversation."""

from collections.abc import Callable, Sequence

import msgspec
import pytest

from chatdoor.conversation import listing, record
from chatdoor.conversation.match import Found
from chatdoor.conversation.record import MAX_REPLY
from chatdoor.conversation.store import MAX_FOUND, MemoryStore
from chatdoor.errors import ArgumentError
from chatdoor.messages import Message
from tests.conversation.talk import Desk, kind, lists


def texts(messages: tuple[Message, ...]) -> list[str]:
    """The texts of messages."""
    return [one.text for one in messages]


def after_two_turns() -> Desk:
    """A desk with the conversation u1 a1 u2 a2."""
    desk = Desk()
    desk.turn("s", "u1", reply="a1")
    assert desk.turn("s", "u1", "a1", "u2", reply="a2").id == "c0"
    return desk


KINDS = [
    # what the client sends, what it is, what the site does not know, what is sent
    ("the next turn", "s u1 a1 u2 a2 u3", "continuation", "u1 a1 u2 a2", "u3"),
    ("several texts at once", "s u1 a1 u2 a2 u3 u4", "continuation", "u1 a1 u2 a2", "u3 u4"),
    ("after a reply that is not ours", "s u1 a1 u2 a2 u3 a! u4", "lost", "u1 a1 u2 a2 u3 a!", "u4"),
    ("another system text", "s2 u1 a1 u2 a2 u3", "lost", "u1 a1 u2 a2", "u3"),
    ("one more system text", "s u1 a1 u2 a2 s2 u3", "continuation", "u1 a1 u2 a2", "u3"),
    ("an opening", "s u9", "new", "", "u9"),
    ("the same opening", "s u1", "new", "", "u1"),
    ("regenerated", "s u1 a1 u2", "fork", "u1 a1", "u2"),
    ("edited", "s u1 a1 u2x", "fork", "u1 a1", "u2x"),
    ("a reply edited", "s u1 a1 u2 a2x u3", "lost", "u1 a1 u2 a2x", "u3"),
    ("the first message edited", "s u1x a1 u2 a2 u3", "lost", "u1x a1 u2 a2", "u3"),
    ("a history of another", "s u7 a7 u8", "lost", "u7 a7", "u8"),
    ("the opening alone known", "s u1 a7 u2", "lost", "u1 a7", "u2"),
]


@pytest.mark.parametrize(("sent", "what", "before", "news"), [row[1:] for row in KINDS], ids=[row[0] for row in KINDS])
def test_what_a_list_is(sent: str, what: str, before: str, news: str) -> None:
    """A list is told by its end: where a live conversation stands, went by, or never was."""
    claim = after_two_turns().claim(*sent.split())
    assert kind(claim) == (what, "c0" if what in {"continuation", "fork"} else None)
    assert texts(claim.plan.before) == before.split()
    assert texts(claim.plan.news) == news.split()
    assert texts((*claim.plan.system, *claim.plan.late)) == [word for word in sent.split() if word.startswith("s")]
    assert (claim.claimed is not None) == (what == "continuation")


@pytest.mark.parametrize("sent", ["u1 a1", "s", "s u1 a1", "a1"])
def test_a_list_with_nothing_to_send(sent: str) -> None:
    """Without a user's message after the last reply there is nothing to send, and the conversation stays free."""
    desk = Desk()
    desk.turn("u1", reply="a1")
    with pytest.raises(ArgumentError, match="no message from the user"):
        desk.claim(*sent.split())
    assert kind(desk.claim("u1", "a1", "u2")) == ("continuation", "c0")


def test_a_failure_shown_as_a_reply() -> None:
    """With an id, a reply that is not ours is passed over. It is in `after`, so that the caller can say so."""
    claim = after_two_turns().claim("s", "u1", "a1", "u2", "a2", "u3", "a!", "u4", conversation_id="c0")
    assert kind(claim) == ("continuation", "c0")
    assert texts(claim.plan.news) == ["u3", "u4"]
    assert texts(claim.plan.after) == ["u3", "a!", "u4"]


def test_a_system_text_counts_only_where_the_site_gets_it() -> None:
    """A system text that tells the time changes nothing where it goes nowhere."""
    desk = Desk(sees_system=False)
    desk.turn("s10:00", "u1", reply="a1")
    assert kind(desk.claim("s10:01", "u1", "a1", "s", "u2")) == ("continuation", "c0")


def test_replies_in_normal_form() -> None:
    """What the client did to our reply is forgiven; one that is exactly the same comes first."""
    desk = Desk()
    desk.turn("u1", reply="a1 ")
    desk.turn("u1", reply="a1")
    assert kind(desk.claim("u1", "a1 ", "u2")) == ("continuation", "c0")
    assert kind(desk.claim("u1", "a1\r\n", "u2")) == ("continuation", "c1")
    assert desk.claim("u1", "a 1", "u2").plan.kind == "lost"


def test_a_conversation_that_stands_earlier_is_not_taken() -> None:
    """One that began alike does not know the replies since, and is another client's."""
    desk = Desk()
    desk.turn("u1", reply="a1")
    desk.turn("u1", "a1", "u2", reply="a2")
    desk.turn("u1", reply="a1")
    desk.ledger.forget("site", "c0", now=desk.now)
    assert desk.claim("u1", "a1", "u2", "a2", "u3").plan.kind == "lost"
    assert kind(desk.claim("u1", "a1", "u2")) == ("continuation", "c2")


def test_scopes_have_nothing_in_common() -> None:
    """Neither a list, nor an id, nor a chat, nor a mark finds the conversation of another scope."""
    desk = Desk()
    desk.turn("u1", reply="a1", scope="one", key="k")
    assert desk.claim("u1", "a1", "u2", scope="two").plan.kind == "lost"
    assert desk.claim("u1", "a1", "u2", scope="one", chat="x").plan.kind == "lost"
    assert kind(desk.claim("u2", scope="two", conversation_id="c0")) == ("lost", None)
    assert desk.claim("u1", scope="two", key="k").plan.kind == "new"
    assert not desk.ledger.forget("two", "c0", now=desk.now)


class TestClaims:
    def test_a_second_claimant_forks(self) -> None:
        """While one has it, another gets a session of its own; both go on afterwards."""
        desk = after_two_turns()
        first = desk.claim("s", "u1", "a1", "u2", "a2", "u3")
        second = desk.claim("s", "u1", "a1", "u2", "a2", "u3")
        assert (kind(first), kind(second)) == (("continuation", "c0"), ("fork", "c0"))
        assert desk.finish(second, "a3").id != desk.finish(first, "a3").id
        assert len(desk.store) == 2

    def test_equal_openings_are_separate(self) -> None:
        """Each of many equal openings is a conversation, and each next turn gets one of them."""
        desk = Desk()
        claims = [desk.claim("u1") for _ in range(5)]
        for claim in claims:
            desk.finish(claim, "a1")
        taken = {desk.claim("u1", "a1", "u2").claimed.id for _ in range(5)}
        assert len(taken) == 5
        assert desk.claim("u1", "a1", "u2").plan.kind == "fork"

    def test_a_faster_claimant(self) -> None:
        """Who finds the conversation free and comes too late to take it decides again."""
        desk = after_two_turns()
        rival = Desk(desk.store)
        desk.store.find = _then(desk.store.find, rival)
        claim = desk.claim("s", "u1", "a1", "u2", "a2", "u3")
        assert kind(claim) == ("fork", "c0")
        assert claim.claimed is None

    def test_given_back(self) -> None:
        """A conversation that was given back goes on where it was."""
        desk = after_two_turns()
        claim = desk.claim("s", "u1", "a1", "u2", "a2", "u3")
        desk.ledger.give_back(claim, now=desk.now)
        again = desk.claim("s", "u1", "a1", "u2", "a2", "u3")
        assert kind(again) == ("continuation", "c0")
        assert again.claimed.held == {"turns": 2}
        assert desk.gone == []

    def test_lost(self) -> None:
        """A conversation of which nobody knows what the site saw is not there any more, by list or by id."""
        desk = after_two_turns()
        desk.ledger.lose(desk.claim("s", "u1", "a1", "u2", "a2", "u3"))
        assert kind(desk.claim("s", "u1", "a1", "u2", "a2", "u3")) == ("lost", None)
        assert kind(desk.claim("u3", conversation_id="c0")) == ("lost", None)
        assert [one.id for one in desk.gone] == ["c0"]

    def test_a_turn_of_its_own_that_fails(self) -> None:
        """An opening that is lost or given back leaves nothing."""
        desk = Desk()
        desk.ledger.lose(desk.claim("u1"))
        desk.ledger.give_back(desk.claim("u1"), now=desk.now)
        assert len(desk.store) == 0

    def test_a_claimant_that_never_comes_back(self) -> None:
        """After the lease the conversation is lost, because the site may have seen the turn, and makes room."""
        desk = Desk(MemoryStore(limit=1), lease=60)
        desk.turn("u1", reply="a1")
        desk.claim("u1", "a1", "u2")
        assert desk.claim("u1", "a1", "u2").plan.kind == "fork"
        desk.now += 60
        assert desk.claim("u1", "a1", "u2").plan.kind == "lost"
        assert desk.claim("u2", conversation_id="c0").plan.kind == "lost"
        desk.turn("u9")
        assert [one.id for one in desk.gone] == ["c0"]

    def test_a_claimant_that_comes_late(self) -> None:
        """Nobody else went on with it, so a claimant that comes after its lease may still finish."""
        desk = Desk(lease=60)
        desk.turn("u1", reply="a1")
        claim = desk.claim("u1", "a1", "u2")
        desk.now += 100
        desk.finish(claim, "a2")
        assert kind(desk.claim("u1", "a1", "u2", "a2", "u3")) == ("continuation", "c0")

    def test_forgotten_meanwhile(self) -> None:
        """What is forgotten during a turn stays so, and leaves when the turn ends, however it ends."""
        desk = Desk()
        ends = [
            lambda claim: desk.finish(claim, "a2"),
            lambda claim: desk.ledger.give_back(claim, now=desk.now),
            desk.ledger.lose,
        ]
        for end in ends:
            conversation = desk.turn("u1", reply="a1")
            claim = desk.claim("u1", "a1", "u2")
            assert desk.ledger.forget("site", conversation.id, now=desk.now)
            assert [one.id for one in desk.gone] == []
            end(claim)
            assert [one.id for one in desk.gone] == [conversation.id]
            assert len(desk.store) == 0
            desk.gone.clear()

    def test_forgotten(self) -> None:
        """A free conversation that is forgotten leaves at once; a second time there is none."""
        desk = after_two_turns()
        assert desk.ledger.forget("site", "c0", now=desk.now)
        assert not desk.ledger.forget("site", "c0", now=desk.now)
        assert [one.id for one in desk.gone] == ["c0"]


def _then(find: Callable, rival: Desk) -> Callable:
    """A `find` after which, the first time, the rival claims what was found."""
    rivals = [rival]

    def found(keys: Sequence[str]) -> Found:
        result = find(keys)
        if rivals:
            rivals.pop().claim("s", "u1", "a1", "u2", "a2", "u3")
        return result

    return found


class TestRetries:
    def test_equal_text_is_no_retry(self) -> None:
        """Evaluations ask the same thing many times and mean it."""
        desk = Desk()
        desk.turn("u1", reply="a1")
        assert desk.claim("u1").plan.kind == "new"

    @pytest.mark.parametrize("mark", [{"retry": True}, {"key": "k"}])
    def test_a_mark_is_one(self, mark: dict) -> None:
        """A marked retry of an answered turn finds the reply, and claims nothing."""
        desk = Desk()
        first = {} if "retry" in mark else mark
        desk.turn("u1", reply="a1", **first)
        claim = desk.claim("u1", **mark)
        assert kind(claim) == ("retry", "c0")
        assert claim.plan.conversation.turn.reply == "a1"
        assert kind(desk.claim("u1", "a1", "u2")) == ("continuation", "c0")

    def test_another_key_is_another_request(self) -> None:
        """The same text with another key is asked again; the same key with another text too."""
        desk = Desk()
        desk.turn("u1", reply="a1", key="k")
        assert desk.claim("u1", key="l").plan.kind == "new"
        assert desk.claim("u2", key="k").plan.kind == "new"
        assert desk.claim("u1", retry=True).plan.kind == "new"

    def test_a_retry_of_what_never_arrived(self) -> None:
        """Where the first try was given back, the retry is the turn itself."""
        desk = after_two_turns()
        desk.ledger.give_back(desk.claim("s", "u1", "a1", "u2", "a2", "u3"), now=desk.now)
        assert kind(desk.claim("s", "u1", "a1", "u2", "a2", "u3", retry=True)) == ("continuation", "c0")

    def test_one_of_several(self) -> None:
        """A retry that may be of two equal requests is of none: a stranger's reply is worse than a second one."""
        desk = Desk()
        desk.turn("u1", reply="a1")
        desk.turn("u1", reply="a1b")
        assert desk.claim("u1", retry=True).plan.kind == "new"

    def test_by_id(self) -> None:
        """News for an id are known again although the conversation has moved on by them."""
        desk = Desk()
        desk.turn("u1", reply="a1")
        desk.turn("u2", reply="a2", conversation_id="c0")
        assert kind(desk.claim("u2", conversation_id="c0", retry=True)) == ("retry", "c0")
        assert kind(desk.claim("u2", conversation_id="c0")) == ("continuation", "c0")

    def test_a_reply_that_is_not_whole(self) -> None:
        """A reply that was stopped, or was too long to keep, is not given to a retry."""
        desk = Desk()
        desk.turn("u1", reply="a1", partial=True)
        desk.turn("u2", reply="a" * (MAX_REPLY + 1))
        assert desk.claim("u1", retry=True).plan.kind == "new"
        assert desk.claim("u2", retry=True).plan.kind == "new"


class TestStopped:
    @pytest.mark.parametrize("shown", ["a long reply", "a long", "a", " a long r \n", "a long reply\r\n"])
    def test_known_by_less(self, shown: str) -> None:
        """After a stop the client may send any beginning of what it was sent."""
        desk = Desk()
        desk.turn("u1", reply="a long reply", partial=True)
        claim = desk.claim(messages=(*lists("u1"), Message("assistant", shown), *lists("u2")))
        assert kind(claim) == ("continuation", "c0")
        desk.finish(claim, "a2")
        after = (*lists("u1"), Message("assistant", shown), *lists("u2", "a2", "u3"))
        assert kind(desk.claim(messages=after)) == ("continuation", "c0")

    @pytest.mark.parametrize(
        ("shown", "what"), [("long", "lost"), ("a long reply!", "lost"), ("", "new"), (" ", "new")]
    )
    def test_not_by_anything_else(self, shown: str, what: str) -> None:
        """Other text is another reply, and no text would be the first message alone."""
        desk = Desk()
        desk.turn("u1", reply="a long reply", partial=True)
        claim = desk.claim(messages=(*lists("u1"), Message("assistant", shown), *lists("u2")))
        assert claim.plan.kind == what

    def test_a_whole_reply_is_not_known_by_less(self) -> None:
        """A reply that was not stopped has been edited where less of it comes back."""
        desk = Desk()
        desk.turn("u1", reply="a long reply")
        assert desk.claim("u1", "a long", "u2").plan.kind == "lost"


class TestIds:
    def test_news_alone(self) -> None:
        """With an id of ours the list may be the news; a whole list is known afterwards."""
        desk = after_two_turns()
        claim = desk.claim("u3", conversation_id="c0")
        assert kind(claim) == ("continuation", "c0")
        assert (claim.plan.before, texts(claim.plan.news)) == ((), ["u3"])
        desk.finish(claim, "a3")
        assert kind(desk.claim("s", "u1", "a1", "u2", "a2", "u3", "a3", "u4")) == ("continuation", "c0")
        assert kind(desk.claim("s", "u1", "a1", "u2", "a2", "u3x")) == ("fork", "c0")

    def test_the_same_words_again(self) -> None:
        """News that repeat the opening are news."""
        desk = Desk()
        desk.turn("u1", reply="a1")
        assert kind(desk.claim("u1", conversation_id="c0")) == ("continuation", "c0")

    def test_an_id_wins_over_changed_replies(self) -> None:
        """Who names the conversation may have changed our replies, not the user's texts."""
        desk = after_two_turns()
        assert kind(desk.claim("s", "u1", "a!", "u2", "a?", "u3", conversation_id="c0")) == ("continuation", "c0")
        assert kind(desk.claim("s", "u1", "a!", "u2x", "a?", "u3", conversation_id="c0")) == ("fork", "c0")
        assert kind(desk.claim("s", "u1", "a1", "u2", conversation_id="c0")) == ("fork", "c0")

    def test_an_id_wins_over_equal_others(self) -> None:
        """However many conversations stand at the same place, the named one goes on."""
        desk = Desk()
        for _ in range(MAX_FOUND + 2):
            desk.turn("u1", reply="a1")
        assert kind(desk.claim("u1", "a1", "u2", conversation_id="c0")) == ("continuation", "c0")

    def test_claimed(self) -> None:
        """A whole list forks from a claimed conversation; news alone have nothing to fork with."""
        desk = after_two_turns()
        desk.claim("u3", conversation_id="c0")
        assert kind(desk.claim("u3", conversation_id="c0")) == ("busy", "c0")
        assert kind(desk.claim("s", "u1", "a1", "u2", "a2", "u3", conversation_id="c0")) == ("fork", "c0")

    def test_unknown(self) -> None:
        """An id that is not known is lost, even where the list would be known."""
        desk = after_two_turns()
        assert kind(desk.claim("u3", conversation_id="no")) == ("lost", None)
        assert kind(desk.claim("s", "u1", "a1", "u2", "a2", "u3", conversation_id="no")) == ("lost", None)

    def test_a_chat_of_the_clients(self) -> None:
        """Equal openings of two named chats never meet, and replies in a named chat need not come back as they were."""
        desk = Desk()
        desk.turn("u1", reply="a1", chat="x")
        desk.turn("u1", reply="a1", chat="y")
        assert kind(desk.claim("u1", "a!", "u2", chat="x")) == ("continuation", "c0")
        assert kind(desk.claim("u1", "a1", "u2", chat="x")) == ("fork", "c0")
        assert desk.claim("u1", chat="x").plan.kind == "new"
        assert kind(desk.claim("u1", "a1", "u2", chat="y")) == ("continuation", "c1")

    def test_an_id_from_a_chat(self) -> None:
        """An id of ours finds a conversation that began in a named chat."""
        desk = Desk()
        desk.turn("u1", reply="a1", chat="x")
        assert kind(desk.claim("u2", conversation_id="c0")) == ("continuation", "c0")


class TestTrimmed:
    def three(self, desk: Desk, *start: str) -> None:
        """A conversation of three exchanges."""
        begin = start or ("u1", "a1")
        desk.turn(*begin[:-1], reply=begin[-1])
        desk.turn(*begin, "u2", reply="a2")
        desk.turn(*begin, "u2", "a2", "u3", reply="a3")

    @pytest.mark.parametrize("sent", ["u2 a2 u3 a3 u4", "a1 u2 a2 u3 a3 u4", "u2 a2 u3 a3\n u4 u5"])
    def test_a_unique_tail(self, sent: str) -> None:
        """Two exchanges that end in our reply are enough, if no other conversation ends so."""
        desk = Desk()
        self.three(desk)
        messages = lists(*sent.split(" "))
        claim = desk.claim(messages=messages)
        assert kind(claim) == ("continuation", "c0")
        desk.finish(claim, "a4")
        assert kind(desk.claim(messages=(*messages, *lists("a4", "u6")))) == ("continuation", "c0")
        assert kind(desk.claim(messages=(*messages[2:], *lists("a4", "u6")))) == ("fork", "c0")

    @pytest.mark.parametrize(
        "sent",
        [
            "u3 a3 u4",
            "a2 u3 a3 u4",
            "u1x a1 u2 a2 u3 a3 u4",
            "u0 a0 u1 a1 u2 a2 u3 a3 u4",
            "u2 a2 u4",
            "u2x a2 u3 a3 u4",
        ],
    )
    def test_not_by_less_nor_by_other_starts(self, sent: str) -> None:
        """One exchange is not enough, and a list with another start, or a longer one, was not trimmed."""
        desk = Desk()
        self.three(desk)
        assert desk.claim(*sent.split()).plan.kind == "lost"

    def test_a_tail_of_two(self) -> None:
        """A tail that two conversations have is nobody's; one of another system text is another tail."""
        desk = Desk()
        self.three(desk, "s", "u1", "a1")
        assert desk.claim("s2", "u2", "a2", "u3", "a3", "u4").plan.kind == "lost"
        claim = desk.claim("s", "u2", "a2", "u3", "a3", "u4")
        assert kind(claim) == ("continuation", "c0")
        desk.ledger.give_back(claim, now=desk.now)
        self.three(desk, "s", "u9", "a9")
        assert desk.claim("s", "u2", "a2", "u3", "a3", "u4").plan.kind == "lost"

    def test_long_ones_are_bounded(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Of a long conversation the newest is kept, and it goes on by its whole list all the same."""
        monkeypatch.setattr(record, "MAX_SEEN", 6)
        monkeypatch.setattr(record, "MAX_PASSED", 2)
        monkeypatch.setattr(listing, "MAX_CUTS", 3)
        desk, said = Desk(), []
        for number in range(12):
            said.append(f"u{number}")
            kept = desk.turn(*said, reply=f"a{number}")
            said.append(f"a{number}")
        assert (kept.id, kept.held, len(kept.seen), len(kept.passed)) == ("c0", {"turns": 12}, 6, 2)
        assert kind(desk.claim(*said[-4:], "u", chat=None)) == ("continuation", "c0")


def test_what_is_kept_is_data() -> None:
    """A conversation goes through JSON and is the same, so a store may be a file or a server."""
    kept = after_two_turns().store.get("c0")
    assert msgspec.json.decode(msgspec.json.encode(kept), type=record.Conversation) == kept
    assert kept.scope == "site"
