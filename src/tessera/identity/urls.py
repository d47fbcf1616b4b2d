"""Where identity answers programs: whoever checks our tokens, and apps of an organization's own."""

from django.urls import URLPattern, path

from tessera.identity import app_api
from tessera.identity.jwks import jwks

urlpatterns: list[URLPattern] = [
    path(".well-known/jwks.json", jwks, name="jwks"),
    path("identity/<slug:slug>/codes", app_api.codes_, name="app-codes"),
    path("identity/<slug:slug>/token", app_api.token, name="app-token"),
    path("identity/<slug:slug>/revoke", app_api.revoke, name="app-revoke"),
    path("identity/<slug:slug>/me", app_api.me, name="app-me"),
]
