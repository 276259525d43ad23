"""HAR 1.2 as recorders write it: Chrome, Edge, Firefox, Safari, Playwright, mitmproxy.

Only the keys that matter are read, entry by entry, so that a large file needs little memory beside itself. What a
recorder may leave out or write as another type is allowed here; what can not be a recording is an error that names the
place. Format: http://www.softwareishard.com/blog/har-12-spec/
"""

import base64
import binascii
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlsplit

from chatdoor.discover.bodies import (
    Recorded,
    form_fields,
    from_events,
    from_params,
    media_type,
    mend_charset,
    read_body,
    why_absent,
)
from chatdoor.discover.har_keys import (
    HarContent,
    HarEntry,
    HarFile,
    HarMessage,
    HarPair,
    HarPost,
    HarRequest,
    HarResponse,
    Scalar,
)
from chatdoor.discover.har_text import decoded, har_text
from chatdoor.discover.recording import Answer, Body, Exchange, Frame, Page, Pairs, Recording, Request, is_asset
from chatdoor.errors import RecordingError

_MILLISECONDS_FROM: Final = 1e11
"""Seconds since 1970 reach this in the year 5138: a larger time is in milliseconds."""

_BINARY: Final = 2
"""The opcode of a binary frame (RFC 6455, section 5.2). Its data is written in base64."""


_COMPLETE: Final = "chatdoor "
"""Our own recorder leaves no cookie out: where it shows none, there was none."""


def read_har(data: bytes, name: str) -> Recording:
    """The recording in a file. `name` is the file's, for messages.

    Raises RecordingError for what is no HAR file, is cut short, or holds no exchange.
    """
    data = har_text(data, name)
    log = decoded(data, HarFile, name).log
    found = [
        _exchange(index, decoded(raw, HarEntry, f"{name}: entry {index}")) for index, raw in enumerate(log.entries)
    ]
    exchanges = [exchange for exchange in found if exchange is not None]
    if not exchanges:
        raise RecordingError(
            f"{name}: there is no exchange in it; open the network panel, reload the page, say two sentences, and "
            "export again"
        )
    recorder = " ".join(filter(None, (_text(log.creator.name), _text(log.creator.version)))) if log.creator else ""
    return Recording(
        recorder=recorder,
        pages=tuple(Page(_text(page.id), _text(page.title)) for page in log.pages or ()),
        exchanges=tuple(_in_order(exchanges)),
        shows_cookies=recorder.startswith(_COMPLETE) or any(map(_has_cookies, exchanges)),
        skipped=len(found) - len(exchanges),
    )


def _exchange(index: int, entry: HarEntry) -> Exchange | None:
    """The exchange; None for one that went over no network."""
    if not _went_out(entry.request.url):
        return None
    started, duration = _moment(_text(entry.started)), _number(entry.milliseconds)
    request, kind = _request(entry.request), _text(entry.kind).lower()
    return Exchange(
        index=index,
        request=request,
        answer=_answer(entry, request, kind),
        started=started,
        ended=None if started is None or duration is None else started + max(duration, 0) / 1000,
        page=_text(entry.page),
        kind=kind,
        frames=tuple(_frame(message) for message in entry.messages or ()),
    )


