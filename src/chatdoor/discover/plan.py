"""What a site file will hold, collected while values are followed: steps, shared values, findings."""

from collections.abc import Iterable, Sequence

import msgspec

from chatdoor.discover.answers import landing
from chatdoor.discover.draft import Finding, Sureness
from chatdoor.discover.logins import Login, find_login
from chatdoor.discover.naming import Names, env_prefix
from chatdoor.discover.offered import Offered, find_offered
from chatdoor.discover.passwords import passwords_of
from chatdoor.discover.recording import Exchange, Recording
from chatdoor.discover.sends import Place, Sent, sent_by
from chatdoor.discover.turns import Chat


class Step(msgspec.Struct):
    """One step: the request that it was made from, its filled-in parts, what is taken from its answer."""

    sent: Sent
    path: str
    query: dict[str, object]
    headers: dict[str, str]
    body: object
    why: str
    take: dict[str, tuple[dict[str, object], str]] = {}
    make: dict[str, str] = {}
    expect: dict[str, object] | None = None
    until: dict[str, object] | None = None
    refresh: bool = False


class Shared(msgspec.Struct, frozen=True):
    """A value for many requests: its source, and how it is known."""

    source: dict[str, object]
    why: str


class Plan:
    """What a site file will hold, collected while values are followed."""

    def __init__(self, recording: Recording, chat: Chat, site: str, elsewhere: Sequence[Sent]) -> None:
        self.recording = recording
        self.chat = chat
        self.elsewhere = elsewhere
        self.env = env_prefix(site)
        self.names = Names()
        self.findings: list[Finding] = []
        self.take: dict[str, Shared] = {}
        self.headers: dict[str, tuple[str, str]] = {}
        self.makes: dict[str, tuple[str, str]] = {}
        self.session: list[Step] = []
        self.start: list[Step] = []
        self.steps: list[Step] = []
        self.stack_why = ""
        self.renewing: set[int] = set()
        self.has_id = False
        self.keeps_list = False
        self.item: object = None
        self.roles: dict[str, str] = {}
        self.samples: dict[str, str] = {}
        self.sent = sent_by(recording)
        self.sents = [turn.asked.sent for turn in chat.turns]
        self.asked = [sent.exchange for sent in self.sents]
        self.login: Login | None = find_login(self.sent, self.sents[0].index, passwords_of(recording))
        self.turn_exchanges = {id(each) for turn in chat.turns for each in self._exchanges_of(turn.asked.sent)}
        self.needed: dict[int, tuple[Exchange, bool]] = {}
        self.needed_takes: dict[int, dict[str, tuple[dict[str, object], str]]] = {}
        self.built: dict[int, Step] = {}
        self.offered: Offered | None = find_offered(recording)
        self.chat_takes: dict[int, dict[str, tuple[dict[str, object], str]]] = {}

    def _exchanges_of(self, sent: Sent) -> list[Exchange]:
        return [sent.exchange, landing(sent.exchange, self.recording)]

    def note(self, sureness: Sureness, text: str) -> None:
        """One more line of the report, once."""
        finding = Finding(sureness, text)
        if finding not in self.findings:
            self.findings.append(finding)


def entries(sents: Iterable[Sent]) -> str:
    """The entries of requests, in words."""
    indexes = list(dict.fromkeys(str(sent.index) for sent in sents))
    if len(indexes) == 1:
        return f"entry {indexes[0]}"
    return f"entries {', '.join(indexes[:-1])} and {indexes[-1]}"


def said(place: Place) -> str:
    """A place in words: `body message.content`."""
    return f"{place[0]} {'.'.join(str(part) for part in place[1:]) or 'text'}"
