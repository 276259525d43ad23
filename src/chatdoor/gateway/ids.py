"""Fresh ids of answers and requests, unlike any other."""

import random
import secrets

_numbers = random.Random()  # noqa: S311 - an id opens nothing, and the system's randomness takes seven microseconds


def fresh_number() -> str:
    """32 hexadecimal digits. They are nobody's secret."""
    return _numbers.getrandbits(128).to_bytes(16, "big").hex()  # half of what a format takes


def fresh_id(kind: str) -> str:
    """The kind and a fresh number: `msg_...`."""
    return kind + fresh_number()


def secret_id(kind: str) -> str:
    """The same, and nobody can guess it from others: for what can be read by its id."""
    return f"{kind}{secrets.token_hex(16)}"
