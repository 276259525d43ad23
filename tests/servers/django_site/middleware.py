"""Two middlewares in front of Django's own: one that counts, one that lets tokens expire."""

from django.conf import settings
from django.contrib.auth.signals import user_logged_in
from django.http import HttpRequest, HttpResponseBase
from django.utils.deprecation import MiddlewareMixin

from .ledger import LEDGER

CONTROL_PATHS = frozenset({"/stats", "/reset_stats", "/expire", "/rotate"})


class Record(MiddlewareMixin):
    """Notes each request and each 403. Stands before CsrfViewMiddleware, whose refusals never reach a view."""

    def process_request(self, request: HttpRequest) -> None:
        """Note method, path and headers; the paths that only tests use are left out."""
        if request.path not in CONTROL_PATHS:
            headers = {name.lower(): value for name, value in request.headers.items()}
            LEDGER.seen.requests.append({"method": request.method, "path": request.path, "headers": headers})

    def process_response(self, _request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Count the refusals, and note the token that an answer gives out."""
        LEDGER.seen.csrf_failed += response.status_code == 403
        if (cookie := response.cookies.get(settings.CSRF_COOKIE_NAME)) is not None:
            LEDGER.issued.add(cookie.value)
        return response


class ForgetExpiredTokens(MiddlewareMixin):
    """Takes an expired token's cookie out of the request, so that Django itself refuses it."""

    def process_request(self, request: HttpRequest) -> None:
        """Drop the cookie if its token has expired."""
        if request.COOKIES.get(settings.CSRF_COOKIE_NAME) in LEDGER.expired:
            del request.COOKIES[settings.CSRF_COOKIE_NAME]


def _count_login(**_signal: object) -> None:
    LEDGER.seen.logins += 1


user_logged_in.connect(_count_login)
