"""Fresh ids of answers and requests: unlike any other, and nobody's secret."""

import random

_numbers = random.Random()  # noqa: S311 - an id opens nothing, and the system's randomness takes seven microseconds


def fresh_id(kind: str) -> str:
    """The kind and 32 hexadecimal digits: `chatcmpl-...`."""
    return f"{kind}{_numbers.getrandbits(128):032x}"
