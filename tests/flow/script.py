"""A driver without a network: it feeds a flow with canned answers and notes what the flow asks for."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from chatdoor.errors import ChatdoorError, ReplyTooLarge
from chatdoor.flow.chat import ask
from chatdoor.flow.effects import (
    CloseCode,
    Decode,
    Discard,
    Effect,
    Flow,
    HangUp,
    Head,
    HoldOff,
    Learn,
    Make,
    Moment,
    OpenSession,
    ReadBody,
    ReadFrame,
    Request,
    Reveal,
    Send,
    Sleep,
)
from chatdoor.flow.exchange import Call
from chatdoor.flow.opening import open_session, refresh_session
from chatdoor.flow.session import Session
from chatdoor.flow.talk import Talk
from chatdoor.flow.turn import Turn
from chatdoor.messages import Message, Reply
from chatdoor.site import Site, load_site, loads_site

T = TypeVar("T")

VOIGPT = load_site("voigpt", url="https://bot.example")
TOKEN = "QmFzZTY0dG9rZW4"
NOW = 1_700_000_000.0
TIMEOUT = 60.0


@dataclass(frozen=True)
class Said:
    """What a site says: status, headers, and the body in the chunks in which it comes. It may break off.

    On a websocket, the chunks are frames, and `closes` is the code with which it is closed after them.
    """

    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    chunks: tuple[bytes, ...] = ()
    breaks: ChatdoorError | None = None
    closes: int | None = None

    @property
    def body(self) -> bytes:
        """All chunks."""
        return b"".join(self.chunks)


Answers = Sequence[Said | ChatdoorError]
"""Each is an answer, or an error in place of one."""


def said(status: int = 200, body: str | bytes = b"", breaks: ChatdoorError | None = None, **headers: str) -> Said:
    """An answer. Underscores in the names of headers stand for dashes."""
    data = body.encode() if isinstance(body, str) else body
    pairs = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Said(status, pairs, (data,) if data else (), breaks)


def page(*cookies: str, body: str = "<p>Welcome</p>", status: int = 200) -> Said:
    """A page that sets cookies."""
    headers = (("content-type", "text/html; charset=utf-8"), *(("set-cookie", cookie) for cookie in cookies))
    return Said(status, headers, (body.encode(),))


def frames(*texts: str, closes: int = 1000) -> Said:
    """An open websocket, on which this comes before it is closed."""
    return Said(101, (), tuple(text.encode() for text in texts), closes=closes)


def to(location: str, status: int = 302, **headers: str) -> Said:
    """A redirect."""
    return said(status, location=location, **headers)


def start(token: str = TOKEN) -> Said:
    """The page of VoiGpt, with its token."""
    return page(f"csrftoken={token}; Path=/", "visitor=v1; Path=/; HttpOnly")


def reply(text: str = "Good day.") -> Said:
    """A reply of VoiGpt."""
    return said(200, f'{{"response": "{text}"}}', content_type="application/json")


@dataclass
class Script:
    """Plays the driver: answers in order, a session that callers share, a clock that only waits move."""

    answers: Answers
    session: Session | None = None
    secrets: Mapping[str, str] = field(default_factory=dict)
    effects: list[Effect] = field(default_factory=list)
    pieces: list[str] = field(default_factory=list)
    clock: float = 0.0

    def ask(self, site: Site = VOIGPT, *texts: str, timeout: float = TIMEOUT) -> Reply:
        """Sends messages of a user and gives the reply, as a client does."""
        messages = tuple(Message("user", text) for text in texts or ("Hello",))
        return self.tell(site, Turn(messages, site.models[0]), Talk(), timeout=timeout)

    def tell(self, site: Site, turn: Turn, talk: Talk, *, timeout: float = TIMEOUT) -> Reply:
        """Sends a turn of a conversation and gives the reply."""
        self._call = Call(self.now(), self.clock + timeout)
        return self.run(site, ask(site, turn, self._call, talk))

    def open(self, site: Site = VOIGPT) -> Session:
        """Opens a session."""
        self._call = Call(self.now(), self.clock + TIMEOUT)
        return self._open(site, 1)

    def run(self, site: Site, flow: Flow[T]) -> T:
        """Runs the flow to its end."""
        return drive(flow, lambda effect: self.perform(site, effect))

    @property
    def requests(self) -> list[Request]:
        """All requests, in order."""
        return [effect.request for effect in self.effects if isinstance(effect, Send)]

    @property
    def story(self) -> str:
        """What went out, and the waits: `GET / | wait 1 | POST /generate_response/`."""
        return " | ".join(line for effect in self.effects if (line := _told(effect)))

    @property
    def unused(self) -> int:
        """How many answers nobody asked for."""
        return len(self.answers) - len(self.requests)

    def now(self) -> Moment:
        """The time, which only waits move."""
        return Moment(self.clock, NOW + self.clock)

    def _open(self, site: Site, generation: int) -> Session:
        flow = open_session(site, self._call, generation, self.now().unix)
        self.session = drive(flow, lambda effect: self.perform(site, effect))
        return self.session

    def perform(self, site: Site, effect: Effect) -> object:
        """What comes of an effect."""
        self.effects.append(effect)
        return _PERFORM[type(effect)](self, site, effect)

    def _open_session(self, site: Site, effect: OpenSession) -> Session:
        if self.session and self.session.generation > effect.after:
            return self.session
        if effect.refresh and self.session:
            opened = self.now().unix
            flow = refresh_session(site, self._call, self.session, effect.after + 1, opened=opened)
            self.session = drive(flow, lambda inner: self.perform(site, inner))
            return self.session
        return self._open(site, effect.after + 1)

    def _learn(self, _site: Site, effect: Learn) -> Session:
        self.session = effect.session.merge(effect.changes)
        return self.session

    def _send(self, _site: Site, effect: Send) -> Head:
        answer = self.answers[len(self.requests) - 1]
        if isinstance(answer, ChatdoorError):
            raise answer
        self._answer = answer
        self._rest = iter(answer.chunks)
        self._is_over = False
        return Head(answer.status, answer.headers, effect.request.url, self.now())

    def _read(self, _site: Site, effect: ReadBody) -> bytes:
        body = b""
        while (chunk := self._chunk()) is not None:
            body += chunk
            if len(body) >= effect.limit and effect.cut:
                return body
            if len(body) > effect.limit:
                raise ReplyTooLarge(f"the answer is larger than {effect.limit} bytes")
        return body

    def _decode(self, _site: Site, effect: Decode) -> tuple[float, float]:
        decoder, size = effect.decoder, len(effect.seen)
        chunk: bytes | None = effect.seen
        heard = [] if effect.quiet else self.pieces
        while chunk is not None and not decoder.ended:
            heard += decoder.feed(chunk) if chunk else []
            chunk = None if decoder.ended else self._chunk()
            size += len(chunk or b"")
            if size > effect.limit:
                raise ReplyTooLarge(f"the answer is larger than {effect.limit} bytes")
        heard += decoder.finish()
        return self.clock, self.clock

    def _read_frame(self, _site: Site, _effect: ReadFrame) -> bytes | None:
        return self._chunk()

    def _close_code(self, _site: Site, _effect: CloseCode) -> int | None:
        return self._answer.closes if self._is_over else None

    def _hang_up(self, _site: Site, _effect: HangUp) -> None:
        self._rest = iter(())

    def _discard(self, _site: Site, _effect: Discard) -> None:
        self._rest = iter(())

    def _sleep(self, _site: Site, effect: Sleep) -> Moment:
        self.clock += effect.seconds
        return self.now()

    def _make(self, _site: Site, effect: Make) -> str:
        return f"{effect.kind}-{sum(isinstance(each, Make) for each in self.effects)}"

    def _reveal(self, _site: Site, effect: Reveal) -> str:
        return self.secrets[effect.reference]

    def _chunk(self) -> bytes | None:
        chunk = next(self._rest, None)
        self._is_over = chunk is None
        if chunk is None and self._answer.breaks:
            raise self._answer.breaks
        return chunk


_PERFORM: Mapping[type[Effect], Callable[[Script, Site, Any], object]] = {
    OpenSession: Script._open_session,
    Learn: Script._learn,
    Send: Script._send,
    ReadBody: Script._read,
    Decode: Script._decode,
    ReadFrame: Script._read_frame,
    CloseCode: Script._close_code,
    HangUp: Script._hang_up,
    Discard: Script._discard,
    Sleep: Script._sleep,
    HoldOff: lambda _script, _site, _effect: None,
    Make: Script._make,
    Reveal: Script._reveal,
}


def drive(flow: Flow[T], perform: Callable[[Effect], object]) -> T:
    """Runs a flow: effects to `perform`, its results back, its errors thrown in."""
    result: object = None
    failure: ChatdoorError | None = None
    while True:
        try:
            effect = flow.throw(failure) if failure else flow.send(result)
        except StopIteration as stop:
            value: T = stop.value
            return value
        try:
            result, failure = perform(effect), None
        except ChatdoorError as error:
            failure = error


def _told(effect: Effect) -> str:
    if isinstance(effect, Sleep):
        return f"wait {effect.seconds:g}"
    if isinstance(effect, HangUp):
        return "hang up"
    if isinstance(effect, Send):
        return f"{effect.request.method} {effect.request.url.removeprefix('https://bot.example')}"
    return ""


def old_session(token: str = TOKEN, **options: Any) -> Session:
    """A session of VoiGpt from before the call."""
    session = Script([start(token)]).open()
    return Session(generation=1, opened=0.0, jar=session.jar, values=session.values, page=session.page, **options)


def site_of(
    text: str = "", *, post: str = "/chat", chat: str = 'json = { m = "{messages}" }', reply: str = 'json = "response"'
) -> Site:
    """A site: lines for the top level and the tables after it, where to post, lines for `[chat]` and `[reply]`."""
    top = 'schema = 1\nname = "bot"\nurl = "https://bot.example"'
    return loads_site(f'{top}\n{text}\n[chat]\npost = "{post}"\n{chat}\n[reply]\n{reply}\n')


def header(request: Request, name: str) -> str | None:
    """The value of a request's header, None where it has none."""
    return dict(request.headers).get(name)
