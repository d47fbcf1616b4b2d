"""Signing up in a frame on another site: /embed/."""

from django.urls import path

from tessera.signup.pages import branding, catalogue, checking, choosing, joining, loader
from tessera.signup.pages.visit import framed

app_name = "embed"
urlpatterns = [
    path("v1.js", loader.loader, name="loader"),
    path("<slug:slug>", framed(choosing.chooser), name="chooser"),
    path("<slug:slug>/plans.json", catalogue.catalogue, name="plans"),
    path("<slug:slug>/accent.css", branding.accent, name="accent"),
    path("<slug:slug>/check", framed(checking.check), name="check"),
    path("<slug:slug>/<str:ref>", framed(joining.plan), name="plan"),
]
