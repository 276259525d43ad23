"""Secrets by reference: where they are read, and who may send them."""

import asyncio
import getpass
import io
import sys
import time
from pathlib import Path

import keyring
import pytest
from keyring.errors import KeyringLocked

from chatdoor import Client, ConversationFile, FileStore, SiteProvider
from chatdoor.drive.secrets import Secrets, SecretUse, read_secret
from chatdoor.errors import ArgumentError, LoginFailed, SecretMissing
from chatdoor.practice import Practice
from chatdoor.site import load_site, loads_site
from tests.drive.faces import FACES, HELLO


def _use(reference: str = "env:BOT_PASSWORD", **changed: str) -> SecretUse:
    fields = {"fingerprint": "f1", "origin": "https://bot.example", "step": "POST /login", **changed}
    return SecretUse("bot", fields["fingerprint"], reference, fields["origin"], fields["step"])


@pytest.fixture
def locked(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """A keyring with one entry, in place of the system's. It is locked once there is something in the list."""
    state: list[bool] = []

    def get_password(service: str, username: str) -> str | None:
        if state:
            raise KeyringLocked("s3cret")
        return "s3cret" if (service, username) == ("a/b", "me") else None

    monkeypatch.setattr(keyring, "get_password", get_password)
    return state


class Terminal(io.StringIO):
    """A standard input that is a terminal."""

    def isatty(self) -> bool:
        return True


class TestReading:
    """Each kind of reference."""

    def test_a_keyring(self, locked: list[bool]) -> None:
        """The account is what stands after the last slash."""
        assert read_secret("keyring:a/b/me", "x") == "s3cret"
        with pytest.raises(ArgumentError, match="x: the keyring has no entry for 'you' of 'a/b'"):
            read_secret("keyring:a/b/you", "x")

    def test_a_keyring_that_is_locked(self, locked: list[bool]) -> None:
        """The library's own text is not shown."""
        locked.append(True)
        with pytest.raises(ArgumentError, match=r"can not be read \(KeyringLocked\)$"):
            read_secret("keyring:a/b/me", "x")

    def test_without_the_library(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The error says what to install."""
        monkeypatch.setitem(sys.modules, "keyring", None)
        with pytest.raises(ArgumentError, match=r"chatdoor\[keyring\]"):
            read_secret("keyring:a/b/me", "x")

    def test_a_person(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """What is typed is not shown; an empty answer is an error."""
        monkeypatch.setattr(sys, "stdin", Terminal())
        monkeypatch.setattr(getpass, "getpass", lambda question, _stream: {"Password: ": "s3cret"}.get(question, ""))
        assert read_secret("ask:Password", "x") == "s3cret"
        with pytest.raises(ArgumentError, match="x: the answer is empty"):
            read_secret("ask:Name", "x")

    def test_nobody(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Without a terminal nobody is asked."""
        monkeypatch.setattr(sys, "stdin", io.StringIO("s3cret\n"))
        with pytest.raises(ArgumentError, match="x: there is no terminal to ask at"):
            read_secret("ask:Password", "x")


class TestAllowing:
    """Who may send what."""

    def test_nothing_is_sent_by_itself(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The refusal names the reference, the host and the option, and reads nothing."""
        monkeypatch.setenv("BOT_PASSWORD", "s3cret")
        secrets = Secrets()
        with pytest.raises(SecretMissing) as caught:
            secrets.reveal(_use())
        said = "{env:BOT_PASSWORD} would be sent to https://bot.example, and that is not allowed yet"
        assert said in str(caught.value)
        assert "allow_secrets=True, or --allow-secrets" in str(caught.value)
        assert (caught.value.site, caught.value.step) == ("bot", "POST /login")
        assert secrets.revealed == frozenset()

    def test_all_are_allowed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Each is read anew, and all that were read are hidden."""
        secrets = Secrets(allow=True)
        for text in ("s3cret", "n3wer"):
            monkeypatch.setenv("BOT_PASSWORD", text)
            assert secrets.reveal(_use()) == text
        assert secrets.revealed == {"s3cret", "n3wer"}

    def test_a_function_is_asked_once_for_each_use(self, tmp_path: Path) -> None:
        """Another file, reference or host is another use; another step is not."""
        (tmp_path / "a").write_text("s3cret")
        (tmp_path / "b").write_text("s3cret")
        asked: list[SecretUse] = []
        secrets = Secrets(lambda use: asked.append(use) is None)
        uses = [
            _use(f"file:{tmp_path}/a"),
            _use(f"file:{tmp_path}/b"),
            _use(f"file:{tmp_path}/a", fingerprint="f2"),
            _use(f"file:{tmp_path}/a", origin="https://other.example"),
        ]
        for use in [*uses, *uses, _use(f"file:{tmp_path}/a", step="GET /")]:
            assert secrets.reveal(use) == "s3cret"
        assert asked == uses

    def test_a_person_is_asked_once(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """What was typed holds for all later messages."""
        answers = iter(["s3cret"])
        monkeypatch.setattr(sys, "stdin", Terminal())
        monkeypatch.setattr(getpass, "getpass", lambda _question, _stream: next(answers))
        secrets = Secrets(allow=True)
        use = _use("ask:Password", fingerprint="a person is asked once")
        assert [secrets.reveal(use) for _ in range(2)] == ["s3cret", "s3cret"]

    def test_what_is_missing_is_named_with_the_step(self) -> None:
        """The error says which reference, and which step wanted it."""
        with pytest.raises(
            SecretMissing, match=r"{env:BOT_NO_SUCH}: there is no environment variable 'BOT_NO_SUCH'"
        ) as caught:
            Secrets(allow=True).reveal(_use("env:BOT_NO_SUCH"))
        assert (caught.value.site, caught.value.step) == ("bot", "POST /login")

    def test_what_is_no_rule(self) -> None:
        """An option of another type is an error."""
        with pytest.raises(ArgumentError, match="allow_secrets: expected true, false or a function, got str"):
            Secrets("yes")  # type: ignore[arg-type]


def test_a_person_is_asked_once_for_all_calls_of_a_provider(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocking and async; another client of the same file does not ask again either."""
    asked: list[str] = []
    monkeypatch.setattr(sys, "stdin", Terminal())
    monkeypatch.setattr(getpass, "getpass", lambda question, _stream: asked.append(question) or "s3cret")
    with Practice() as practice:
        file = tmp_path / "asking.toml"
        file.write_text(practice.text.replace("json = { ", 'headers = { X-Key = "{ask:Key}" }\njson = { ', 1))

        class Asking(SiteProvider):
            site = file
            url = practice.url

        for _ in range(2):
            "".join(Asking.create_completion(None, HELLO, stream=False, allow_secrets=True))
            asyncio.run(Asking.create_async(None, HELLO, allow_secrets=True))
        with Client(load_site(file, url=practice.url), allow_secrets=True) as client:
            client.ask(HELLO)
    assert asked == ["Key: "]


@pytest.mark.parametrize("face", FACES)
def test_what_was_typed_wrong_is_asked_again(face: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The site did not take it, so the next call asks once more, and then never again."""
    typed = ["guess", "guest"]
    monkeypatch.setattr(sys, "stdin", Terminal())
    monkeypatch.setattr(getpass, "getpass", lambda _question, _stream: typed.pop(0) if typed else "too often")
    monkeypatch.setenv("PRACTICE_USER", "guest")
    with Practice(login="form") as practice:
        site = loads_site(practice.text.replace("{env:PRACTICE_PASSWORD}", f"{{ask:Password for {face}}}"))
        with pytest.raises(LoginFailed):
            FACES[face](site, HELLO, allow_secrets=True)
        for _ in range(2):
            FACES[face](site, HELLO, allow_secrets=True)
    assert typed == []


@pytest.mark.parametrize("face", FACES)
def test_the_time_of_a_person_is_not_the_calls(face: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who takes longer than the timeout to say yes still gets the reply; the second message asks nothing."""
    monkeypatch.setenv("BOT_KEY", "s3cret")
    asked: list[str] = []

    def slowly(use: SecretUse) -> bool:
        asked.append(use.reference)
        time.sleep(2.5)
        return True

    with Practice() as practice:
        site = loads_site(practice.text.replace("json = { ", 'headers = { X-Key = "{env:BOT_KEY}" }\njson = { ', 1))
        replies = FACES[face](site, HELLO, HELLO, allow_secrets=slowly, timeout=2.0)
    assert len(replies) == 2
    assert asked == ["env:BOT_KEY"]


@pytest.mark.parametrize("login", ["form", "json"])
@pytest.mark.parametrize("history", ["session", "start"])
def test_no_file_holds_a_secret(login: str, history: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither that of the sessions nor that of the conversations: not of a login, a header, a query or a cookie."""
    secrets = {"PRACTICE_USER": "guest", "PRACTICE_PASSWORD": "guest", "A": "in4header", "B": "in4query", "C": "in4ck"}
    for name, text in secrets.items():
        monkeypatch.setenv(name, text)
    more = 'headers = { X-Key = "{env:A}" }\nquery = { key = "{env:B}" }\ncookies = { key = "{env:C}" }\njson = { '
    store, folder = ConversationFile(tmp_path / "c.db"), FileStore(tmp_path)
    with Practice(login=login, history=history) as practice:
        site = loads_site(practice.text.replace("json = { ", more))
        with Client(site, allow_secrets=True, conversations=store, store=folder) as client:
            first = client.ask(HELLO)
            more_talk = [*HELLO, {"role": "assistant", "content": first.text}, *HELLO]
            assert client.ask(more_talk).conversation == first.conversation
            kept = b"".join(file.read_bytes() for file in sorted(tmp_path.iterdir()))
    store.close()
    assert first.conversation.encode() in kept
    assert [text for text in secrets.values() if text.encode() in kept] == []
