"""The site: ``python -m tests.servers.stacks.openai.serve``, in an environment of its own.

Source: https://docs.litellm.ai/docs/providers/custom_llm_server.
"""

import os
import secrets
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import litellm
from litellm.llms.custom_llm import CustomLLM
from litellm.proxy import proxy_server

from tests.servers.stacks.ledger import LEDGER
from tests.servers.stacks.serving import serve


class Counting(CustomLLM):
    """The model."""

    async def acompletion(
        self, *_arguments: Any, messages: list[dict[str, Any]], model_response: litellm.ModelResponse, **_options: Any
    ) -> litellm.ModelResponse:
        """The reply as one answer."""
        model_response.choices[0].message.content = _answer(messages)
        return model_response

    async def astreaming(
        self, *_arguments: Any, messages: list[dict[str, Any]], **_options: Any
    ) -> AsyncIterator[dict[str, Any]]:
        """The reply word by word."""
        for number, word in enumerate(_answer(messages).split(" ")):
            yield _chunk(f" {word}" if number else word)
        yield _chunk("", finish="stop")


def _answer(messages: list[dict[str, Any]]) -> str:
    return LEDGER.answer([message["content"] for message in messages if message["role"] == "user"])


def _chunk(text: str, *, finish: str = "") -> dict[str, Any]:
    return {
        "text": text,
        "is_finished": bool(finish),
        "finish_reason": finish,
        "index": 0,
        "tool_use": None,
        "usage": None,
    }


def new_key() -> str:
    """A key that nobody had before."""
    return f"sk-{secrets.token_hex()}"


def expire() -> None:
    """From now on the key is another one."""
    proxy_server.master_key = new_key()


def key() -> str | None:
    """The key, as the one who runs the server would tell it."""
    return proxy_server.master_key


if __name__ == "__main__":
    litellm.custom_provider_map = [{"provider": "counting", "custom_handler": Counting()}]
    os.environ["CONFIG_FILE_PATH"] = str(Path(__file__).with_name("config.yaml"))
    os.environ["LITELLM_MASTER_KEY"] = new_key()
    serve(proxy_server.app, refused={400, 401}, expire=expire, more={"key": key}, lifespan="on")
