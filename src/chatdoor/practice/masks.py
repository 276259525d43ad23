"""Tokens that look different on each page, so that a compressed page gives nothing of them away (BREACH)."""

import secrets

_BYTES = 16


def mask(token: str) -> str:
    """The token below a fresh mask, and the mask before it, in hexadecimal. An empty token stays empty."""
    over = secrets.token_bytes(_BYTES)
    return (over + _crossed(over, bytes.fromhex(token))).hex() if token else ""


def unmask(shown: str) -> str:
    """The token below the mask; empty for what can be none."""
    try:
        both = bytes.fromhex(shown)
    except ValueError:
        return ""
    return _crossed(both[:_BYTES], both[_BYTES:]).hex() if len(both) == 2 * _BYTES else ""


def _crossed(one: bytes, other: bytes) -> bytes:
    return bytes(left ^ right for left, right in zip(one, other, strict=True))
