"""Runs against a real practice site, which counts what it saw."""

import asyncio
import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chatdoor import Practice, Site, load_site, run_batch
from chatdoor.batch import breaker, crew
from chatdoor.batch.face import look
from chatdoor.batch.files import journal_of
from chatdoor.batch.journal import MAGIC, slot_bytes
from chatdoor.batch.plan import Plan, Progress, Silent
from chatdoor.errors import ArgumentError, BatchStopped, SecretMissing
from tests.servers.ports import free_port
from tests.servers.waiting import once, wait_until

Results = dict[int, dict[str, Any]]


class Noted(Silent):
    """A watcher that keeps what it hears."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.course: list[Progress] = []

    def progressed(self, progress: Progress) -> None:
        self.course.append(progress)

    def said(self, text: str) -> None:
        self.texts.append(text)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Sixty prompts."""
    return write(tmp_path, 60)


def write(folder: Path, count: int) -> Path:
    """An input of so many prompts."""
    file = folder / "in.txt"
    file.write_text("".join(f"I feel number {number}\n" for number in range(1, count + 1)))
    return file


def results_of(output: Path) -> Results:
    """The results by line. Each line has one."""
    results = [json.loads(line) for line in output.read_text().splitlines()]
    assert len({result["chatdoor"]["line"] for result in results}) == len(results)
    return {result["chatdoor"]["line"]: result for result in results}


def text_of(result: dict[str, Any]) -> str:
    """The reply."""
    text: str = result["response"]["body"]["choices"][0]["message"]["content"]
    return text


def test_every_row_has_its_own_reply(source: Path, tmp_path: Path) -> None:
    """In OpenAI's format, with what chatdoor knows beside it; nothing else is left in the folder."""
    practice = Practice()
    with practice as site:
        summary = run_batch(source, tmp_path / "out", site)
    results = results_of(tmp_path / "out")
    assert {line: text_of(result) for line, result in results.items()} == {
        line: f"Why do you feel number {line}?" for line in range(1, 61)
    }
    first = results[1]
    assert first["custom_id"] == "line-1"
    assert first["error"] is None
    assert first["response"]["status_code"] == 200
    assert first["response"]["body"]["object"] == "chat.completion"
    about = first["chatdoor"]
    assert (about["attempts"], about["fidelity"], about["asked_again"]) == (1, "native", False)
    assert 0 < about["first_piece"] <= about["latency"]
    assert (summary.rows, summary.answered, summary.failed, summary.missing, summary.attempts) == (60, 60, 0, 0, 60)
    assert practice.stats()["accepted"] == 60
    assert sorted(file.name for file in tmp_path.iterdir()) == ["in.txt", "out"]


def test_what_is_done_is_not_asked_again(source: Path, tmp_path: Path) -> None:
    """The same call, and one with more rows in the input: only what is missing is asked, and counts are of all."""
    practice = Practice()
    with practice as site:
        run_batch(source, tmp_path / "out", site, limit=20)
        assert run_batch(source, tmp_path / "out", site, limit=20).asked == 0
        summary = run_batch(write(tmp_path, 70), tmp_path / "out", site)
    assert (summary.asked, summary.answered, practice.stats()["accepted"]) == (50, 70, 70)
    assert len(results_of(tmp_path / "out")) == 70


def test_a_limit_counts_its_own_rows(source: Path, tmp_path: Path) -> None:
    """What lies beyond it is no progress, and hides nothing that is missing."""
    with Practice() as site:
        run_batch(source, tmp_path / "out", site)
        kept = (tmp_path / "out").read_bytes().splitlines(keepends=True)
        (tmp_path / "out").write_bytes(b"".join(line for line in kept if b'"line-3"' not in line))
        plan = Plan(source=source, output=tmp_path / "out", limit=5)
        assert look(plan, site, Silent()).missing == 1
        noted = Noted()
        summary = run_batch(source, tmp_path / "out", site, limit=5, watcher=noted)
    assert (summary.rows, summary.missing, summary.answered, summary.asked) == (5, 0, 60, 1)
    assert [(progress.done, progress.rows) for progress in (noted.course[0], noted.course[-1])] == [(4, 5), (5, 5)]


def test_scripts_are_conversations(tmp_path: Path) -> None:
    """Each turn goes out after the reply to the one before; the result holds all replies."""
    source = tmp_path / "in.jsonl"
    source.write_text('{"turns": ["I feel lost", "I feel found"], "id": "x"}\n')
    practice = Practice()
    with practice as site:
        run_batch(source, tmp_path / "out", site)
    (result,) = results_of(tmp_path / "out").values()
    assert result["chatdoor"]["replies"] == ["Why do you feel lost?", "Do you often feel found?"]
    assert (result["chatdoor"]["attempts"], text_of(result)) == (2, "Do you often feel found?")
    assert practice.heard() == [["I feel lost"], ["I feel lost", "I feel found"]]


