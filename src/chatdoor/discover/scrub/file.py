"""A HAR file without its secrets, entry by entry, and the proof that they are gone."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final, NamedTuple, TypeAlias

import msgspec
from msgspec.structs import replace

from chatdoor.discover.bodies import Recorded, media_type, read_body
from chatdoor.discover.har import read_har
from chatdoor.discover.har_text import decoded, har_text
from chatdoor.discover.leaves import leaves
from chatdoor.discover.progress import Tell, between, counted, nobody
from chatdoor.discover.recording import Body, Exchange, is_asset
from chatdoor.discover.scrub.rewriter import Rewriter
from chatdoor.discover.scrub.secrets import KINDS, Kind, Secret, find_secrets
from chatdoor.discover.scrub.texts import Texts, typed_texts, unreadable_body
from chatdoor.errors import RecordingError

MAX_DEPTH: Final = 100
"""Levels of an entry. Recorders write ten."""

Json: TypeAlias = Any  # what a recorder wrote, of which we know and change a few keys
Tree: TypeAlias = dict[str, msgspec.Raw]


class Count(NamedTuple):
    """How many values of a kind were replaced, and at how many places."""

    kind: Kind
    values: int
    places: int


class Scrubbed(NamedTuple):
    """A scrubbed file: its bytes, and what was replaced, by kind. `dropped` counts bodies that are no text."""

    data: bytes
    counts: tuple[Count, ...]
    dropped: int
    rewriter: Rewriter


class _Log(msgspec.Struct):
    log: Tree


def scrub(
    data: bytes, name: str, texts: Texts = "keep", tell: Tell = nobody, *, passwords: tuple[str, ...] = ()
) -> Scrubbed:
    """The file without secrets. `name` is the file's, for messages. Raises RecordingError where it is no recording.

    `passwords` are those that are known; others are found by their fields.
    It is written anew: bodies that were in base64 or compressed are text then; images, fonts and what else is no text
    are left out.
    """
    data = har_text(data, name)
    recording = replace(read_har(data, name), passwords=passwords)
    chats = {each.index for each in recording.exchanges if any(typed_texts(each))} if texts == "remove" else set()
    work = _Work(Rewriter(find_secrets(recording, texts, between(0, 0.5, tell))), name, chats)
    del recording
    har = decoded(data, Tree, name)
    log = decoded(data, _Log, name).log
    parts = [_member(key, work.part(raw, key)) for key, raw in log.items() if key != "entries"]
    entries = decoded(log["entries"], list[msgspec.Raw], name)
    parts.append(_member("entries", b"[" + b",".join(work.entries(entries, between(0.5, 1, tell))) + b"]"))
    around = [_member(key, work.part(raw, key)) for key, raw in har.items() if key != "log"]
    text = b"{" + b",".join([_member("log", b"{" + b",".join(parts) + b"}"), *around]) + b"}\n"
    return Scrubbed(text, work.counts(), work.dropped, work.rewriter)


def prove(data: bytes, name: str, rewriter: Rewriter, tell: Tell = nobody) -> None:
    """Reads a scrubbed file again and looks for every secret in every spelling. Raises RecordingError for a leak."""
    exchanges = read_har(data, name).exchanges
    for index, exchange in enumerate(counted(exchanges, tell)):
        values = "\n".join({leaf.value for leaf in leaves(_without_program(exchange))})
        _check(rewriter.leaks(values, everywhere=True), f"{name}: entry {index}")
    for number, part in enumerate(_parts(decoded(data, _Log, name).log, name)):
        tree = decoded(part, object, name)
        for text in _texts(tree):
            _check(rewriter.leaks(text), f"{name}: part {number}")


def _without_program(exchange: Exchange) -> Exchange:
    """The exchange without the body of a script: its texts are all in it with its escapes undone, which is searched."""
    is_program = "javascript" in exchange.answer.body.type
    return replace(exchange, answer=replace(exchange.answer, body=Body())) if is_program else exchange


def _check(leaks: list[Secret], place: str) -> None:
    left = sorted({secret.kind for secret in leaks})
    if left:
        raise RecordingError(f"{place}: a secret would still be in it ({', '.join(left)}), so no file was written")


def _parts(log: Tree, name: str) -> Iterator[msgspec.Raw]:
    for key, raw in log.items():
        yield from decoded(raw, list[msgspec.Raw], name) if key == "entries" else [raw]


class _Work:
    """What is being done to a file, and the counts of it."""

    def __init__(self, rewriter: Rewriter, name: str, chats: Collection[int]) -> None:
        self.rewriter = rewriter
        self._chats = chats
        self.dropped = 0
        self._name = name
        self._places: Counter[Kind] = Counter()
        self._values: dict[Kind, set[str]] = {}

    def entries(self, raws: list[msgspec.Raw], tell: Tell) -> Iterator[bytes]:
        """Each entry, scrubbed."""
        for index, raw in enumerate(counted(raws, tell)):
            place = f"entry {index}"
            tree = decoded(raw, dict[str, Json], f"{self._name}: {place}")
            self.dropped += _open_bodies(tree)
            if index in self._chats:
                _make_unreadable(tree)
            yield self._scrubbed(tree, place)

    def part(self, raw: msgspec.Raw, place: str) -> bytes:
        """Any other part of the file, scrubbed."""
        return self._scrubbed(decoded(raw, object, f"{self._name}: {place}"), place)

    def counts(self) -> tuple[Count, ...]:
        """What was replaced so far, by kind; kinds of which there was nothing left out."""
        kinds = (kind for kind in KINDS if self._places[kind])
        return tuple(Count(kind, len(self._values[kind]), self._places[kind]) for kind in kinds)

    def _scrubbed(self, tree: Json, place: str) -> bytes:
        return msgspec.json.encode(self._walk(tree, place, 0))

    def _walk(self, tree: Json, place: str, depth: int) -> Json:
        if depth > MAX_DEPTH:
            raise RecordingError(f"{self._name}: {place}: nested too deeply for a HAR file; export it again")
        if isinstance(tree, str):
            return self._text(tree)
        if isinstance(tree, list):
            return [self._walk(each, place, depth + 1) for each in tree]
        if isinstance(tree, dict):
            self._named_value(tree)
            return {self._text(key): self._walk(each, place, depth + 1) for key, each in tree.items()}
        return tree

    def _named_value(self, tree: dict[str, Json]) -> None:
        """Replaces a common word in a list of names and values, as HAR has them for cookies, fields and headers."""
        entry = self.rewriter.beside(tree.get("name"), tree.get("value"))
        if entry is not None:
            tree["value"] = entry.instead
            self._count(entry.secret)

    def _text(self, text: str) -> str:
        new, done = self.rewriter.rewrite(text)
        for secret in done:
            self._count(secret)
        return new

    def _count(self, secret: Secret) -> None:
        self._places[secret.kind] += 1
        self._values.setdefault(secret.kind, set()).add(secret.value)


def _member(key: str, value: bytes) -> bytes:
    return msgspec.json.encode(key) + b":" + value


def _texts(tree: Json) -> Iterator[str]:
    waiting = [tree]
    while waiting:
        each = waiting.pop()
        if isinstance(each, str):
            yield each
        elif isinstance(each, list):
            waiting += each
        elif isinstance(each, dict):
            yield from each
            if isinstance(each.get("name"), str) and isinstance(each.get("value"), str):
                yield f"{each['name']}={each['value']}"
            waiting += each.values()


def _open_bodies(tree: dict[str, Json]) -> int:
    """Writes the bodies of an entry as text, so that what is in them can be seen. How many were no text."""
    request, response = tree.get("request"), tree.get("response")
    post = request.get("postData") if isinstance(request, dict) else None
    content = response.get("content") if isinstance(response, dict) else None
    dropped = 0
    if isinstance(request, dict) and isinstance(post, dict):
        dropped += _open(post, _declared(request, post))
    if isinstance(response, dict) and isinstance(content, dict):
        kind = _declared(response, content)
        decorates = is_asset(str(tree.get("_resourceType") or "").lower(), media_type(kind), _url(tree))
        dropped += _drop(content) if decorates else _open(content, kind)
    return dropped + sum(
        _open_frame(frame) for frame in tree.get("_webSocketMessages") or () if isinstance(frame, dict)
    )


def _make_unreadable(tree: dict[str, Json]) -> None:
    """Takes the sense out of what came back in an entry of the chat, piece by piece."""
    content = tree.get("response", {}).get("content")
    if content and content.get("text"):
        content["text"] = unreadable_body(str(content["text"]))
    for message in (*(tree.get("_webSocketMessages") or ()), *(tree.get("_eventSourceMessages") or ())):
        message["data"] = unreadable_body(str(message.get("data") or ""))


def _url(tree: Mapping[str, Json]) -> str:
    return str(tree["request"].get("url"))


def _declared(side: Mapping[str, Json], body: Mapping[str, Json]) -> str:
    """The media type with its parameters, of the header where there is one."""
    headers = side.get("headers") or ()
    named = (str(each.get("value")) for each in headers if str(each.get("name")).lower() == "content-type")
    return next(named, "") or str(body.get("mimeType") or "")


def _open(body: dict[str, Json], kind: str) -> int:
    text = body.get("text")
    if text is None or text == "":
        return 0
    size = body.get("size")
    found = read_body(Recorded(kind, str(text), str(body.get("encoding") or ""), size if isinstance(size, int) else -1))
    if not isinstance(found.content, str):
        return _drop(body)
    body["text"] = found.content
    body.pop("encoding", None)
    return 0


def _drop(body: dict[str, Json]) -> int:
    """Leaves out a body, and says so where a reader of the file looks for it."""
    held = bool(body.get("text"))
    body.pop("encoding", None)
    if held:
        body.pop("text")
        body["comment"] = "left out: not text"
    return int(held)


_FRAME_BINARY: Final = 2


def _open_frame(frame: dict[str, Json]) -> int:
    """Leaves out a binary frame: what it says is in a form of its own, and could be anything."""
    if frame.get("opcode") != _FRAME_BINARY or not frame.get("data"):
        return 0
    frame["data"] = ""
    return 1
