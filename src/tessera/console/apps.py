from django.apps import AppConfig


class ConsoleConfig(AppConfig):
    name = "tessera.console"
    label = "console"
