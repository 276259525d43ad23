"""The site: ``python -m tests.servers.stacks.flask_wtf.serve``.

Source: https://flask-wtf.readthedocs.io/en/1.2.x/csrf/ ("JavaScript Requests").
"""

import secrets

from a2wsgi import WSGIMiddleware
from flask import Flask, Response, jsonify, render_template_string, request, session
from flask_wtf import CSRFProtect

from tests.servers.stacks.chat_page import chat_page
from tests.servers.stacks.ledger import LEDGER
from tests.servers.stacks.serving import serve

PAGE = chat_page("flask_wtf", head='<meta name="csrf-token" content="{{ csrf_token() }}">')

app = Flask(__name__)
app.secret_key = secrets.token_hex()
CSRFProtect(app)


@app.get("/")
def page() -> str:
    """The chat page, whose script reads the token."""
    LEDGER.count("pages")
    LEDGER.count("tokens")
    return render_template_string(PAGE)


@app.post("/chat")
def chat() -> Response:
    """``{"message": text}`` gets ``{"reply": text}``."""
    session["turns"] = [*session.get("turns", ()), request.get_json()["message"]]
    return jsonify(reply=LEDGER.answer(session["turns"]))


def expire() -> None:
    """A new key: no session that was signed before is known."""
    app.secret_key = secrets.token_hex()


if __name__ == "__main__":
    serve(WSGIMiddleware(app), refused={400}, expire=expire)
