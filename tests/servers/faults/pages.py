"""The good page, and pages whose tokens and cookies are wrong."""

from tests.servers.wire import Answer

from .fault import HTML, Fault, answer, html, page

PAGE = b"""<!doctype html>
<html lang="en">
<head><title>Chat</title><meta name="csrf-token" content="@TOKEN@"></head>
<body>
<form id="chat" method="post" action="/generate_response/">
<input type="hidden" name="csrfmiddlewaretoken" value="@TOKEN@">
<textarea name="prompt"></textarea>
</form>
</body>
</html>
"""
LOGIN_PAGE = b"""<!doctype html>
<html lang="en">
<head><title>Sign in</title></head>
<body>
<form method="post" action="/login">
<input type="hidden" name="csrfmiddlewaretoken" value="@TOKEN@">
<input name="username"><input type="password" name="password"><button>Sign in</button>
</form>
</body>
</html>
"""
TOKEN_COOKIE = "Set-Cookie: csrftoken=@TOKEN@; Path=/; SameSite=Lax"
VISITOR_COOKIE = "Set-Cookie: visitor=visitor-1; Path=/; HttpOnly; SameSite=Lax"
GOOD_PAGE = Answer(200, (HTML, TOKEN_COOKIE, VISITOR_COOKIE), PAGE)


def _with_cookies(*cookies: str) -> Fault:
    """The good page with other cookies: each is what follows ``Set-Cookie:``."""
    return html(200, PAGE, *(f"Set-Cookie: {cookie}" for cookie in cookies))


def _with_meta(content: bytes) -> Fault:
    """A page without cookies whose meta tag holds `content`."""
    return html(200, PAGE.replace(b'content="@TOKEN@"', b'content="%b"' % content))


TOKENS = {
    "no_token": html(200, page("Welcome")),
    "no_cookies": html(200, PAGE),
    "empty_token": _with_cookies("csrftoken=; Path=/"),
    "token_crlf_encoded": _with_cookies("csrftoken=abc%0d%0aX-Injected:%20yes; Path=/"),
    "token_crlf_encoded_meta": _with_meta(b"abc&#13;&#10;X-Injected: yes"),
    "token_crlf_raw_meta": _with_meta(b"abc\r\nX-Injected: yes"),
    "token_bare_cr": _with_cookies("csrftoken=abc\rX-Injected: yes; Path=/"),
    "token_bare_lf": _with_cookies("csrftoken=abc\nX-Injected: yes; Path=/"),
    "token_nul": _with_cookies("csrftoken=abc\0def; Path=/"),
    "token_non_ascii": _with_cookies("csrftoken=abc\xe9\xff; Path=/"),
    "token_huge": _with_cookies(f"csrftoken={'a' * 60_000}; Path=/"),
    "token_deleted": _with_cookies("csrftoken=@TOKEN@; Path=/; Max-Age=0"),
    "foreign_cookie": _with_cookies("csrftoken=@TOKEN@; Path=/; Domain=foreign.example"),
    "foreign_cookie_beside_good": _with_cookies(
        "csrftoken=@TOKEN@; Path=/", "csrftoken=foreign; Domain=foreign.example"
    ),
    "thousand_cookies": _with_cookies("csrftoken=@TOKEN@; Path=/", *(f"c{n}=value-{n}; Path=/" for n in range(1000))),
    "ninety_cookies": _with_cookies("csrftoken=@TOKEN@; Path=/", *(f"c{n}={'v' * 4000}; Path=/" for n in range(90))),
    "non_ascii_cookie_beside_good": _with_cookies("name=\xe9\xff; Path=/", "csrftoken=@TOKEN@; Path=/"),
    "malformed_cookie_beside_good": _with_cookies("; ;;=;", "csrftoken=@TOKEN@; Path=/"),
    "token_in_latin1_page": answer(200, b"<p>caf\xe9</p>", "Content-Type: text/html; charset=latin-1", TOKEN_COOKIE),
}
