"""A recording: what one visit sent and got, in the order in which it was sent.

The model is the same for every recorder. What a recorder did wrong was mended while reading, and `Body.mended` and
`Body.absent` say where.
"""

from typing import Final, Literal, TypeAlias
from urllib.parse import SplitResult, urlsplit

import msgspec

Pairs: TypeAlias = tuple[tuple[str, str], ...]
"""Names and values, order kept."""

Absent: TypeAlias = Literal["no body", "not recorded", "failed", "in another file", "compressed", "asset"]
"""Why a body is not there.

There was none; the recorder did not keep it, as for streams and after a navigation; the exchange failed; the recorder
wrote it to a file of its own; it is compressed in a way that can not be undone here; it is an image, a font, a style.
"""

Mended: TypeAlias = Literal["windows-1252", "false base64", "decompressed", "events", "params"]
"""What was done to a body.

UTF-8 that had been read as windows-1252 was read again; a mark as base64 was ignored; it was decompressed; it was made
anew from the recorder's list of events, or of form fields.
"""

ASSET_KINDS: Final = frozenset({"image", "imageset", "font", "stylesheet", "media", "manifest", "texttrack"})
_ASSET_TYPES: Final = ("image/", "font/", "audio/", "video/", "text/css", "application/wasm", "application/font")


class Body(msgspec.Struct, frozen=True):
    """What was sent or came: text, bytes where it is no text, or None and in `absent` why.

    `type` is the media type in lower case, without parameters.
    """

    type: str = ""
    content: str | bytes | None = None
    absent: Absent | None = None
    mended: tuple[Mended, ...] = ()

    @property
    def text(self) -> str:
        """The text, empty where there is none."""
        return self.content if isinstance(self.content, str) else ""


class Request(msgspec.Struct, frozen=True):
    """What was sent. Names of headers are in lower case, HTTP/2 pseudo-headers left out.

    `cookies` are as the header has them, still percent-encoded, or as the recorder lists them where there is no header.
    `fields` are those of a form, decoded.
    """

    method: str
    url: str
    headers: Pairs = ()
    cookies: Pairs = ()
    body: Body = Body()
    fields: Pairs = ()

    @property
    def parts(self) -> SplitResult:
        """The URL in parts."""
        return urlsplit(self.url)

    def header(self, name: str) -> str:
        """The first header of that name in lower case, empty where there is none."""
        return next((value for each, value in self.headers if each == name), "")


class Answer(msgspec.Struct, frozen=True):
    """What came back. `status` is 0 where nothing came. `redirect` is where it leads, as written, or empty."""

    status: int
    headers: Pairs = ()
    cookies: Pairs = ()
    body: Body = Body()
    redirect: str = ""

    def header(self, name: str) -> str:
        """The first header of that name in lower case, empty where there is none."""
        return next((value for each, value in self.headers if each == name), "")


class Frame(msgspec.Struct, frozen=True):
    """One message over a websocket. `at` is in seconds since 1970, None where the recorder did not say."""

    sent: bool
    content: str | bytes
    at: float | None = None


class Exchange(msgspec.Struct, frozen=True):
    """One request and its answer.

    `index` is its place in the file, from 0, by which evidence names it. `started` and `ended` are in seconds since
    1970, None where the recorder did not say. `page` is the id of the page that sent it. `kind` is what the recorder
    calls it (document, xhr, fetch, script, image, websocket ...), empty where it does not.
    """

    index: int
    request: Request
    answer: Answer
    started: float | None = None
    ended: float | None = None
    page: str = ""
    kind: str = ""
    frames: tuple[Frame, ...] = ()

    @property
    def is_asset(self) -> bool:
        """True for what only decorates a page: images, fonts, styles."""
        return is_asset(self.kind, self.answer.body.type, self.request.url)


class Page(msgspec.Struct, frozen=True):
    """A page that was open while it was recorded."""

    id: str
    title: str


class Recording(msgspec.Struct, frozen=True):
    """All of it. `exchanges` are in the order in which they started.

    `recorder` is what wrote the file. `shows_cookies` is False where no cookie stands anywhere, as in the exports that
    browsers call sanitised: there the cookies are hidden, and so is `Authorization`. It is True for our own recordings,
    which hide nothing. `skipped` counts the entries that never went over a network (`data:`, `blob:`, extensions) or
    whose URL is none. `passwords` are those that were typed while it was recorded, which no file says.
    """

    recorder: str
    pages: tuple[Page, ...]
    exchanges: tuple[Exchange, ...]
    shows_cookies: bool
    skipped: int = 0
    passwords: tuple[str, ...] = ()


def is_asset(kind: str, media_type: str, url: str) -> bool:
    """Whether an exchange of that kind, type of answer and URL only decorates a page."""
    path = url.partition("?")[0].lower()
    return kind in ASSET_KINDS or media_type.startswith(_ASSET_TYPES) or path.endswith(("/favicon.ico", ".map"))
