"""Sessions that outlive a program: private, whole, and never trusted more than they deserve."""

import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import msgspec
import pytest

from chatdoor import Client, FileStore, load_site
from chatdoor.drive.sessions import Sessions
from chatdoor.drive.store import Scope
from chatdoor.errors import StateError
from chatdoor.flow.cookies import Cookie, Jar
from chatdoor.flow.session import Changes, Session
from tests.drive.faces import HELLO
from tests.servers.django_server import DjangoServer

SCOPE = Scope("bot", "https://bot.example.org", "f" * 64)
SESSION = Session(
    generation=3,
    opened=1.5,
    jar=Jar((Cookie("csrftoken", "abc", "bot.example.org", secure=True, expires=9.0),)),
    values={"csrf": "abc", "list": [1, None]},
    page="https://bot.example.org/",
)


def test_what_is_kept_comes_back(tmp_path: Path) -> None:
    """A session survives as it was."""
    store = FileStore(tmp_path / "sessions")
    assert store.load(SCOPE) is None
    store.save(SCOPE, SESSION)
    assert FileStore(tmp_path / "sessions").load(SCOPE) == SESSION


def test_quick_changes_are_kept_in_order() -> None:
    """A caller whose change is kept slowly does not put it in place of a newer one."""
    kept: list[object] = []
    slow, newer = threading.Event(), threading.Event()

    def keep(session: Session) -> None:
        if not slow.is_set():
            slow.set()
            newer.wait(0.3)
        kept.append(session.values["n"])

    sessions = Sessions(SESSION, keep=keep)
    first = threading.Thread(target=sessions.learn, args=(SESSION, Changes(values={"n": 1}, at=2.0)))
    first.start()
    assert slow.wait(5)
    sessions.learn(SESSION, Changes(values={"n": 2}, at=3.0))
    newer.set()
    first.join()
    assert kept == [1, 2]


