"""What the faulty server can answer in place of a good page or a good chat answer: two tables, name -> fault."""

from .bulk import BULK
from .events import EVENTS
from .fault import GOOD, Fault
from .pages import TOKENS
from .redirects import REDIRECTS
from .refusals import BOT_CHECKS, LIMITS, STATUSES
from .replies import REPLIES
from .transport import CONNECTION, FRAMING

ANYWHERE: dict[str, Fault] = {
    "good": GOOD, **CONNECTION, **FRAMING, **BULK, **STATUSES, **LIMITS, **BOT_CHECKS, **REDIRECTS,
}  # fmt: skip
PAGE: dict[str, Fault] = {**ANYWHERE, **TOKENS}
CHAT: dict[str, Fault] = {**ANYWHERE, **REPLIES, **EVENTS}
