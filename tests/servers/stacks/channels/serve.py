"""The site: ``python -m tests.servers.stacks.channels.serve FOLDER``.

Source: https://channels.readthedocs.io/en/stable/topics/authentication.html, and security.html beside it.
"""

import sys

from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from django.core.asgi import get_asgi_application
from django.urls import path

from tests.servers.stacks.django_project import forget_sessions, set_up
from tests.servers.stacks.serving import serve

MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]


def main(folder: str) -> None:
    """Serve until stopped. `folder` takes the database."""
    set_up(folder, ROOT_URLCONF="tests.servers.stacks.channels.urls", MIDDLEWARE=MIDDLEWARE)
    from .consumer import Chat  # it needs Django's settings

    sockets = URLRouter([path("ws/chat/", Chat.as_asgi())])
    application = ProtocolTypeRouter(
        {"http": get_asgi_application(), "websocket": AllowedHostsOriginValidator(AuthMiddlewareStack(sockets))}
    )
    serve(application, expire=forget_sessions, ws="websockets-sansio")


if __name__ == "__main__":
    main(*sys.argv[1:])
