"""The names that values get in a site file: short, and the same for the same thing."""

import re
from typing import Final

from chatdoor.discover import words
from chatdoor.discover.sends import Place

_RESERVED: Final = frozenset(
    ("prompt", "messages", "history", "system", "model", "temperature", "max_tokens", "top_p", "stop", "seed", "role")
)


class Names:
    """Names in use, so that two values never share one."""

    def __init__(self) -> None:
        self._by_key: dict[str, str] = {}

    def name(self, identity: str, wanted: str) -> str:
        """The name of what has that identity (its source): the one it has, or the wanted one, numbered where taken."""
        if identity not in self._by_key:
            taken, name, number = set(self._by_key.values()), wanted, 2
            while name in taken:
                name, number = f"{wanted}_{number}", number + 1
            self._by_key[identity] = name
        return self._by_key[identity]


def wanted_name(place: Place) -> str:
    """The name for a value that is sent there."""
    key = str(place[1]) if place[0] == "header" else words.key_of(place)
    if key == "authorization":
        return "bearer"
    if words.TOKEN.search(key):
        return "csrf"
    if place[0] == "path":
        return "id"
    plain = re.sub(r"\W+", "_", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", key)).strip("_").lower().removeprefix("x_")
    plain = plain if plain and not plain[0].isdigit() else f"value_{plain}".rstrip("_")
    return f"{plain}_value" if plain in _RESERVED else plain[:60]


def env_prefix(site: str) -> str:
    """What names of environment variables begin with: `HELP_DESK` for `help-desk`."""
    plain = re.sub(r"[^A-Za-z0-9]+", "_", site).strip("_").upper()
    return f"SITE_{plain}".rstrip("_") if not plain or plain[0].isdigit() else plain


def site_name(host: str) -> str:
    """A site's name from its host: `example` for `www.example.org`, `site` for an address."""
    plain = host.rpartition("@")[2].partition(":")[0].removeprefix("www.")
    labels = plain.split(".")
    if not plain or plain.replace(".", "").isdigit() or plain.startswith("[") or plain == "localhost":
        return "site"
    name = re.sub(r"[^A-Za-z0-9._-]", "-", plain if len(labels) < 2 else "-".join(labels[:-1]))[:64]
    return name if name[:1].isalnum() else "site"
