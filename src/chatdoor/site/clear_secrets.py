"""Secrets in clear text, which no site file may hold.

A site file is shared, committed and pasted into questions. What looks like a credential there is an error,
before it is sent anywhere. The error names the key, never the text.
"""

import re
from collections.abc import Iterator
from typing import Final

import msgspec

from chatdoor.site import file
from chatdoor.site.lines import KeyPath
from chatdoor.site.outgoing import sent_parts, steps_in_order
from chatdoor.site.template import parse_template
from chatdoor.site.walk import leaves

_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")

# Keys whose text is a secret, whatever it is. Words may stand before them: `openai_api_key`, `userPassword`.
_SECRET_KEY: Final = re.compile(
    r"(?:.*[-_.])?(?:pass(?:word|wd|phrase)|pwd|secret|credentials?|authorization|cookie|api[-_]?key"
    r"|(?:access|auth|bearer|refresh|id|session|client|private)[-_]?(?:token|secret|key))",
    re.IGNORECASE,
)
# Keys whose text is a secret where it looks like one: `token = "web"` is none, a copied CSRF token is.
_TOKEN_KEY: Final = re.compile(
    r"(?:.*[-_.])?(?:(?:[cx]srf(?:middleware)?)?[-_]?token|[cx]srf|nonce|jwt|sid|session[-_]?(?:id)?)", re.IGNORECASE
)
_OPAQUE: Final = re.compile(r"(?=[^0-9]*[0-9])(?=[^A-Za-z]*[A-Za-z])[A-Za-z0-9+/_.~%=|:-]{16,}")

# Prefixes that vendors give to keys so that scanners find them: OpenAI, Anthropic and Stripe, GitHub, GitLab, Slack,
# Google, AWS, Hugging Face; and JSON Web Tokens (RFC 7519), which begin with `{"` in base64.
_SECRET_TEXT: Final = re.compile(
    r"\b(?:[sr]k[-_][A-Za-z0-9_-]{16,}|gh[pousr]_[A-Za-z0-9]{16,}|github_pat_[A-Za-z0-9_]{16,}|glpat-[A-Za-z0-9_-]{16,}"
    r"|xox[abeprs]-[A-Za-z0-9-]{10,}|AIza[A-Za-z0-9_-]{30,}|A[KS]IA[A-Z0-9]{16}|hf_[A-Za-z0-9]{30,}"
    r"|eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.)"
    # Credentials of a scheme (RFC 9110, section 11.4), whatever the header is called.
    r"|\A(?i:basic|bearer|token|digest) +[A-Za-z0-9+/_.~-]{8,}=*\Z"
)


def find_clear_secret(table: file.SiteTable) -> KeyPath | None:
    """The place of the first text that looks like a secret, or None. Its templates have been read before."""
    for path, value in leaves(msgspec.to_builtins(table)):
        if isinstance(value, str) and _SECRET_TEXT.search(value):
            return path
    return next((path for path, name, text in _sent(table) if _is_secret(name, text)), None)


def _is_secret(name: str, text: str) -> bool:
    if not text or not parse_template(text).constant:
        return False
    words = _CAMEL.sub("-", name)
    return bool(_SECRET_KEY.fullmatch(words) or (_TOKEN_KEY.fullmatch(words) and _OPAQUE.fullmatch(text)))


def _sent(table: file.SiteTable) -> Iterator[tuple[KeyPath, str, str]]:
    """Path, name and text of all that goes out under a name."""
    steps = steps_in_order(table)
    parts = [(("headers",), table.headers), *(part for path, step in steps for part in sent_parts(step, path))]
    for place, value in parts:
        for path, text in leaves(value, place):
            if place[-1] in file.METHODS:
                pairs = (pair.partition("=") for pair in str(text).partition("?")[2].split("&"))
                yield from ((path, name, item) for name, _, item in pairs)
            elif isinstance(text, str):
                yield path, next(part for part in reversed(path) if isinstance(part, str)), text
