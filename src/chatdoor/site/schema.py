"""The JSON Schema of a site file, for editors: keys are completed and explained, mistakes underlined."""

from typing import Final, cast

import msgspec

from chatdoor.site import file
from chatdoor.site.reference import TABLES

DRAFT: Final = "https://json-schema.org/draft/2020-12/schema"

_ANYTHING: Final = {"type": ["string", "number", "boolean", "array", "object"]}
"""The schema of a value that the site decides. TOML has no null."""

_BY_PRESET: Final = frozenset({"chat", "reply"})
"""Required keys that a preset may bring."""

Schema = dict[str, object]


def json_schema() -> Schema:
    """The schema (draft 2020-12) of a site file, ready for `json.dumps`.

    It checks keys and types. That a value is taken before it is sent, and the like, only the loader can tell.
    """
    _, tables = msgspec.json.schema_components(
        [file.SiteTable], schema_hook=lambda _: _ANYTHING, ref_template="#/$defs/{name}"
    )
    named = {table.__name__: {**tables[table.__name__], "title": name} for name, table in TABLES.items()}
    site = named.pop(file.SiteTable.__name__)
    own = [key for key in cast(list[str], site["required"]) if key not in _BY_PRESET]
    complete = [{"required": sorted(_BY_PRESET)}, {"required": ["extends"]}]
    head = {"$schema": DRAFT, "title": "chatdoor site file", "description": "One web chatbot, as data."}
    return {**site, **head, "required": own, "anyOf": complete, "$defs": named}
