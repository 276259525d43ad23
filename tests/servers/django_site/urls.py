"""The paths of the test project."""

from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import LoginView
from django.urls import path

from . import views

urlpatterns = [
    path("", views.page),
    path("generate_response/", views.generate_response),
    path("members/generate_response/", login_required(views.generate_response)),
    path("stream/", views.stream),
    path("login/", LoginView.as_view()),
    path("stats", views.stats),
    path("reset_stats", views.reset_stats),
    path("expire", views.expire),
    path("rotate", views.rotate),
]
