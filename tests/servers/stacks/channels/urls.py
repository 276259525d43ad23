"""The page, which signs the visitor in as a guest."""

from django.contrib.auth import login
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.urls import path

from tests.servers.stacks.accounts import USER
from tests.servers.stacks.chat_page import chat_page
from tests.servers.stacks.ledger import LEDGER


def page(request: HttpRequest) -> HttpResponse:
    """The chat page, whose script opens the socket. Its session cookie is what the socket asks for."""
    LEDGER.count("pages")
    if not request.user.is_authenticated:
        LEDGER.count("tokens")
        login(request, User.objects.get(username=USER))
    return HttpResponse(chat_page("channels"))


urlpatterns = [path("", page)]
