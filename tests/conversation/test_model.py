"""Clients of all habits talk at random with a site that remembers by session; a model checks what the site saw.

Each session of the site writes down its talk. Whatever happens on the way, the session in which a client's turn
ends must have seen that client's talk: no turn lost, none doubled, none of another.
"""

from typing import Any

import msgspec
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from chatdoor.conversation.ledger import Claim, Ledger
from chatdoor.conversation.normal import normal_text
from chatdoor.conversation.record import Conversation
from chatdoor.conversation.store import MemoryStore
from chatdoor.messages import Message

LIMIT, TIME_TO_LIVE, LEASE = 6, 500.0, 60.0
MAX_CLIENTS = 5
PICKS = st.integers(0, 59)
ASKED = st.sampled_from(["hello", "hello", "why"])
HABITS = ("whole", "mangles", "chat", "news", "trims")
SEES_SYSTEM = {"one": False, "two": True}
ECHOES = {
    "whole": lambda text: text,
    "mangles": lambda text: text.strip().replace("<think>hm</think>", "").replace("\n", "\r\n"),
    "chat": lambda text: f"[{text.upper()}]",
    "news": lambda text: text,
    "trims": lambda text: text,
}
"""Habit -> what the client makes of a reply before it sends it back."""


class Session:
    """One session at the site: whose it is, and all that was said in it."""

    def __init__(self, scope: str, system: tuple[Message, ...], talk: tuple[Message, ...]) -> None:
        self.scope = scope
        self.system = system
        self.talk = list(talk)
        self.busy = False
        self.open = True

    def hear(self, news: tuple[Message, ...]) -> str:
        """The reply to what is said. It says the same to the same talk, so that equal talks stay equal."""
        self.talk += news
        reply = f"<think>hm</think> On {news[-1].text}:\nyou said {len(self.talk)}. "
        self.talk.append(Message("assistant", reply))
        return reply


class Client:
    """One client and its talk, as it remembers it."""

    def __init__(self, scope: str, habit: str, system: str, number: int) -> None:
        self.scope = scope
        self.habit = habit
        self.system = system
        self.number = number
        self.talk: list[Message] = []
        self.id: str | None = None
        self.waits = False

    def copy(self, number: int) -> "Client":
        """Another client that goes on from the same talk. An id alone is not shared: its news are one row."""
        other = Client(self.scope, self.habit, self.system, number)
        other.talk = [] if self.habit == "news" else list(self.talk)
        return other

    def asking(self) -> "Client":
        """The client as it waits for a reply. One with a list can ask several times at once."""
        self.waits = self.habit == "news"
        return self if self.waits else self.copy(self.number)

    def ask(self, text: str) -> None:
        """One more message of the user's. Those who trim never say the same: a tail can not tell equal ones apart."""
        self.talk.append(Message("user", f"{text} {self.number}/{len(self.talk)}" if self.habit == "trims" else text))

    def sent(self, clock: float) -> tuple[Message, ...]:
        """The list that it sends."""
        system = self.system if SEES_SYSTEM[self.scope] else f"it is {clock}"
        return (Message("system", system), *self.shown())

    def shown(self) -> list[Message]:
        """What is left of its talk in the list: all, the news, or the last exchanges."""
        replies = [at for at, one in enumerate(self.talk) if one.role == "assistant"]
        if self.habit == "news" and self.id is not None and replies:
            return self.talk[replies[-1] + 1 :]
        return self.talk[replies[-2] - 1 :] if self.habit == "trims" and len(replies) > 2 else self.talk


class Turn:
    """A turn that is under way."""

    def __init__(
        self, client: Client, claim: Claim, session: Session | None, reply: str, request: dict[str, Any]
    ) -> None:
        self.client = client
        self.claim = claim
        self.session = session
        self.reply = reply
        self.request = request


