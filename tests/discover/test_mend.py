"""Mending decides by outcomes alone: which trial comes next, and what is written for what came."""

import tomllib
from collections.abc import Callable, Sequence
from typing import Any

from chatdoor.discover.clues import Clues, Given
from chatdoor.discover.draft import Finding, Line, Table, write
from chatdoor.discover.mend import mend
from chatdoor.discover.mend_bench import Bench
from chatdoor.discover.mend_settle import LOGINS
from chatdoor.discover.mend_trial import PAGE, Outcome, Seen, Setter, Trial
from chatdoor.errors import LoginFailed, SessionRefused, UnexpectedReply
from tests.discover.chats import OTHER, TOKEN

GOOD = Outcome(remembered=True, status=200, turns=2)
REFUSED = Outcome(SessionRefused("refused", step="POST /ask"), status=403)
NOTHING = Clues({}, (), (), (), ())
Site = Callable[[Trial, dict[str, Any]], Outcome]


def draft(*more: Table, **headers: str) -> list[Table]:
    """A site of one step, with these headers in it."""
    chat = [Line("post", "/ask"), Line("json", {"q": "{prompt}"})]
    chat += [Line("headers", {name.replace("_", "-"): text for name, text in headers.items()})] if headers else []
    top = Table("", [Line("schema", 1), Line("name", "bot"), Line("url", "https://bot.example.org")])
    return [top, *more, Table("[chat]", chat), Table("[reply]", [Line("json", "answer")])]


def mended(
    tables: list[Table], site: Site, clues: Clues = NOTHING, held: Sequence[str] = ()
) -> tuple[Bench, list[str]]:
    """The draft after all trials against a site that is a function, and the kinds of the trials."""
    bench, kinds, outcome = Bench(tables), list[str](), None
    trials = mend(bench, clues, frozenset(held))
    while True:
        try:
            trial = next(trials) if outcome is None else trials.send(outcome)
        except StopIteration:
            return bench, kinds
        kinds.append(trial.kind)
        outcome = site(trial, tomllib.loads(write(trial.tables)))


def sent(site: dict[str, Any]) -> dict[str, str]:
    """The headers of a message."""
    return {**site.get("headers", {}), **site["chat"].get("headers", {})}


def texts(bench: Bench, sureness: str = "proven") -> list[str]:
    """What was found."""
    return [each.text for each in bench.findings if each.sureness == sureness]


def test_a_draft_that_works_is_left_as_it_is() -> None:
    """One trial, and nothing to leave out."""
    tables = draft()
    bench, kinds = mended(tables, lambda _trial, _site: GOOD)
    assert (kinds, bench.works, write(bench.tables)) == (["recall"], True, write(tables))


def test_needless_headers_go_at_once() -> None:
    """One trial for all of them."""
    bench, kinds = mended(draft(X_A="1", X_B="2", X_C="3"), lambda _trial, _site: GOOD)
    assert kinds == ["recall", "say", "recall"]
    assert "headers" not in write(bench.tables)
    assert "X-A, X-B, X-C: not needed, left out" in texts(bench)


def test_needed_headers_are_found_by_halves() -> None:
    """Of eight headers one is needed: it alone is kept, with what came without it."""
    names = {f"X_{number}": "x" for number in range(8)}
    bench, kinds = mended(draft(**names), lambda _trial, site: GOOD if "X-5" in sent(site) else REFUSED)
    assert 'headers = { X-5 = "x" }  # X-5: proven needed, HTTP 403 without it' in write(bench.tables)
    assert kinds.count("say") <= 7


def test_a_header_that_carries_the_talk_is_kept() -> None:
    """Messages are answered without it, and the second one is not remembered."""

    def site(trial: Trial, data: dict[str, Any]) -> Outcome:
        return Outcome(remembered=trial.kind == "recall" and "X-Tab" in sent(data), status=200, turns=2)

    bench, _ = mended(draft(X_Lang="en", X_Tab="one"), site)
    assert 'headers = { X-Tab = "one" }  # X-Tab: proven needed, no memory without it' in write(bench.tables)


def test_a_token_without_a_source_is_looked_for() -> None:
    """The cookie of the recorded length is tried first, though another one stands before it."""

    def site(trial: Trial, data: dict[str, Any]) -> Outcome:
        if trial.kind == "look":
            values = {f"{PAGE}0": "<html></html>"}
            return Outcome(seen=Seen((Setter("/", ("lang", "xsrf")),), (("lang", "en"), ("xsrf", OTHER)), values))
        return GOOD if data.get("take") == {"token": {"cookie": "xsrf"}} else REFUSED

    clues = Clues({"{env:BOT_TOKEN}": TOKEN}, ("x-token",), ("/",), (), ())
    bench, kinds = mended(draft(Table("[headers]", [Line("X-Token", "{env:BOT_TOKEN}")])), site, clues)
    text = write(bench.tables)
    assert kinds == ["recall", "look", "recall"]
    assert tomllib.loads(text)["take"] == {"token": {"cookie": "xsrf"}}
    assert tomllib.loads(text)["headers"] == {"X-Token": "{token}"}
    assert tomllib.loads(text)["session"] == {"get": "/"}
    assert "# proven: the site answered with it; without: HTTP 403" in text


