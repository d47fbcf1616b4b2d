"""Where identity answers programs."""

from django.urls import URLPattern, path

from tessera.identity.jwks import jwks

urlpatterns: list[URLPattern] = [path(".well-known/jwks.json", jwks, name="jwks")]
