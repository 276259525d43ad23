"""Markdown as sites write it becomes the elements that it means."""

from tests.gateway.door import Door
from tests.gateway.page.window import Window

MEANT = {
    "***a*** **b *c*** *d **e** f*":
        "<p><strong><em>a</em></strong> <strong>b <em>c</em></strong> <em>d <strong>e</strong> f</em></p>",
    "2 * 3 * 4, a_b_c": "<p>2 * 3 * 4, a_b_c</p>",
    "[**b**](https://a.example/x_(y)).": '<p><a href="https://a.example/x_(y)"><strong>b</strong></a>.</p>',
    "(https://a.example/x_(y)), <https://b.example/>":
        '<p>(<a href="https://a.example/x_(y)">https://a.example/x_(y)</a>), '
        '<a href="https://b.example/">https://b.example/</a></p>',
    "[https://a.example/](https://a.example/)": '<p><a href="https://a.example/">https://a.example/</a></p>',
    "  - a\n  - b": "<ul><li>a</li><li>b</li></ul>",
    "- a\n   - b\n     1. c\n     2. d": "<ul><li>a<ul><li>b<ol><li>c</li><li>d</li></ol></li></ul></li></ul>",
    "3. a\nb\n- c": '<ol start="3"><li>a\nb</li></ol><ul><li>c</li></ul>',
    "1. a\n\n   b\n2. c": "<ol><li><p>a</p><p>b</p></li><li>c</li></ol>",
    "1. a\n   ```\n   b:\n       c\n   ```": "<ol><li>a<pre>b:\n    c</pre></li></ol>",
    "> a\nb": "<blockquote><p>a\nb</p></blockquote>",
    "A\n===\nB\n---\nc\n***": "<h3>A</h3><h4>B</h4><p>c</p><hr>",
    "a\n|b|c|d|\n|-|:-:|-:|\n|x\\|y|2|3|\nz":
        '<p>a</p><table><thead><tr><th>b</th><th class="middle">c</th><th class="right">d</th></tr></thead>'
        '<tbody><tr><td>x|y</td><td class="middle">2</td><td class="right">3</td></tr></tbody></table><p>z</p>',
}  # fmt: skip
"""A block -> its elements, in short: without the frames of code and tables, and what all links have."""

RENDER = """async (text) => {
  const { render } = await import("/page/markdown.js");
  const box = document.createElement("div");
  box.append(...render(text));
  box.querySelectorAll(".code-top").forEach((top) => top.remove());
  box.querySelectorAll(".code, .wide").forEach((frame) => frame.replaceWith(...frame.childNodes));
  box.querySelectorAll("pre").forEach((pre) => pre.replaceChildren(pre.textContent));
  const known = ["tabindex", "role", "aria-label", "target", "rel"];
  box.querySelectorAll("*").forEach((each) => known.forEach((name) => each.removeAttribute(name)));
  return box.innerHTML;
}"""


def test_a_block_is_what_it_means(seen: Window, door: Door) -> None:
    """Each block becomes its elements."""
    page = seen.open(door)
    assert {text: page.evaluate(RENDER, text) for text in MEANT} == MEANT


MARKS = ["*a ", "- ", "> ", "[", "[](x", "](", "`", "|-", "1. a\n", "***a **", "(https://a(", "<http://"]

TIMED = """async (marks) => {
  const { render } = await import("/page/markdown.js");
  return Object.fromEntries(marks.map((mark) => {
    const began = performance.now();
    render(mark.repeat(8000).slice(0, 8000));
    return [mark, performance.now() - began];
  }));
}"""


def test_no_mark_takes_long(seen: Window, door: Door) -> None:
    """A whole block of one mark, the worst that a site can send, is read within a few frames."""
    took = seen.open(door).evaluate(TIMED, MARKS)
    assert {mark: ms for mark, ms in took.items() if ms > 250} == {}
