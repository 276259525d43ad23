"""The practice site: a real web chatbot on this machine, which ships with chatdoor and needs no model."""

from chatdoor.practice.behaviour import DEEDS, FAULTS, OPTIONS, Behaviour
from chatdoor.practice.lifetime import Practice, serve
from chatdoor.practice.logins import PASSWORD, USER
from chatdoor.practice.option import Option
from chatdoor.practice.sitefile import site_text

__all__ = ["DEEDS", "FAULTS", "OPTIONS", "PASSWORD", "USER", "Behaviour", "Option", "Practice", "serve", "site_text"]
