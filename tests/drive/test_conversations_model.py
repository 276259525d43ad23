"""Clients of all habits talk at random, through the whole driver, with a site that remembers; each turn is checked.

Whatever happens on the way, the talk at the site in which a client's turn is told is that client's, word by word: no
turn lost, none doubled, none of another, no secret of somebody else.
"""

import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from chatdoor import ConversationFile
from chatdoor.drive.client import Stream
from chatdoor.errors import ChatdoorError, ConversationLost
from tests.drive.stateful import BY_ID, IN_SESSIONS, StatefulSite, talk

SESSIONS, KEPT, TIME_TO_LIVE = 3, 6, 500.0
MAX_CLIENTS = 5
PICKS = st.integers(0, 59)
ASKED = st.sampled_from(["hello", "hello", "secret"])


class Person:
    """A client, and its talk as it remembers it: texts of the user and of the site in turn."""

    def __init__(self, number: int, *, by_id: bool) -> None:
        self.number = number
        self.by_id = by_id
        self.texts: list[str] = []
        self.id: str | None = None
        self.stream: Stream | None = None
        self.seen = ""
        self.key = ""

    @property
    def asked(self) -> list[str]:
        """What the site should have heard."""
        return self.texts[::2]


class Talks(RuleBasedStateMachine):
    """What clients, time and failures do."""

    text = IN_SESSIONS

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.now, self.count = 1000.0, 0
        self.clock = patch("chatdoor.drive.talks.time", SimpleNamespace(time=lambda: self.now))
        self.clock.start()
        self.site = StatefulSite(self.text, sessions=SESSIONS)
        self.people: list[Person] = []
        self.told: dict[str, list[str]] = {}
        self.serve()

    def serve(self) -> None:
        """A program that has just started, on what the last one kept."""
        file = Path(self.folder.name) / "conversations.db"
        self.store = ConversationFile(file, limit=KEPT, time_to_live=TIME_TO_LIVE)
        self.client = self.site.client(conversations=self.store)

    def teardown(self) -> None:
        """All streams end, and the clock is the real one."""
        for person in self.talking():
            person.stream.close()
        self.store.close()
        self.clock.stop()
        self.folder.cleanup()

    def talking(self) -> list[Person]:
        """Those whose reply is coming."""
        return [person for person in self.people if person.stream]

    def idle(self, pick: int) -> Person:
        """One who waits for nothing. There is always one, or it comes."""
        self.now += 1
        idle = [person for person in self.people if not person.stream]
        return idle[pick % len(idle)] if idle else self.stay(Person(self.next(), by_id=False))

    def next(self) -> int:
        """A number that was never given before."""
        self.count += 1
        return self.count

    def stay(self, person: Person) -> Person:
        """The person is one of the few who go on."""
        self.people.append(person)
        for gone in [one for one in self.people if not one.stream][: len(self.people) - MAX_CLIENTS]:
            self.people.remove(gone)
        return person

    @rule(by_id=st.booleans())
    def come(self, by_id: bool) -> None:
        """Somebody comes."""
        self.stay(Person(self.next(), by_id=by_id))

    @rule(pick=PICKS)
    def copy(self, pick: int) -> None:
        """Two go on from the same talk, each with the list: who says an id alone goes on wherever it is."""
        person, other = self.idle(pick), Person(self.next(), by_id=False)
        other.texts = list(person.texts)
        person.id = None
        self.stay(other)

    @rule(pick=PICKS, back=st.integers(1, 4))
    def cut(self, pick: int, back: int) -> None:
        """The end of a talk is taken back: it is edited, or asked again."""
        person = self.idle(pick)
        del person.texts[-back:]
        person.id = None

    @rule(pick=PICKS, asked=st.lists(ASKED, min_size=1, max_size=3))
    def say(self, pick: int, asked: list[str]) -> None:
        """Somebody asks and reads the reply, a few times in a row."""
        person = self.idle(pick)
        for text in asked:
            if len(self.talking()) < SESSIONS and self.begin(person, text):
                self.end(person, len(person.seen) + 99)

    @precondition(lambda self: len(self.talking()) < SESSIONS)
    @rule(pick=PICKS, text=ASKED)
    def ask(self, pick: int, text: str) -> None:
        """Somebody asks, and the reply is on its way."""
        self.begin(self.idle(pick), text)

    @precondition(lambda self: self.talking())
    @rule(pick=PICKS, pieces=st.integers(0, 5))
    def read(self, pick: int, pieces: int) -> None:
        """A reply is read to its end, or stopped after some pieces more."""
        talking = self.talking()
        self.end(talking[pick % len(talking)], pieces)

    @precondition(lambda self: len(self.talking()) < SESSIONS)
    @rule(pick=PICKS, text=ASKED, fault=st.sampled_from(["connect", "unanswered", "broken", "error"]))
    def fail(self, pick: int, text: str, fault: str) -> None:
        """A message that goes wrong stays on the screen, to be sent again."""
        self.site.fault = fault
        person = self.idle(pick)
        if self.begin(person, text):
            self.end(person, 99)
        self.site.fault = None

    @rule()
    def lose(self) -> None:
        """The site forgets all that it knows."""
        self.site.lose()

    @rule(seconds=st.sampled_from([1.0, TIME_TO_LIVE / 2, TIME_TO_LIVE]))
    def wait(self, seconds: float) -> None:
        """Time goes on."""
        self.now += seconds

    @rule()
    def restart(self) -> None:
        """The program ends, with all that is on its way, and starts again."""
        for person in self.talking():
            self.end(person, 0)
        self.store.close()
        self.serve()

    def begin(self, person: Person, text: str) -> bool:
        """A message is sent, and the first piece of its reply has come. False where none came."""
        if len(person.texts) % 2 == 0:
            person.texts.append(f"secret of {person.number}" if text == "secret" else text)
        alone = person.by_id and person.id is not None
        messages = talk(person.texts[-1]) if alone else talk(*person.texts)
        person.stream = self.client.stream(messages, conversation=person.id if alone else None)
        try:
            person.seen = next(person.stream).text
        except ChatdoorError as error:
            person.stream = None
            if isinstance(error, ConversationLost):
                person.id = None
            self.forget_doubtful()
            return False
        self.check(person)
        return True

    def check(self, person: Person) -> None:
        """The talk that was told last is this person's, whole, and nobody else is talking in it."""
        key = self.site.newest
        assert self.site.talks[key] == person.asked
        assert key not in {other.key for other in self.talking() if other is not person}
        person.key = key
        self.told[key] = list(person.asked)

    def forget_doubtful(self) -> None:
        """After a failure the talk may have heard more than was answered. Nobody may go on in it."""
        key = self.site.newest
        if key in self.told and self.site.talks[key] != self.told[key]:
            del self.told[key]

    def end(self, person: Person, pieces: int) -> None:
        """The reply is read on for so many pieces, and closed."""
        stream, person.stream = person.stream, None
        with suppress(ChatdoorError), stream:
            for piece in self.some(stream, pieces):
                person.seen += piece
        person.texts.append(person.seen)
        person.id = None
        with suppress(ChatdoorError):
            person.id = stream.reply.conversation

    def some(self, stream: Stream, pieces: int) -> Iterator[str]:
        """At most so many pieces."""
        for _, piece in zip(range(pieces), stream, strict=False):
            yield piece.text


class TalksById(Talks):
    """The same, where the site keeps talks under ids of its own."""

    text = BY_ID


@pytest.mark.parametrize("talks", [Talks, TalksById])
def test_every_talk_is_whole(talks: type[Talks]) -> None:
    """Thousands of steps in random order."""
    checks = list(HealthCheck)
    run_state_machine_as_test(
        talks, settings=settings(max_examples=100, stateful_step_count=40, deadline=None, suppress_health_check=checks)
    )
