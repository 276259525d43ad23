"""The sites that are served, and the names by which requests ask for them."""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from chatdoor.drive.async_client import AsyncClient
from chatdoor.drive.visitor import Options
from chatdoor.errors import ArgumentError
from chatdoor.gateway.keys import Key
from chatdoor.gateway.masked import masked_name
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

    `aliases` is alias -> one of the other names. `created` is in seconds since 1970. `own` are further options of
    single sites, by name. A site that is the same in `before` keeps its client, and so its sessions and conversations.
    Raises ArgumentError.
    """

    def __init__(
        self,
        sites: Iterable[Site],
        options: Options,
        *,
        aliases: Mapping[str, str] | None = None,
        created: int = 0,
        own: Mapping[str, Options] | None = None,
        before: "House | None" = None,
    ) -> None:
        self._served: dict[str, Served] = {}
        self._created = created
        self._before = before._clients if before else {}
        self._clients: dict[str, tuple[Site, Options, AsyncClient]] = {}
        for site in sites:
            self._take_in(site, {**options, **(own or {}).get(site.name, {})})
        self._before = {}
        self._aside = self._kept_aside(before) if before else {}
        self.sites = {name: client for name, (_, _, client) in self._clients.items()}
        for alias, name in (aliases or {}).items():
            self._name(alias, name)

    def _take_in(self, site: Site, options: Options) -> None:
        if site.name in self._clients:
            raise ArgumentError(f"two sites have the name {site.name}; the model names would be the same")
        client = self._client(site, options)
        self._clients[site.name] = (site, options, client)
        names = {slot.name for step in site.chat for slot in step_slots(step)}
        counts = site.reply.usage_input is not None and site.reply.usage_output is not None
        for name, model in [(site.name, site.models[0]), *((f"{site.name}/{each}", each) for each in site.models)]:
            self._served[name] = Served(name, site, client, model, SAMPLING_NAMES & names, counts)

    def _client(self, site: Site, options: Options) -> AsyncClient:
        old, its_options, client = self._before.get(site.name, (None, None, None))
        same = old is not None and (old.fingerprint, old.url) == (site.fingerprint, site.url)
        return client if client and same and its_options == options else AsyncClient(site, **options)

    def _kept_aside(self, before: "House") -> dict[str, AsyncClient]:
        """Those of the sites whose clients are kept; a copy, since the other house may just get one more."""
        kept = {
            name for name, row in self._clients.items() if before._clients.get(name, (None, None, None))[2] is row[2]
        }
        return {name: client for name, client in before._aside.copy().items() if name in kept}

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
            shown = masked_name(name[:SHOWN_MOST])
            known = nearest(shown, self._names(key)) or "."
            raise Problem(
                404,
                f"The model {shown!r} does not exist or you do not have access to it{known}",
                param="model",
                code="model_not_found",
            )
        return served

    def aside(self, served: Served) -> Served:
        """The same site and model, asked as another visitor, in whose sessions no conversation of `served` is.

        It has as many as the site's file says, and the pace of both is one.
        """
        client = self._aside.get(served.site.name)
        if client is None:
            site, options, _ = self._clients[served.site.name]
            own: Options = {**options, "conversations": None, "store": None}
            if shared := options.get("shared"):
                own["shared"] = shared.apart("aside")
            client = AsyncClient(site, **own)
            self._aside[served.site.name] = client
        return msgspec.structs.replace(served, client=client)

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

    @property
    def clients(self) -> list[AsyncClient]:
        """All that ask sites, those aside too."""
        return [*self.sites.values(), *self._aside.values()]

    async def close(self) -> None:
        """Closes all connections to the sites."""
        await asyncio.gather(*(client.close() for client in self.clients))