def test_programs_that_keep_at_once_leave_a_whole_file(tmp_path: Path) -> None:
    """Whoever was last, what is read is one of theirs, and nothing is left beside it."""
    code = (
        "import sys; from pathlib import Path; from msgspec.structs import replace; from chatdoor import FileStore\n"
        "from tests.drive.test_store import SCOPE, SESSION\n"
        "store = FileStore(Path(sys.argv[1]))\n"
        "for n in range(300): store.save(SCOPE, replace(SESSION, values={'n': n, 'who': sys.argv[2] * 5000}))\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    writers = [subprocess.Popen([*command, who]) for who in "ab"]
    store, seen = FileStore(tmp_path), set()
    while any(writer.poll() is None for writer in writers):
        session = store.load(SCOPE)
        if session is not None:
            seen.add(str(session.values["who"]))
    assert [writer.returncode for writer in writers] == [0, 0]
    assert seen <= {"a" * 5000, "b" * 5000}
    assert store.load(SCOPE).values["n"] == 299
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX")
def test_only_the_user_can_read_it(tmp_path: Path) -> None:
    """Folder and file are for their owner alone, and no part of a file is left beside it."""
    store = FileStore(tmp_path / "sessions")
    store.save(SCOPE, SESSION)
    (path,) = store.folder.iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(store.folder.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    "scope",
    [
        Scope("other", SCOPE.origin, SCOPE.fingerprint),
        Scope("bot", "https://evil.example.org", SCOPE.fingerprint),
        Scope("bot", SCOPE.origin, "0" * 64),
        Scope("bot", SCOPE.origin, SCOPE.fingerprint, "http://proxy:1"),
    ],
    ids=["site", "origin", "site file", "proxy"],
)
def test_another_scope_does_not_see_it(tmp_path: Path, scope: Scope) -> None:
    """A session belongs to its site, origin, site file and proxy."""
    store = FileStore(tmp_path)
    store.save(SCOPE, SESSION)
    assert store.load(scope) is None


@pytest.mark.parametrize(
    "data", [b"", b"{", b"[]", b"null", b'{"site":1}', b"\xff\xfe", b"[" * 100_000, b"x" * 9_000_000]
)
def test_what_can_not_be_read_is_no_session(tmp_path: Path, data: bytes, caplog: pytest.LogCaptureFixture) -> None:
    """A broken or hostile file is passed over with a warning, and the next session takes its place."""
    store = FileStore(tmp_path)
    store.save(SCOPE, SESSION)
    (path,) = tmp_path.iterdir()
    path.write_bytes(data)
    assert store.load(SCOPE) is None
    assert "can not be used" in caplog.text
    store.save(SCOPE, SESSION)
    assert store.load(SCOPE) == SESSION


def test_a_file_of_another_origin_is_not_used(tmp_path: Path) -> None:
    """A file that was put in another's place is no session for it."""
    store = FileStore(tmp_path)
    store.save(SCOPE, SESSION)
    (path,) = tmp_path.iterdir()
    other = Scope("bot", "https://evil.example.org", SCOPE.fingerprint)
    path.rename(tmp_path / f"{other.key}.json")
    assert store.load(other) is None


def test_sessions_can_be_listed_and_forgotten(tmp_path: Path) -> None:
    """One site's sessions go, or all."""
    store = FileStore(tmp_path)
    store.save(SCOPE, SESSION)
    store.save(Scope("bot-two", "https://two.example.org", "f" * 64), SESSION)
    assert sorted(store.kept()) == [("bot", SCOPE.origin, 1.5), ("bot-two", "https://two.example.org", 1.5)]
    assert store.forget("bot") == 1
    assert store.load(SCOPE) is None
    assert store.forget() == 1
    assert list(store.kept()) == []


def test_a_folder_that_can_not_be_written_is_an_error(tmp_path: Path) -> None:
    """The error names the folder."""
    (tmp_path / "file").write_text("")
    with pytest.raises(StateError, match="sessions can not be kept in"):
        FileStore(tmp_path / "file" / "sessions").save(SCOPE, SESSION)


def test_the_next_program_needs_no_page(django_http: DjangoServer, tmp_path: Path) -> None:
    """Two clients one after the other with the same store fetch one page."""
    site = load_site("voigpt", url=django_http.url)
    for _ in range(2):
        with Client(site, store=FileStore(tmp_path)) as client:
            client.ask(HELLO)
    stats = django_http.stats()
    assert (stats.pages, stats.accepted) == (1, 2)


def test_a_kept_session_that_has_died_is_replaced(django_http: DjangoServer, tmp_path: Path) -> None:
    """A refusal of a kept session costs one refresh; the new one is kept."""
    site = load_site("voigpt", url=django_http.url)
    for _ in range(3):
        with Client(site, store=FileStore(tmp_path)) as client:
            assert client.ask(HELLO).text == "You said: Hello (1 messages)"
        if not django_http.stats().csrf_failed:
            django_http.expire()
    stats = django_http.stats()
    assert (stats.pages, stats.csrf_failed, stats.accepted) == (2, 1, 3)


def test_a_token_of_the_caller_is_not_kept(django_http: DjangoServer, tmp_path: Path) -> None:
    """An access token that was given is written nowhere."""
    site = load_site("voigpt", url=django_http.url)
    with Client(site, store=FileStore(tmp_path), access_token="wrong-token") as client, pytest.raises(RuntimeError):
        client.ask(HELLO)
    assert list(tmp_path.iterdir()) == []


def test_a_reply_is_not_lost_with_its_session(
    django_http: DjangoServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Where the session can not be kept, the reply comes all the same, and an error says why."""
    (tmp_path / "file").write_text("")
    store = FileStore(tmp_path / "file" / "sessions")
    with Client(load_site("voigpt", url=django_http.url), store=store) as client:
        assert client.ask(HELLO).text == "You said: Hello (1 messages)"
    assert [one.levelname for one in caplog.records] == ["ERROR"]
    assert "sessions can not be kept" in caplog.text


@pytest.mark.parametrize(
    "changes",
    [
        {"given": True},
        {"opened": 1e300},
        {"opened": -1.0},
        {"jar": Jar((Cookie("a", "1\r\nX: 1", "bot.example.org"),))},
        {"jar": Jar((Cookie("a", "1; b=2", "bot.example.org"),))},
        {"jar": Jar((Cookie("a", "1", ""),))},
    ],
    ids=str,
)
def test_a_session_that_was_tampered_with_is_none(tmp_path: Path, changes: dict[str, object]) -> None:
    """What no answer of a site can have made is passed over, and the next session takes its place."""
    store = FileStore(tmp_path)
    store.save(SCOPE, msgspec.structs.replace(SESSION, **changes))
    assert store.load(SCOPE) is None
    assert list(store.kept()) == []


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names here")
def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    """A pipe or a folder in a session's place is no session, and nothing hangs."""
    os.mkfifo(tmp_path / f"{SCOPE.key}.json")
    (tmp_path / "folder.json").mkdir()
    store = FileStore(tmp_path)
    assert store.load(SCOPE) is None
    assert store.forget() == 0
