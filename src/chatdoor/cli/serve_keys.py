"""Who may ask a gateway: the keys of the command line, the environment and the config file."""

import os
from collections.abc import Mapping

import msgspec

from chatdoor.cli.references import resolve
from chatdoor.cli.wishes import KEYS_VARIABLE, Wishes
from chatdoor.errors import ArgumentError
from chatdoor.gateway.address import is_loopback
from chatdoor.gateway.config import Config
from chatdoor.gateway.keys import HASH, Key, digest_of
from chatdoor.gateway.quota import Quota
from chatdoor.site.model import Site
from chatdoor.site.nearest import nearest
from chatdoor.site.parts import given


def all_keys(wishes: Wishes, config: Config) -> list[Key]:
    """All keys: of the options, the environment and the config. Raises ArgumentError; none of them is shown."""
    named = [(resolve(key, "--api-key"), "--api-key") for key in wishes.api_key]
    listed = os.environ.get(KEYS_VARIABLE, "").split(",")
    named += [(key.strip(), KEYS_VARIABLE) for key in listed if key.strip()]
    keys = [Key(digest=digest_of(text, said_by)) for text, said_by in named]
    for index, row in enumerate(config.table.keys):
        place = f"keys[{index}].key"
        text = row.key if row.key.startswith(HASH) else resolve(config.reference(row.key), place)
        digest = digest_of(text, place)
        if any(key.digest == digest for key in keys):
            raise ArgumentError(f"{place}: this key is given twice, so what it may do is anybody's guess")
        quota = Quota(given(row.per_minute), given(row.per_day))
        sites = None if isinstance(row.sites, msgspec.UnsetType) else frozenset(row.sites)
        keys.append(Key(digest=digest, sites=sites, quota=quota, name=given(row.name) or ""))
    return keys


def check_open(host: str, keys: object) -> None:
    """Raises ArgumentError where others could reach a gateway that needs no key."""
    if not keys and not is_loopback(host):
        problem = f"--host {host}: others could ask without a key; give one by --api-key or {KEYS_VARIABLE}"
        raise ArgumentError(problem)


def check_names(config: Config, sites: Mapping[str, Site]) -> None:
    """Raises ArgumentError for a key that names a site which is not served."""
    for index, row in enumerate(config.table.keys):
        for name in given(row.sites) or ():
            if name not in sites:
                raise ArgumentError(f"keys[{index}].sites: there is no site {name!r}{nearest(name, sites)}")
