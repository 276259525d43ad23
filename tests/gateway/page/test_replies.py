"""What a site sends is shown as text and as simple markdown, never as HTML, however much it is."""

import json
from collections.abc import Iterable

import pytest
from playwright.sync_api import Error, expect

from tests.gateway.door import Door
from tests.gateway.page.window import Window

RICH = """# Title

Some **bold**, *leaning*, `code` and a [link](https://example.org/a?b=c).
Another line.

1. one
2. two
   - inner

> said

```python
<b>print("x")</b>
```

| a | b |
|---|---|
| 1 | 2 |
"""

HOSTILE = """<img src=x onerror="alert(1)"> <script>alert(2)</script>
[a](javascript:alert(3)) [b](data:text/html,<script>alert(4)</script>) [c](JaVaScRiPt:alert(5)) ![d](https://evil.example/x.png)
<a href="javascript:alert(6)">e</a> [f](/v1/models) <https://example.org/"onmouseover="alert(7)>

<style>body{display:none}</style><iframe src="https://evil.example"></iframe>

[g]( java
script:alert(8))
"""


def serve(seen: Window, pieces: Iterable[str]) -> None:
    """Lets the page hear these pieces instead of a site's."""
    frames = [json.dumps({"choices": [{"index": 0, "delta": {"content": piece}}]}) for piece in pieces]
    body = "".join(f"data: {frame}\n\n" for frame in [*frames, "[DONE]"])
    seen.page.route("**/v1/chat/completions", lambda route: route.fulfill(body=body, content_type="text/event-stream"))


def test_markdown_becomes_elements(seen: Window, door: Door) -> None:
    """Headings, emphasis, lists, quotes, code and tables are what they look like, whatever the pieces."""
    page = seen.open(door)
    serve(seen, RICH)
    seen.ask("go")
    body = page.locator("article.theirs .body")
    found = {tag: body.locator(tag).all_inner_texts() for tag in ("h3", "strong", "em", "p code", "blockquote", "td")}
    assert found == {"h3": ["Title"], "strong": ["bold"], "em": ["leaning"], "p code": ["code"],
                     "blockquote": ["said"], "td": ["1", "2"]}  # fmt: skip
    expect(body.locator("ol > li")).to_have_count(2)
    expect(body.locator("ol > li ul > li")).to_have_text("inner")
    assert body.locator("pre").inner_text().strip() == '<b>print("x")</b>'
    link = body.get_by_role("link", name="link")
    assert link.get_attribute("href") == "https://example.org/a?b=c"
    assert "noopener" in (link.get_attribute("rel") or "")


def test_a_hostile_reply_is_text(seen: Window, door: Door) -> None:
    """Tags are shown as they are, links lead to the web alone, nothing is loaded and nothing runs."""
    page = seen.open(door)
    image = "<img src=x onerror=alert(0)>"
    assert seen.ask(f"say exactly: {image}") == image
    serve(seen, [HOSTILE])
    shown = seen.ask("go")
    assert '<img src=x onerror="alert(1)">' in shown
    assert "<script>alert(2)</script>" in shown
    body = page.locator("article.theirs .body")
    assert "evil" in body.last.inner_text()
    expect(body.locator("img, script, iframe, style, svg, [onerror], [style]")).to_have_count(0)
    links = body.locator("a").evaluate_all("links => links.map((link) => link.href)")
    assert links
    assert all(link.startswith("https://") for link in links)


def test_no_script_of_the_page_can_make_html_of_a_text(seen: Window, door: Door) -> None:
    """The browser itself refuses it, so that a mistake of ours would be an error and not a hole."""
    seen.expected.append("This document requires 'TrustedHTML'")
    page = seen.open(door)
    with pytest.raises(Error, match="TrustedHTML"):
        page.evaluate("document.body.innerHTML = '<b>'")
    seen.expected.extend(["Applying inline style", "Executing inline script"])
    page.evaluate("document.body.setAttribute('style', 'display: none')")
    expect(page.get_by_label("Your message")).to_be_visible()


def test_what_the_visitor_writes_and_errors_are_text(seen: Window, door: Door) -> None:
    """A prompt and an error with tags in them are shown as they are."""
    seen.expected.append("Failed to load resource")
    page = seen.open(door)
    error = json.dumps({"error": {"message": "<img src=x onerror=alert(1)>", "code": "<b>"}})
    page.route("**/v1/chat/completions", lambda route: route.fulfill(status=424, body=error))
    seen.say("<b onclick=alert(1)>hi</b>")
    expect(page.get_by_role("alert").filter(has_text="onerror")).to_have_text("<img src=x onerror=alert(1)>")
    expect(page.locator("article.mine")).to_have_text("<b onclick=alert(1)>hi</b>")
    expect(page.locator("article img, article b")).to_have_count(0)


LONGEST = "() => new Promise((resolve) => requestAnimationFrame(() => resolve(window.longest)))"
WATCH = """window.longest = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) window.longest = Math.max(window.longest, entry.duration);
}).observe({ entryTypes: ["longtask"] });"""


def heavy(seen: Window, door: Door, pieces: list[str]) -> int:
    """Milliseconds of the longest time for which the page did not react, while it showed these pieces."""
    page = seen.open(door)
    serve(seen, pieces)
    page.evaluate(WATCH)
    seen.ask("go")
    return int(page.evaluate(LONGEST))


def test_a_hundred_thousand_pieces_do_not_freeze_it(seen: Window, door: Door) -> None:
    """So many pieces are drawn a frame at a time, all of them."""
    assert heavy(seen, door, [f"w{number} " for number in range(100_000)]) < 1000
    text = seen.page.locator("article.theirs .body").evaluate("body => body.textContent")
    assert text.split() == [f"w{number}" for number in range(100_000)]


def test_a_megabyte_does_not_freeze_it(seen: Window, door: Door) -> None:
    """One piece without a space, marks without an end, and a code block without an end are shown all the same."""
    for text in ("x" * 1_000_000, "**_[`a" * 160_000, "```\n" + "code line\n" * 100_000, "> " * 400_000):
        assert heavy(seen, door, [text]) < 1000
        shown = seen.page.locator("article.theirs .body").evaluate("body => body.textContent.length")
        assert shown > len(text) * 0.4
        seen.page.evaluate("sessionStorage.clear()")
