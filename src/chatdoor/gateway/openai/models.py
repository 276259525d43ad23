"""The models of the API: here, the sites.

Source: https://platform.openai.com/docs/api-reference/models
"""

from collections.abc import Iterable

import msgspec


class Model(msgspec.Struct, frozen=True, tag_field="object", tag="model"):
    """One model. `created` is in seconds since 1970."""

    id: str
    created: int
    owned_by: str = "chatdoor"


class ModelList(msgspec.Struct, frozen=True, tag_field="object", tag="list"):
    """All models."""

    data: list[Model]


def model_list(models: Iterable[Model]) -> bytes:
    """The answer that lists models."""
    return msgspec.json.encode(ModelList(list(models)))