@pytest.mark.parametrize("history", ["session", "id", "start"])
@pytest.mark.parametrize("sessions", ["reuse", "fresh"])
def test_scripts_stay_apart_where_the_site_remembers(tmp_path: Path, history: str, sessions: Any) -> None:
    """Equal scripts at the same time: each is a conversation of its own, on the site too."""
    source = tmp_path / "in.jsonl"
    source.write_text('["I feel lost", "I feel found"]\n' * 30)
    practice = Practice(history=history, slow=0.005)
    with practice as site:
        run_batch(source, tmp_path / "out", site, sessions=sessions)
    assert practice.heard() == [["I feel lost", "I feel found"]] * 30


def test_a_script_that_the_site_forgets_is_told_again(tmp_path: Path) -> None:
    """From its start; the result says so, also where the last turn needed nothing."""
    source = tmp_path / "in.jsonl"
    source.write_text('["I feel lost", "I feel found", "I feel glad"]\n' * 2)
    practice = Practice(history="session", forget_every=4)  # after the first turn of the second
    with practice as site:
        run_batch(source, tmp_path / "out", site, concurrency=1)
    first, second = results_of(tmp_path / "out").values()
    assert first["chatdoor"]["replies"] == second["chatdoor"]["replies"]
    assert [result["chatdoor"]["fidelity"] for result in (first, second)] == ["native", "replayed"]
    assert second["chatdoor"]["attempts"] == 5
    assert practice.heard()[-1] == ["I feel lost", "I feel found", "I feel glad"]


def test_fresh_sessions_are_new_visitors(source: Path, tmp_path: Path) -> None:
    """One page for each row; otherwise one for all of them."""
    pages = []
    for sessions in ("fresh", "reuse"):
        practice = Practice()
        with practice as site:
            run_batch(source, tmp_path / sessions, site, sessions=sessions)  # type: ignore[arg-type]
        pages.append(practice.stats()["pages"])
    assert pages[0] >= 60
    assert pages[1] == 1


def test_bad_rows_are_error_rows(tmp_path: Path) -> None:
    """With their line number; all others are asked."""
    source = tmp_path / "in.jsonl"
    rows = [b'\xef\xbb\xbf"I feel one"\r', b"{broken", b'{"prompt": 3}', b"x" * 8_000_001, b'"\xff"']
    rows += [b'{"prompt": "I feel two", "id": "a"}', b'{"prompt": "I feel three", "id": "a"}', b'"I feel four"']
    source.write_bytes(b"\n".join(rows))
    practice = Practice()
    with practice as site:
        summary = run_batch(source, tmp_path / "out", site)
        assert run_batch(source, tmp_path / "out", site).asked == 0
    results = results_of(tmp_path / "out")
    problems = {line: result["error"]["message"] for line, result in results.items() if result["error"]}
    assert problems.keys() == {2, 3, 4, 5, 7}
    assert problems[4].startswith("line 4: is longer than 8000000 bytes")
    assert problems[7] == "line 7: the id 'a' is taken by an earlier row"
    assert (summary.answered, dict(summary.errors)) == (3, {"BadRow": 5})
    assert practice.stats()["accepted"] == 3


def test_failed_rows_are_asked_again_on_demand(source: Path, tmp_path: Path) -> None:
    """Without it they count as done; with it each has one result, and it is the new one."""
    practice = Practice(fail_every=4)
    with practice as site:
        first = run_batch(source, tmp_path / "out", site)
        practice.faults(fail_every=0)
        second = run_batch(source, tmp_path / "out", site)
        third = run_batch(source, tmp_path / "out", site, retry_failed=True)
    assert dict(first.errors) == {"SiteFailed": first.failed}
    assert first.failed >= 15
    assert second.asked == 0
    assert (third.asked, third.answered, third.failed) == (first.failed, 60, 0)
    results = results_of(tmp_path / "out")
    assert all(result["error"] is None and not result["chatdoor"]["asked_again"] for result in results.values())


