"""The chat page of a stack: what they have in common, and how its own script asks, as its documentation shows it."""

from pathlib import Path

STACKS = Path(__file__).parent


def chat_page(stack: str, *, head: str = "", fields: str = "") -> str:
    """The page, with `head` and the form's hidden `fields` as the framework writes them."""
    page = (STACKS / "chat.html").read_text("utf-8")
    ask = (STACKS / stack / "ask.js").read_text("utf-8")
    return page.replace("<!--head-->", head).replace("<!--fields-->", fields).replace("/*ask*/", ask)
