"""Proving a discovered site against the live one, and mending it by what that answers."""

import os
import time
from collections.abc import Callable, Mapping
from typing import Final, Unpack

import msgspec

from chatdoor.conversation.store import ConversationStore, MemoryStore
from chatdoor.discover.check import make_word, run_check
from chatdoor.discover.check_plan import pause_before
from chatdoor.discover.check_words import ASK, SAY, Words, words_for
from chatdoor.discover.discovery import Discovery
from chatdoor.discover.draft import Finding, Line, write
from chatdoor.discover.mend import mend
from chatdoor.discover.mend_bench import Bench
from chatdoor.discover.mend_budget import Budget, Spent
from chatdoor.discover.mend_tables import evidence_of, put
from chatdoor.discover.mend_trial import Kind, Outcome, Seen, Trial
from chatdoor.discover.mend_words import check_findings
from chatdoor.discover.opaque import is_marked
from chatdoor.drive.client import Client
from chatdoor.drive.visitor import Options
from chatdoor.errors import (
    ArgumentError,
    BotCheckMet,
    ChatdoorError,
    ConnectFailed,
    RateLimited,
    RecordingError,
    SecretMissing,
    SiteFailed,
    TimedOut,
)
from chatdoor.site.load import loads_site
from chatdoor.site.model import Site

REQUESTS: Final = 40
"""Requests at most, where nothing else is said. A site without surprises takes about twenty."""

TRIED: Final = "the site file under trial"

_ENDS: Final = (BotCheckMet, RateLimited, ConnectFailed, SecretMissing, TimedOut)
"""After these nothing more is sent."""

_OVERLOADED: Final = frozenset({502, 503, 504})
"""Statuses by which a site, or what stands before it, says that it is down (RFC 9110, section 15.6)."""

CHECK_COST: Final = 4
"""How many times what two turns take a whole check takes: five messages, of which two are refused at first."""


class Mended(msgspec.Struct, frozen=True):
    """What came of it: the site file and what is known of it. `error` is what ended the trials early, or None.

    `works` is False where the file is still the one that the recording gave.
    """

    text: str
    site: Site
    findings: tuple[Finding, ...]
    works: bool
    requests: int
    error: ChatdoorError | None = None


class Speech(msgspec.Struct, frozen=True):
    """What is said: `prompt` in single messages, where one is given; else, and for memory, `say` and `ask`."""

    prompt: str = ""
    say: str = SAY
    ask: str = ASK

    def words(self) -> Words:
        """The words of one trial, with a new word to remember."""
        return words_for(self.say, self.ask, make_word())


def prove(
    found: Discovery, *, requests: int = REQUESTS, speech: Speech | None = None, **options: Unpack[Options]
) -> Mended:
    """Proves what was discovered against its site, and mends it. At most so many requests are sent, at the site's pace.

    What ends the trials early is `error` of the result, and no exception; what was proven before stays. `options` are
    those of a client. Raises ArgumentError for arguments that can not be used.
    """
    if requests < 1:
        raise ArgumentError(f"requests: expected a number above 0, got {requests}")
    return _Proving(found, requests, speech or Speech(), options).run()


