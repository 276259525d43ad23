"""A site file is proven against the practice site, whatever that does; the site's own counts say what was sent."""

from collections.abc import Mapping
from itertools import product
from typing import Any, get_args

import pytest

from chatdoor import Finding, Practice, Proof, Site, run_check
from chatdoor.discover.check_plan import CHECKS
from chatdoor.errors import ArgumentError
from chatdoor.practice.behaviour import History, Login, Shape, Token
from chatdoor.site.load import loads_site

ALL_WORK = dict.fromkeys(CHECKS, "works")


@pytest.fixture(autouse=True)
def _guest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRACTICE_USER", "guest")
    monkeypatch.setenv("PRACTICE_PASSWORD", "guest")


def proven(practice: Practice, *, change: Mapping[str, str] | None = None, **arguments: Any) -> Proof:
    """The proof of a practice site, or of a file that differs from its own."""
    with practice as site:
        return run_check(changed(site, change or {}), allow_secrets=True, **arguments)


def changed(site: Site, change: Mapping[str, str]) -> Site:
    """The site whose file has other text in some places."""
    text = site.text
    for old, new in change.items():
        assert old in text
        text = text.replace(old, new)
    return loads_site(text)


def verdicts(proof: Proof) -> dict[str, str]:
    """Check -> verdict."""
    return {finding.check: finding.verdict for finding in proof.findings}


def finding(proof: Proof, check: str) -> Finding:
    """What was found of one check."""
    return next(finding for finding in proof.findings if finding.check == check)


def test_a_site_that_works_is_proven() -> None:
    """Nine findings, four messages that are taken, and two refusals that were provoked."""
    practice = Practice(reply="sse-delta", pause=0.02, history="session")
    proof = proven(practice)
    assert verdicts(proof) == ALL_WORK
    assert (proof.works, proof.exit_code, proof.failures) == (True, 0, ())
    stats = practice.stats()
    assert (stats["accepted"], stats["refused"]) == (4, 2)
    assert proof.requests == stats["accepted"] + stats["refused"] + stats["pages"] <= proof.most_requests
    talks = practice.heard()
    assert [len(turns) for turns in talks] == [3, 1]  # the message after the refresh goes on in the refreshed session


@pytest.mark.parametrize(
    ("token", "login"),
    [pair for pair in product(get_args(Token), get_args(Login)) if pair != ("none", "none")],
)
def test_every_token_and_login_is_refused_and_refreshed(token: str, login: str) -> None:
    """Whatever a visitor is known by: without it the site refuses, and one refresh mends it."""
    practice = Practice(token=token, login=login)
    found = verdicts(proven(practice))
    del found["streaming"]
    del found["token"]
    assert set(found.values()) == {"works"}
    assert (practice.stats()["accepted"], practice.stats()["refused"]) == (4, 2)


@pytest.mark.parametrize(
    ("reply", "history"),
    [pair for pair in product(get_args(Shape), get_args(History)) if pair[1] != "none"],
)
def test_every_reply_and_history_is_proven(reply: str, history: str) -> None:
    """Memory and isolation are shown whoever remembers; a stream that comes at once is no failure."""
    proof = proven(Practice(reply=reply, history=history))
    found = verdicts(proof)
    assert found.pop("streaming") in {"skipped", "not shown", "works"}
    assert set(found.values()) == {"works"}, proof.failures
    assert proof.requests <= proof.most_requests


@pytest.mark.parametrize("history", [history for history in get_args(History) if history != "none"])
def test_conversations_that_mix_are_found_out(history: str) -> None:
    """A word of one conversation that comes up in another is a failure, and nothing is sent after it."""
    practice = Practice(history=history, mix=True)
    proof = proven(practice, word="Zuvokira")
    assert verdicts(proof)["isolation"] == "fails"
    assert "Zuvokira" in finding(proof, "isolation").saw
    assert "mixes" in finding(proof, "isolation").advice
    assert proof.exit_code == 1
    assert verdicts(proof)["refusal"] == "skipped"
    assert practice.stats()["accepted"] == 3


def test_a_site_that_forgets_is_no_failure() -> None:
    """Where the reply does not show the word, nobody knows why: the verdict says so, and what to do."""
    practice = Practice(history="none")
    proof = proven(practice, change={'history = "none"\n': ""})
    assert (verdicts(proof)["memory"], verdicts(proof)["isolation"]) == ("not shown", "skipped")
    assert "--say" in finding(proof, "memory").advice
    assert proof.works


def test_where_nobody_remembers_nothing_is_asked() -> None:
    """The file says so: no message is spent on it."""
    practice = Practice(history="none")
    assert verdicts(proven(practice))["memory"] == "skipped"
    assert practice.stats()["accepted"] == 2


