"""LiteLLM's proxy, which speaks OpenAI, before a model that counts: a bearer key, the client keeps the history."""