class Talks(RuleBasedStateMachine):
    """What clients, time and failures do."""

    @initialize()
    def begin(self) -> None:
        """An empty store and a site without sessions."""
        self.now = 1000.0
        self.count = 0
        self.sessions: dict[str, Session] = {}
        self.clients: list[Client] = []
        self.turns: list[Turn] = []
        self.serve(())

    def serve(self, kept: tuple[Conversation, ...]) -> None:
        """A gateway that has just started, on what the last one kept."""
        self.store = MemoryStore(LIMIT, TIME_TO_LIVE)
        self.ledger = Ledger(self.store, gone=self.close, lease=LEASE)
        for conversation in kept:
            assert self.store.compare_and_set(conversation.id, None, conversation)

    def close(self, conversation: Conversation) -> None:
        """What the ledger lets go is used no more."""
        self.sessions[str(conversation.held["session"])].open = False

    def next(self) -> int:
        """A number that was never given before; time goes on with it."""
        self.count += 1
        self.now += 1
        return self.count

    def client(self, pick: int) -> Client:
        """One of the clients. There is always one."""
        if not self.clients:
            self.stay(Client("one", "whole", "A", self.next()))
        return self.clients[pick % len(self.clients)]

    def stay(self, client: Client) -> None:
        """The client, as it is now, is one of the few that go on."""
        others = [one for one in self.clients if one.number != client.number]
        self.clients = [*others, client][-MAX_CLIENTS:]

    @rule(scope=st.sampled_from(sorted(SEES_SYSTEM)), habit=st.sampled_from(HABITS), system=st.sampled_from("AB"))
    def come(self, scope: str, habit: str, system: str) -> None:
        """A client comes."""
        self.stay(Client(scope, habit, system, self.next()))

    @rule(pick=PICKS)
    def copy(self, pick: int) -> None:
        """Two go on from the same talk."""
        self.stay(self.client(pick).copy(self.next()))

    @rule(pick=PICKS, text=ASKED)
    def add(self, pick: int, text: str) -> None:
        """A user's message that is not sent yet, or whose sending failed and stayed on the screen."""
        client = self.client(pick)
        if not client.waits:
            client.ask(text)

    @rule(pick=PICKS, back=st.integers(1, 4))
    def cut(self, pick: int, back: int) -> None:
        """The end of the talk is taken back, to be edited or asked again. Who sends news alone can not do that."""
        client = self.client(pick)
        if client.habit != "news":
            del client.talk[-back:]

    @rule(pick=PICKS, texts=st.lists(ASKED, min_size=1, max_size=4))
    def talk(self, pick: int, texts: list[str]) -> None:
        """A client asks and gets its reply, a few times in a row."""
        number = self.client(pick).number
        for text in texts:
            under_way = len(self.turns)
            self.turn(next(at for at, one in enumerate(self.clients) if one.number == number), text)
            if len(self.turns) > under_way:
                self.finish(-1, None, seen=True)

    @rule(pick=PICKS, text=ASKED)
    def turn(self, pick: int, text: str) -> None:
        """A turn begins: the list is sent, the site answers, nothing has come back yet."""
        client = self.client(pick)
        if client.waits:
            return
        if client.habit == "news" and client.id is None:
            client.talk.clear()
        client.ask(text)
        number, names = self.next(), {}
        if client.habit == "chat":
            names["chat"] = f"chat {client.number}"
        if client.habit == "news" and client.id is not None:
            names["conversation_id"] = client.id
        request = {
            "scope": client.scope,
            "messages": client.sent(self.now),
            "sees_system": SEES_SYSTEM[client.scope],
            **names,
        }
        self.act(client, self.ledger.claim(**request, now=self.now, new_id=f"c{number}"), request)

    def act(self, client: Client, claim: Claim, request: dict[str, Any]) -> None:
        """Does what the plan says, and checks it against the client's talk."""
        plan = claim.plan
        assert plan.kind != "retry"
        if plan.kind == "busy":
            client.talk.pop()
            client.waits = False
            return
        if plan.kind == "continuation":
            session = self.sessions[str(claim.claimed.held["session"])]
            assert session.open
            assert session.scope == client.scope
        else:
            system = plan.system if SEES_SYSTEM[client.scope] else ()
            session = self.sessions[claim.id] = Session(client.scope, system, plan.before)
            client.talk = list(client.shown())
        assert not session.busy
        assert session.system == (plan.system if SEES_SYSTEM[client.scope] else ())
        agree(session.talk + list(plan.news), client)
        turn = Turn(client.asking(), claim, session, "", request)
        session.busy = True
        turn.reply = session.hear(plan.news)
        self.turns.append(turn)

    @precondition(lambda self: self.turns)
    @rule(pick=PICKS, stopped=st.sampled_from([None, None, 25, 30]), seen=st.booleans())
    def finish(self, pick: int, stopped: int | None, seen: bool) -> None:
        """The reply has come, or was stopped after so many characters, of which the client may have seen fewer."""
        turn = self.end(pick)
        sent = turn.reply[:stopped]
        kept = self.ledger.finish(
            turn.claim, sent, self.held(turn), now=self.now, partial=stopped is not None and len(sent) < len(turn.reply)
        )
        turn.session.busy = False
        shown = sent if stopped is None or seen else sent[:-3]
        self.show(turn, shown, kept.id)

    def show(self, turn: Turn, reply: str, conversation_id: str) -> None:
        """The client has the reply."""
        client = turn.client
        client.talk.append(Message("assistant", ECHOES[client.habit](reply)))
        client.id = conversation_id
        client.waits = False
        self.stay(client)

    def end(self, pick: int) -> Turn:
        """One of the turns under way, which ends now."""
        return self.turns.pop(pick % len(self.turns))

    @precondition(lambda self: self.turns)
    @rule(pick=PICKS, sent=st.booleans())
    def retry(self, pick: int, sent: bool) -> None:
        """The reply is lost on its way to the client, which marks its second try; or the first was given up by us."""
        turn = self.end(pick)
        if sent:
            kept = self.ledger.finish(turn.claim, turn.reply, self.held(turn), now=self.now)
            turn.session.busy = False
        else:
            self.ledger.lose(turn.claim)
            turn.session.open = False
        claim = self.ledger.claim(**turn.request, retry=True, now=self.now, new_id=f"c{self.next()}")
        if claim.plan.kind != "retry":
            self.act(turn.client, claim, turn.request)
            return
        stored = claim.plan.conversation
        if not sent or stored.id != kept.id:
            # The only other one that was asked the same: its talk was the same too, whatever goes on in it now.
            talk = self.sessions[str(stored.held["session"])].talk
            at = max(at for at, one in enumerate(talk) if one.text == stored.turn.reply)
            agree(talk[:at], turn.client, tail=turn.client.habit == "trims")
        self.show(turn, stored.turn.reply, stored.id)

    @precondition(lambda self: self.turns)
    @rule(pick=PICKS)
    def lose(self, pick: int) -> None:
        """The connection broke: nobody knows what the site saw."""
        turn = self.end(pick)
        self.ledger.lose(turn.claim)
        turn.session.open = False
        turn.client.waits = False

    @precondition(lambda self: self.turns)
    @rule(pick=PICKS)
    def crash(self, pick: int) -> None:
        """A claimant goes away without a word. Its conversation stays claimed, and its session busy."""
        self.end(pick).client.waits = False

    @rule(pick=PICKS)
    def give_back(self, pick: int) -> None:
        """A turn of which nothing was sent: the site's session is as before, and so is the conversation."""
        client = self.client(pick)
        if client.habit in {"whole", "mangles", "trims"}:
            client.ask("hello")
            claim = self.ledger.claim(
                client.scope,
                client.sent(self.now),
                now=self.now,
                new_id=f"c{self.next()}",
                sees_system=SEES_SYSTEM[client.scope],
            )
            self.ledger.give_back(claim, now=self.now)

    @rule(pick=PICKS)
    def forget(self, pick: int) -> None:
        """The user deletes a conversation."""
        client = self.client(pick)
        if client.id is not None:
            self.ledger.forget(client.scope, client.id, now=self.now)

    @rule(seconds=st.sampled_from([1.0, LEASE / 2, LEASE, TIME_TO_LIVE]))
    def wait(self, seconds: float) -> None:
        """Time goes on."""
        self.now += seconds

    @rule()
    def restart(self) -> None:
        """The gateway is started again, on what was kept as JSON."""
        kept = msgspec.json.encode(list(self.store))
        self.serve(msgspec.json.decode(kept, type=tuple[Conversation, ...]))

    def held(self, turn: Turn) -> dict[str, object]:
        """What a conversation keeps of the site: the name of its session."""
        claimed = turn.claim.claimed
        return dict(claimed.held) if claimed else {"session": turn.claim.id}

    @invariant()
    def no_session_is_shared(self) -> None:
        """Two conversations never have one session, and a free one has a session that is open and idle."""
        held = [str(one.held["session"]) for one in self.store]
        assert len(set(held)) == len(held)
        for one in self.store:
            session = self.sessions[str(one.held["session"])]
            assert session.open or not one.free()
            assert not (session.busy and one.free())

    @invariant()
    def sizes_are_bounded(self) -> None:
        """There are no more conversations than the limit and those that are claimed."""
        assert len(self.store) <= LIMIT + sum(not one.free() for one in self.store)


def agree(seen: list[Message], client: Client, *, tail: bool = False) -> None:
    """The site's talk is the client's: the user's own texts, and replies that may come from the site's."""
    known = client.talk
    if tail:
        seen = seen[-len(known) :]
    assert [one.role for one in seen] == [one.role for one in known]
    for theirs, ours in zip(seen, known, strict=True):
        if ours.role == "user":
            assert theirs == ours
        elif client.habit != "chat":
            whole, part = normal_text(theirs), normal_text(ours)
            assert theirs.text.startswith(ours.text) or whole.startswith(part)


TestTalks = Talks.TestCase
TestTalks.settings = settings(
    max_examples=400, stateful_step_count=50, deadline=None, suppress_health_check=list(HealthCheck)
)