def _went_out(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in {"http", "https", "ws", "wss"} and bool(parts.netloc)


def _request(raw: HarRequest) -> Request:
    headers = tuple(_headers(raw.headers))
    body, fields = _request_body(raw.post_data, dict(headers).get("content-type", ""))
    return Request(
        method=raw.method.upper(),
        url=raw.url,
        headers=headers,
        cookies=tuple(_sent_cookies(headers)) or _pairs(raw.cookies),
        body=body,
        fields=fields,
    )


def _request_body(post: HarPost | None, header: str) -> tuple[Body, Pairs]:
    """The body and its fields. The header has the boundary of a form, which `mimeType` often lacks (Firefox)."""
    if post is None:
        return Body(absent="no body"), ()
    kind = header or _text(post.mime_type)
    params = _pairs(post.params)
    recorded = Recorded(kind, _text(post.text), _text(post.encoding), in_file=bool(post.file))
    body = read_body(recorded)
    if body.absent == "not recorded" and params:
        return from_params(kind, params), params
    return body, form_fields(kind, body.text) or params


def _answer(entry: HarEntry, request: Request, kind: str) -> Answer:
    raw = entry.response or HarResponse()
    status = max(int(_number(raw.status) or 0), 0)
    headers = tuple(_headers(raw.headers))
    named = dict(headers)
    return Answer(
        status=status,
        headers=headers,
        cookies=tuple(_set_cookies(headers)) or _pairs(raw.cookies),
        body=_answer_body(entry, request, kind, named.get("content-type", "")),
        redirect=_text(raw.redirect) or (named.get("location", "") if 300 <= status < 400 else ""),
    )


def _answer_body(entry: HarEntry, request: Request, kind: str, header: str) -> Body:
    raw = entry.response or HarResponse()
    content = raw.content or HarContent()
    full = header if media_type(header) else _text(content.mime_type)
    if is_asset(kind, media_type(full), request.url):
        return Body(media_type(full), absent="asset")
    size = int(_number(content.size) or 0) if content.size is not None else -1
    body = read_body(Recorded(full, _text(content.text), _text(content.encoding), size, bool(content.file)))
    if body.absent != "not recorded":
        return body
    if entry.events:
        return from_events(tuple((_text(event.event_name), _text(event.data)) for event in entry.events))
    return Body(body.type, absent=why_absent(request.method, int(_number(raw.status) or 0), size))


def _headers(pairs: list[HarPair] | None) -> Iterator[tuple[str, str]]:
    """Names in lower case, without pseudo-headers. Chrome and Safari join equal names with a line break."""
    for name, value in _pairs(pairs):
        if name and not name.startswith(":"):
            yield from ((name.lower(), line.strip()) for line in value.split("\n"))


def _sent_cookies(headers: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """The cookies of `Cookie`, as the header has them: recorders decode those that they list (Firefox)."""
    for name, value in headers:
        if name == "cookie":
            for pair in value.split(";"):
                key, sign, text = pair.strip().partition("=")
                if sign:
                    yield key, text


def _set_cookies(headers: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    for name, value in headers:
        if name == "set-cookie":
            key, sign, text = value.partition(";")[0].partition("=")
            if sign:
                yield key.strip(), text.strip()


def _frame(message: HarMessage) -> Frame:
    """A message. Chrome and mitmproxy write seconds, Playwright milliseconds in some versions."""
    data = _text(message.data)
    at = _number(message.time)
    content: str | bytes = data if mend_charset(data) is None else mend_charset(data) or ""
    if _number(message.opcode) == _BINARY:
        try:
            content = base64.b64decode(data, validate=True)
        except (binascii.Error, ValueError):  # written as text, whatever it was
            content = data
    return Frame(
        sent=_text(message.type) in {"send", "sent", "request"},
        content=content,
        at=at if at is None or at < _MILLISECONDS_FROM else at / 1000,
    )


def _has_cookies(exchange: Exchange) -> bool:
    return bool(exchange.request.cookies or exchange.answer.cookies)


def _in_order(exchanges: list[Exchange]) -> list[Exchange]:
    """By start, where every exchange has one; mitmproxy writes them in the order in which they ended."""
    if any(exchange.started is None for exchange in exchanges):
        return exchanges
    return sorted(exchanges, key=lambda exchange: exchange.started or 0.0)


def _moment(text: str) -> float | None:
    """Seconds since 1970 of an ISO 8601 time; one without a zone is UTC."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _pairs(pairs: list[HarPair] | None) -> Pairs:
    return tuple((_text(pair.name), _text(pair.value)) for pair in pairs or ())


def _text(value: Scalar) -> str:
    return "" if value is None else str(value)


def _number(value: Scalar) -> float | None:
    try:
        return None if value is None else float(value)
    except (ValueError, OverflowError):
        return None