def test_a_wait_that_is_asked_for_is_heeded_by_all(source: Path, tmp_path: Path) -> None:
    """Every row is answered, by as many requests as the site counted; in the wait there is silence."""
    practice = Practice(limit_every=30, retry_after=1)
    with practice as site:
        began = time.monotonic()
        summary = run_batch(source, tmp_path / "out", site)
    assert (summary.answered, summary.failed) == (60, 0)
    assert time.monotonic() - began >= 2
    assert summary.attempts > 60


def test_a_wait_beyond_the_timeout_is_heeded_too(source: Path, tmp_path: Path) -> None:
    """The call ends with it, the row does not: it is asked when the wait is over."""
    practice = Practice(limit_every=40, retry_after=1)
    with practice as site:
        summary = run_batch(source, tmp_path / "out", site, timeout=0.5)
    assert (summary.answered, summary.failed) == (60, 0)


def test_the_pace_is_kept(tmp_path: Path) -> None:
    """So many in a minute, after a first few, and no row times out while it waits for its turn."""
    with Practice() as site:
        began = time.monotonic()
        summary = run_batch(
            write(tmp_path, 14), tmp_path / "out", site, per_minute=600, concurrency=4, timeout=0.5
        )  # fmt: skip
    assert time.monotonic() - began >= 0.9
    assert summary.answered == 14


def test_the_limit_of_the_site_holds(tmp_path: Path) -> None:
    """Searching for what the site bears never goes beyond what its file allows."""
    noted = Noted()
    with Practice() as site:
        limited = load_site_with(tmp_path, site, "[limits]\nconcurrency = 3\n")
        run_batch(write(tmp_path, 200), tmp_path / "out", limited, watcher=noted)
    assert max(progress.at_a_time for progress in noted.course) <= 3


def load_site_with(folder: Path, site: Site, more: str) -> Site:
    """The site with more in its file."""
    (folder / "site.toml").write_text(site.text + "\n" + more)
    return load_site(folder / "site.toml")


def test_a_site_that_goes_down_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The run pauses, says so, and goes on when the site is back; no row fails for it that was not sent."""
    monkeypatch.setattr(breaker, "FIRST_PAUSE", 0.2)
    noted, port = Noted(), free_port()
    practice = Practice(port=port, slow=0.01)
    with practice as site:
        other = Practice(port=port)
        once(lambda: practice.stats()["accepted"] >= 40, practice.stop)
        back = once(lambda: noted.texts, other.start)
        try:
            summary = run_batch(write(tmp_path, 400), tmp_path / "out", site, concurrency=4, watcher=noted)
        finally:
            back.join()
            other.stop()
    assert summary.missing == 0
    assert summary.failed <= 4  # what was under way when the site went
    assert set(summary.errors) <= {"ReadFailed", "WriteFailed"}
    assert any("the site fails (" in text and "next try in" in text for text in noted.texts)
    assert "the site is back; the run goes on" in noted.texts


def test_patience_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A site that stays down ends the run, and its rows are missing, not failed."""
    monkeypatch.setattr(breaker, "FIRST_PAUSE", 0.2)
    practice = Practice(slow=0.01)
    with practice as site:
        once(lambda: practice.stats()["accepted"] >= 40, practice.stop)
        with pytest.raises(BatchStopped, match="the site has been down for too long"):
            run_batch(write(tmp_path, 400), tmp_path / "out", site, concurrency=4, patience=1.0)
    results = results_of(tmp_path / "out")
    assert 0 < len(results) < 400
    assert sum(result["error"] is not None for result in results.values()) <= 4


def test_nothing_but_failures_ends_early(source: Path, tmp_path: Path) -> None:
    """A wrong address or a broken site file costs a few rows, not all of them."""
    practice = Practice(fail_every=1)
    with practice as site, pytest.raises(BatchStopped, match="nothing but failures"):
        run_batch(source, tmp_path / "out", site, concurrency=2)
    assert practice.stats()["accepted"] <= breaker.FAILURES_TO_STOP + 2


@pytest.mark.parametrize(("allowed", "problem"), [(False, "not allowed yet"), (True, "no environment variable")])
def test_a_secret_that_can_not_be_sent_ends_it_at_once(
    source: Path, tmp_path: Path, allowed: bool, problem: str
) -> None:
    """Each row would fail for the lack of it, so none does: no result is kept, and none counts as asked."""
    with Practice(login="form") as site, pytest.raises(SecretMissing, match=problem):
        run_batch(source, tmp_path / "out", site, concurrency=2, allow_secrets=allowed)
    assert results_of(tmp_path / "out") == {}
    assert not journal_of(tmp_path / "out").exists()


