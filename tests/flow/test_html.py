"""HTML: what is found in pages, however broken they are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatdoor.errors import ArgumentError
from chatdoor.flow.html import MAX_TAGS, Page, quote_name

PAGE = """
<html><head><title>Chat</title><meta name="csrf-token" content="a&amp;b">
<script id="state">{"a": 1}</script><style>p {}</style></head>
<body><noscript>Enable JavaScript</noscript><h1>Hello
  there</h1><p>It&nbsp;is <b>fine</b>.</p>
<form id="chat"><input name="token" value="t1"><input name="empty"></form><form><input name="token" value="t2"></form>
<li class="item" value="3">third</li><textarea name="area">text</textarea><template>hidden</template>
"""

FOUND = [
    ('meta[name="csrf-token"]', None, "a&b"),
    ('input[name="token"]', None, "t1"),
    ("form:last-of-type input", None, "t2"),
    ("form:last-of-type input", "name", "token"),
    ('input[name="empty"]', None, None),
    ("script#state", None, '{"a": 1}'),
    ("li", None, "third"),
    ("li", "value", "3"),
    ("li", "nothing", None),
    ("textarea", None, "text"),
    ("h2", None, None),
]


@pytest.mark.parametrize(("selector", "attr", "value"), FOUND)
def test_what_an_element_holds(selector: str, attr: str | None, value: str | None) -> None:
    """The attribute asked for; without one, `content` of a meta, `value` of a field, else the text. The first wins."""
    assert Page(PAGE).find(selector, attr) == value


def test_the_text_is_what_a_person_reads() -> None:
    """Without scripts and what is not shown, on one line. Asking for it changes nothing in the page."""
    page = Page(PAGE)
    assert page.text() == "Hello there It is fine . third text"
    assert page.find("script#state") == '{"a": 1}'
    assert page.text() == page.text()


@pytest.mark.parametrize("html", ["", " ", "plain", "<", "<!---->", "\0", "<p" * 9, "a\ud800"])
def test_a_broken_page_is_a_page(html: str) -> None:
    """Whatever comes, it can be asked."""
    page = Page(html)
    assert not page.has("input[type=password]")
    assert isinstance(page.text(), str)


def test_a_deep_page_is_a_page() -> None:
    """Elements nested 10,000 deep neither recurse nor crash."""
    page = Page("<div>" * 10_000 + "<input type=password>")
    assert page.has("input[type=password]")
    assert page.text() == ""


def test_a_page_of_tags_is_read_in_part() -> None:
    """The parser needs time by the square of nested tags: after 30,000 of them it reads no more."""
    html = "<i>" * (MAX_TAGS - 2) + "<b>seen</b>" + "<u>"
    assert Page(html).has("b")
    assert not Page(html).has("u")
    assert not Page("<i>" * MAX_TAGS + "<b>").has("b")


@pytest.mark.parametrize("selector", ["input[[", "", ":::", "a:has("])
def test_what_is_no_selector_is_an_error(selector: str) -> None:
    """One of ours, which names it."""
    with pytest.raises(ArgumentError, match="not a CSS selector"):
        Page(PAGE).find(selector)


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"], include_characters="\t\n"), min_size=1, max_size=10))
def test_a_name_stays_a_name(name: str) -> None:
    """A name with quotes, backslashes or brackets in it finds its own element and no other."""
    escaped = "".join(f"&#{ord(character)};" for character in name)
    page = Page(f'<meta name="other" content="no"><meta name="{escaped}" content="yes">')
    if name != "other":
        assert page.find(f"meta[name={quote_name(name)}]") == "yes"
