from django.apps import AppConfig


class HttpConfig(AppConfig):
    name = "tessera.http"
    label = "http"
