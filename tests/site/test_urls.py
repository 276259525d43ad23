"""Which hosts a site may have, and which it may be led to."""

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatdoor.site.urls import UrlError, is_local, may_visit, origin_of, parse_url


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://bot.example.org", "https://bot.example.org"),
        ("HTTPS://Bot.Example.ORG:443/x?y#z", "https://bot.example.org"),
        ("http://bot.example.org:80", "http://bot.example.org"),
        ("http://bot.example.org:443", "http://bot.example.org:443"),
        ("https://bot.example.org:8443/", "https://bot.example.org:8443"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("http://[::1]:8000", "http://[::1]:8000"),
        ("http://[2001:DB8::1]", "http://[2001:db8::1]"),
        ("http://chat_bot:3000", "http://chat_bot:3000"),
        ("http://localhost", "http://localhost"),
        ("https://xn--bcher-kva.example/", "https://xn--bcher-kva.example"),
        ("https://bot.example.org./", "https://bot.example.org."),
        ("http://10.0.0.7/", "http://10.0.0.7"),
        ("https://1.example.org", "https://1.example.org"),
        ("https://a/path with space/ü", "https://a"),
    ],
)
def test_a_site_may_have_this_host(url: str, origin: str) -> None:
    """Names and addresses, one's own machine and private networks included. The origin is what browsers send."""
    assert origin_of(parse_url(url)) == origin


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("", "expected a URL with http"),
        ("bot.example.org", "expected a URL with http"),
        ("//bot.example.org", "expected a URL with http"),
        ("file:///etc/passwd", "not file:"),
        ("ftp://bot.example.org", "not ftp:"),
        ("javascript:alert(1)", "not javascript:"),
        ("https:bot.example.org", "expected a host"),
        ("https:///path", "expected a host"),
        ("https://:8000", "expected a host"),
        ("https://bot.example.org:0", "expected a host"),
        ("https://bot.example.org:99999", "not a URL"),
        ("https://bot.example.org:abc", "not a URL"),
        ("https://bot.example.org:٣", "not a URL"),
        ("https://[::1", "not a URL"),
        ("https://[::1]x", "host"),
        ("https://[::1%25lo]", "host"),
        ("https://[1:2]", "not a URL"),
        ("https://[v1.a]", "host"),
        ("https://a..b", "not a host"),
        ("https://.a", "not a host"),
        ("https://*.example.org", "expected a host"),
        ("https://%31%36%39.254.169.254", "expected a host"),
        ("https://user@bot.example.org", "user name or password"),
        ("https://user:secret@bot.example.org", "user name or password"),
        ("https://@bot.example.org", "user name or password"),
        ("https://good.example\\@evil.example/", "backslash"),
        ("https://good.example\\.evil.example/", "backslash"),
        ("https://good.example/\\evil", "backslash"),
        ("https://good\t.example", "control"),
        ("https://good.example/\n", "control"),
        ("https://good.example/\x00", "control"),
        (" https://good.example", "space around"),
        ("https://good.example ", "space around"),
        ("https://go od.example", "expected a host"),
        ("https://bücher.example", "xn--"),
        ("https://\uff11\uff16\uff19.254.169.254", "ASCII"),  # full-width digits
        ("https://bot。example", "ASCII"),
    ],
)
def test_no_site_has_this_url(url: str, said: str) -> None:
    """Other schemes, credentials, and whatever two parsers could read differently are errors that say why."""
    with pytest.raises(UrlError, match=said):
        parse_url(url)


@pytest.mark.parametrize(
    "host",
    [
        "169.254.169.254",
        "169.254.0.1:8080",
        "169.254.169.254.",
        "[fe80::1]",
        "[::ffff:169.254.169.254]",
        "[::ffff:a9fe:a9fe]",
        "[::169.254.169.254]",
        "[64:ff9b::a9fe:a9fe]",
        "[2002:a9fe:a9fe::]",
        "[fd00:ec2::254]",
        "metadata.google.internal",
        "METADATA.google.internal.",
        "100.100.100.200",
        "224.0.0.1",
        "[ff02::1]",
        "0.0.0.0",
        "[::]",
        "[::ffff:0.0.0.0]",
        "2852039166",
        "0xa9fea9fe",
        "0xA9.254.169.254",
        "169.254.43518",
        "0251.0376.0251.0376",
        "127.1",
        "0",
        "1.2.3",
        "1.2.3.4.5",
        "256.1.1.1",
        "127.0.0.1.",
        "bot.0x",
        "bot.123",
    ],
)
def test_no_chatbot_lives_there(host: str) -> None:
    """Link-local addresses and their like, in every form a browser reads as an address, are refused."""
    with pytest.raises(UrlError):
        parse_url(f"http://{host}/")


@pytest.mark.parametrize(
    ("host", "local"),
    [
        ("localhost", True),
        ("localhost.", True),
        ("a.localhost", True),
        ("127.0.0.1", True),
        ("127.8.9.1", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("10.0.0.1", False),
        ("bot.example.org", False),
        ("localhost.example.org", False),
        ("notlocalhost", False),
        ("", False),
    ],
)
def test_ones_own_machine_is_known(host: str, local: bool) -> None:
    """Loopback by name and by address, and nothing else: there no pace is kept."""
    assert is_local(host) is local


ORIGINS = frozenset({"https://bot.example.org", "http://plain.example.org", "http://127.0.0.1:8000"})


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("https://bot.example.org/login?next=/", True),
        ("https://bot.example.org:443/", True),
        ("https://BOT.example.org/", True),
        ("https://bot.example.org/a b/ü", True),
        ("http://bot.example.org/", False),
        ("http://plain.example.org/", True),
        ("https://plain.example.org/", True),
        ("https://127.0.0.1:8000/", True),
        ("http://127.0.0.1:8001/", False),
        ("http://127.0.0.1/", False),
        ("https://bot.example.org.evil.example/", False),
        ("https://sub.bot.example.org/", False),
        ("https://bot.example.org@evil.example/", False),
        ("https://evil.example\\@bot.example.org/", False),
        ("https://evil.example/https://bot.example.org/", False),
        ("file:///etc/passwd", False),
        ("/login", False),
        ("", False),
    ],
)
def test_a_redirect_may_only_lead_to_hosts_that_are_named(url: str, allowed: bool) -> None:
    """Same scheme, host and port; or from http to https at the same host and port, never the other way."""
    assert may_visit(url, ORIGINS) is allowed


@given(st.text(max_size=30) | st.text(max_size=20).map("https://{}".format))
def test_any_text_is_a_url_of_one_host_or_an_error(text: str) -> None:
    """Where a URL is accepted, every parser sees the same host: what stands between `//` and the next `/`, `?`, `#`."""
    try:
        parts = parse_url(text)
    except UrlError:
        return
    host = text.partition("//")[2].replace("?", "/").replace("#", "/").partition("/")[0].lower()
    assert host == parts.netloc.lower()
    assert urlsplit(origin_of(parts)).hostname == parts.hostname