def test_a_reference_that_is_set_is_sent() -> None:
    """A secret of the person's is used as it is, and never left out."""
    tables = draft(Table("[headers]", [Line("X-Api-Key", "{env:BOT_API_KEY}")]))
    bench, kinds = mended(tables, lambda _trial, site: GOOD if sent(site) else REFUSED, held=["BOT_API_KEY"])
    assert (kinds, bench.works, "{env:BOT_API_KEY}" in write(bench.tables)) == (["recall"], True, True)


def test_a_bearer_that_is_hidden() -> None:
    """A 401 is answered with the token that the login gave."""
    login = Table("[session]", [Line("post", "/login"), Line("json", {"password": "{env:BOT_PASSWORD}"})])
    clues = Clues({}, (), (), (Given("post", "/login", {"json": "data.token"}),), ("BOT_PASSWORD",))
    refused = Outcome(SessionRefused("sign in", step="POST /ask"), status=401)

    def site(_trial: Trial, data: dict[str, Any]) -> Outcome:
        return GOOD if sent(data).get("Authorization") == "Token {bearer}" else refused

    bench, _ = mended(draft(login), site, clues)
    data = tomllib.loads(write(bench.tables))
    assert data["session"]["take"] == {"bearer": {"json": "data.token"}}
    assert data["headers"] == {"Authorization": "Token {bearer}"}


def test_a_login_is_not_tried_for_ever() -> None:
    """After a second one that fails nothing more is sent."""
    login = Table("[session]", [Line("post", "/login"), Line("form", {"csrf_token": "{env:BOT_CSRF}"})])
    clues = Clues({"{env:BOT_CSRF}": TOKEN}, (), ("/", "/a", "/b"), (), ())
    wrong = Outcome(LoginFailed("wrong user or password?", step="POST /login"), status=200)
    bench, kinds = mended(draft(login), lambda trial, _site: Outcome() if trial.kind == "look" else wrong, clues)
    assert (bench.works, bench.failure, kinds.count("recall")) == (False, wrong.error, LOGINS)


def test_a_preset_that_is_not_needed_goes() -> None:
    """Its token, header and page are left out with it, and stay where the site wants them."""
    tables = draft()
    tables[0].add("extends", "django")
    clues = Clues({}, ("x-csrftoken",), ("/",), (), ())
    free, _ = mended(tables, lambda _trial, _site: GOOD, clues)
    assert not {"extends", "take", "headers"} & tomllib.loads(write(free.tables)).keys()
    strict, _ = mended(tables, lambda _trial, site: GOOD if "extends" in site else REFUSED, clues)
    assert 'extends = "django"  # csrf: proven needed, HTTP 403 without it' in write(strict.tables)


def test_an_unknown_refusal_is_learned() -> None:
    """A status that no site file knows as a refusal is declared as one."""
    tables = draft(Table("[take]", [Line("csrf", {"meta": "csrf-token"})]), Table("[headers]", [Line("X-T", "{csrf}")]))
    unknown = Outcome(UnexpectedReply("the answer is an error", step="POST /ask"), status=422)
    bench, _ = mended(tables, lambda _trial, site: GOOD if sent(site) else unknown)
    data = tomllib.loads(write(bench.tables))
    assert data["refused"] == {"status": [401, 403, 419, 422, 440]}
    assert data["take"] == {"csrf": {"meta": "csrf-token"}}


def test_the_id_is_tried_from_another_session() -> None:
    """Found there, the guess is proven; not found, the conversation stays with its session."""
    kept = Table("[conversation]", [Line("history", "id", "guessed")])
    lost = Outcome(status=200, turns=2)
    proven, _ = mended([*draft(), kept], lambda _trial, _site: GOOD)
    assert 'history = "id"  # proven' in write(proven.tables)
    other, kinds = mended([*draft(), kept], lambda trial, _site: lost if trial.kind == "apart" else GOOD)
    assert (kinds, "history" in write(other.tables)) == (["recall", "apart", "recall"], False)


def test_answered_questions_are_not_asked() -> None:
    """What a trial has shown takes the question's place; what it has not stays."""
    bench, _ = mended(draft(), lambda _trial, _site: GOOD)
    asked = [
        Finding("guessed", "history: kept by the site with the session, or not at all; does it remember?"),
        Finding("guessed", "chat: POST /ask; is this the chat?"),
        Finding("sure", "chat: POST /ask, 2 turns"),
    ]
    assert bench.still_true(asked) == asked[1:]


def test_a_token_for_each_turn_is_renewed() -> None:
    """Where only the second turn is refused, the session's page is opened again before anything else is tried."""
    page = Table("[session]", [Line("get", "/")])
    tables = draft(page, Table("[take]", [Line("csrf", {"meta": "t"})]), Table("[headers]", [Line("X-T", "{csrf}")]))
    second = Outcome(SessionRefused("refused", step="POST /ask"), status=403, turns=1)
    bench, kinds = mended(tables, lambda _trial, site: GOOD if site["session"].get("refresh") else second)
    assert kinds[:2] == ["recall", "recall"]
    assert "refresh = true  # proven: the talk went on after it" in write(bench.tables)
