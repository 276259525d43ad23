"""Settings of the test project. ``serve.py`` sets the two environment variables that they read."""

import os
from pathlib import Path

_FOLDER = Path(os.environ["DJANGO_SITE_FOLDER"])
_SECURE = os.environ["DJANGO_SITE_SCHEME"] == "https"

SECRET_KEY = "only for tests, and longer than the fifty characters that Django asks for"
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1", "localhost"]
ROOT_URLCONF = "tests.servers.django_site.urls"
USE_TZ = True
LOGIN_URL = "/login/"
LOGIN_REDIRECT_URL = "/"

INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "django.contrib.sessions"]
MIDDLEWARE = [
    "tests.servers.django_site.middleware.Record",
    "tests.servers.django_site.middleware.ForgetExpiredTokens",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [Path(__file__).parent / "templates"],
        "OPTIONS": {"context_processors": ["django.template.context_processors.request"]},
    }
]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": _FOLDER / "users.sqlite3"}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
# The default hasher is slow on purpose; the one user here is no secret.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

SESSION_COOKIE_SECURE = _SECURE
CSRF_COOKIE_SECURE = _SECURE
