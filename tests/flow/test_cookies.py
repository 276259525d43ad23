"""Cookies, by the sections of RFC 6265."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatdoor.flow.cookies import MAX_AGE, MAX_BYTES, MAX_COOKIES, Cookie, Jar, read_set_cookie

NOW = 1_700_000_000.0
URL = "https://chat.example.org/app/page"

SENT = [
    # Set-Cookie, from where, to where, Cookie
    ("host only goes back", "a=1", URL, URL, "a=1"),
    ("host only goes to no subdomain", "a=1; Path=/", "https://example.org/", "https://chat.example.org/", ""),
    ("host only goes to no parent", "a=1; Path=/", URL, "https://example.org/", ""),
    ("a domain goes to itself", "a=1; Path=/; Domain=example.org", URL, "https://example.org/", "a=1"),
    ("a domain goes to subdomains", "a=1; Path=/; Domain=example.org", URL, "https://x.y.example.org/", "a=1"),
    ("a leading dot is ignored", "a=1; Path=/; Domain=.example.org", URL, "https://x.example.org/", "a=1"),
    ("a domain has no case", "a=1; Path=/; Domain=EXAMPLE.org", URL, "https://X.example.ORG/", "a=1"),
    ("the last Domain counts", "a=1; Path=/; Domain=evil.net; Domain=example.org", URL, URL, "a=1"),
    ("an empty Domain is none", "a=1; Path=/; Domain=", URL, "https://x.chat.example.org/", ""),
    ("the end of a name is no subdomain", "a=1; Path=/; Domain=example.org", URL, "https://badexample.org/", ""),
    ("a foreign domain is ignored", "a=1; Path=/; Domain=evil.net", URL, "https://evil.net/", ""),
    ("a sibling is foreign", "a=1; Path=/; Domain=mail.example.org", URL, "https://mail.example.org/", ""),
    ("a deeper domain is foreign", "a=1; Path=/; Domain=x.chat.example.org", URL, "https://x.chat.example.org/", ""),
    ("a top domain is refused", "a=1; Path=/; Domain=org", URL, "https://example.org/", ""),
    ("an address has no subdomains", "a=1; Path=/; Domain=0.0.1", "http://127.0.0.1/", "http://127.0.0.1/", ""),
    ("an address may name itself", "a=1; Path=/; Domain=127.0.0.1", "http://127.0.0.1/", "http://127.0.0.1/", "a=1"),
    ("IPv6", "a=1; Path=/", "http://[::1]:8000/", "http://[::1]:8000/x", "a=1"),
    ("the port plays no part", "a=1; Path=/", "http://localhost:8000/", "http://localhost:9000/", "a=1"),
    ("the path is the directory", "a=1", URL, "https://chat.example.org/app/other", "a=1"),
    ("the directory itself", "a=1", URL, "https://chat.example.org/app", "a=1"),
    ("not above", "a=1", URL, "https://chat.example.org/", ""),
    ("not beside", "a=1; Path=/app", URL, "https://chat.example.org/apple", ""),
    ("below", "a=1; Path=/app", URL, "https://chat.example.org/app/x/y?q=/#f", "a=1"),
    ("with a slash at its end", "a=1; Path=/app/", URL, "https://chat.example.org/app/x", "a=1"),
    ("with a slash at its end, not without", "a=1; Path=/app/", URL, "https://chat.example.org/app", ""),
    ("a path that is none is the default", "a=1; Path=app", URL, "https://chat.example.org/app/x", "a=1"),
    ("the last Path counts", "a=1; Path=/x; Path=/", URL, "https://chat.example.org/", "a=1"),
    ("a URL without a path is the root", "a=1", "https://chat.example.org", "https://chat.example.org/x", "a=1"),
    ("secure", "a=1; Path=/; Secure", URL, "https://chat.example.org/", "a=1"),
    ("secure goes to no plain http", "a=1; Path=/; Secure", URL, "http://chat.example.org/", ""),
    ("secure is not taken from plain http", "a=1; Path=/; Secure", "http://chat.example.org/", URL, ""),
    ("secure on one's own machine", "a=1; Path=/; Secure", "http://127.0.0.1/", "http://127.0.0.1/", "a=1"),
    ("a name like one's own machine", "a=1; Path=/; Secure", "http://127.evil.com/", "http://127.evil.com/", ""),
    ("attributes have no case", "a=1; pATH=/; sECURE; dOMAIN=example.org", URL, "https://example.org/", "a=1"),
    ("other attributes play no part", "a=1; Path=/; HttpOnly; SameSite=Strict; Partitioned", URL, URL, "a=1"),
    ("space around is dropped", " a\t= 1\t;Path = / ", URL, "https://chat.example.org/", "a=1"),
    ("quotes stay", 'a="1 2"; Path=/', URL, URL, 'a="1 2"'),
    ("equals signs in the value stay", "a=b=c=; Path=/", URL, URL, "a=b=c="),
    ("percent signs stay", "a=%20%3B; Path=/", URL, URL, "a=%20%3B"),
    ("an empty value is one", "a=; Path=/", URL, URL, "a="),
    ("no name", "=1; Path=/", URL, URL, ""),
    ("no equals sign", "a; Path=/", URL, URL, ""),
    ("nothing", "", URL, URL, ""),
    ("a control character", "a=1\x00; Path=/", URL, URL, ""),
    ("a line break", "a=1\r\nX-Evil: 1; Path=/", URL, URL, ""),
    ("not ASCII", "a=\xe9; Path=/", URL, URL, ""),
    ("too long", f"a={'x' * MAX_BYTES}; Path=/", URL, URL, ""),
]


@pytest.mark.parametrize(("header", "source", "target", "sent"), [r[1:] for r in SENT], ids=[r[0] for r in SENT])
def test_what_is_sent_where(header: str, source: str, target: str, sent: str) -> None:
    """A cookie goes back where RFC 6265 sends it, and nowhere else."""
    cookie = read_set_cookie(header, source, NOW)
    jar = Jar().apply([cookie] if cookie else [], NOW)
    assert jar.header(target, NOW) == sent


DAY = 86400.0
LIVES = [
    ("a session cookie has no end", "", None),
    ("Max-Age", "Max-Age=60", NOW + 60),
    ("a second", "Max-Age=1", NOW + 1),
    ("Max-Age over Expires", "Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT", NOW + 60),
    ("Expires over no Max-Age", "Expires=Wed, 15 Nov 2023 00:00:00 GMT", 1700006400.0),
    ("Expires with dashes", "Expires=Wed, 15-Nov-2023 00:00:00 GMT", 1700006400.0),
    ("Expires without a zone", "Expires=Wed, 15 Nov 2023 00:00:00", 1700006400.0),
    ("zero deletes", "Max-Age=0", 0.0),
    ("less than zero deletes", "Max-Age=-9999999999999999999999", 0.0),
    ("a Max-Age that is no number", "Max-Age=1h; Expires=Wed, 15 Nov 2023 00:00:00 GMT", 1700006400.0),
    ("a Max-Age with a sign", "Max-Age=+60", None),
    ("a Max-Age with a fraction", "Max-Age=60.5", None),
    ("a date that is none", "Expires=tomorrow", None),
    ("the last of two", "Max-Age=60; Max-Age=120", NOW + 120),
    ("no longer than 400 days", "Max-Age=" + "9" * 200, NOW + MAX_AGE),
    ("no longer than 400 days by date", "Expires=Fri, 31 Dec 9999 23:59:59 GMT", NOW + MAX_AGE),
]


@pytest.mark.parametrize(("attributes", "expires"), [r[1:] for r in LIVES], ids=[r[0] for r in LIVES])
def test_how_long_a_cookie_lives(attributes: str, expires: float | None) -> None:
    """Section 5.3, step 3, with the limit of RFC 6265bis."""
    cookie = read_set_cookie(f"a=1; Path=/; {attributes}", URL, NOW)
    assert cookie is not None
    assert cookie.expires == expires


class TestJar:
    """What is kept, and in which order it is sent."""

    def test_an_expired_cookie_is_not_sent(self) -> None:
        """A cookie goes out until the second at which it expires."""
        jar = _jar("a=1; Max-Age=60")
        assert jar.header(URL, NOW + 59) == "a=1"
        assert jar.header(URL, NOW + 60) == ""

    def test_a_cookie_that_has_expired_removes_its_namesake(self) -> None:
        """Deleting is setting with an end in the past; only the same name, domain and path is deleted."""
        jar = _jar("a=1; Path=/", "a=2; Path=/app", "b=3; Path=/")
        assert _jar("a=; Path=/; Max-Age=0", jar=jar).header(URL, NOW) == "a=2; b=3"

    def test_expired_cookies_make_room(self) -> None:
        """What has expired is dropped when the jar changes."""
        jar = _jar("a=1; Max-Age=60")
        assert jar.apply([Cookie("b", "2", "chat.example.org")], NOW + 61).cookies == (
            Cookie("b", "2", "chat.example.org"),
        )

    def test_the_same_cookie_is_replaced(self) -> None:
        """Same name, domain and path: one cookie, the newer value."""
        assert _jar("a=1", "a=2").header(URL, NOW) == "a=2"

    def test_equal_names_with_other_paths_and_domains_stand_beside_each_other(self) -> None:
        """All that fit are sent, those with longer paths first, then in the order in which they were set."""
        jar = _jar("a=root; Path=/", "b=2; Path=/", "a=app; Path=/app", "a=wide; Path=/; Domain=example.org")
        assert jar.header(URL, NOW) == "a=app; a=root; b=2; a=wide"
        assert jar.header("https://example.org/", NOW) == "a=wide"

    def test_the_newest_of_equal_names_is_taken(self) -> None:
        """What counts for `take` is what was set last, wherever it belongs."""
        assert _jar("a=1; Path=/", "a=2; Path=/app").get("a") == "2"
        assert _jar("a=1; Path=/", "a=2; Path=/app", "a=3; Path=/").get("a") == "3"
        assert _jar("a=1").get("b") is None

    def test_the_oldest_make_room(self) -> None:
        """A page with a thousand cookies leaves 300, the newest."""
        jar = _jar(*(f"c{number}=1; Path=/" for number in range(1000)))
        assert len(jar.cookies) == MAX_COOKIES
        assert (jar.get("c999"), jar.get("c699")) == ("1", None)

    def test_a_jar_does_not_change(self) -> None:
        """Changing makes a new one: another call may hold the old."""
        jar = _jar("a=1")
        _jar("b=2", jar=jar)
        assert jar.header(URL, NOW) == "a=1"


HOSTS = st.sampled_from(
    ["chat.example.org", "example.org", "evil.net", "127.0.0.1", "localhost", "org", "badexample.org"]
)
TEXT = st.text(st.characters(codec="utf-8") | st.sampled_from(";=, \t\r\n%\"'"), max_size=40)


@given(st.lists(TEXT, max_size=4), st.lists(HOSTS, min_size=2, max_size=2), st.sampled_from(["http", "https"]))
def test_no_header_raises_or_breaks_a_line(attributes: list[str], hosts: list[str], scheme: str) -> None:
    """Whatever a site sets: reading never raises, and what goes out is one line of ASCII."""
    source, target = (f"{scheme}://{host}/a/b" for host in hosts)
    cookie = read_set_cookie(";".join(attributes), source, NOW)
    sent = Jar().apply([cookie] if cookie else [], NOW).header(target, NOW)
    assert sent.isascii()
    assert not set(sent) & {"\r", "\n", "\0"}


@given(TEXT, HOSTS, HOSTS, HOSTS)
def test_a_cookie_reaches_only_its_own_site(value: str, source: str, domain: str, target: str) -> None:
    """A cookie goes to the host that set it, or to hosts below a domain with a dot to which that host belongs."""
    cookie = read_set_cookie(f"a={value}; Path=/; Domain={domain}", f"https://{source}/", NOW)
    if cookie is not None and Jar((cookie,)).header(f"https://{target}/", NOW):
        assert target == source or ("." in domain and f".{source}".endswith(f".{domain}"))
        assert f".{target}".endswith(f".{domain}")


def _jar(*headers: str, jar: Jar | None = None) -> Jar:
    cookies = [read_set_cookie(header, URL, NOW) for header in headers]
    return (jar or Jar()).apply([cookie for cookie in cookies if cookie], NOW)
