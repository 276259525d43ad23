"""Runs the project on uvicorn: ``python -m tests.servers.django_site.serve SCHEME FOLDER [CERT KEY]``."""

import os
import socket
import sys

import uvicorn

from tests.servers.child import announce
from tests.servers.django_site import PASSWORD, USER


def main(scheme: str, folder: str, *certificate: str) -> None:
    """Serve until stopped. `folder` takes the database; `certificate` is the files of chain and key, for https."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.servers.django_site.settings"
    os.environ["DJANGO_SITE_SCHEME"] = scheme
    os.environ["DJANGO_SITE_FOLDER"] = folder
    # Django reads its settings when this is imported.
    from django.core.asgi import get_asgi_application

    application = get_asgi_application()
    _make_user()
    listener = socket.create_server(("127.0.0.1", 0))
    announce(listener.getsockname()[1])
    cert_file, key_file = certificate or (None, None)
    config = uvicorn.Config(
        application,
        lifespan="off",
        ws="none",
        log_level="warning",
        ssl_certfile=cert_file,
        ssl_keyfile=key_file,
        timeout_graceful_shutdown=1,
    )
    uvicorn.Server(config).run(sockets=[listener])


def _make_user() -> None:
    from django.contrib.auth.models import User
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    User.objects.create_user(USER, password=PASSWORD)


if __name__ == "__main__":
    main(*sys.argv[1:])
