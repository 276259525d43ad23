"""Sessions are kept between runs, for their owner alone, and never stand between a reply and its reader."""

import stat
import sys

import pytest

from tests.cli.program import Program
from tests.servers.django_server import DjangoServer


def test_a_second_run_opens_no_second_session(program: Program, django_http: DjangoServer) -> None:
    """The page is fetched once for two runs; --fresh fetches it again, and keeps what came of it."""
    ask = ("ask", "--site", "voigpt", "--url", django_http.url)
    for _ in range(2):
        assert program(*ask, "Hello").code == 0
    assert django_http.stats().pages == 1
    assert program(*ask, "--fresh", "Hello").code == 0
    assert django_http.stats().pages == 2
    assert program(*ask, "Hello").code == 0
    assert django_http.stats().pages == 2


def test_an_expired_session_is_opened_anew(program: Program, django_http: DjangoServer) -> None:
    """A kept token that the site refuses costs one refresh, and the new one is kept."""
    ask = ("ask", "--site", "voigpt", "--url", django_http.url)
    program(*ask, "Hello")
    django_http.expire()
    assert program(*ask, "Hello").out == "You said: Hello (1 messages)\n"
    assert program(*ask, "Hello").code == 0
    stats = django_http.stats()
    assert (stats.pages, stats.accepted, stats.csrf_failed) == (2, 3, 1)


@pytest.mark.skipif(sys.platform == "win32", reason="permissions as POSIX has them")
def test_kept_sessions_are_for_their_owner_alone(program: Program, django_http: DjangoServer) -> None:
    """Nobody else may read the folder or the file, and no half-written file is left."""
    program("ask", "--site", "voigpt", "--url", django_http.url, "Hello")
    (file,) = program.state.iterdir()
    assert file.suffix == ".json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(program.state.stat().st_mode) == 0o700


def test_sessions_are_forgotten_when_asked(program: Program, django_http: DjangoServer) -> None:
    """`sites forget` deletes what is kept; the next run opens a new session."""
    ask = ("ask", "--site", "voigpt", "--url", django_http.url)
    program(*ask, "Hello")
    assert program("sites", "forget", "others").out == "0 sessions forgotten\n"
    assert program("sites", "forget", "voigpt").out == "1 session forgotten\n"
    assert list(program.state.iterdir()) == []
    program(*ask, "Hello")
    assert django_http.stats().pages == 2
    assert program("sites", "forget").out == "1 session forgotten\n"


def test_a_reply_is_not_lost_where_sessions_can_not_be_kept(program: Program, django_http: DjangoServer) -> None:
    """A state folder that can not be written costs a warning, not the answer."""
    blocked = program.write("blocked", "a file where the folder should be")
    ran = program(
        "ask", "--site", "voigpt", "--url", django_http.url, "Hello", env={"CHATDOOR_STATE_DIR": str(blocked)}
    )
    assert (ran.code, ran.out) == (0, "You said: Hello (1 messages)\n")
    assert ran.err.startswith("chatdoor: warning: voigpt: sessions can not be kept in ")
    assert ran.err.count("\n") == 1


def test_one_warning_is_enough(program: Program, django_http: DjangoServer) -> None:
    """A session that changes with every reply, and can not be kept, is told of once."""
    django_http.rotate()
    blocked = program.write("blocked", "a file where the folder should be")
    chat = ("chat", "--site", "voigpt", "--url", django_http.url)
    ran = program(*chat, stdin=b"One\nTwo\nThree\n", env={"CHATDOOR_STATE_DIR": str(blocked)})
    assert (ran.code, ran.out.count("\n"), ran.err.count("\n")) == (0, 3, 1)


def test_a_spoilt_file_is_no_session(program: Program, django_http: DjangoServer) -> None:
    """What can not be read is replaced by a new session."""
    ask = ("ask", "--site", "voigpt", "--url", django_http.url)
    program(*ask, "Hello")
    (file,) = program.state.iterdir()
    file.write_text("{")
    assert program(*ask, "Hello").code == 0
    assert program(*ask, "Hello").code == 0
    assert django_http.stats().pages == 2


def test_a_token_by_option_is_never_kept(program: Program, django_http: DjangoServer) -> None:
    """What the caller gives stays the caller's: it is in no file afterwards."""
    ask = ("ask", "--site", "voigpt", "--url", django_http.url, "--access-token", "env:OUR_TOKEN", "Hello")
    token = "tokenofours4tokenofours4tokenofo"
    ran = program(*ask, env={"OUR_TOKEN": token})
    assert ran.code == 7  # this site wants a second cookie, which a bare token does not bring
    assert [seen.headers["x-csrftoken"] for seen in django_http.stats().requests if seen.method == "POST"] == [token]
    assert not program.state.exists()
