"""Where the access API answers: the default paths of the Authorization API 1.0."""

from django.urls import URLPattern, path

from tessera.access import authzen

urlpatterns: list[URLPattern] = [
    path("access/v1/evaluation", authzen.evaluation, name="access-evaluation"),
    path("access/v1/evaluations", authzen.evaluations, name="access-evaluations"),
    path(".well-known/authzen-configuration", authzen.configuration, name="authzen-configuration"),
]
