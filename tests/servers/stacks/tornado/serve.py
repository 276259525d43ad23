"""The site: ``python -m tests.servers.stacks.tornado.serve``.

Source: https://www.tornadoweb.org/en/stable/guide/security.html ("User authentication", "Cross-site request forgery
protection").
"""

import asyncio
import secrets
import socket

from tornado.httpserver import HTTPServer
from tornado.web import Application, RequestHandler, authenticated

from tests.servers.child import announce
from tests.servers.stacks.accounts import PASSWORD, USER
from tests.servers.stacks.chat_page import chat_page
from tests.servers.stacks.ledger import LEDGER

TALKS: dict[str, list[str]] = {}


class Site(RequestHandler):
    """What all pages have in common."""

    def get_current_user(self) -> str | None:
        """The key of the visitor's talk; None for one who has not signed in, or whose cookie another key signed."""
        key = self.get_signed_cookie("visitor")
        return key.decode() if key else None

    def show(self, fields: str) -> None:
        """A page with a form, which holds the token as Tornado masks it for this page."""
        self.write(f"<!doctype html><title>Chat</title><form method=post>{self.xsrf_form_html()}{fields}</form>")


class Login(Site):
    """The login page."""

    def get(self) -> None:
        """The form."""
        self.show("<input name=user><input name=password type=password><button>Sign in</button>")

    def post(self) -> None:
        """The form again, or the chat page."""
        if (self.get_body_argument("user"), self.get_body_argument("password")) != (USER, PASSWORD):
            return self.get()
        LEDGER.count("logins")
        self.set_signed_cookie("visitor", secrets.token_hex())
        return self.redirect("/")


class Page(Site):
    """The chat page."""

    @authenticated
    def get(self) -> None:
        """Its form."""
        LEDGER.count("pages")
        LEDGER.count("tokens")
        self.write(chat_page("tornado", fields=self.xsrf_form_html()))


class Chat(Site):
    """What the form is sent to."""

    @authenticated
    async def post(self) -> None:
        """The reply, word by word."""
        turns = TALKS.setdefault(self.current_user, [])
        turns.append(self.get_body_argument("message", strip=False))
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        for number, word in enumerate(LEDGER.answer(turns).split(" ")):
            self.write(f" {word}" if number else word)
            await self.flush()


class Control(RequestHandler):
    """What only tests use."""

    def get(self, name: str) -> None:
        """``stats``, ``reset`` or ``expire``, which changes the key that signs the cookies."""
        controls = {"stats": LEDGER.stats, "reset": LEDGER.reset, "expire": self.expire}
        self.write(controls[name]() or {})

    def expire(self) -> None:
        """From now on nobody has signed in."""
        self.application.settings["cookie_secret"] = secrets.token_hex()


def count(handler: RequestHandler) -> None:
    """Tornado's log: each answer passes here."""
    if handler.get_status() == 403:
        LEDGER.count("refused")


async def main() -> None:
    """Serve until stopped."""
    application = Application(
        [("/", Page), ("/login", Login), ("/chat", Chat), ("/_control/(.*)", Control)],
        xsrf_cookies=True,
        cookie_secret=secrets.token_hex(),
        login_url="/login",
        log_function=count,
    )
    listener = socket.create_server(("127.0.0.1", 0))
    listener.setblocking(False)
    HTTPServer(application).add_socket(listener)
    announce(listener.getsockname()[1])
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
