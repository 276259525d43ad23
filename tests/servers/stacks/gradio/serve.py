"""The site: ``python -m tests.servers.stacks.gradio.serve``, in an environment of its own.

Source: https://www.gradio.app/guides/querying-gradio-apps-with-curl and https://www.gradio.app/guides/sharing-your-app
("Password Protected App").
"""

from collections.abc import Iterator

import gradio
from fastapi import FastAPI

from tests.servers.stacks.accounts import PASSWORD, USER
from tests.servers.stacks.ledger import LEDGER
from tests.servers.stacks.serving import serve


def chat(message: str, history: list[dict[str, str]]) -> Iterator[str]:
    """The reply so far, word by word."""
    said = [_text(turn["content"]) for turn in history if turn["role"] == "user"]
    words = LEDGER.answer([*said, message]).split(" ")
    yield from (" ".join(words[: number + 1]) for number in range(len(words)))


def _text(content: str | list[dict[str, str]]) -> str:
    return content if isinstance(content, str) else "".join(part["text"] for part in content)


def sign_in(user: str, password: str) -> bool:
    """Whether Gradio's login lets them in."""
    good = (user, password) == (USER, PASSWORD)
    if good:
        LEDGER.count("logins")
    return good


if __name__ == "__main__":
    app = gradio.mount_gradio_app(FastAPI(), gradio.ChatInterface(chat), path="", auth=sign_in)
    mounted = app.routes[-1].app
    # Gradio forgets the logins made so far. The talks stay.
    serve(app, refused={401}, expire=mounted.tokens.clear, lifespan="on")
