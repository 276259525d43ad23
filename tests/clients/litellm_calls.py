"""LiteLLM as a client: what it makes of the gateway's answers, as JSON. In an environment of its own.

Source: https://docs.litellm.ai/docs/providers/openai_compatible
"""

import asyncio
import json
import os
import sys
from typing import Any

import litellm
import openai

REQUEST: dict[str, Any] = {
    "model": "openai/practice",
    "messages": [{"role": "user", "content": "say exactly: one two three"}],
    "api_base": os.environ["GATEWAY_URL"],
    "api_key": os.environ["GATEWAY_KEY"],
}


async def aloud() -> str:
    """The text of a streamed answer, the async way."""
    stream = await litellm.acompletion(**REQUEST, stream=True)
    return "".join([chunk.choices[0].delta.content or "" async for chunk in stream])


def answers() -> dict[str, Any]:
    """The same question in four ways, and once with another key."""
    whole = litellm.completion(**REQUEST)
    pieces = [chunk.choices[0].delta.content for chunk in litellm.completion(**REQUEST, stream=True)]
    return {
        "whole": whole.choices[0].message.content,
        "total": whole.usage.total_tokens,
        "pieces": [piece for piece in pieces if piece],
        "async": asyncio.run(aloud()),
        "wrong key": error_of(api_key="wrong"),
    }


def error_of(**other: str) -> list[Any]:
    """The error of a call, as LiteLLM calls it, and its status."""
    try:
        litellm.completion(**REQUEST | other)
    except openai.APIError as error:  # all of LiteLLM's are among those of the SDK
        return [type(error).__name__, error.status_code]
    return []


litellm.suppress_debug_info = True  # it would be among what is printed
sys.stdout.write(json.dumps(answers() if sys.argv[1] == "answers" else error_of()))