def test_a_conversation_that_is_told_again_works_and_is_told_of() -> None:
    """The word comes back because chatdoor has told the turns again: it works, and the advice says at what price."""
    practice = Practice(history="session")

    def forget_after_the_first(finding: Finding) -> None:
        practice.faults(forget=finding.check == "turn")

    proof = proven(practice, tell=forget_after_the_first)
    assert verdicts(proof)["memory"] == "works"
    assert "told again" in finding(proof, "memory").saw
    assert finding(proof, "memory").advice


def test_a_conversation_that_is_always_lost_fails() -> None:
    """It is lost again while it is told from the start: no turn but the first would ever work."""
    proof = proven(Practice(history="session", forget_every=1))
    (failure,) = proof.failures
    assert (failure.check, failure.kind, failure.exit_code) == ("memory", "ConversationLost", 4)


def test_a_site_whose_tokens_always_expire_works() -> None:
    """Each message is refused once and renewed once; the check stays below what it said."""
    practice = Practice(expire_every=1)
    proof = proven(practice, skip=["streaming"])
    assert set(verdicts(proof).values()) == {"works"}
    assert (practice.stats()["accepted"], proof.requests) == (4, 12)
    assert proof.requests <= proof.most_requests


def test_a_token_that_is_not_needed_is_told() -> None:
    """A message with a wrong one is taken: no failure, and nothing to refresh."""
    practice = Practice(token="none")
    value = '[session]\nget = "/"\n[take]\ncsrf = { css = "title" }\n[headers]\nX-Token = "{csrf}"\n[chat]'
    proof = proven(practice, change={"[chat]": value})
    assert (verdicts(proof)["refusal"], verdicts(proof)["refresh"]) == ("not shown", "skipped")
    assert "does not need it" in finding(proof, "refusal").advice
    assert proof.works


def test_a_refusal_that_the_file_does_not_know_fails() -> None:
    """The token would expire one day, and nothing would be renewed; the advice says which key is missing."""
    proof = proven(Practice(), change={"refused = { status = 403 }": "refused = { status = 419 }"})
    refusal = finding(proof, "refusal")
    assert (refusal.verdict, refusal.exit_code) == ("fails", 7)
    assert "403" in refusal.saw
    assert "`refused`" in refusal.advice
    assert verdicts(proof)["refresh"] == "skipped"


def test_a_site_without_token_and_session_has_nothing_to_refuse() -> None:
    """The first message shows that it can be reached."""
    practice = Practice(token="none")
    proof = proven(practice)
    assert [check for check, verdict in verdicts(proof).items() if verdict == "works"] == [
        "reachable", "turn", "memory", "isolation",
    ]  # fmt: skip
    assert (practice.stats()["accepted"], proof.requests) == (3, 3)


