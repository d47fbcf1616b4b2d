from django.apps import AppConfig


class NoticesConfig(AppConfig):
    name = "tessera.notices"
    label = "notices"
