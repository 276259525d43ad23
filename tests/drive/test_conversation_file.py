"""Conversations in a file: the same rules as in memory, for threads, programs and the next start."""

import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from threading import Barrier, Thread
from time import monotonic

import pytest
from msgspec.structs import replace

from chatdoor import ConversationFile
from chatdoor.conversation.store import MAX_FOUND
from chatdoor.errors import StateError
from tests.conversation.talk import NOW, Desk
from tests.servers.stacks.fixtures import Stack
from tests.servers.stacks.server import StackServer


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ConversationFile]:
    """An empty store."""
    store = ConversationFile(tmp_path / "kept" / "conversations.db")
    yield store
    store.close()


def test_compare_and_set(store: ConversationFile) -> None:
    """Only who knows the newest revision writes the next; None is the revision of what is not there."""
    made = Desk().turn("u1")
    assert not store.compare_and_set("c0", 0, made)
    assert store.compare_and_set("c0", None, made)
    assert not store.compare_and_set("c0", None, made)
    assert not store.compare_and_set("c0", 1, None)
    assert store.compare_and_set("c0", 0, replace(made, revision=1))
    assert store.get("c0") == replace(made, revision=1)
    assert store.compare_and_set("c0", 1, None)
    assert store.get("c0") is None
    assert store.find(tuple(made.index_keys())) == {}


def test_who_holds_the_file_is_not_waited_for_again_and_again(tmp_path: Path) -> None:
    """The first call waits as long as is said, and fails; the next hardly wait, until a write goes through."""
    store, made = ConversationFile(tmp_path / "c.db", busy=0.4), Desk().turn("u1")
    assert store.compare_and_set("c0", None, made)
    with closing(sqlite3.connect(store.path, isolation_level=None)) as other:
        assert [_waits_for(store, other) for _ in range(2)] == [True, False]
        assert store.compare_and_set("c0", 0, replace(made, revision=1))
        assert [_waits_for(store, other) for _ in range(2)] == [True, False]
    assert store.get("c0") == replace(made, revision=1)
    store.close()


def _waits_for(store: ConversationFile, other: sqlite3.Connection) -> bool:
    """Whether a write that comes to nothing waits long for the other program that is writing."""
    other.execute("BEGIN IMMEDIATE")
    began = monotonic()
    with pytest.raises(StateError, match="another program has been writing"):
        store.compare_and_set("c0", 0, None)
    seconds = monotonic() - began
    other.execute("ROLLBACK")
    return seconds > 0.3


def test_it_is_found_by_what_it_is_now(store: ConversationFile) -> None:
    """A key finds a conversation while it has that key, the newest first and no more than MAX_FOUND."""
    desk = Desk(store)
    old = desk.turn("u1", reply="a1").index_keys()
    assert set(store.find([*old, "no"])) == old
    now = desk.turn("u1", "a1", "u2", reply="a2").index_keys()
    assert set(store.find(tuple(old))) == old & now
    for _ in range(MAX_FOUND + 4):
        desk.turn("u9", reply="a9")
    keys = [key for key in store.get("c5").index_keys() if key.startswith("end:exact")]
    (found,) = store.find(keys).values()
    assert [one.id for one in found] == [f"c{MAX_FOUND + 5 - number}" for number in range(MAX_FOUND)]


def test_bounds(tmp_path: Path) -> None:
    """The number and the age are bounded; what is claimed stays."""
    store = ConversationFile(tmp_path / "c.db", limit=2, time_to_live=60)
    desk = Desk(store, lease=1000)
    for text in ("u1", "u2"):
        desk.turn(text, reply="a1")
    claim = desk.claim("u1", "a1", "u3")
    desk.turn("u4", reply="a4")
    assert [one.id for one in desk.gone] == ["c1"]
    desk.now += 100
    assert desk.claim("u4", "a4", "u5").plan.kind == "lost"
    assert desk.finish(claim, "a3").id == "c0"
    assert store.get("c0").revision == 2
    store.close()


