"""LangChain's own tests of a chat model, run on ChatOpenAI before a gateway, in an environment of their own.

Source: https://docs.langchain.com/oss/python/contributing/standard-tests-langchain
"""

import os
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_openai import ChatOpenAI
from langchain_tests.integration_tests import ChatModelIntegrationTests


class TestChatOpenAI(ChatModelIntegrationTests):
    """A web chatbot takes and gives text; the rest is what the API has besides."""

    @property
    def chat_model_class(self) -> type[BaseChatModel]:
        """LangChain's client of the API."""
        return ChatOpenAI

    @property
    def chat_model_params(self) -> dict[str, Any]:
        """Where the gateway is and how its site is called. Before another server it asks for usage only if told."""
        return {"base_url": os.environ["GATEWAY_URL"], "api_key": "none", "model": "practice", "stream_usage": True}

    @property
    def supports_model_override(self) -> bool:
        """One model can be named for one call."""
        return True

    @property
    def model_override_value(self) -> str:
        """Another model of the same site."""
        return "practice/eliza"

    @property
    def has_tool_calling(self) -> bool:
        """A web chatbot calls no tools."""
        return False

    @property
    def has_structured_output(self) -> bool:
        """It promises no shape of what it says."""
        return False
