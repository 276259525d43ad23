"""Who asks: callers, chats, and retries that the site does not hear of."""

import asyncio
from collections.abc import Callable
from typing import Unpack

import pytest

from chatdoor import Asker, Reply
from chatdoor.drive.visitor import Options
from chatdoor.errors import ArgumentError, ConversationLost
from tests.drive.stateful import BY_ID, FACES, IN_SESSIONS, AsyncFace, Face, StatefulSite, talk

Enter = Callable[..., Face]


@pytest.fixture(params=[IN_SESSIONS, BY_ID], ids=["in sessions", "by id"])
def site(request: pytest.FixtureRequest) -> StatefulSite:
    """A site that keeps each talk in a session, or under an id."""
    return StatefulSite(request.param)


@pytest.fixture(params=FACES)
def enter(request: pytest.FixtureRequest) -> Enter:
    """Visits a site, blocking and async."""

    def enter(site: StatefulSite, **options: Unpack[Options]) -> Face:
        return FACES[request.param](site, **options)

    return enter


def said(reply: Reply) -> tuple[str, str | None]:
    """Text and conversation."""
    return reply.text, reply.conversation


@pytest.mark.parametrize("mark", [{"key": "k1"}, {"retry": True}], ids=["key", "retry"])
def test_a_retry_has_the_reply_of_the_first_try(site: StatefulSite, enter: Enter, mark: dict[str, object]) -> None:
    """Whole and streamed, and the talk goes on from it; the site hears nothing."""
    face = enter(site)
    first = face.ask(talk("a"), key=mark.get("key"))
    assert said(face.ask(talk("a"), **mark)) == said(first)
    conversation, fidelity, reply = face.begin(talk("a"), **mark)
    assert (conversation, fidelity, said(reply)) == (first.conversation, "native", said(first))
    assert face.ask(talk("a", first.text, "b")).conversation == first.conversation
    assert list(site.talks.values()) == [["a", "b"]]


def test_a_retry_by_id(site: StatefulSite, enter: Enter) -> None:
    """News alone, sent twice with one key, are told once."""
    face = enter(site)
    first = face.ask(talk("a"))
    replies = [face.ask(talk("b"), first.conversation, key="k") for _ in range(2)]
    assert said(replies[0]) == said(replies[1])
    assert list(site.talks.values()) == [["a", "b"]]


def test_a_retry_is_not_held_up_by_the_pace(enter: Enter) -> None:
    """What asks the site nothing needs no turn, and no session."""
    site = StatefulSite(sessions=1)
    face = enter(site, per_minute=1)
    first = face.ask(talk("a"), key="k")
    assert said(face.ask(talk("a"), timeout=5, key="k")) == said(first)


@pytest.mark.parametrize(
    "asker", [{}, {"key": "other"}, {"key": "k", "scope": "other"}, {"key": "k", "chat": "other"}], ids=str
)
def test_what_is_no_retry_is_asked(site: StatefulSite, enter: Enter, asker: dict[str, str]) -> None:
    """The same messages without a mark, with another key, or of another caller or chat, are a talk of their own."""
    face = enter(site)
    first = face.ask(talk("a"), key="k")
    assert face.ask(talk("a"), **asker).conversation != first.conversation
    assert list(site.talks.values()) == [["a"], ["a"]]


def test_a_retry_of_what_was_stopped_is_asked(site: StatefulSite, enter: Enter) -> None:
    """Part of a reply is none: the list is told in a talk of its own."""
    face = enter(site)
    part = face.stop(talk("a"), after=1)
    again = face.ask(talk("a"), retry=True)
    assert again.text != part
    assert list(site.talks.values()) == [["a"], ["a"]]


def test_a_chat_goes_on_by_its_name(site: StatefulSite, enter: Enter) -> None:
    """Also where our reply came back as another text; the same list of another chat is another talk."""
    face = enter(site)
    first = face.ask(talk("a"), chat="one")
    assert face.ask(talk("a", "(changed)", "b"), chat="one").conversation == first.conversation
    assert face.ask(talk("a", first.text, "b"), chat="two").conversation != first.conversation
    assert next(iter(site.talks.values())) == ["a", "b"]


def test_another_callers_id_is_not_known(site: StatefulSite, enter: Enter) -> None:
    """A scope sees its own conversations alone."""
    face = enter(site)
    first = face.ask(talk("a"), scope="one")
    with pytest.raises(ConversationLost):
        face.ask(talk("b"), first.conversation, scope="two")


def test_a_stream_of_a_kept_reply_may_be_stopped(site: StatefulSite) -> None:
    """Nothing is held, and the talk goes on."""
    face = AsyncFace(site)
    first = face.ask(talk("a"), key="k")

    async def stop() -> str:
        async with face.client.stream(talk("a"), asker=Asker(key="k")) as pieces:
            return (await anext(pieces)).text

    assert asyncio.run(stop()) == first.text
    assert face.ask(talk("a", first.text, "b")).conversation == first.conversation


@pytest.mark.parametrize("name", ["chat", "key"])
def test_a_name_is_not_empty(name: str) -> None:
    """An empty one would be everybody's."""
    with pytest.raises(ArgumentError, match=f"expected a {name}"):
        Asker(**{name: ""})
