"""Names that say what a value or a path is for. Each table says where its words come from."""

import re
from typing import Final

PROMPT: Final = re.compile(
    r"^(?:prompt|message|messages|msg|text|content|query|question|q|input|inputs|user_?(?:input|message|prompt|query)|"
    r"utterance|ask|say|body|chat|parts?|value|data|description|instruction|variables)$",
    re.IGNORECASE,
)
"""What chat APIs call what was typed: OpenAI, Gradio, Dialogflow, Rasa, Botpress, LangServe, Dify."""

REPLY: Final = re.compile(
    r"^(?:response|reply|answer|content|text|message|output|completion|generated_text|result|delta|v|token|chunk|"
    r"bot|assistant|body|data|markdown|msg|output_text|speech|parts?)$",
    re.IGNORECASE,
)
"""What chat APIs call what is answered: the same, and Hugging Face, Vercel, Ollama."""

NOT_REPLY: Final = re.compile(
    r"reason|think|thought|title|name|suggest|follow_?up|citation|source|tool|prompt|question|user|input|status|"
    r"debug|trace|echo|ack|log|error|query|role|model|locale|lang|type|kind|event",
    re.IGNORECASE,
)
"""What stands beside a reply: thoughts, titles, suggestions, sources, the prompt again."""

DECOY: Final = re.compile(
    r"(?:^|[/_.-])(?:track(?:ing)?|telemetry|analytics|collect|metrics?|beacon|rum|log(?:s|ging)?|events?|stats?|"
    r"title|titles|rename|suggest(?:ions)?|autocomplete|typing|feedback|envelope|batch|pixel|moderat\w*|draft|"
    r"rgstr|ces|g)(?:[/_.-]|$)",
    re.IGNORECASE,
)
"""Paths that carry what was typed and do not answer it: monitoring (Segment, Sentry, Google, Statsig), titles."""

CONVERSATION: Final = re.compile(
    r"conversation|convo|thread|chat_?id|dialog|^chat$|session_?(?:id|hash)|room|talk|^sid$", re.IGNORECASE
)
"""What chat APIs call the id of a conversation: OpenAI, LangGraph, Gradio, Botpress, Dify."""

BEFORE: Final = re.compile(r"parent|message|last|prev|reply|after", re.IGNORECASE)
"""What chat APIs call the id of the message before: OpenAI, Anthropic, Vercel."""

TOKEN: Final = re.compile(r"csrf|xsrf|authenticity|forgery|requestverification|nonce|_token$|^token$", re.IGNORECASE)
"""What stacks call a token against forged requests: Django, Rails, Laravel, Spring, ASP.NET, Symfony, WordPress."""

KEY: Final = re.compile(r"(?:^|api|access|client|site|app|public)[_-]?key$|secret|signature|^sig$", re.IGNORECASE)
"""What hosted services call what lets a page in: Google (`key`), Algolia, Intercom, Supabase (`apikey`), AWS."""

PASSWORD: Final = re.compile(
    r"passw|^pass\d?$|pass_?(?:phrase|code)|^pwd?\d?$|^ps?wd?$|[_-]pwd?$|kennwort|mot_?de_?passe|^mdp$|contrase[nñ]a"
    r"|^senha|wachtwoord|has[lł]o$|парол",
    re.IGNORECASE,
)
"""What login forms call a password, in some languages."""

USER: Final = re.compile(r"user|login|mail|account|phone|^name$|ident", re.IGNORECASE)


def key_of(place: tuple[str | int, ...]) -> str:
    """The last name of a place that is no position."""
    return next((part for part in reversed(place) if isinstance(part, str)), "")
