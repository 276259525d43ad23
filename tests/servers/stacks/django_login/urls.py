"""The pages of the site and its chat."""

from django.contrib.auth.signals import user_logged_in
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import path
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_GET, require_POST

from tests.servers.stacks.chat_page import chat_page
from tests.servers.stacks.ledger import LEDGER

PAGE = [mark_safe(part) for part in chat_page("django_login", fields="<!--token-->").split("<!--token-->")]


@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """The chat page, whose form holds the token."""
    LEDGER.count("pages")
    LEDGER.count("tokens")
    return render(request, "chat.html", {"page": PAGE})


@require_POST
def chat(request: HttpRequest) -> HttpResponse:
    """The form's field `message` gets ``{"reply": text}``."""
    request.session["turns"] = [*request.session.get("turns", ()), request.POST["message"]]
    return JsonResponse({"reply": LEDGER.answer(request.session["turns"])})


def _count_login(**_signal: object) -> None:
    LEDGER.count("logins")


user_logged_in.connect(_count_login)

urlpatterns = [path("", page), path("chat/", chat), path("login/", LoginView.as_view())]
