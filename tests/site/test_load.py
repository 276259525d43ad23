"""Loading: names, files, texts, presets, and another host."""

from pathlib import Path

import pytest

from chatdoor.errors import ArgumentError, SiteFileError
from chatdoor.site import known_sites, load_site, loads_site
from chatdoor.site.model import Match, Source
from chatdoor.site.template import Slot, Template, build
from chatdoor.site.toml import MAX_CHARS
from tests.site.bot import BOT, changed


def test_a_whole_site_file_is_loaded() -> None:
    """Each key of the file has its effect on the site."""
    site = loads_site(BOT)
    assert (site.name, site.url, site.origin, site.local) == ("bot", *["https://bot.example.org"] * 2, False)
    assert site.origins == {"https://bot.example.org", "https://api.example.org"}
    assert site.models == ("small", "large")
    assert site.refused == (Match(statuses=frozenset({401, 403})),)
    assert site.take == {"csrf": Source("cookie", "csrftoken")}
    assert site.headers == ((Template(("X-CSRFToken",)), Template((Slot("csrf"),))),)
    assert [step.label for step in site.session] == ["step 1 of 2, GET /", "step 2 of 2, POST /login"]
    assert site.session[1].make == {"visitor": "uuid4"}
    assert site.session[1].expect == (Match(paths=("/chat",)),)
    assert site.session[1].take == {"room": Source("css", "main", attr="data-room")}
    assert (site.chat[0].label, site.chat[0].method) == ("POST /api/{room}", "POST")
    assert site.chat[0].query is not None
    assert build(site.chat[0].query, {}) == {"lang": "en", "page": 1}
    assert (site.reply.format, site.reply.path, site.reply.done) == ("sse", "v", "[DONE]")
    assert (site.messages.roles, site.messages.system, site.conversation.history) == (
        {"assistant": "ai"},
        "message",
        "client",
    )
    assert (site.limits.timeout, site.limits.reply_bytes) == (30, 1_000_000)
    assert (site.limits.concurrency, site.limits.per_minute) == (4, 60)
    assert site.text == BOT


def test_what_is_not_written_has_its_default() -> None:
    """The smallest file: one step, one model by the site's name, the common refusals."""
    site = loads_site('schema=1\nname="a"\nurl="https://a"\nchat={post="/",json="{messages}"}\nreply={json="r"}')
    assert site.models == ("a",)
    assert site.refused == (Match(statuses=frozenset({401, 403, 419, 440})),)
    assert (site.session, dict(site.take), site.headers) == ((), {}, ())
    assert (site.chat[0].query, site.chat[0].expect, site.chat[0].follow_redirects) == (None, (), True)
    assert (site.limits.timeout, site.limits.reply_bytes, site.limits.session_age) == (60, 8_000_000, None)
    assert (site.reply.where, site.reply.done, site.reply.cumulative, site.reply.error) == (None, None, False, None)


@pytest.mark.parametrize("name", known_sites())
def test_every_known_site_loads(name: str) -> None:
    """What ships with chatdoor has no mistake, and is called as its file."""
    assert load_site(name).name == name


def test_the_django_preset_is_djangos_protection() -> None:
    """Open the page, take the cookie, send it in Django's header; 403 is a refusal."""
    site = load_site("voigpt")
    assert [step.label for step in site.session] == ["GET /"]
    assert site.take == {"csrf": Source("cookie", "csrftoken")}
    assert site.headers == ((Template(("X-CSRFToken",)), Template((Slot("csrf"),))),)
    assert site.refused == (Match(statuses=frozenset({403})),)
    assert (site.chat[0].method, site.chat[0].path) == ("POST", Template(("/generate_response/",)))
    assert site.models == ("gpt-3.5-turbo",)


def test_a_file_wins_over_its_preset() -> None:
    """Key by key in tables; headers are the same in any case."""
    site = loads_site(
        'schema=1\nname="a"\nurl="https://a"\nextends=["django"]\nrefused={status=419}\nsession={get="/start"}\n'
        'chat={post="/",json="{messages}"}\nreply={json="r"}\n'
        '[take]\nroom={meta="room"}\n[headers]\nx-csrftoken="{csrf}/{room}"'
    )
    assert [step.label for step in site.session] == ["GET /start"]
    assert list(site.take) == ["csrf", "room"]
    assert [name.parts for name, _ in site.headers] == [("x-csrftoken",)]
    assert site.refused == (Match(statuses=frozenset({419})),)


