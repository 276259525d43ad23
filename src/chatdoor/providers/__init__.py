"""Providers: what a program calls."""

from chatdoor.providers.abstract import AbstractProvider
from chatdoor.providers.site_provider import SiteProvider
from chatdoor.providers.voigpt import VoiGpt

__all__ = ["AbstractProvider", "SiteProvider", "VoiGpt"]
