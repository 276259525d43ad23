"""A large recording as a browser would write it: programs, pages, lists of records with ids, images, and one chat."""

import base64
import json
import random
import uuid
from collections.abc import Iterator
from typing import Any

_WORDS = ("order", "parcel", "street", "window", "garden", "account", "report", "season", "winter", "invoice", "number")
_ASKED = ("Where is my parcel, please?", "And when does the shop open tomorrow?")
_SAID = ("It left our house on Monday morning.", "The shop opens at nine and closes at six.")
_ORIGIN = "https://shop.example.org"


def big_har(size: int) -> bytes:
    """A HAR file of about so many bytes, always the same for the same size."""
    made, entries, total = random.Random(size), [], 0
    for entry in _entries(made):
        text = json.dumps(entry)
        total += len(text)
        if total > size:
            break
        entries.append(text)
    entries += [json.dumps(entry) for entry in _chat(made)]
    return b'{"log":{"version":"1.2","creator":{"name":"WebInspector","version":"537.36"},"entries":[%s]}}' % (
        ",".join(entries).encode()
    )


def _entries(made: random.Random) -> Iterator[dict[str, Any]]:
    """Without end: of ten bytes five are programs, two data, two images, one pages."""
    for number in range(1_000_000):
        yield _entry(f"/static/{number}.js", "application/javascript", _program(made, 400_000))
        for part in range(4):
            yield _entry(f"/api/orders?page={part}&after={_hex(made)}", "application/json", _records(made, 40_000))
        yield _entry(f"/img/{number}.png", "image/png", base64.b64encode(made.randbytes(150_000)).decode(), "base64")
        yield _entry(f"/page/{number}", "text/html", _page(made, 70_000))


def _program(made: random.Random, size: int) -> str:
    one = "".join(
        f'function {_name(made)}(e,t){{var n="{_sentence(made)}",r={{{_name(made)}:"{_name(made)}/{made.random():.3f}",'
        f'id:"\\u00{made.randrange(16, 255):x}-%s"}};return e.{_name(made)}&&t?n:r["{_name(made)}"]}}'
        for _ in range(200)
    )
    return (one * (size // len(one) + 1))[:size]


def _records(made: random.Random, size: int) -> str:
    rows: list[dict[str, Any]] = []
    while len(rows) * 560 < size:
        rows.append(
            {
                "id": str(uuid.UUID(int=made.getrandbits(128), version=4)),
                "name": _sentence(made),
                "url": f"https://shop.example.org/o/{made.randrange(10**6)}?from=%2Flist",
                "price": made.randrange(10**5),
                "at": f"2026-11-{made.randrange(1, 29):02d}T12:00:00Z",
                "text": ". ".join(_sentence(made) for _ in range(6)),
            }
        )
    return json.dumps({"rows": rows})


def _page(made: random.Random, size: int) -> str:
    line = "".join(
        f'<li class="{_name(made)}"><a href="/o/{number}?a=1&amp;b=2">{_sentence(made)} &amp; more</a></li>\n'
        for number in range(100)
    )
    body = (line * (size // len(line) + 1))[:size]
    return f'<html><head><meta name="csrf-token" content="{_hex(made)}"></head><body><ul>{body}</ul></body></html>'


def _chat(made: random.Random) -> Iterator[dict[str, Any]]:
    token = _hex(made)
    yield _entry("/", "text/html", f'<html><meta name="csrf-token" content="{token}"><h1>Shop</h1></html>')
    for asked, said in zip(_ASKED, _SAID, strict=True):
        entry = _entry("/ask", "application/json", json.dumps({"answer": said}))
        entry["request"] |= {
            "method": "POST",
            "postData": {"mimeType": "application/json", "text": json.dumps({"q": asked})},
        }
        entry["request"]["headers"].append({"name": "X-CSRF-Token", "value": token})
        yield entry


def _entry(path: str, kind: str, text: str, encoding: str = "") -> dict[str, Any]:
    content = {"size": len(text), "mimeType": kind, "text": text} | ({"encoding": encoding} if encoding else {})
    headers = [{"name": "Cookie", "value": "sid=6b1f0a9e3c5d4e7f8a9b0c1d2e3f4a5b; theme=dark"}]
    return {
        "startedDateTime": "2026-11-22T12:00:00.000Z",
        "time": 20,
        "request": {"method": "GET", "url": _ORIGIN + path, "headers": headers, "cookies": []},
        "response": {"status": 200, "headers": [], "cookies": [], "content": content, "redirectURL": ""},
    }


def _sentence(made: random.Random) -> str:
    return " ".join(made.choices(_WORDS, k=8))


def _name(made: random.Random) -> str:
    return made.choice(_WORDS) + made.choice(_WORDS).title()


def _hex(made: random.Random) -> str:
    return f"{made.getrandbits(160):040x}"