FAULTS = {
    "fail_every": ("SiteFailed", 7),
    "error_every": ("SiteFailed", 7),
    "cut_every": ("ReplyCutShort", 7),
    "limit_every": ("RateLimited", 6),
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize(("every", "check"), [(1, "turn"), (2, "memory")])
def test_after_a_failure_nothing_is_sent(fault: str, every: int, check: str) -> None:
    """A message that may have acted is not followed by another; the failure has the error's name and exit code."""
    practice = Practice(reply="sse-delta", retry_after=600, **{fault: every})
    proof = proven(practice)
    failure = finding(proof, check)
    assert (failure.verdict, failure.kind, failure.exit_code) == ("fails", *FAULTS[fault])
    assert failure.advice
    assert proof.failures == (failure,)
    stats = practice.stats()
    assert (
        stats["accepted"] + stats["failed"] + stats["limited"] - (stats["accepted"] and fault == "cut_every") == every
    )
    assert proof.requests == 1 + every


BREAKAGES: dict[str, tuple[dict[str, str], str, int, str]] = {
    "the token has moved": ({'cookie = "csrftoken"': 'meta = "csrf"'}, "token", 4, "`take`"),
    "the reply has moved": ({'json = "response"': 'json = "answer"'}, "turn", 7, "[reply]"),
    "the chat has moved": ({"/generate_response/": "/gone/"}, "turn", 7, "[chat]"),
    "the page has moved": ({'get = "/"': 'get = "/gone"'}, "session", 7, "[session]"),
}


@pytest.mark.parametrize("breakage", BREAKAGES)
def test_what_has_changed_is_named(breakage: str) -> None:
    """A site that is not any more as its file says: the check, the exit code, and where to look."""
    change, check, code, advice = BREAKAGES[breakage]
    proof = proven(Practice(), change=change)
    (failure,) = proof.failures
    assert (failure.check, failure.exit_code) == (check, code), failure
    assert advice in failure.advice


def test_nobody_there() -> None:
    """No connection is the failure of the first check, and all others are skipped."""
    practice = Practice()
    with practice as site:
        pass
    proof = run_check(site)
    assert verdicts(proof) == {**dict.fromkeys(CHECKS, "skipped"), "reachable": "fails"}
    assert proof.exit_code == 9


def test_nobody_there_and_no_session_steps() -> None:
    """The first message finds it out, which is the failure of the first check all the same."""
    with Practice(token="none") as site:
        pass
    proof = run_check(site)
    assert verdicts(proof)["reachable"] == "fails"
    assert [failure.check for failure in proof.failures] == ["reachable"]


def test_a_wrong_password_is_told_of() -> None:
    """The session fails, and the password is nowhere."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PRACTICE_PASSWORD", "not-guest")
        proof = proven(Practice(login="form"))
    assert (proof.failures[0].check, proof.failures[0].kind, proof.exit_code) == ("session", "LoginFailed", 4)
    assert "not-guest" not in repr(proof)


def test_credentials_that_may_not_be_sent_are_all_named() -> None:
    """Nothing is sent, and the advice lists what the site needs."""
    practice = Practice(login="json")
    with practice as site:
        proof = run_check(site)
    assert (proof.failures[0].check, proof.exit_code) == ("session", 2)
    assert "{env:PRACTICE_PASSWORD}, {env:PRACTICE_USER}" in proof.failures[0].advice
    assert practice.stats()["accepted"] == 0


def test_only_what_was_asked_for_is_told() -> None:
    """One check gives one finding, and sends no more than it needs."""
    practice = Practice()
    assert [finding.check for finding in proven(practice, only=["memory"]).findings] == ["memory"]
    assert practice.stats()["accepted"] == 2


def test_a_failure_is_told_even_where_nobody_asked() -> None:
    """What a check rests on has failed: the proof must not look good."""
    proof = proven(Practice(fail_every=1), only=["refresh"])
    assert verdicts(proof) == {"turn": "fails", "refresh": "skipped"}
    assert not proof.works


def test_one_may_say_something_else() -> None:
    """The message, the question and the word are the caller's, also the system text."""
    practice = Practice()
    proof = proven(practice, say="I feel {word}", ask="Do you remember?", word="blue", system="Be brief.")
    assert verdicts(proof)["memory"] == "works"
    assert practice.heard()[1] == ["I feel blue", "Do you remember?"]


def test_without_a_word_memory_is_skipped() -> None:
    """A message that plants nothing can not come back."""
    practice = Practice()
    proof = proven(practice, say="Hello")
    assert (verdicts(proof)["memory"], verdicts(proof)["isolation"]) == ("skipped", "skipped")
    assert practice.stats()["accepted"] == 2


def test_a_stream_that_comes_at_once_is_not_shown() -> None:
    """Events without a pause may have been held back: the verdict says so."""
    proof = proven(Practice(reply="sse-delta"), only=["streaming"])
    assert finding(proof, "streaming").verdict == "not shown"
    assert "at once" in finding(proof, "streaming").saw


def test_findings_are_heard_as_they_come() -> None:
    """A listener has each of them before the proof is there."""
    heard: list[Finding] = []
    proof = proven(Practice(), tell=heard.append)
    assert tuple(heard) == proof.findings


def test_a_token_that_was_given_is_used() -> None:
    """It is neither fetched nor renewed; a wrong one in its place is still refused."""
    practice = Practice(token="header", history="none")
    with practice as site:
        text = site.text
    assert "X-CSRF-Token" in text
    proof = proven(practice, access_token="not-a-good-one")
    assert (proof.failures[0].check, proof.exit_code) == ("turn", 4)
    assert practice.stats()["pages"] == 0


def test_one_session_at_a_time_is_enough() -> None:
    """Where the second conversation takes the place of the first, its session is the one that is spoiled."""
    practice = Practice(history="session")
    proof = proven(practice, change={"[chat]": "[limits]\nsessions = 1\n[chat]"}, skip=["streaming"])
    assert set(verdicts(proof).values()) == {"works"}


def test_arguments_are_checked_before_anything_is_sent() -> None:
    """A check that is none and an option that is none."""
    practice = Practice()
    with practice as site:
        for arguments in ({"only": ["x"]}, {"say": ""}, {"proxies": "x"}):
            with pytest.raises(ArgumentError):
                run_check(site, **arguments)  # type: ignore[arg-type]
    assert practice.stats()["pages"] == 0


def test_no_more_is_sent_than_was_said() -> None:
    """A site that is never ready is given up when the requests are used up, long before the time is."""
    practice = Practice(reply="job-poll")
    proof = proven(practice, change={'state = "ready"': 'state = "never"'}, only=["turn"])
    (failure,) = proof.failures
    assert failure.check == "turn"
    assert proof.requests == proof.most_requests
    assert f"its {proof.most_requests} requests" in failure.saw
