"""A prompt and its reply as frames of a websocket.

A frame that comes in is a request; what it gets goes out as frames, or as the code with which the site closes.
"""

from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import replace

from chatdoor.errors import ArgumentError
from chatdoor.practice.app import answer
from chatdoor.practice.behaviour import Token
from chatdoor.practice.origin import is_own_origin, is_to_here
from chatdoor.practice.prompts import read_object
from chatdoor.practice.state import State
from chatdoor.practice.tokens import CARRIERS
from chatdoor.practice.wire import CHAT_PATH, JSON, WEBSOCKET, Answer, Request, problem

CLOSES: Mapping[int, int] = {303: 4401, 401: 4401, 403: 4403, 404: 4404, 500: 1011}
"""Status of what a frame gets -> the close code that says so (RFC 6455, section 7.4: from 4000 on they are our own)."""
GOING_AWAY = 1001
"""The close code of a reply that is cut short (RFC 6455, section 7.4.1)."""


class Heard(Struct, frozen=True):
    """What a frame gets: the frames to send, `wait` seconds from now and `pause` seconds apart, and then the close.

    `close` 0: the connection stays.
    """

    frames: tuple[str, ...]
    close: int = 0
    wait: float = 0.0
    pause: float = 0.0


def takes_frames(handshake: Request, state: State) -> bool:
    """Whether a websocket may be opened there: by this site's own pages, or by no page at all."""
    at_home = is_to_here(handshake) and is_own_origin(handshake)
    return at_home and handshake.path == CHAT_PATH and state.behaviour.reply == "websocket"


def answer_frame(handshake: Request, frame: bytes, state: State) -> Heard:
    """What a frame gets. Tokens are in the frame, because a page's script can give a handshake no header."""
    try:
        fields = read_object(frame)
    except ArgumentError as error:
        return _heard(problem(400, str(error)))
    headers = {name: handshake.headers[name] for name in _OF_THE_VISITOR if name in handshake.headers}
    headers |= {"content-type": JSON, **_tokens(fields, state.behaviour.token)}
    return _heard(answer(replace(handshake, method=WEBSOCKET, headers=headers, body=frame), state))


_OF_THE_VISITOR = ("host", "origin", "cookie")


def _tokens(fields: Mapping[str, object], kind: Token) -> dict[str, str]:
    """The headers that a frame's tokens would be in if they came with a request."""
    csrf, bearer = fields.get("csrf"), fields.get("bearer")
    headers = {CARRIERS[kind].back[0]: csrf} if isinstance(csrf, str) else {}
    return headers | ({"authorization": f"Bearer {bearer}"} if isinstance(bearer, str) else {})


def _heard(given: Answer) -> Heard:
    if given.status != 200:
        close = CLOSES.get(given.status, 0)
        frames = () if close else tuple(chunk.decode() for chunk in given.body)
        return Heard(frames, close, given.wait)
    cut = GOING_AWAY if ("Connection", "close") in given.headers else 0
    return Heard(tuple(chunk.decode() for chunk in given.body), cut, given.wait, given.pause)
