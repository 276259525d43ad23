"""What time it is."""

import time

from chatdoor.flow.effects import Moment


def moment() -> Moment:
    """Now."""
    return Moment(time.monotonic(), time.time())
