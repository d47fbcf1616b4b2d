"""Signing up at home: /join/."""

from django.urls import path

from tessera.signup.pages import branding, choosing, joining
from tessera.signup.pages.visit import hosted

app_name = "join"
urlpatterns = [
    path("<slug:slug>", hosted(choosing.chooser), name="chooser"),
    path("<slug:slug>/logo", branding.logo, name="logo"),
    path("<slug:slug>/terms", branding.terms, name="terms"),
    path("<slug:slug>/<str:ref>", hosted(joining.plan), name="plan"),
]