@pytest.mark.parametrize(
    ("url", "base", "origin", "local"),
    [
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000", "http://127.0.0.1:8000", True),
        ("HTTP://LocalHost:80/", "http://localhost", "http://localhost", True),
        ("https://other.example/base/", "https://other.example/base", "https://other.example", False),
    ],
)
def test_the_same_chatbot_on_another_host(url: str, base: str, origin: str, local: bool) -> None:
    """`url` takes the place of the file's: base, origin, and whether a pace is kept."""
    site = load_site("voigpt", url=url)
    assert (site.url, site.origin, site.local) == (base, origin, local)
    assert site.origins == {origin}
    assert (site.limits.per_minute is None) is local
    assert (site.limits.concurrency is None) is local


def test_a_pace_that_is_written_counts_on_ones_own_machine_too() -> None:
    """Only the defaults differ there."""
    site = loads_site(changed('timeout = "30s"', "concurrency = 2\nper_minute = 5"), url="http://127.0.0.1:8000")
    assert (site.limits.concurrency, site.limits.per_minute) == (2, 5)


@pytest.mark.parametrize("url", ["file:///etc/passwd", "http://169.254.169.254/", "bot.example.org", "", "https://a\n"])
def test_a_url_of_the_caller_is_an_error_of_the_caller(url: str) -> None:
    """It names no line of the file, which is not wrong."""
    with pytest.raises(ArgumentError, match=r"^url: ") as error:
        load_site("voigpt", url=url)
    assert not isinstance(error.value, SiteFileError)
    assert "\n" not in str(error.value)


def test_the_fingerprint_is_of_text_and_url() -> None:
    """Kept sessions belong to one file on one host."""
    prints = {
        loads_site(BOT).fingerprint,
        loads_site(BOT + "\n").fingerprint,
        loads_site(BOT, url="https://b").fingerprint,
    }
    assert len(prints) == 3
    assert loads_site(BOT).fingerprint == loads_site(BOT, "elsewhere.toml").fingerprint


def test_a_file_is_loaded_by_its_path(tmp_path: Path) -> None:
    """As a Path, as text with a slash, and as a name that ends in .toml; a byte order mark is none of the text."""
    path = tmp_path / "bot.toml"
    path.write_bytes(b"\xef\xbb\xbf" + BOT.replace("\n", "\r\n").encode())
    assert load_site(path).name == load_site(str(path)).name == "bot"
    plain = tmp_path / "plain"
    plain.write_text(BOT, "utf-8")
    assert load_site(plain).name == "bot"


def test_an_error_names_the_file(tmp_path: Path) -> None:
    """As it was given."""
    path = tmp_path / "bot.toml"
    path.write_text("schema = 2\n", "utf-8")
    with pytest.raises(SiteFileError) as error:
        load_site(path)
    assert str(error.value) == f"{path}:1: schema: this version of chatdoor reads schema 1, not 2"
    assert (error.value.file, error.value.line, error.value.key) == (str(path), 1, "schema")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "can not be read: No such file or directory"),
        (b"a = '\xff'", "not UTF-8 text"),
        (b"#" * (4 * MAX_CHARS), f"more than {MAX_CHARS} characters"),
        (b"#" * (MAX_CHARS + 1), f"more than {MAX_CHARS} characters"),
    ],
)
def test_a_file_that_can_not_be_read_is_an_error(tmp_path: Path, content: bytes | None, said: str) -> None:
    """Missing, no text, or far too long."""
    path = tmp_path / "bot.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SiteFileError, match=said):
        load_site(path)


@pytest.mark.parametrize("source", ["a\x00.toml", "./.", "/"])
def test_a_path_that_is_no_file_is_an_error(source: str) -> None:
    """A null character, a folder."""
    with pytest.raises(SiteFileError, match="can not be read"):
        load_site(source)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("voigtp", "site 'voigtp': neither a known site nor a .toml file; did you mean 'voigpt'?"),
        ("x\ny", "site 'x\\ny': neither a known site nor a .toml file"),
        (5, "site: expected a name or a path, got int"),
        (None, "site: expected a name or a path, got NoneType"),
        (b"voigpt", "site: expected a name or a path, got bytes"),
    ],
)
def test_what_is_no_site_is_an_error(source: str, said: str) -> None:
    """Names that nobody knows, and what is no name."""
    with pytest.raises(ArgumentError) as error:
        load_site(source)
    assert str(error.value) == said
