"""How large things are: a stream that runs, a conversation in a gateway's memory, and one on Redis.

A conversation here has ten turns, of which digests and the last reply are kept, and a session with its cookie.
"""

import asyncio
import gc
import socket
import threading
import time
import tracemalloc
from shutil import which
from typing import Any

from bench.gateways import ask, body_of, gateway, memory_mb, ours
from bench.processes import in_fresh_process
from bench.rows import Row
from bench.shared import SEARCHED, redis
from chatdoor.conversation.ledger import Ledger
from chatdoor.conversation.record import Conversation
from chatdoor.conversation.store import MemoryStore
from chatdoor.drive.shared.ledger import SharedLedger
from chatdoor.drive.shared.link import Link
from chatdoor.messages import Message

STREAMS = 500
CONVERSATIONS = 500
TURNS = 10
TEXT = "The quick brown fox jumps over the lazy dog. " * 8


def measure(url: str, _rounds: int, _calls: int) -> list[Row]:
    """The rows of this part; without Redis where that is not installed."""
    rows = [
        _row("a stream that runs", _of_streams(url)),
        _row("a conversation of ten turns", in_fresh_process(in_memory)),
    ]
    if which("redis-server", path=SEARCHED):
        with redis() as (_, address):
            rows.append(_row("a conversation of ten turns, on Redis", in_fresh_process(on_redis, address)))
    return rows


def _row(what: str, kilobytes: float) -> Row:
    return Row(part="size", what=f"memory, {what}", unit="kB", ours=kilobytes)


def _of_streams(url: str) -> float:
    """Kilobytes of the gateway for each stream, of many that run at a time."""
    with gateway("chatdoor", "passed", ours(url), {"BENCH_KEY": "sk-bench"}) as one:
        body = body_of("passed", stream=True, mark="slow")
        ask(one.port, 8, 100, body)
        before, most = memory_mb(one.process.pid), 0.0
        load = threading.Thread(target=ask, args=(one.port, STREAMS, 3 * STREAMS, body))
        load.start()
        while load.is_alive():
            most = max(most, memory_mb(one.process.pid))
            time.sleep(0.05)
        return (most - before) * 1024 / STREAMS


def in_memory() -> float:
    """Kilobytes of a conversation in this process."""
    store = MemoryStore(limit=CONVERSATIONS)
    ledger = Ledger(store)
    gc.collect()
    tracemalloc.start()
    for number in range(CONVERSATIONS):
        said: list[Message] = []
        for turn in range(TURNS):
            said.append(Message("user", f"{number} {turn} {TEXT}"))
            claim = ledger.claim("bench", said, now=1.0, new_id=f"{number}-{turn}", sees_system=True)
            reply = f"{turn} {TEXT}"
            ledger.finish(claim, reply, HELD, now=1.0)
            said.append(Message("assistant", reply))
    gc.collect()
    return tracemalloc.get_traced_memory()[0] / 1024 / CONVERSATIONS


def on_redis(address: str) -> float:
    """Kilobytes that Redis needs for a conversation."""

    async def fill() -> None:
        link = Link(address, seconds=10.0)
        ledger = SharedLedger(link, gone=_nothing, serves=False)
        for number in range(CONVERSATIONS):
            said: list[Message] = []
            for turn in range(TURNS):
                said.append(Message("user", f"{number} {turn} {TEXT}"))
                new_id = f"{number:016x}{turn:016x}"
                claim = await ledger.claim("bench", said, now=time.time(), new_id=new_id, sees_system=True)
                reply = f"{turn} {TEXT}"
                ledger.finish(claim, reply, HELD, now=time.time())
                await ledger.ended(claim)
                said.append(Message("assistant", reply))
        await link.close()

    before = _used(address)
    asyncio.run(fill())
    return (_used(address) - before) / 1024 / CONVERSATIONS


HELD: dict[str, Any] = {
    "values": {"conversation": "0123456789abcdef"},
    "root": 1,
    "session": {
        "generation": 1,
        "opened": 1.0,
        "jar": {"cookies": [{"name": "csrftoken", "value": "x" * 64, "domain": "127.0.0.1"}]},
        "values": {"csrf": "x" * 64},
        "page": "http://127.0.0.1/",
    },
}


def _nothing(_conversation: Conversation) -> None:
    """Nothing is held for it."""


def _used(address: str) -> int:
    port = int(address.rpartition(":")[2].partition("/")[0])
    with socket.create_connection(("127.0.0.1", port), 10) as connection:
        connection.sendall(b"INFO memory\r\n")
        told = connection.recv(100_000)
    return int(told.partition(b"used_memory:")[2].partition(b"\r")[0])
