"""What the Django projects share: settings without a file, sessions in memory, and one user."""

from pathlib import Path
from typing import Any

import django
from django.conf import settings

from .accounts import PASSWORD, USER

COMMON = {
    "SECRET_KEY": "only for tests, and longer than the fifty characters that Django asks for",
    "ALLOWED_HOSTS": ["127.0.0.1"],
    "USE_TZ": True,
    "SESSION_ENGINE": "django.contrib.sessions.backends.cache",
    "CACHES": {
        "default": {
            "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
            "OPTIONS": {"MAX_ENTRIES": 100_000},  # sessions; by default the 301st pushes out others
        }
    },
    "INSTALLED_APPS": ["django.contrib.contenttypes", "django.contrib.auth", "django.contrib.sessions"],
    "DEFAULT_AUTO_FIELD": "django.db.models.BigAutoField",
    # The default hasher is slow on purpose; the one user here is no secret.
    "PASSWORD_HASHERS": ["django.contrib.auth.hashers.MD5PasswordHasher"],
}


def set_up(folder: str, **more: Any) -> None:
    """Django with `more` settings, a database in `folder`, and the user in it."""
    database = {"ENGINE": "django.db.backends.sqlite3", "NAME": Path(folder) / "users.sqlite3"}
    settings.configure(**COMMON, DATABASES={"default": database}, **more)
    django.setup()
    from django.contrib.auth.models import User
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    User.objects.create_user(USER, password=PASSWORD)


def forget_sessions() -> None:
    """No session that there was is known."""
    from django.core.cache import cache

    cache.clear()
