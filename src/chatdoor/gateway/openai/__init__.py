"""OpenAI's API as pure data: what requests hold, what answers look like. Nothing here waits or sends.

Source: https://platform.openai.com/docs/api-reference
"""
