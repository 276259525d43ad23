"""Side requests: what a chat front end asks on its own (a title, tags, follow-up questions, search queries).

They come in the person's name and are no part of the person's conversation. Each is one message of the user, with no
reply before it, so that no list of a conversation that has begun is ever taken for one. One that no rule knows is
answered like any other request: in a conversation of its own, since it continues none.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from chatdoor.gateway.openai.errors import NO_RETRY
from chatdoor.gateway.problem import Problem
from chatdoor.messages import Message

if TYPE_CHECKING:
    from chatdoor.gateway.exchange import Exchange
    from chatdoor.gateway.house import Served
    from chatdoor.gateway.state import State

SideRequests: TypeAlias = Literal["answer", "refuse"]

HEADER: Final = b"x-side-request"
"""Says by any value that this is one. Open WebUI's own headers of a connection can hold `{{TASK}}`, empty in a chat
(`parse_custom_headers` in https://github.com/open-webui/open-webui/blob/main/backend/open_webui/utils/headers.py)."""

Rule: TypeAlias = Callable[[str], bool]

_OPEN_WEBUI: Final = re.compile(
    r"### Task:\s+(?:"
    r"Generate a concise[^\n]{0,80} title|"
    r"Generate 1-3 broad tags|"
    r"Suggest 3-5 relevant follow-up questions|"
    r"Predict 3-5 useful messages this user might|"
    r"Analyze the chat history to determine the necessity of generating search queries|"
    r"Generate a detailed prompt for \w+ image generation task|"
    r"You are an autocompletion system)"
)
_LIBRECHAT: Final = re.compile(
    r"Provide a concise, 5-word-or-less title for the conversation|"
    r"Analyze this conversation and provide:\s+1\. The detected language of the conversation\s+2\. A concise title"
)


def aside_of(state: "State", exchange: "Exchange", served: "Served", messages: Sequence[Message]) -> "Served | None":
    """Whom a side request is put to; None for any other request. Raises Problem where the operator wants none."""
    if not is_side_request(exchange.headers, messages):
        return None
    if state.conduct.side_requests == "refuse":
        raise refusal()
    return state.house.aside(served)


def is_marked(headers: Mapping[bytes, bytes]) -> bool:
    """True where a header says that it is one."""
    return HEADER in headers and bool(headers[HEADER].strip())


def is_side_request(headers: Mapping[bytes, bytes], messages: Sequence[Message]) -> bool:
    """True for what a front end asks on its own."""
    if is_marked(headers):
        return True
    if len(messages) > 2 or messages[-1].role != "user":  # at most a system text before it
        return False
    if len(messages) == 2 and messages[0].role not in {"system", "developer"}:
        return False
    text = messages[-1].text
    return any(rule(text) for rule in RULES)


def refusal() -> Problem:
    """What is said where the operator wants none of them."""
    problem = "This gateway does not answer a chat front end's own questions, such as titles; see --side-requests."
    return Problem(403, problem, code="side_request", headers=(NO_RETRY,))


def is_task_of_open_webui(text: str) -> bool:
    """Open WebUI's task prompts: titles, tags, follow-ups, search queries, image prompts, completions.

    Its prompt with search results begins with `### Task:` too, and is a turn of the person's. Source: the templates
    named `DEFAULT_..._PROMPT_TEMPLATE` in
    https://github.com/open-webui/open-webui/blob/main/backend/open_webui/config.py
    """
    return text.startswith("### Task:") and "<chat_history>" in text and _OPEN_WEBUI.match(text) is not None


def is_title_of_librechat(text: str) -> bool:
    """LibreChat's prompts for a title: `defaultTitlePrompt` and `defaultCompletionPrompt`.

    Source: https://github.com/danny-avila/agents/blob/main/src/utils/title.ts
    """
    return text.startswith(("Provide a", "Analyze this")) and _LIBRECHAT.match(text) is not None


RULES: Final[tuple[Rule, ...]] = (is_task_of_open_webui, is_title_of_librechat)
"""The rules that look at the text."""
