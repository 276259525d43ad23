"""Replies: from the bytes of an answer to pieces of text. One file for each shape, one row in the table.

A decoder is fed bytes as they come, split anywhere, and gives the same text for every split. What it holds
back is bounded by the limit on the whole answer, which the driver keeps. Its errors carry no excerpt: the
flow adds one, because only the flow knows what is secret.
"""

from collections.abc import Callable, Mapping
from typing import Final

from chatdoor.flow.replies.json import JsonReply
from chatdoor.flow.replies.sse import SseReply
from chatdoor.flow.replies.text import Picks, ReplyDecoder
from chatdoor.site.model import Format, ReplyRule

__all__ = ["FORMATS", "ReplyDecoder", "make_decoder"]

FORMATS: Final[Mapping[Format, Callable[[ReplyRule, str, Picks], ReplyDecoder]]] = {
    "json": JsonReply,
    "sse": SseReply,
}
"""Each shape's decoder. It takes the rule, the declared charset and the values to look for."""


def make_decoder(rule: ReplyRule, encoding: str, picks: Picks) -> ReplyDecoder:
    """A fresh decoder for one answer."""
    return FORMATS[rule.format](rule, encoding, picks)
