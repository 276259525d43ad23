"""The sites that are served, and the names by which requests ask for them."""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from chatdoor.drive.async_client import AsyncClient
from chatdoor.drive.visitor import Options
from chatdoor.errors import ArgumentError
from chatdoor.gateway.keys import Key
from chatdoor.gateway.openai.models import Model
from chatdoor.gateway.problem import Problem
from chatdoor.site.model import Site, step_slots
from chatdoor.site.names import SAMPLING_NAMES
from chatdoor.site.nearest import nearest

SHOWN_MOST: Final = 64
"""Characters of an unknown model's name that are told back."""


class Served(msgspec.Struct, frozen=True):
    """What stands behind a model name: a site, the client that asks it, and the site's own name of the model.

    `takes` are the sampling options that the site has a field for; `counts` says that it tells its usage.
    """

    name: str
    site: Site
    client: AsyncClient
    model: str
    takes: frozenset[str]
    counts: bool


class House:
    """All sites by model name: `site`, `site/model`, and aliases.

    `aliases` is alias -> one of the other names. `created` is in seconds since 1970. Raises ArgumentError.
    """

    def __init__(
        self, sites: Iterable[Site], options: Options, *, aliases: Mapping[str, str] | None = None, created: int = 0
    ) -> None:
        self._served: dict[str, Served] = {}
        self._created = created
        self.sites: dict[str, AsyncClient] = {}
        for site in sites:
            self._take_in(site, options)
        for alias, name in (aliases or {}).items():
            self._name(alias, name)

    def _take_in(self, site: Site, options: Options) -> None:
        if site.name in self.sites:
            raise ArgumentError(f"two sites have the name {site.name}; the model names would be the same")
        client = self.sites[site.name] = AsyncClient(site, **options)
        names = {slot.name for step in site.chat for slot in step_slots(step)}
        counts = site.reply.usage_input is not None and site.reply.usage_output is not None
        for name, model in [(site.name, site.models[0]), *((f"{site.name}/{each}", each) for each in site.models)]:
            self._served[name] = Served(name, site, client, model, SAMPLING_NAMES & names, counts)

    def _name(self, alias: str, name: str) -> None:
        if alias in self._served:
            raise ArgumentError(f"alias {alias}: is the name of a site already")
        if name not in self._served:
            raise ArgumentError(f"alias {alias}: there is no {name!r}{nearest(name, self._served)}")
        self._served[alias] = msgspec.structs.replace(self._served[name], name=alias)

    def find(self, name: str, key: Key | None) -> Served:
        """What the model name stands for. Raises Problem (404) for one that is none, or is not for the key."""
        served = self._served.get(name)
        if served is None or (key is not None and not key.may_ask(served.site.name)):
            shown = name[:SHOWN_MOST]
            known = nearest(shown, self._names(key))
            raise Problem(
                404,
                f"The model {shown!r} does not exist or you do not have access to it{known}.",
                param="model",
                code="model_not_found",
            )
        return served

    def model(self, name: str, key: Key | None) -> Model:
        """The model of that name. Raises Problem (404)."""
        return Model(self.find(name, key).name, self._created)

    def models(self, key: Key | None) -> list[Model]:
        """All models that the key is good for."""
        return [Model(name, self._created) for name in self._names(key)]

    def _names(self, key: Key | None) -> list[str]:
        return [name for name, served in self._served.items() if key is None or key.may_ask(served.site.name)]

    def names_of(self, site: str) -> list[str]:
        """All model names that stand for a site."""
        return [name for name, served in self._served.items() if served.site.name == site]

    async def close(self) -> None:
        """Closes all connections to the sites."""
        await asyncio.gather(*(client.close() for client in self.sites.values()))