@pytest.mark.parametrize("concurrency", [None, 4])
def test_tokens_that_change_with_each_reply_fail_no_row(tmp_path: Path, concurrency: int | None) -> None:
    """Rows that another one's newer token has locked out were not heard, and are tried again."""
    practice = Practice(rotate=True, slow=0.002)
    with practice as site:
        summary = run_batch(write(tmp_path, 100), tmp_path / "out", site, concurrency=concurrency)
    assert (summary.answered, practice.stats()["accepted"]) == (100, 100)
    assert summary.attempts > 100


def test_a_site_without_its_token_for_a_while_fails_no_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing was sent to it: the run waits for the site, however often its rows have been tried."""
    monkeypatch.setattr(breaker, "FIRST_PAUSE", 0.02)
    monkeypatch.setattr(breaker, "LONGEST_PAUSE", 0.02)
    monkeypatch.setattr(crew, "LONGEST_PAUSE", 0.02)
    monkeypatch.setattr(crew, "MOST_TRIES", 2)
    port = free_port()
    practice = Practice(port=port, slow=0.01)
    with practice as site:
        other, closed = Practice(port=port), Practice(port=port, token="meta")

        def go_away() -> None:
            practice.stop()
            closed.start()
            wait_until(lambda: closed.stats()["pages"] >= 20)
            closed.stop()
            other.start()

        back = once(lambda: practice.stats()["accepted"] >= 20, go_away)
        try:
            summary = run_batch(write(tmp_path, 200), tmp_path / "out", site, concurrency=4)
        finally:
            back.join()
            other.stop()
    assert summary.missing == 0
    assert summary.failed <= 4  # what was under way when the site went


def interrupt() -> None:
    """Ctrl-C."""
    os.kill(os.getpid(), signal.SIGINT)


def test_ctrl_c_asks_nothing_more_at_a_slow_pace(tmp_path: Path, interrupts: None) -> None:
    """Rows that wait for their turn have not begun, and are left for the next run."""
    practice = Practice()

    began = time.monotonic()
    with practice as site:
        once(lambda: practice.stats()["accepted"] == 2, interrupt)
        with pytest.raises(KeyboardInterrupt):
            run_batch(write(tmp_path, 9), tmp_path / "out", site, concurrency=2, per_minute=6)
    assert time.monotonic() - began < 8  # the third row's turn comes after ten seconds
    assert len(results_of(tmp_path / "out")) == practice.stats()["accepted"] == 2
    assert not journal_of(tmp_path / "out").exists()


def test_a_long_wait_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once for all rows, with its end."""
    monkeypatch.setattr(crew, "LONG_WAIT", 0.5)
    noted = Noted()
    with Practice(limit_every=4, retry_after=1) as site:
        run_batch(write(tmp_path, 4), tmp_path / "out", site, timeout=0.5, concurrency=4, watcher=noted)
    assert noted.texts == ["the site asks for a wait; the run goes on in 1 s"]


def test_a_site_that_is_not_there_ends_early(source: Path, tmp_path: Path) -> None:
    """And no row counts as asked."""
    with pytest.raises(BatchStopped, match="nothing but failures"):
        run_batch(source, tmp_path / "out", load_site("voigpt", url="http://127.0.0.1:1"))
    assert results_of(tmp_path / "out") == {}


def test_rows_of_their_own_fault_stop_nothing(tmp_path: Path) -> None:
    """However many prompts are too long, the others are asked."""
    source = tmp_path / "in.jsonl"
    source.write_text('"I feel far too long for this site"\n' * 30 + '"I feel ok"\n')
    with Practice() as site:
        limited = load_site_with(tmp_path, site, "[limits]\nprompt_chars = 15\n")
        summary = run_batch(source, tmp_path / "out", limited)
    assert (summary.answered, dict(summary.errors)) == (1, {"PromptTooLong": 30})


def test_what_was_changed_is_told(source: Path, tmp_path: Path) -> None:
    """An input whose answered rows are others now, another site's output, the input as output."""
    with Practice() as site:
        run_batch(source, tmp_path / "out", site, limit=5)
        source.write_text(source.read_text().replace("number 3\n", "number three\n"))
        with pytest.raises(ArgumentError, match="line 3 is not what was answered"):
            run_batch(source, tmp_path / "out", site)
        with pytest.raises(ArgumentError, match="results of the site 'practice'"):
            run_batch(source, tmp_path / "out", "voigpt")
        with pytest.raises(ArgumentError, match="is the input"):
            run_batch(source, source, site)
    assert len(results_of(tmp_path / "out")) == 5


