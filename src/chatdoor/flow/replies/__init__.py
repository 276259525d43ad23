"""Replies: from the bytes of an answer to pieces of text. One file for each shape, one row in the table.

A decoder is fed bytes as they come, split anywhere, and gives the same text for every split. What it holds
back is bounded by the limit on the whole answer, which the driver keeps. Its errors carry no excerpt: the
flow adds one, because only the flow knows what is secret.
"""

from collections.abc import Callable, Mapping
from typing import Final

from chatdoor.flow.answer import Declared
from chatdoor.flow.replies.decoder import Picks, ReplyDecoder
from chatdoor.flow.replies.frames import SocketIoReply, WebsocketReply
from chatdoor.flow.replies.html import HtmlReply
from chatdoor.flow.replies.json import JsonReply
from chatdoor.flow.replies.ndjson import NdjsonReply
from chatdoor.flow.replies.sse import SseReply
from chatdoor.flow.replies.text import TextReply
from chatdoor.site.model import Format, Match, ReplyRule

__all__ = ["FORMATS", "ReplyDecoder", "make_decoder"]

FORMATS: Final[Mapping[Format, Callable[[ReplyRule, Declared, Picks, tuple[Match, ...]], ReplyDecoder]]] = {
    "json": JsonReply,
    "sse": SseReply,
    "ndjson": NdjsonReply,
    "websocket": WebsocketReply,
    "socketio": SocketIoReply,
    "html": HtmlReply,
    "text": TextReply,
}
"""Each shape's decoder. It takes the rule, what is declared of the body, the values to look for, and `blocked`."""


def make_decoder(rule: ReplyRule, declared: Declared, picks: Picks, blocked: tuple[Match, ...] = ()) -> ReplyDecoder:
    """A fresh decoder for one answer."""
    return FORMATS[rule.format](rule, declared, picks, blocked)
