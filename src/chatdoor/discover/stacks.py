"""Known stacks, by the marks that they leave: what a sanitised recording hides, and the preset that fits.

Each row follows from the stack's documentation, which its preset names.
"""

import re
from typing import Final

import msgspec

from chatdoor.discover.recording import Recording

_NO_MARK: Final = ""


class Stack(msgspec.Struct, frozen=True):
    """A preset, the header that it sends, where it takes the token. `mark` must be in the recording where it is given.

    `hidden`: the token comes from a cookie, so a recording without cookies does not show where.
    """

    preset: str
    header: str
    source: dict[str, object]
    mark: str = _NO_MARK

    @property
    def hidden(self) -> bool:
        """True where a recording without cookies can not show the source."""
        return "cookie" in self.source

    def fits(self, header: str, source: dict[str, object], recording: Recording) -> bool:
        """Whether this stack sends that token so."""
        return header == self.header and source == self.source and self.is_marked(recording)

    def is_marked(self, recording: Recording) -> bool:
        """Whether the recording has the stack's mark."""
        return not self.mark or any(re.search(self.mark, text) for text in _marks(recording))


STACKS: Final = (
    Stack("django", "x-csrftoken", {"cookie": "csrftoken"}),
    Stack("flask-wtf", "x-csrftoken", {"meta": "csrf-token"}),
    Stack("rails", "x-csrf-token", {"meta": "csrf-token"}, mark=r"csrf-param"),
    Stack("laravel", "x-xsrf-token", {"cookie": "XSRF-TOKEN"}, mark=r"laravel|^eyJpdiI6"),
    Stack("xsrf-cookie", "x-xsrf-token", {"cookie": "XSRF-TOKEN"}),
    Stack("gorilla", "x-csrf-token", {"meta": "gorilla.csrf.Token"}),
    Stack("gorilla", "x-csrf-token", {"input": "gorilla.csrf.Token"}),
    Stack("aspnet", "requestverificationtoken", {"input": "__RequestVerificationToken"}),
    Stack("express-double-submit", "x-csrf-token", {"json": "csrfToken"}),
)
"""The surer row first."""

SPELLED: Final = {
    "x-csrftoken": "X-CSRFToken",
    "x-csrf-token": "X-CSRF-Token",
    "x-xsrf-token": "X-XSRF-TOKEN",
    "requestverificationtoken": "RequestVerificationToken",
}
"""Names of headers as their stacks write them. Others get capitals by themselves."""


def spelled(header: str) -> str:
    """The header's name as people write it."""
    return SPELLED.get(header, header.title())


def stack_of(header: str, source: dict[str, object], recording: Recording) -> Stack | None:
    """The stack that sends a token from this source in this header; None for one of its own."""
    return next((stack for stack in STACKS if stack.fits(header, source, recording)), None)


def hidden_stack(header: str, recording: Recording) -> Stack | None:
    """The stack that sends this header and keeps its token in a cookie that the recording hides."""
    if recording.shows_cookies:
        return None
    return next((each for each in STACKS if each.header == header and each.hidden and each.is_marked(recording)), None)


def _marks(recording: Recording) -> list[str]:
    """Names and values of cookies, and pages."""
    cookies = [text for each in recording.exchanges for pair in each.answer.cookies for text in pair]
    return cookies + [each.answer.body.text for each in recording.exchanges if "html" in each.answer.body.type]
