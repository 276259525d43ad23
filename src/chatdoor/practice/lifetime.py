"""The practice site, started and stopped: around a block of Python, or in the foreground."""

import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from chatdoor.errors import ArgumentError
from chatdoor.practice.behaviour import Behaviour
from chatdoor.practice.option import Value
from chatdoor.practice.origin import is_loopback
from chatdoor.practice.sitefile import site_text
from chatdoor.practice.state import State
from chatdoor.site import Site, loads_site

if TYPE_CHECKING:
    from chatdoor.practice.server import Running

_NAP_SECONDS = 3_600.0


class Practice:
    """A web chatbot on this machine, for as long as a `with` block lasts.

        with Practice(reply="sse-delta", limit_every=3) as site:
            with Client(site) as client: ...

    Give a `Behaviour` or its options by name, not both. `port` 0 lets the system choose one. The block gets the site's
    description, ready for a client. It may be entered again after its end, and begins anew then.

    Raises ArgumentError for an option that is none, a host that is not this machine, a port that can not be had.
    """

    def __init__(
        self, behaviour: Behaviour | None = None, *, host: str = "127.0.0.1", port: int = 0, **options: Value
    ) -> None:
        if behaviour is not None and options:
            raise ArgumentError("give a behaviour or options, not both", site="practice")
        if not is_loopback(host):
            raise ArgumentError(f"listens on this machine only, not on {host!r:.60}", site="practice")
        if not 0 <= port <= 65_535:
            raise ArgumentError(f"there is no port {port}", site="practice")
        self.behaviour = Behaviour.of(options) if behaviour is None else behaviour
        self.url = ""  # empty until it has been started
        self._host = host
        self._port = port
        self._state = State(self.behaviour)
        self._running: Running | None = None

    def __enter__(self) -> Site:
        self.start()
        try:
            return loads_site(site_text(self.behaviour, self.url), source="practice")
        except BaseException:
            self.stop()
            raise

    def __exit__(self, *_error: object) -> None:
        self.stop()

    def start(self) -> None:
        """Starts the site. It serves, and `url` is known, when this returns."""
        from chatdoor.practice.server import Running  # loads uvicorn and asyncio, which take most of the start

        if self._running is not None:
            raise ArgumentError("it runs already", site="practice")
        self._state = State(self.behaviour)
        listener = _listen(self._host, self._port)
        url = _url(self._host, listener)
        self._running = Running(self._state, listener)
        self.url = url

    def stop(self) -> None:
        """Ends the site at once, with every open stream. Does nothing where it does not run."""
        running, self._running = self._running, None
        if running is not None:
            running.stop()

    def stats(self) -> dict[str, int]:
        """The counts of `GET /stats`, by name. After the end they are what they were at the end."""
        return self._state.stats()

    def heard(self) -> list[list[str]]:
        """What the user said in each conversation, oldest first; where the site keeps none, in each request."""
        return self._state.conversations.heard()

    def faults(self, **changes: Value) -> dict[str, Value]:
        """The faults as they are, after these changes.

        `expire=True` lets all tokens and logins expire now, `forget=True` forgets all conversations. Raises
        ArgumentError, and changes nothing, for what is no fault.
        """
        self._state.change(changes)
        return self._state.behaviour.faults()


def serve(
    behaviour: Behaviour | None = None,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    on_ready: Callable[[str], None] = lambda _url: None,
) -> None:
    """Runs a practice site until Ctrl-C or SIGTERM, and returns then. `on_ready` is called with its URL.

    Raises ArgumentError as `Practice` does.
    """
    practice = Practice(behaviour, host=host, port=port)
    with suppress(KeyboardInterrupt), _termination_interrupts():
        try:
            practice.start()
            on_ready(practice.url)
            while True:
                time.sleep(_NAP_SECONDS)
        finally:
            practice.stop()


@contextmanager
def _termination_interrupts() -> Iterator[None]:
    """Inside, SIGTERM does what Ctrl-C does. Only the main thread may set that; elsewhere it changes nothing."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise ArgumentError(f"can not listen on {host} port {port}: {error}", site="practice") from error


def _url(host: str, listener: socket.socket) -> str:
    port = listener.getsockname()[1]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
