"""Replies over a websocket: each text frame is a record, or a packet of Socket.IO that holds one.

A decoder is fed one whole frame at a time. `finish` says that the connection was closed.
"""

import msgspec

from chatdoor.errors import SiteFailed, UnexpectedReply
from chatdoor.flow.replies.records import RecordReply
from chatdoor.flow.socketio import ConnectError, Disconnect, Event, PacketError, parse_packet


class FrameReply(RecordReply):
    """A connection that speaks frames can not send a page instead."""

    def _begins_page(self, _opening: bytes, /) -> bool:
        return False

    def _finish(self) -> list[str]:
        if not self.ended:
            self._check_end()
        return []


class WebsocketReply(FrameReply):
    """Each frame is a record. An empty one keeps the connection open."""

    def _feed(self, data: bytes) -> list[str]:
        return self._record(data.decode("utf-8", "replace"), None) if data else []


class SocketIoReply(FrameReply):
    """Each event is a record with a name. Its data is the argument, or the list of them where there are several.

    An argument that is text is the data itself, as plain text or with JSON in it; any other is JSON.
    """

    def _feed(self, data: bytes) -> list[str]:
        try:
            packet = parse_packet(data.decode("utf-8", "replace"))
        except PacketError as error:
            raise UnexpectedReply(str(error)) from error
        if isinstance(packet, Event):
            return self._record(_data_of(packet), packet.name)
        if isinstance(packet, ConnectError):
            self._evidence[:] = packet.message.encode()
            raise SiteFailed("the site refuses the connection")
        if isinstance(packet, Disconnect):
            self._check_end()
        return []


def _data_of(event: Event) -> str:
    """The data of a record: text as it is, everything else as JSON; empty where there is no argument."""
    if not event.arguments:
        return ""
    data = event.arguments[0] if len(event.arguments) == 1 else list(event.arguments)
    return data if isinstance(data, str) else msgspec.json.encode(data).decode()
