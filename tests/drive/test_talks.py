"""Calls in conversations that a site keeps: whatever becomes of a call, its hold ends and the talk is whole."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import ClassVar, Unpack

import pytest
from msgspec.structs import replace

from chatdoor import AsyncClient, SiteProvider
from chatdoor.conversation.store import MemoryStore
from chatdoor.drive.visitor import Options
from chatdoor.errors import (
    ArgumentError,
    ChatdoorError,
    ConversationBusy,
    ConversationLost,
    ReadFailed,
    SessionRefused,
    StateError,
    TimedOut,
)
from tests.drive.stateful import BY_ID, FACES, IN_SESSIONS, BlockingFace, Face, StatefulSite, talk

Enter = Callable[..., Face]


@pytest.fixture
def site() -> StatefulSite:
    """A site that keeps each talk in a session."""
    return StatefulSite()


@pytest.fixture(params=FACES)
def enter(request: pytest.FixtureRequest) -> Enter:
    """Visits a site, blocking and async."""

    def enter(site: StatefulSite, **options: Unpack[Options]) -> Face:
        return FACES[request.param](site, **options)

    return enter


def test_a_list_goes_on_in_its_conversation(site: StatefulSite, enter: Enter) -> None:
    """Each turn is told once, in one session, under one id."""
    face = enter(site)
    first = face.ask(talk("a"))
    second = face.ask(talk("a", first.text, "b"))
    assert (second.conversation, second.fidelity) == (first.conversation, "native")
    assert (site.opened, site.talks) == (1, {"t0": ["a", "b"]})


def test_an_id_alone_goes_on(site: StatefulSite, enter: Enter) -> None:
    """New messages are enough; one that nobody knows is an error, and nothing is sent."""
    face = enter(site)
    first = face.ask(talk("a"))
    assert face.ask(talk("b"), first.conversation).conversation == first.conversation
    with pytest.raises(ConversationLost, match="the conversation nobody is not known"):
        face.ask(talk("c"), "nobody")
    assert site.talks == {"t0": ["a", "b"]}


def test_an_unknown_id_with_the_whole_list_is_told_again(site: StatefulSite, enter: Enter) -> None:
    """The list holds what was said; the reply has another id."""
    reply = enter(site).ask(talk("a", "A", "b"), "nobody")
    assert (reply.fidelity, reply.conversation == "nobody", site.talks) == ("replayed", False, {"t0": ["a", "b"]})


def test_the_system_text_reaches_the_site_once(site: StatefulSite, enter: Enter) -> None:
    """Before the first message of the user, in this talk and where it is told again."""
    face = enter(site)
    first = face.ask(talk("a", system="Be kind."))
    face.ask(talk("a", first.text, "b", system="Be kind."))
    face.ask(talk("c"), first.conversation)
    enter(site).ask(talk("a", first.text, "b", system="Be kind."))
    assert site.talks == {"t0": ["Be kind.\n\na", "b", "c"], "t1": ["Be kind.\n\na", "b"]}


def test_a_new_system_text_goes_with_the_next_message(site: StatefulSite, enter: Enter) -> None:
    """Once, before it, in a list and with an id alone; also where the talk is told again."""
    face = enter(site)
    first = face.ask(talk("a", system="Be kind."))
    later = [*talk("a", first.text, system="Be kind."), *talk("b", system="Be brief.")]
    second = face.ask(later)
    assert (second.conversation, second.fidelity) == (first.conversation, "native")
    later += [{"role": "assistant", "content": second.text}]
    third = face.ask([*later, *talk("c")])
    later += [*talk("c", third.text)[:2], *talk("d", system="Be kind.")]
    assert face.ask(later).conversation == first.conversation
    assert face.ask(talk("e", system="Be brief."), first.conversation).conversation == first.conversation
    assert face.ask(talk("f", system="Be loud."), first.conversation).conversation == first.conversation
    assert site.talks == {"t0": ["Be kind.\n\na", "Be brief.\n\nb", "c", "d", "e", "Be loud.\n\nf"]}


def test_a_later_system_text_is_told_again_in_its_place(site: StatefulSite, enter: Enter) -> None:
    """Where the site has lost the talk, the replay has it with the message that it came with."""
    face = enter(site)
    first = face.ask(talk("a", system="Be kind."))
    site.lose()
    later = [*talk("a", first.text, system="Be kind."), *talk("b", system="Be brief.")]
    assert face.ask(later).fidelity == "replayed"
    assert site.talks["t1"] == ["Be kind.\n\na", "Be brief.\n\nb"]


def test_news_for_one_that_talks_is_an_error(site: StatefulSite) -> None:
    """There is no list to fork with; the turn that is on its way is not disturbed."""
    face = BlockingFace(site)
    first = face.ask(talk("a"))
    with face.client.stream(talk("b"), conversation=first.conversation) as pieces:
        next(pieces)
        with pytest.raises(ConversationBusy, match="is talking already"):
            face.ask(talk("c"), first.conversation)
        rest = list(pieces)
    assert rest
    assert site.talks == {"t0": ["a", "b"]}


def test_a_second_caller_forks(site: StatefulSite) -> None:
    """While one goes on, the other who goes on from the same place gets a session of its own."""
    face = BlockingFace(site)
    first = face.ask(talk("a"))
    with face.client.stream(talk("a", first.text, "b")) as pieces:
        next(pieces)
        other = face.ask(talk("a", first.text, "c"))
    assert (other.fidelity, other.conversation == first.conversation) == ("replayed", False)
    assert site.talks == {"t0": ["a", "b"], "t1": ["a", "c"]}


def test_threads_that_go_on_at_once_do_not_meet(site: StatefulSite) -> None:
    """Of many that continue one conversation at the same time, none hears another."""
    face = BlockingFace(site)
    first = face.ask(talk("a"))
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda at: face.ask(talk("a", first.text, f"b{at}")), range(24)))
    heard = [talk[1:] for talk in site.talks.values()]
    assert sorted(text for texts in heard for text in texts) == sorted(f"b{at}" for at in range(24))
    assert max(map(len, heard)) == 1


@pytest.mark.parametrize("after", [1, 2, 3])
def test_a_stopped_stream_goes_on_from_what_was_seen(site: StatefulSite, enter: Enter, after: int) -> None:
    """After the first piece, in the middle, and at the last piece, before the end was seen."""
    face = enter(site)
    seen = face.stop(talk("a"), after)
    assert face.ask(talk("a", seen, "b")).fidelity == "native"
    assert site.talks == {"t0": ["a", "b"]}


@pytest.mark.parametrize(
    ("fault", "talks"),
    [
        ("connect", {"t0": ["a", "b"]}),
        ("unanswered", {"t0": ["a", "b"], "t1": ["a", "b"]}),
        ("broken", {"t0": ["a", "b"], "t1": ["a", "b"]}),
        ("error", {"t0": ["a", "b"], "t1": ["a", "b"]}),
    ],
)
def test_after_a_failure(site: StatefulSite, enter: Enter, fault: str, talks: dict[str, list[str]]) -> None:
    """What the site has not heard goes out again in the same session; what it may have heard is told in another."""
    face = enter(site)
    first = face.ask(talk("a"))
    site.fault = fault
    again = talk("a", first.text, "b")
    with pytest.raises(ChatdoorError):
        face.ask(again)
    face.ask(again)
    assert site.talks == talks


def test_a_claim_without_news_leaves_no_hold(site: StatefulSite, enter: Enter) -> None:
    """The error comes before anything is sent, and the conversation is free afterwards."""
    face = enter(site)
    first = face.ask(talk("a"))
    with pytest.raises(ArgumentError, match="nothing to send"):
        face.ask(talk("a", first.text))
    assert face.ask(talk("a", first.text, "b")).conversation == first.conversation


def test_a_refused_session_is_replaced(site: StatefulSite, enter: Enter) -> None:
    """The talk is told again in the new one, which the conversation keeps."""
    face = enter(site)
    first = face.ask(talk("a"))
    site.lose()
    second = face.ask(talk("a", first.text, "b"))
    third = face.ask(talk("a", first.text, "b", second.text, "c"))
    assert (second.fidelity, third.fidelity) == ("replayed", "native")
    assert {first.conversation} == {second.conversation, third.conversation}
    assert site.talks == {"t0": ["a"], "t1": ["a", "b", "c"]}


def test_a_session_that_can_not_be_replaced_now(site: StatefulSite, enter: Enter) -> None:
    """The site did not act, so the conversation is still there when the way in is open again."""
    face = enter(site)
    first = face.ask(talk("a"))
    site.lose()
    site.shut = True
    again = talk("a", first.text, "b")
    with pytest.raises(ReadFailed):
        face.ask(again)
    site.shut = False
    assert face.ask(again).conversation == first.conversation


def test_two_in_one_session_take_turns(enter: Enter) -> None:
    """With room for one session, each makes room for the other, and is told again when it goes on."""
    site = StatefulSite(sessions=1)
    face = enter(site)
    one, two = face.ask(talk("a")), face.ask(talk("x"))
    again = face.ask(talk("a", one.text, "b"))
    assert (again.fidelity, face.ask(talk("x", two.text, "y")).fidelity) == ("replayed", "replayed")
    assert list(site.talks.values()) == [["a"], ["x"], ["a", "b"], ["x", "y"]]


def test_time_is_up_while_waiting_for_a_slot(enter: Enter) -> None:
    """The error says what it waited for; the place in the queue is given up and the conversation is free."""
    site = StatefulSite(sessions=1)
    face = enter(site)
    slot = face.visitor.talks.pool.request("other").slot.result()
    with pytest.raises(TimedOut, match="all are talking"):
        face.ask(talk("a"), timeout=0.05)
    face.visitor.talks.pool.free(slot)
    assert face.ask(talk("a")).text == "You said 1; now a"


def test_a_cancelled_call_leaves_no_hold() -> None:
    """Cancelled while it waits for a slot, or while it waits for an answer."""
    site = StatefulSite(sessions=1)
    client = AsyncClient(site.site)
    site.join(client.visitor)

    async def work() -> str:
        first = await client.ask(talk("a"))
        async with client.stream(talk("a", first.text, "b")) as pieces:
            await anext(pieces)
            waiting = asyncio.create_task(client.ask(talk("x")))
            await asyncio.sleep(0.01)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
            rest = "".join([piece.text async for piece in pieces])
        assert rest
        talking = asyncio.create_task(client.ask(talk("a", first.text, "b", pieces.reply.text, "c")))
        await asyncio.sleep(0)
        talking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await talking
        return (await client.ask(talk("a", first.text, "b", pieces.reply.text, "d"))).fidelity

    assert asyncio.run(work()) == "native"
    assert site.talks == {"t0": ["a", "b", "d"]}


def test_an_id_of_the_sites_own(enter: Enter) -> None:
    """Many talks in one session: each is known by its id, and told again under another where that is lost."""
    site = StatefulSite(BY_ID)
    face = enter(site)
    one, two = face.ask(talk("a")), face.ask(talk("a"))
    face.ask(talk("b"), two.conversation)
    site.lose()
    again = face.ask(talk("a", one.text, "c"), one.conversation)
    assert (again.fidelity, again.conversation) == ("replayed", one.conversation)
    assert list(site.talks.values()) == [["a"], ["a", "b"], ["a", "c"]]


def test_a_token_that_was_given_is_every_conversations(site: StatefulSite, enter: Enter) -> None:
    """Its session is opened for nobody, kept in no store, and still there for those who come later."""
    for number in range(6):
        site.talks[f"given{number}"] = []
    store = MemoryStore()
    face = enter(site, access_token="given0", conversations=store)
    for number in range(6):
        face.ask(talk(f"a{number}"))
    assert (site.opened, len(store), site.talks["given0"]) == (0, 0, [f"a{number}" for number in range(6)])
    site.lose()
    with pytest.raises(SessionRefused, match="the access token that was given was refused"):
        face.ask(talk("b"))


class Spoilt(MemoryStore):
    """A store whose disk is full after the claim."""

    full = False

    def compare_and_set(self, *arguments: object) -> bool:  # type: ignore[override]
        """Fails."""
        if self.full:
            raise StateError("the disk is full")
        return super().compare_and_set(*arguments)  # type: ignore[arg-type]


def test_a_reply_counts_more_than_its_conversation(enter: Enter, caplog: pytest.LogCaptureFixture) -> None:
    """Where it can not be kept, the reply comes, the slot is free for the next, and that is told once."""
    site, store = StatefulSite(sessions=1), Spoilt()
    face = enter(site, conversations=store)
    for full in (True, False, True):
        store.full = full
        assert [face.ask(talk(text)).text for text in "ab"] == ["You said 1; now a", "You said 1; now b"]
    assert [(one.levelname, one.message) for one in caplog.records] == [("ERROR", "the disk is full")] * 2


def test_a_conversation_that_can_not_be_claimed_is_told_once(enter: Enter, caplog: pytest.LogCaptureFixture) -> None:
    """Each call fails, and no site is asked; who runs the program hears of it once."""
    site, store = StatefulSite(sessions=1), Spoilt()
    face = enter(site, conversations=store)
    first = face.ask(talk("a"))
    store.full = True
    for _ in range(2):
        with pytest.raises(StateError, match="the disk is full"):
            face.ask(talk("a", first.text, "b"))
    assert site.talks == {"t0": ["a"]}
    assert [one.levelname for one in caplog.records] == ["ERROR"]


def test_the_next_program_goes_on(enter: Enter) -> None:
    """On the same store a new visitor has the session that was kept, and only news go out."""
    site, store = StatefulSite(), MemoryStore()
    first = enter(site, conversations=store).ask(talk("a"))
    assert enter(site, conversations=store).ask(talk("a", first.text, "b")).fidelity == "native"
    assert (site.opened, site.talks) == (1, {"t0": ["a", "b"]})


@pytest.mark.parametrize("held", [{}, {"values": 1, "root": 0}, {"values": {}, "root": 1, "session": {"x": 1}}])
def test_what_can_not_be_read_of_a_conversation_loses_it(
    enter: Enter, held: dict[str, object], caplog: pytest.LogCaptureFixture
) -> None:
    """The list is told again; its id is not known any more."""
    site, store = StatefulSite(), MemoryStore()
    face = enter(site, conversations=store)
    for whole in (False, True):
        first = face.ask(talk("a"))
        (kept,) = store
        assert store.compare_and_set(kept.id, kept.revision, replace(kept, revision=kept.revision + 1, held=held))
        if whole:
            assert face.ask(talk("a", first.text, "b")).fidelity == "replayed"
        else:
            with pytest.raises(ConversationLost):
                face.ask(talk("b"), first.conversation)
    assert "a kept conversation of stateful can not be read" in caplog.text


def test_sessions_are_opened_ahead(site: StatefulSite, enter: Enter) -> None:
    """As many as asked for, or as the site allows; the conversations to come have them."""
    face = enter(site)
    face.warm_up(2)
    assert site.opened == 2
    face.warm_up(9)
    assert site.opened == 4
    face.ask(talk("a"))
    face.ask(talk("b"))
    assert (site.opened, site.talks["t0"], site.talks["t1"]) == (4, ["a"], ["b"])


def test_a_shared_session_is_opened_ahead_once(enter: Enter) -> None:
    """Where talks have ids, there is one session for all."""
    site = StatefulSite(BY_ID + '[session]\nget = "/"\n')
    face = enter(site)
    face.warm_up(5)
    face.warm_up(1)
    face.ask(talk("a"))
    assert site.opened == 1


@pytest.mark.parametrize("count", [0, -1, True, 1.5])
def test_sessions_ahead_are_a_number(site: StatefulSite, enter: Enter, count: object) -> None:
    """What is none is an error."""
    with pytest.raises(ArgumentError, match="n: expected a whole number above 0"):
        enter(site).warm_up(count)


def test_opening_ahead_raises_what_went_wrong(
    site: StatefulSite, enter: Enter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is no secret that nobody could get in."""

    def fails(*_: object) -> None:
        raise TimedOut("timed out", phase="connecting")

    monkeypatch.setattr(site, "answer", fails)
    with pytest.raises(TimedOut):
        enter(site).warm_up(1)


