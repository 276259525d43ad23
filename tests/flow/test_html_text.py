"""From HTML to text: what is kept, what is left out, and that no page makes it slow."""

import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatdoor.flow.html import MAX_TAGS, Token, WholePage
from chatdoor.flow.html_text import to_text

TEXT = [
    ("", ""),
    (" \n ", ""),
    ("a", "a"),
    ("  a \n\t b  ", "a b"),
    ("a<b> b </b>c", "a b c"),
    ("a <b> b</b>", "a b"),
    ("a&nbsp; b", "a\xa0 b"),
    ("&lt;b&gt; &amp;amp; &eacute; &#x1F600; &quot;", '<b> &amp; é 😀 "'),
    ("a<!-- no -->b", "ab"),
    ("a<br>b", "a\nb"),
    ("a<br><br>b<br><br><br>c", "a\n\nb\n\nc"),
    ("a <br> b", "a\nb"),
    ("a<wbr>b<span></span>", "ab"),
]
BLOCKS = [
    ("<p>a</p><p>b\nc</p>", "a\n\nb c"),
    ("<p>a<p>b", "a\n\nb"),
    ("<p></p><p>a</p><p> </p><p>b</p>", "a\n\nb"),
    ("<p>a<br></p><p>b</p>", "a\n\nb"),
    ("<div>a</div><div>b</div>c", "a\nb\nc"),
    ("<div><div>a</div></div> <section>b</section>", "a\nb"),
    ("<h1>A</h1>b<h3>c <b>d</b></h3>e", "# A\n\nb\n\n### c d\n\ne"),
    ("a<hr>b", "a\n\n---\n\nb"),
    ("a<blockquote>b<p>c<br>d</p></blockquote>e", "a\n\n> b\n>\n> c\n> d\n\ne"),
    ("<dl><dt>a<dd>b<dd>c</dl>", "a\n: b\n: c"),
    ("<details><summary>a</summary>b</details>", "a\nb"),
]
LISTS = [
    ("a<ul><li>b<li> c </ul>d", "a\n\n- b\n- c\n\nd"),
    ("<ol><li>a<li>b</ol>", "1. a\n2. b"),
    ("<ol start=9><li>a<li>b<li value=3>c<li value=x>d</ol>", "9. a\n10. b\n3. c\n4. d"),
    ("<ul><li>a<ul><li>b<ol><li>c</ol></ul><li>d</ul>", "- a\n  - b\n    1. c\n- d"),
    ("<ol><li>a<ul><li>b</ul></ol>", "1. a\n   - b"),
    ("<ul><li><p>a</p><p>b</p><li><p>c</p></ul>", "- a\n\n  b\n\n- c"),
    ("<ul><li><li>a</ul>", "- a"),
    ("<ul><li>a<br>b</ul>", "- a\n  b"),
    ("<ul><li><pre>a\n\nb</pre></ul>", "- ```\n  a\n\n  b\n  ```"),
    ("<li>a", "- a"),
]
CODE = [
    ("use <code>a  b</code>, <kbd>Ctrl</kbd>", "use `a b`, `Ctrl`"),
    ("a<code> b </code>c<code> </code>", "a `b` c"),
    ("<code>`a`</code> <code>a``b</code>", "`` `a` `` ```a``b```"),
    ("<code>a <b>*b*</b> <a href=/u>c</a></code>", "`a *b* c`"),
    ("<code>a<br>b</code>", "```\na\nb\n```"),
    ("a<pre>  b\n\n\n\tc &lt;d&gt; <i>e</i>\n</pre>f", "a\n\n```\n  b\n\n\n\tc <d> e\n```\n\nf"),
    ("<pre>\n\na</pre>", "```\n\na\n```"),
    ("<pre> \n </pre>a", "a"),
    ("<pre><code class='hljs language-c++'>a</code></pre>", "```c++\na\n```"),
    ("<pre class=lang-py>a</pre>", "```py\na\n```"),
    ("<pre class=slang-py>a</pre>", "```\na\n```"),
    ("<pre>a ``` b</pre>", "````\na ``` b\n````"),
    ("<code><pre>a\nb</pre></code>", "```\na\nb\n```"),
    ("<pre>a<script>no</script><br>b</pre>", "```\na\nb\n```"),
    ("<div style='White-Space: pre-wrap'>a\n  b\n\nc</div>d\ne", "a\n  b\n\nc\nd e"),
]
LINKS = [
    ("see <a href='/a?b=1'>this  one</a>.", "see [this one](/a?b=1)."),
    ("see<a href=/u> this </a>one", "see [this](/u) one"),
    ("<a href=' /a b(1) '>c</a>", "[c](/a%20b%281%29)"),
    ("<a href=http://x>http://x</a> <a href=mailto:a@b>a@b</a>", "http://x a@b"),
    ("<a href=/u>[1]</a>", "[\\[1\\]](/u)"),
    ("<a href=/u><code>a</code></a>", "[`a`](/u)"),
    ("<a href=/u><p>a</p><p>b</p></a>", "a\n\nb (/u)"),
    ("<a>a</a><a href=''>b</a><a href='#c'>c</a><a href='JavaScript:d()'>d</a><a href=/e></a>", "abcd"),
    ("<ul><li><a href=/u>a</a></ul>", "- [a](/u)"),
    ("<img src=/i alt='a cat'><img src=/j>", "a cat"),
]
TABLES = [
    ("a<table><tr><th>A<th>B<tr><td>1<td>2</table>b", "a\n\n| A | B |\n| --- | --- |\n| 1 | 2 |\n\nb"),
    ("<table><caption>C</caption><tbody><tr><td>a|b<td><b>c</b><br>d</table>", "C\n\n| a\\|b | c d |\n| --- | --- |"),
    ("<table><tr><td><ul><li>a</ul><td><a href=/u>b</a></table>", "| - a | [b](/u) |\n| --- | --- |"),
    ("<table><tr><td><p>a</p><p>b</p><td><pre>c</pre></table>", "a\n\nb\n\n```\nc\n```"),
    ("<table><tr><td>a</table>", "a"),
    ("<table></table><table><tr></table>", ""),
    ("<ul><li><table><tr><td>a<td>b</table></ul>", "- | a | b |\n  | --- | --- |"),
]
UNSEEN = [
    ("a<script>no</script><style>no</style><template>no</template><noscript>no</noscript>", "a"),
    ("a<p hidden>no</p><p aria-hidden=true>no</p><p aria-hidden=false>b</p>", "a\n\nb"),
    ("a<p style='color:red;DISPLAY : none'>no<b>no</b></p><i style='visibility:hidden'>no</i>", "a"),
    ("a<button>Copy</button><input value=no><select><option>no</select><textarea>no</textarea>", "a"),
    ("a<svg><title>no</title></svg><iframe>no</iframe>", "a"),
    ("<ul hidden><li>no</ul><ol><li hidden>no<li>a</ol>", "1. a"),
]