def test_one_of_many_threads_wins(store: ConversationFile) -> None:
    """Of threads that claim the same conversation at once one has it."""
    desk = Desk(store)
    desk.turn("u1", reply="a1")
    barrier, kinds = Barrier(8), []

    def claim() -> None:
        barrier.wait(10)
        kinds.append(desk.claim("u1", "a1", "u2").plan.kind)

    threads = [Thread(target=claim) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert sorted(kinds) == ["continuation", *["fork"] * 7]


COUNT = """
import sys
from msgspec.structs import replace
from chatdoor import ConversationFile
store = ConversationFile(sys.argv[1])
won = 0
while won < 40:
    now = store.get("c0")
    won += store.compare_and_set("c0", now.revision, replace(now, revision=now.revision + 1))
store.close()
"""


def test_programs_do_not_overwrite_each_other(store: ConversationFile) -> None:
    """Three programs that count in one conversation lose no step."""
    store.compare_and_set("c0", None, Desk().turn("u1"))
    programs = [subprocess.Popen([sys.executable, "-W", "error", "-c", COUNT, str(store.path)]) for _ in range(3)]
    assert [program.wait(60) for program in programs] == [0, 0, 0]
    assert store.get("c0").revision == 120


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX")
def test_only_the_user_can_read_it(store: ConversationFile) -> None:
    """Folder and files are for their owner alone, those that SQLite puts beside it too."""
    Desk(store).turn("u1")
    files = list(store.path.parent.iterdir())
    assert len(files) == 3
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert stat.S_IMODE(store.path.parent.stat().st_mode) == 0o700


def test_a_spoilt_file_is_an_error(store: ConversationFile) -> None:
    """The error names the file and the way out, and the file stays as it is."""
    store.path.parent.mkdir()
    store.path.write_bytes(b"no database" * 100)
    with pytest.raises(StateError, match=r"conversations\.db: file is not a database; delete the file or name another"):
        store.get("c0")
    assert store.path.read_bytes() == b"no database" * 100


@pytest.mark.parametrize(
    "kept", [b"", b"{}", b'{"id":', "text", b"[" * 100_000], ids=["empty", "{}", "half", "text", "deep"]
)
def test_a_spoilt_conversation_is_lost_alone(
    store: ConversationFile, kept: bytes | str, caplog: pytest.LogCaptureFixture
) -> None:
    """It is taken out with a warning; the others go on, also those of the same key."""
    desk = Desk(store)
    keys = tuple(desk.turn("u1", reply="a1").index_keys())
    desk.turn("u1", reply="a1")
    desk.turn("u2", reply="a2")
    spoil(store, kept, "c0")
    assert {one.id for found in store.find(keys).values() for one in found} == {"c1"}
    assert "a kept conversation can not be read" in caplog.text
    assert store.forget() == 2
    for method in (lambda: store.get("c3"), lambda: store.compare_and_set("c3", 0, None)):
        desk.turn("u3", reply="a3")
        spoil(store, kept, "c3")
        assert not method()
        assert store.forget() == 0
        desk.ids = iter(["c3"])


def test_spoilt_conversations_expire(tmp_path: Path) -> None:
    """They do not stand in the way of others that are due."""
    store = ConversationFile(tmp_path / "c.db", time_to_live=60)
    desk = Desk(store)
    desk.turn("u1")
    desk.turn("u2")
    spoil(store, b"{", "c0")
    assert [one.id for one in store.expire(NOW + 1000)] == ["c1"]
    assert store.forget() == 0
    store.close()


def spoil(store: ConversationFile, kept: bytes | str, conversation_id: str) -> None:
    """Puts something else in place of a conversation."""
    with sqlite3.connect(store.path) as db:
        db.execute("UPDATE conversation SET kept = ? WHERE id = ?", (kept, conversation_id))
    db.close()


def test_the_tables_of_others_are_left_alone(store: ConversationFile) -> None:
    """A database of another program is no store."""
    store.path.parent.mkdir()
    other = sqlite3.connect(store.path)
    other.execute("CREATE TABLE conversation (id)")
    other.commit()
    with pytest.raises(StateError, match="another program's file"):
        store.expire(NOW)
    assert other.execute("SELECT count(*) FROM conversation").fetchone() == (0,)
    other.close()


def test_another_version_begins_anew(store: ConversationFile) -> None:
    """What an earlier or later chatdoor kept is not read."""
    Desk(store).turn("u1")
    store.close()
    db = sqlite3.connect(store.path)
    db.execute("PRAGMA user_version = 999")
    db.close()
    assert store.get("c0") is None


def test_forgetting(store: ConversationFile) -> None:
    """Those of one site, or all; a store that nobody used is not made for it."""
    assert store.forget() == 0
    assert not store.path.exists()
    desk = Desk(store)
    for scope in ("our-bot-12", "our-bot-34", "bot-12"):
        desk.turn("u1", scope=scope)
    assert store.forget("bot") == 1
    assert store.forget() == 2
    assert store.forget() == 0


ASK = """
import sys
from chatdoor import Client, ConversationFile, load_site
site, url, kept, conversation, *texts = sys.argv[1:]
messages = [{"role": ("user", "assistant")[at % 2], "content": text} for at, text in enumerate(texts)]
store = ConversationFile(kept)
with Client(load_site(site, url=url), conversations=store) as client:
    reply = client.ask(messages, conversation=conversation or None)
    print(reply.conversation, reply.fidelity, reply.text, sep="\\t")
store.close()
"""


def ask_in_another_program(store: ConversationFile, site: StackServer, conversation: str, *texts: str) -> list[str]:
    """Id, fidelity and text of the reply."""
    place = (str(site.site_file), site.url, str(store.path))
    command = [sys.executable, "-W", "error", "-c", ASK, *place, conversation, *texts]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout.strip().split("\t")


def test_the_next_program_goes_on(store: ConversationFile, stack: Stack) -> None:
    """The same conversation in the same session, by the list or by the id alone: nothing is told twice."""
    site = stack("flask_wtf")
    name, fidelity, first = ask_in_another_program(store, site, "", "Hello")
    listed = ask_in_another_program(store, site, "", "Hello", first, "Again")
    named = ask_in_another_program(store, site, name, "secret?")
    assert (fidelity, listed[:2], named[:2]) == ("native", [name, "native"], [name, "native"])
    assert named[2] == "You said 3 things; the first was: Hello"
    assert (site.stats().pages, site.stats().heard[-1]) == (1, ["Hello", "Again", "secret?"])