class TestProvider:
    """A provider of a site that remembers."""

    @pytest.fixture
    def provider(self, site: StatefulSite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> type[SiteProvider]:
        """A provider of the site, whose connections the site takes."""
        file = tmp_path / "stateful.toml"
        file.write_text(IN_SESSIONS.replace("SESSIONS", "4"), "utf-8")

        class Provider(SiteProvider):
            site: ClassVar[str | Path] = file
            url = "https://bot.example"

        visitor = Provider._visitor

        def joined(*arguments: object) -> object:
            made = visitor(*arguments)
            site.join(made)
            return made

        monkeypatch.setattr(Provider, "_visitor", joined)
        return Provider

    def say(self, provider: type[SiteProvider], *texts: str, **options: object) -> str:
        """The reply to a list."""
        return "".join(provider.create_completion(None, talk(*texts), stream=False, **options))

    def test_its_calls_go_on(self, site: StatefulSite, provider: type[SiteProvider]) -> None:
        """Conversations belong to the class, like its session."""
        reply = self.say(provider, "a")
        self.say(provider, "a", reply, "b")
        assert site.talks == {"t0": ["a", "b"]}

    def test_a_token_of_a_call_has_its_own(self, site: StatefulSite, provider: type[SiteProvider]) -> None:
        """The next call with it goes on, and one without does not see it."""
        site.talks["given"] = []
        reply = self.say(provider, "a", access_token="given")
        self.say(provider, "a", reply, "b", access_token="given")
        self.say(provider, "a", reply, "c")
        assert list(site.talks.values()) == [["a", "b"], ["a", "c"]]

    def test_a_token_of_the_class_is_used(self, site: StatefulSite, provider: type[SiteProvider]) -> None:
        """Set by hand, it needs no page; taken away, conversations have sessions of their own again."""
        site.talks["given"] = []
        provider._access_token = "given"
        self.say(provider, "a")
        assert (site.opened, site.talks["given"]) == (0, ["a"])
        provider._access_token = None
        self.say(provider, "b")
        assert (site.opened, site.talks["t1"]) == (1, ["b"])


@pytest.mark.parametrize("text", [IN_SESSIONS, BY_ID], ids=["in sessions", "by id"])
def test_calls_of_two_scopes_never_share_a_conversation(text: str, enter: Enter) -> None:
    """What one has begun is not there for the other: neither by its list nor by its id."""
    site = StatefulSite(text)
    face = enter(site)
    first = face.ask(talk("a"), scope="one")
    other = face.ask(talk("a", first.text, "b"), scope="two")
    assert other.conversation != first.conversation
    with pytest.raises(ConversationLost):
        face.ask(talk("c"), first.conversation, scope="two")
    assert face.ask(talk("a", first.text, "d"), scope="one").conversation == first.conversation


def test_scopes_make_room_for_each_other(enter: Enter) -> None:
    """Where all sessions are taken, a conversation of any scope makes room, and is over."""
    site = StatefulSite(sessions=1)
    face = enter(site)
    first = face.ask(talk("a"), scope="one")
    face.ask(talk("b"), scope="two")
    with pytest.raises(ConversationLost):
        face.ask(talk("c"), first.conversation, scope="one")


def test_a_stream_tells_its_conversation_with_the_first_piece(site: StatefulSite, enter: Enter) -> None:
    """Its id and fidelity are those that the reply has at its end."""
    face = enter(site)
    conversation, fidelity, reply = face.begin(talk("a"))
    assert (conversation, fidelity) == (reply.conversation, "native")
    conversation, fidelity, reply = face.begin(talk("x", "y", "z"))
    assert (conversation, fidelity) == (reply.conversation, "replayed")