@pytest.mark.parametrize(("html", "text"), [*TEXT, *BLOCKS, *LISTS, *CODE, *LINKS, *TABLES, *UNSEEN])
def test_what_is_kept(html: str, text: str) -> None:
    """Paragraphs, lists, links, code, tables, in the manner of Markdown; nothing else."""
    assert _text(f"<div id=r>{html}</div>") == text


ROOTS = [
    ("<pre id=r>a\nb</pre>", "```\na\nb\n```"),
    ("<ul id=r><li>a<li>b</ul>", "- a\n- b"),
    ("<table id=r><tr><td>a<td>b</table>", "| a | b |\n| --- | --- |"),
    ("<ul><li id=r>a</ul>", "a"),
    ("<p id=r>a", "a"),
    ("<a id=r href=/u>a</a>", "a"),
    ("<h2 id=r>a</h2>", "a"),
    ("<p id=r style='display: none'>a</p>", "a"),
    ("<p id=r style='white-space: pre-wrap'>a\n b</p>", "a\n b"),
    ("<textarea id=r>a\n b</textarea>", "a\n b"),
    ("<b>no</b><p id=r>a</p><b>no</b>", "a"),
]


@pytest.mark.parametrize(("html", "text"), ROOTS)
def test_what_was_looked_for_is_shown(html: str, text: str) -> None:
    """Of the element itself only code, lists and tables leave a mark; nothing beside it is read."""
    assert _text(html) == text


DEEP = MAX_TAGS // 2 - 2
HOSTILE = [
    "<div>" * DEEP,
    "<blockquote>" * 5_000 + "<p>x" * 10_000,
    "<ul><li>" * 5_000 + "<br>x" * 10_000,
    "<table><tr><td>" * 3_000 + "x" * 100_000,
    "<table><tr>" + "<td>x" * 10_000 + "<tr>" * 10_000 + "</table>",
    "<a href=/u><table><td>" * 5_000 + "x" * 10_000,
    "<pre>" * 10_000 + "x",
    "<code>" * 10_000 + "`" * 10_000,
    "x" * 1_000_000,
    "<b> </b>" * 10_000,
]


@pytest.mark.parametrize("html", HOSTILE, ids=range(len(HOSTILE)))
def test_no_page_is_too_much(html: str) -> None:
    """Whatever is nested in whatever, the text stays within a hundred times of the page."""
    assert len(_text(f"<div id=r>{html}")) <= 100 * len(html)


SLOW = [
    ("<pre>y<b></b>" + "x" * 4_000_000, "<code class=language-x>"),
    ("<pre>" + " " * 4_000_000, "<code class=language-x>"),
    ("<a href=/u><marquee>y" * 7_000 + "x" * 2_000_000, "</marquee></a>"),
]


@pytest.mark.parametrize(("html", "again"), SLOW, ids=["code", "space", "links"])
def test_a_long_text_is_copied_a_few_times(html: str, again: str) -> None:
    """Not once for each element in it or around it, which would take half a minute."""
    tokens = list(_tokens(f"<div id=r>{html}{again * 7_000}"))
    begun = time.process_time()
    to_text(tokens)
    assert time.process_time() - begun < 3


ALPHABET = ["<p>", "</p>", "<ul>", "</ul>", "<li>", "<pre>", "</pre>", "<code>", "</code>", "<a href=/u>", "</a>"]
ALPHABET += ["<table>", "<tr>", "<td>", "</table>", "<br>", "<b hidden>", "</b>", "<blockquote>", "</blockquote>"]
ALPHABET += ["<h2>", "</h2>", "<ol start=5>", "</ol>", "<hr>", "<img alt=i>", "<dd>", "a", " ", "\n", "`", "&amp;"]


@given(st.lists(st.sampled_from(ALPHABET), max_size=30).map("".join))
def test_no_markup_breaks_it(html: str) -> None:
    """Every word that is read is in the text, in whatever mess; no line but those of code ends in space."""
    text = _text(f"<div id=r>{html}<i>end</i></div>")
    assert "end" in text or "hidden" in html
    assert text == text.strip(" ") or "pre" in html or "`" in text
    assert "\n\n\n" not in text or "pre" in html or "code" in html


def _text(html: str) -> str:
    return to_text(_tokens(html))


def _tokens(html: str) -> Iterator[Token]:
    tokens = WholePage(html).last("#r")
    assert tokens is not None
    return tokens
