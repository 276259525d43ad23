"""What is noted of one request on its way, for metrics and the log. Noting is all that a request pays for them."""

from collections.abc import Sequence
from time import perf_counter

from chatdoor.gateway.problem import Problem
from chatdoor.messages import Message, Usage


class Note:
    """The note of one request. `site` and `model` are the gateway's own names, or empty: never what a client made up.

    Tokens are the sum over all choices.
    """

    site = ""
    model = ""
    messages: Sequence[Message] = ()
    """What was asked."""
    texts: tuple[str, ...] = ()
    """The whole replies."""
    first: float | None = None
    """Seconds until the site's first piece."""
    finish = ""
    conversation: str | None = None
    input = 0
    output = 0
    estimated = True
    problem: Problem | None = None
    """What the client was told instead of an answer."""
    error = ""
    """The name of the error that the call of the site ended with."""

    def __init__(self) -> None:
        self.began = perf_counter()

    def asks(self, site: str, model: str, messages: Sequence[Message]) -> None:
        """Notes what is asked of which site."""
        self.site = site
        self.model = model
        self.messages = messages

    def has_piece(self) -> None:
        """Notes when the first piece came."""
        if self.first is None:
            self.first = perf_counter() - self.began

    def has_reply(self, text: str, finish: str, usage: Usage, conversation: str | None) -> None:
        """Notes a whole reply."""
        self.texts = (*self.texts, text)
        self.finish = finish
        self.conversation = conversation
        self.input += usage.input
        self.output += usage.output
        self.estimated = usage.estimated

    def follow(self, tried: "Note", *, counted: bool) -> None:
        """Notes what came of the try that this request has joined.

        Its tokens and its error count once: for its own request where that was answered, else for the first that was.
        """
        for name in ("site", "model", "messages", "texts", "finish", "conversation", "estimated", "problem"):
            setattr(self, name, getattr(tried, name))
        if tried.first is not None and tried.began + tried.first >= self.began:
            self.first = tried.began + tried.first - self.began
        if not counted:
            self.input, self.output, self.error = tried.input, tried.output, tried.error
            tried.input, tried.output, tried.error = 0, 0, ""
