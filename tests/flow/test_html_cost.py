"""What a page costs the parser: as much as a page may, and no more."""

import time

import pytest

from chatdoor.errors import ReplyTooLarge
from chatdoor.flow.html import Page, WholePage
from chatdoor.flow.html_cost import readable

SECONDS = 10.0
"""Ten times what the slowest needs; without the bound most of these need minutes."""

ROW = '<div class="a b" id=x data-if="a < b"><p>Hello <a href="/x?a=b" title=\'y\'>there</a></p></div>\n'


def attributes(count: int, begin: int = 0) -> str:
    """So many attributes with different names."""
    return " ".join([f"x{number}" for number in range(begin, begin + count)])


PAGES = {
    "a table": ROW * 2_000,
    "a page in an attribute": f"<div data-page='{'{&quot;a b c&quot;: 1} ' * 50_000}'></div>",
    "a script": "<script>" + "for (var i = 0; i <n; i++) { var x = y; if (a > b) c (d); }\n" * 5_000 + "</script>",
    "text": "hello world " * 100_000,
    "some attributes": f"<a {attributes(10_000)}>" + ROW,
}

COSTLY = {
    "one tag": f"<a {attributes(200_000)}>",
    "one without spaces": "<a/" + "/".join([f"{name}='1'" for name in attributes(200_000).split()]) + ">",
    "one with values": "<a " + attributes(200_000).replace(" ", "=1 ") + ">",
    "one with quotes": "<a " + "".join([f'{name}=">"' for name in attributes(200_000).split()]) + ">",
    "many tags": f"<a {attributes(1_000)}>" * 1_000,
    "one body of many tags": "".join([f"<body {attributes(50, at * 50)}>" for at in range(4_000)]),
    "one in capitals": "".join([f"<BODY\n{attributes(50, at * 50)}>" for at in range(4_000)]),
    "behind a comment": f'<!-- <a {attributes(100)} x=" --><b {attributes(200_000)}>',
    "behind a script": f"<svg><style><a x='</style><b {attributes(200_000)}>",
    "tags in a tag": "<a " * 800 + 'x="' + "y" * 7_000_000 + '">' + f"<a {attributes(200_000)}>",
}


@pytest.mark.parametrize("html", PAGES.values(), ids=PAGES)
def test_real_pages_are_read_whole(html: str) -> None:
    """Whatever stands in their scripts and values."""
    assert readable(html) == html
    assert WholePage(html + "<p>end</p>").last("p")


@pytest.mark.parametrize("html", COSTLY.values(), ids=COSTLY)
def test_a_costly_page_is_read_up_to_where_it_costs(html: str) -> None:
    """What came before is found, in good time; as a reply it is an error."""
    began = time.monotonic()
    page = Page(f"<p>Hello</p>{html}<input name=csrf>")
    assert (page.find("p"), page.has("input")) == ("Hello", False)
    with pytest.raises(ReplyTooLarge, match="too many attributes"):
        WholePage(html)
    assert time.monotonic() - began < SECONDS


@pytest.mark.parametrize("text", ["<", "<a", "<" * 20_000, "<a " + " " * 20_000, "<a x=" + "'" * 20_000, "\0" * 20_000])
def test_broken_tags_cost_nothing(text: str) -> None:
    """What ends inside a tag is read like any other."""
    assert readable(text) == text
