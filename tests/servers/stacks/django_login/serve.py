"""The site: ``python -m tests.servers.stacks.django_login.serve FOLDER``."""

import os
import sys

from tests.servers.stacks.django_login import PASSWORD, USER
from tests.servers.stacks.serving import serve


def main(folder: str) -> None:
    """Serve until stopped. `folder` takes the database."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.servers.stacks.django_login.settings"
    os.environ["STACK_FOLDER"] = folder
    # Django reads its settings when this is imported.
    from django.core.asgi import get_asgi_application

    application = get_asgi_application()
    _make_user()
    from django.core.cache import cache

    serve(application, refused={403}, expire=cache.clear)


def _make_user() -> None:
    from django.contrib.auth.models import User
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    User.objects.create_user(USER, password=PASSWORD)


if __name__ == "__main__":
    main(*sys.argv[1:])
