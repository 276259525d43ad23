"""Where chatdoor's own files lie on this system."""

from pathlib import Path


def state_folder() -> Path:
    """The user's folder for what is kept between programs."""
    import platformdirs  # slow to load, and most programs keep nothing

    return platformdirs.user_state_path("chatdoor")


def config_folder() -> Path:
    """The user's folder for settings."""
    import platformdirs  # slow to load, and most programs have none

    return platformdirs.user_config_path("chatdoor")
