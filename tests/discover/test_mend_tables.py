"""Changes of a draft leave the draft alone, and what they give loads."""

from chatdoor.discover.draft import Line, Table, write
from chatdoor.discover.mend_sources import look_tables
from chatdoor.discover.mend_tables import add_page, expanded, suspects, tokens, without_value
from chatdoor.site.load import loads_site


def draft() -> list[Table]:
    """A site with a login, a token in a header and in a form, and a reference."""
    top = Table("", [Line("schema", 1), Line("name", "bot"), Line("url", "https://bot.example.org")])
    login = Table("[session]", [Line("post", "/login"), Line("form", {"login_token": "{csrf}", "user": "ada"})])
    chat = [Line("post", "/ask"), Line("json", {"q": "{prompt}", "csrf": "{csrf}", "brace": "{{csrf}}"})]
    take = Table("[take]", [Line("csrf", {"cookie": "c"})])
    headers = Table("[headers]", [Line("X-T", "{csrf}"), Line("X-Key", "{env:KEY}")])
    return [top, take, headers, login, Table("[chat]", chat), Table("[reply]", [Line("json", "a")])]


def test_tokens_are_named() -> None:
    """Those of a message by its headers and fields; those of a session's steps beside them; no brace is one."""
    assert tokens(draft()) == {"csrf": "X-T", "env:KEY": "X-Key"}
    only_login = [table for table in draft() if table.heading not in {"[headers]", "[chat]"}]
    assert (tokens(only_login), suspects(only_login)) == ({}, {"csrf": "login_token"})


def test_a_value_is_left_out() -> None:
    """The session's steps keep it, and with them its source; everywhere, that goes too. The draft is as it was."""
    tables = draft()
    before = write(tables)
    part, whole = write(without_value(tables, "csrf")), write(without_value(tables, "csrf", everywhere=True))
    assert 'login_token = "{csrf}"' in part
    assert 'csrf = { cookie = "c" }' in part
    assert "X-T" not in part
    assert whole.count("csrf") == 1
    assert 'brace = "{{csrf}}"' in whole
    assert write(tables) == before
    loads_site(part)


def test_a_page_is_added() -> None:
    """After the session's steps or before them; one step becomes a list."""
    last, first = write(add_page(draft(), "/", "why")), write(add_page(draft(), "/", "why", first=True))
    assert last.index("/login") < last.index('get = "/"')
    assert first.index("/login") > first.index('get = "/"')
    assert last.count("[[session]]") == first.count("[[session]]") == 2
    assert [step.label for step in loads_site(first).session] == ["step 1 of 2, GET /", "step 2 of 2, POST /login"]


def test_a_preset_is_spelled_out() -> None:
    """The draft says the same as the preset: header, source, page."""
    top = Table("", [Line("schema", 1), Line("name", "b"), Line("url", "https://b.example"), Line("extends", "django")])
    tables = [
        top,
        Table("[chat]", [Line("post", "/a"), Line("json", {"q": "{prompt}"})]),
        Table("[reply]", [Line("json", "a")]),
    ]
    own, preset = loads_site(write(expanded(tables, ("x-csrftoken",)))), loads_site(write(tables))
    assert {name: source.spot for name, source in own.take.items()} == {"csrf": preset.take["csrf"].spot}
    assert [step.label for step in own.session] == [step.label for step in preset.session]


def test_a_preset_of_a_protocol_stays() -> None:
    """Of two presets the one of the token is spelled out; a look is made without the other."""
    top = Table("", [*draft()[0].lines, Line("extends", ["django", "vercel-ai"])])
    spelled_out = expanded([top, Table("[chat]", [Line("post", "/api/chat")])], ("x-csrftoken",))
    text = write(spelled_out)
    assert 'extends = ["vercel-ai"]' in text
    assert 'X-CSRFToken = "{csrf}"' in text
    assert [step.label for step in loads_site(text).chat] == ["POST /api/chat"]
    assert loads_site(write(look_tables(spelled_out, ("/a",)))).conversation.history == "none"


def test_a_look_says_nothing() -> None:
    """It opens the session and the pages, needs no unknown reference, and sends no message."""
    site = loads_site(write(look_tables(draft(), ("/", "/c"))))
    assert [step.label.rpartition(" ")[2] for step in site.session] == ["/login", "/", "/c"]
    assert site.references == ()
    assert site.conversation.history == "none"
