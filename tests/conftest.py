"""What every test may ask for: the real servers. And Ctrl-C, which must work in whatever they start."""

import signal

from hypothesis import HealthCheck, settings

pytest_plugins = ["tests.servers.fixtures", "tests.servers.stacks.fixtures"]

# A shell starts what is in the background with Ctrl-C ignored, and children inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# A machine that is busy is no reason to fail.
settings.register_profile("chatdoor", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("chatdoor")
