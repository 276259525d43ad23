"""The page's files as they are served."""

import re

import pytest

from chatdoor.gateway.endpoints.page import FOLDER, KINDS, assets
from tests.gateway.door import Door, gateway, key

PATHS = ["/", *(f"/page/{name.decode()}" for name in sorted(assets()))]


@pytest.mark.parametrize("path", PATHS)
def test_each_has_its_policy_and_is_sent_once(door: Door, path: str) -> None:
    """A strict policy on every file, and 304 for who has it."""
    seen = door.send("GET", path)
    assert seen.status == 200
    assert seen.body
    policy = seen.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'")
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert (seen.headers["x-content-type-options"], seen.headers["referrer-policy"]) == ("nosniff", "no-referrer")
    again = door.send("GET", path, headers={"If-None-Match": f'"other", W/{seen.headers["etag"]}'})
    assert (again.status, again.body, again.headers["etag"]) == (304, b"", seen.headers["etag"])


@pytest.mark.parametrize("path", ["/page/", "/page/page.py", "/page/../page.css", "/page/%2e%2e/app.py", "/page//"])
def test_nothing_else_is_served(door: Door, path: str) -> None:
    """Names are looked up among the files of the page; no path leads elsewhere."""
    assert door.send("GET", path).error["code"] == "unknown_url"


def test_no_key_is_needed_to_be_asked_for_one() -> None:
    """The page itself is open, what it shows is not."""
    with gateway(keys=[key("secret")]) as door:
        assert door.send("GET", "/").status == 200
        assert door.send("GET", "/page/main.js").status == 200
        assert door.send("GET", "/v1/chatdoor/state").status == 401


def test_a_foreign_page_can_not_frame_or_read_it(door: Door) -> None:
    """The same guard as everywhere."""
    assert door.send("GET", "/", headers={"Origin": "https://evil.example"}).status == 403
    assert door.send("GET", "/", headers={"Host": "evil.example"}).status == 421


def test_no_file_makes_html_of_a_text_or_names_another_origin() -> None:
    """What would make markup of a text, or load from elsewhere, stands in no file."""
    for path in FOLDER.iterdir():
        assert path.suffix in KINDS
        text = path.read_text("utf-8")
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|style=|\son\w+=", text)
        assert set(re.findall(r"https?://[\w.]+", text)) <= {"http://www.w3.org"}
