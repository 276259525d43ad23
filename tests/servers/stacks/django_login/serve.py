"""The site: ``python -m tests.servers.stacks.django_login.serve FOLDER``."""

import sys
from pathlib import Path

from django.core.asgi import get_asgi_application

from tests.servers.stacks.django_project import forget_sessions, set_up
from tests.servers.stacks.serving import serve

MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
]
TEMPLATES = {
    "BACKEND": "django.template.backends.django.DjangoTemplates",
    "DIRS": [Path(__file__).parent / "templates"],
    "OPTIONS": {"context_processors": ["django.template.context_processors.request"]},
}


def main(folder: str) -> None:
    """Serve until stopped. `folder` takes the database."""
    set_up(
        folder,
        ROOT_URLCONF="tests.servers.stacks.django_login.urls",
        LOGIN_URL="/login/",
        LOGIN_REDIRECT_URL="/",
        CSRF_USE_SESSIONS=True,
        MIDDLEWARE=MIDDLEWARE,
        TEMPLATES=[TEMPLATES],
    )
    serve(get_asgi_application(), refused={403}, expire=forget_sessions)


if __name__ == "__main__":
    main(*sys.argv[1:])
