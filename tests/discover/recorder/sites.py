"""Small sites for the recorder, each a table of what its paths answer."""

import json
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.servers.authority import Authority

SAID = ("Where is my parcel, please?", "And when does the shop open tomorrow?")
REPLIES = {SAID[0]: "It left our house on Monday morning.", SAID[1]: "The shop opens at nine and closes at six."}

Answer = tuple[int, str, str]
"""Status, content type, body."""

Routes = Mapping[str, Answer | Callable[[str], Answer]]
"""Path -> what it answers, or what makes that of the body that was sent. `{port}` in a body is the site's own."""

FORM = '<form id="f"><textarea name="m" placeholder="Your message"></textarea><button>Send</button></form>'
SCRIPT = """<script>
const say = async (text) => {
  const options = { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ text }) };
  const { answer } = await (await fetch("/chat", options)).json();
  document.body.append(answer);
};
document.getElementById("f").addEventListener("submit", (event) => {
  event.preventDefault();
  say(new FormData(event.target).get("m"));
  event.target.reset();
});
</script>"""


def html(body: str, status: int = 200) -> Answer:
    """A page."""
    return status, "text/html; charset=utf-8", f"<!doctype html><title>Bot</title><body>{body}"


def chat(sent: str) -> Answer:
    """The reply to what was typed."""
    return 200, "application/json", json.dumps({"answer": REPLIES[json.loads(sent)["text"]]})


@contextmanager
def site(routes: Routes, authority: Authority | None = None) -> Iterator[int]:
    """The site's port, for the length of a block; over TLS with a certificate of that authority."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer("")

        def do_POST(self) -> None:
            self._answer(self.rfile.read(int(self.headers.get("Content-Length", 0))).decode())

        def _answer(self, sent: str) -> None:
            found = routes.get(self.path, (404, "text/plain", "no such page"))
            status, kind, body = found(sent) if callable(found) else found
            data = body.replace("{port}", str(server.server_port)).encode()
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's signature
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if authority:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(authority.cert_file, authority.key_file)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
