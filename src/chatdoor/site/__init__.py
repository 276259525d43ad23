"""A web chatbot as data: the site language, its loader, its presets.

Read `file` for what may stand in a site file, `model` for what a loaded one holds.
"""

from chatdoor.site.load import known_sites, load_site, loads_site, presets
from chatdoor.site.model import Site

__all__ = ["Site", "known_sites", "load_site", "loads_site", "presets"]
