"""Secrets out of a recording, so that it can be shared: found, replaced the same everywhere, and shown to be gone.

`secrets` finds them, `spellings` knows how they may be written, `placeholders` makes what stands for them, `rewriter`
puts that into texts, `file` into a whole HAR file.
"""

from chatdoor.discover.scrub.file import Scrubbed, prove, scrub
from chatdoor.discover.scrub.texts import Texts

__all__ = ["Scrubbed", "Texts", "prove", "scrub"]