def test_a_run_that_is_refused_forgets_nothing(source: Path, tmp_path: Path) -> None:
    """What an earlier run had under way is still known after a try with another site."""
    journal = journal_of(tmp_path / "out")
    with Practice() as site:
        run_batch(source, tmp_path / "out", site, limit=5)
        journal.write_bytes(MAGIC + slot_bytes(9))
        with pytest.raises(ArgumentError):
            run_batch(source, tmp_path / "out", "voigpt")
        summary = run_batch(source, tmp_path / "out", site)
    assert summary.asked_again == 1
    assert results_of(tmp_path / "out")[9]["chatdoor"]["asked_again"]
    assert not journal.exists()


def test_two_runs_have_not_one_output(tmp_path: Path) -> None:
    """The second one is refused at once, and the first goes on."""
    with Practice(slow=0.05) as site:
        source = write(tmp_path, 60)
        first = threading.Thread(target=run_batch, args=(source, tmp_path / "out", site), kwargs={"concurrency": 2})
        first.start()
        wait_until((tmp_path / "out").exists)
        with pytest.raises(BatchStopped, match="another run is writing to this output"):
            run_batch(source, tmp_path / "out", site)
        first.join()
    assert len(results_of(tmp_path / "out")) == 60


def test_a_row_is_tried_a_bounded_number_of_times(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A site that always asks to wait does not keep a row for ever."""
    monkeypatch.setattr(crew, "MOST_TRIES", 2)
    practice = Practice(limit_every=1, retry_after=1)
    with practice as site:
        summary = run_batch(write(tmp_path, 1), tmp_path / "out", site, timeout=0.5)
    assert dict(summary.errors) == {"RateLimited": 1}
    assert practice.stats()["limited"] <= 3


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"limit": 0}, "limit"),
        ({"on": "mars"}, "on: expected"),
        ({"sessions": "new"}, "sessions"),
        ({"patience": 0}, "patience"),
        ({"concurrency": 0}, "concurrency"),
        ({"form": "xml"}, "form"),
        ({"colums": ["a"]}, "colums"),
        ({"columns": "prompt"}, "columns: expected a list"),
        ({"on": None}, "on: expected text"),
        ({"model": 7, "watcher": None}, "model: expected text"),
    ],
)
def test_options_are_checked(source: Path, tmp_path: Path, options: dict[str, Any], problem: str) -> None:
    """Before anything is sent or written."""
    with pytest.raises(ArgumentError, match=problem):
        run_batch(source, tmp_path / "out", load_site("voigpt", url="http://127.0.0.1:1"), **options)
    assert not (tmp_path / "out").exists()


def test_it_runs_in_a_notebook(source: Path, tmp_path: Path) -> None:
    """Where an event loop is running already."""

    async def main(site: Site) -> int:
        return run_batch(source, tmp_path / "out", site).answered

    with Practice() as site:
        assert asyncio.run(main(site)) == 60


@pytest.fixture
def interrupts() -> Iterator[None]:
    """Ctrl-C as Python has it, also where the tests run in the background of a shell."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize("in_a_notebook", [True, False])
def test_ctrl_c_ends_a_call(tmp_path: Path, interrupts: None, in_a_notebook: bool) -> None:
    """What runs is finished, the call raises KeyboardInterrupt, and another call does the rest."""
    practice, source = Practice(slow=0.1), write(tmp_path, 200)

    def ask(site: Site) -> None:
        run_batch(source, tmp_path / "out", site, concurrency=2)

    async def ask_in_a_notebook(site: Site) -> None:
        ask(site)

    with practice as site:
        once(lambda: practice.stats()["accepted"] >= 4, interrupt)
        with pytest.raises(KeyboardInterrupt):
            asyncio.run(ask_in_a_notebook(site)) if in_a_notebook else ask(site)
        kept = len(results_of(tmp_path / "out"))
        practice.faults(slow=0.0)
        summary = run_batch(source, tmp_path / "out", site)
    assert 4 <= kept < 100  # all of them take ten seconds
    assert (summary.asked, summary.asked_again, practice.stats()["accepted"]) == (200 - kept, 0, 200)


def test_the_report_needs_nothing_else(source: Path, tmp_path: Path) -> None:
    """One file with plots: no script, and nothing is fetched."""
    with Practice(fail_every=7) as site:
        run_batch(source, tmp_path / "out", site, report=tmp_path / "report.html")
    report = (tmp_path / "report.html").read_text()
    assert report.count("<svg") >= 3
    assert "SiteFailed" in report
    assert not [word for word in ("http:", "https:", "<script", "src=", "url(", "@import") if word in report]