class _Proving:
    """One discovery on trial."""

    def __init__(self, found: Discovery, requests: int, speech: Speech, options: Options) -> None:
        self._found = found
        self._budget = Budget(requests)
        self._speech = speech
        self._options = options
        self._secrets: set[str] = set()
        self._spoke = False
        self._turns = 0
        self._cost = 0
        self._patient = False
        self._pause = pause_before(found.site)
        self._bench = Bench(list(found.tables))

    def run(self) -> Mended:
        """All trials, and a check of what they leave."""
        error = self._missing() or self._mend()
        works, more = self._bench.works, list[Finding]()
        if works and isinstance(error, Spent):
            more.append(Finding("unknown", f"not all was tried: {error.problem}"))
            error = None
        elif works and error is None:
            more += self._check()
        return self._result(more, error) if works else self._unproven(error or self._bench.failure)

    def _result(self, more: list[Finding], error: ChatdoorError | None) -> Mended:
        """The mended file; that of the recording where it would hold a secret."""
        tables = self._bench.tables
        schema = Line("schema", 1, f"{evidence_of(tables, 'schema')}; proven against the site")
        text = write(put(tables, "", schema))
        secrets = {*self._secrets, *self._found.clues.samples.values()}
        if any(is_marked(secret) and secret in text for secret in secrets):
            return self._unproven(RecordingError("the mended file would hold a secret of the site; please report it"))
        findings = (*self._bench.still_true(self._found.findings), *self._bench.findings, *more)
        return Mended(text, loads_site(text, TRIED), findings, True, self._budget.sent, error)

    def _unproven(self, error: ChatdoorError | None) -> Mended:
        found = self._found
        return Mended(found.text, found.site, (*found.findings, *self._bench.findings), False, self._budget.sent, error)

    def _missing(self) -> ChatdoorError | None:
        """The error where credentials are not there. Nothing is sent then."""
        wanted = [name for name in self._found.clues.variables if f"{{env:{name}}}" in self._found.text]
        missing = [name for name in wanted if not os.environ.get(name)]
        if not missing:
            return None
        problem = f"set {' and '.join(missing)} in the environment: the site wants a login"
        return ArgumentError(problem, site=self._found.site.name)

    def _mend(self) -> ChatdoorError | None:
        """Makes the trials. The error that ended them early, if any."""
        trials, outcome = (
            mend(self._bench, self._found.clues, frozenset(name for name in os.environ if os.environ[name])),
            None,
        )
        while True:
            try:
                trial = next(trials) if outcome is None else trials.send(outcome)
            except StopIteration:
                return None
            outcome = self._try(trial)
            if outcome.error and _ends(outcome):
                return outcome.error

    def _try(self, trial: Trial) -> Outcome:
        before, self._budget.status, self._turns = self._budget.sent, 0, 0
        self._budget.setters.clear()
        self._patient = trial.patient
        try:
            outcome = _ACTS[trial.kind](self, loads_site(write(trial.tables), TRIED))
        except ChatdoorError as error:
            return Outcome(error, status=self._budget.status, turns=self._turns)
        if trial.kind == "recall":
            self._cost = self._budget.sent - before
        return outcome

    def _client(self, site: Site, store: ConversationStore | None = None) -> Client:
        options = self._options.copy()
        options["conversations"] = store
        client = Client(site, **options)
        client.visitor.witness = self._budget
        return client

    def _look(self, site: Site) -> Outcome:
        with self._client(site) as client:
            client.warm_up()
            session = client.visitor.sessions.current
        if session is None:
            return Outcome()
        cookies = tuple((cookie.name, cookie.value) for cookie in session.jar.cookies)
        self._secrets |= {value for _, value in cookies}
        return Outcome(seen=Seen(tuple(self._budget.setters), cookies, dict(session.values)))

    def _say(self, site: Site) -> Outcome:
        with self._client(site) as client:
            self._ask(client, self._speech.prompt or self._speech.words().said)
        return Outcome(status=self._budget.status)

    def _recall(self, site: Site) -> Outcome:
        words = self._speech.words()
        with self._client(site) as client:
            first = self._ask(client, words.said)
            second = self._ask(client, words.said, first, words.asked)
        return Outcome(remembered=words.is_in(second), status=self._budget.status)

    def _apart(self, site: Site) -> Outcome:
        words, store = self._speech.words(), MemoryStore()
        with self._client(site, store) as client:
            first = self._ask(client, words.said)
        with self._client(site, store) as client:
            second = self._ask(client, words.said, first, words.asked)
        return Outcome(remembered=words.is_in(second), status=self._budget.status)

    def _ask(self, client: Client, *turns: str) -> str:
        """The reply to the last turn, after a pause."""
        if self._spoke:
            time.sleep(self._pause)
        self._spoke = True
        self._budget.entry = "" if self._may_renew(client.site, turns) else client.site.session[0].label
        messages = [{"role": ("user", "assistant")[at % 2], "content": turn} for at, turn in enumerate(turns)]
        text = client.ask(messages).text
        self._turns += 1
        return text

    def _may_renew(self, site: Site, turns: tuple[str, ...]) -> bool:
        """Whether the site file may renew its session before the reply to these turns."""
        return not site.session or (len(turns) > 1 and (self._patient or site.refreshes))

    def _check(self) -> list[Finding]:
        """What `check` says of the result, where enough requests are left for it."""
        left = self._budget.most - self._budget.sent
        if left < CHECK_COST * self._cost:
            untried = f"isolation, refusal: {left} requests are left, too few to try; `chatdoor check` does"
            return [Finding("unknown", untried)]
        time.sleep(self._pause)
        site = loads_site(write(self._bench.tables), TRIED)
        proof = run_check(site, say=self._speech.say, ask=self._speech.ask, most=left, **self._options)
        self._budget.sent += proof.requests
        return check_findings(proof)


def _ends(outcome: Outcome) -> bool:
    """Whether nothing more may be sent: a limit, a bot check, a site that is down, a secret that may not be used."""
    error = outcome.error
    down = isinstance(error, SiteFailed) and outcome.status in _OVERLOADED
    return down or isinstance(error, (*_ENDS, Spent)) or type(error) is ArgumentError


_ACTS: Final[Mapping[Kind, Callable[[_Proving, Site], Outcome]]] = {
    "look": _Proving._look,
    "say": _Proving._say,
    "recall": _Proving._recall,
    "apart": _Proving._apart,
}
"""Kind of a trial -> what is done for it."""
