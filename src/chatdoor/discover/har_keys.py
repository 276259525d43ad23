"""The keys of a HAR file that matter, as recorders write them. Any may be missing, and most be of another type.

Format: http://www.softwareishard.com/blog/har-12-spec/
"""

from typing import TypeAlias

import msgspec

Scalar: TypeAlias = str | int | float | bool | None
"""A value that recorders write as text, as a number or as null."""


class HarPair(msgspec.Struct):
    """A header, cookie or field."""

    name: Scalar = ""
    value: Scalar = ""


class HarPost(msgspec.Struct, rename="camel"):
    """The body of a request."""

    mime_type: Scalar = ""
    text: Scalar = None
    params: list[HarPair] | None = None
    encoding: Scalar = ""
    file: Scalar = msgspec.field(default=None, name="_file")


class HarRequest(msgspec.Struct, rename="camel"):
    """What was sent."""

    method: str
    url: str
    headers: list[HarPair] | None = None
    cookies: list[HarPair] | None = None
    post_data: HarPost | None = None


class HarContent(msgspec.Struct, rename="camel"):
    """The body of an answer."""

    size: Scalar = None
    mime_type: Scalar = ""
    text: Scalar = None
    encoding: Scalar = ""
    file: Scalar = msgspec.field(default=None, name="_file")


class HarResponse(msgspec.Struct, rename="camel"):
    """What came back."""

    status: Scalar = 0
    headers: list[HarPair] | None = None
    cookies: list[HarPair] | None = None
    content: HarContent | None = None
    redirect: Scalar = msgspec.field(default="", name="redirectURL")


class HarMessage(msgspec.Struct):
    """A frame of a websocket."""

    type: Scalar = ""
    time: Scalar = None
    opcode: Scalar = 1
    data: Scalar = ""


class HarEvent(msgspec.Struct, rename="camel"):
    """A server-sent event."""

    event_name: Scalar = ""
    data: Scalar = ""


class HarEntry(msgspec.Struct):
    """One exchange."""

    request: HarRequest
    response: HarResponse | None = None
    started: Scalar = msgspec.field(default=None, name="startedDateTime")
    milliseconds: Scalar = msgspec.field(default=None, name="time")
    page: Scalar = msgspec.field(default="", name="pageref")
    kind: Scalar = msgspec.field(default="", name="_resourceType")
    messages: list[HarMessage] | None = msgspec.field(default=None, name="_webSocketMessages")
    events: list[HarEvent] | None = msgspec.field(default=None, name="_eventSourceMessages")


class HarCreator(msgspec.Struct):
    """What wrote the file."""

    name: Scalar = ""
    version: Scalar = ""


class HarPage(msgspec.Struct):
    """A page that was open."""

    id: Scalar = ""
    title: Scalar = ""


class HarLog(msgspec.Struct):
    """All of it; entries are read one by one."""

    entries: list[msgspec.Raw]
    creator: HarCreator | None = None
    pages: list[HarPage] | None = None


class HarFile(msgspec.Struct):
    """The file."""

    log: HarLog
